"""Every string has its German, the compiled file is the written one, and parameters agree."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.utils.translation import override

import clearbill
from clearbill.rules.charge_types import CHARGE_TYPES
from clearbill.rules.lifecycle import KIND_NAMES, Status
from clearbill.web import formats, words

PACKAGE = Path(clearbill.__file__).parent
GERMAN = PACKAGE / "locale" / "de" / "LC_MESSAGES"
METHODS = [
    ("portal/**.py", "python"),
    ("web/**.py", "python"),
    ("portal/jinja2/**.html", "jinja2"),
    ("wiring/jinja2/**.html", "jinja2"),
]


def written() -> Catalog:
    return read_po((GERMAN / "django.po").open("rb"), locale="de")


def test_every_string_has_its_german() -> None:
    found = extract_from_dir(PACKAGE, METHODS, keywords={"_": None, "gettext": None})
    used = {message for _, _, message, _, _ in found}
    catalog = written()
    german = {message.id for message in catalog if message.string}
    assert used - german == set()


def test_no_string_is_translated_that_no_page_has() -> None:
    found = extract_from_dir(PACKAGE, METHODS, keywords={"_": None, "gettext": None})
    used = {message for _, _, message, _, _ in found}
    assert {message.id for message in written() if message.id} - used == set()


def test_the_compiled_file_is_the_written_one() -> None:
    compiled = read_mo((GERMAN / "django.mo").open("rb"))
    assert {m.id: m.string for m in compiled if m.id} == {m.id: m.string for m in written() if m.id}


def test_parameters_are_the_same_in_both_languages() -> None:
    for message in written():
        names = [
            set(re.findall(r"%\((\w+)\)s", str(text))) for text in (message.id, message.string)
        ]
        assert names[0] == names[1], message.id


def test_words_of_the_data_are_those_of_the_rules() -> None:
    assert set(words.STATUSES) == {status.value for status in Status}
    assert set(words.CHARGE_TYPES) == set(CHARGE_TYPES)
    assert set(words.KINDS) == set(KIND_NAMES.values())


@pytest.mark.parametrize(
    ("language", "money", "yen", "qty", "day", "period"),
    [
        ("en", "1,234.50", "1,235", "6,741,911.25", "30 Sep 2024", "1–30 Sep 2024"),
        ("de", "1.234,50", "1.235", "6.741.911,25", "30.09.2024", "01.09.2024 – 30.09.2024"),
    ],
)
def test_numbers_and_dates_follow_the_language(
    language: str, money: str, yen: str, qty: str, day: str, period: str
) -> None:
    with override(language):
        assert formats.money(Decimal("1234.5"), "USD") == money
        assert formats.money(Decimal("1234.5"), "JPY") == yen
        assert formats.quantity("6741911.25") == qty
        assert formats.day(date(2024, 9, 30)) == day
        assert formats.period(date(2024, 9, 1), date(2024, 10, 1)) == period
