"""Every string has its German, the compiled file is the written one, and parameters agree."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.utils.translation import gettext, override, pgettext

from clearbill.actions.common import Refused, Words
from clearbill.records.models import Ticket
from clearbill.rules.access import STAFF
from clearbill.rules.charge_types import CHARGE_TYPES
from clearbill.rules.lifecycle import KIND_NAMES, Status
from clearbill.web import formats, words
from clearbill.web.jinja import said
from messages import PACKAGE, gathered

GERMAN = PACKAGE / "locale" / "de" / "LC_MESSAGES"


def written() -> Catalog:
    return read_po((GERMAN / "django.po").open("rb"), locale="de")


def german() -> set[tuple[str, str | None]]:
    return {(str(each.id), each.context) for each in written() if each.id and each.string}


def test_every_string_has_its_german() -> None:
    assert gathered() - german() == set()


def test_no_string_is_translated_that_nothing_says() -> None:
    assert german() - gathered() == set()


def test_the_compiled_file_is_the_written_one() -> None:
    compiled = read_mo((GERMAN / "django.mo").open("rb"))
    told = [
        {(m.id, _text(m.context)): m.string for m in each if m.id} for each in (compiled, written())
    ]
    assert told[0] == told[1]


def _text(context: str | bytes | None) -> str | None:
    # Babel reads a context from a compiled file as bytes.
    return context.decode() if isinstance(context, bytes) else context


def test_parameters_are_the_same_in_both_languages() -> None:
    for message in written():
        names = [
            set(re.findall(r"%\((\w+)\)[sr]", str(text))) for text in (message.id, message.string)
        ]
        assert names[0] == names[1], message.id


def test_words_of_the_data_are_those_of_the_rules() -> None:
    assert set(words.STATUSES) == {status.value for status in Status}
    assert set(words.CHARGE_TYPES) == set(CHARGE_TYPES)
    assert set(words.KINDS) == set(KIND_NAMES.values())
    assert set(words.ROLES) == {role.title() for role in STAFF}
    assert {*Ticket.CATEGORIES, *Ticket.PRIORITIES} <= {text for text, _ in gathered()}


def refusals() -> Iterator[Refused]:
    yield Refused("%(email)s has access already", field="email", email="a@b.example")
    yield Refused(
        "the %(label)s is at most %(most)s characters long", label=Words("subject"), most=9
    )
    yield Refused(Words("choose one of %(words)s", words=("Low", "Urgent")))
    yield Refused("100 % of it")


def test_a_refusal_is_english_and_is_said_in_the_readers_language() -> None:
    found = list(refusals())
    assert [str(each) for each in found] == [
        "a@b.example has access already",
        "the subject is at most 9 characters long",
        "choose one of Low, Urgent",
        "100 % of it",
    ]
    with override("de"):
        assert [said(each.message) for each in found] == [
            "a@b.example hat schon Zugang.",
            "Betreff: höchstens 9 Zeichen.",
            "Wählen Sie eines von: Niedrig, Dringend.",
            "100 % of it",
        ]


def test_every_field_that_customers_type_is_named_in_german() -> None:
    typed = {"subject", "text", "name", "email"}
    assert typed == set(words.FIELDS)
    with override("de"):
        assert all(said(Words(name)) != name for name in ("subject", "email"))


def test_a_closed_ticket_is_not_settled_but_closed_in_german() -> None:
    with override("de"):
        assert gettext("Closed") == "Beglichen"
        assert [pgettext("ticket", state) for state in ("Open", "Answered", "Closed")] == [
            "Offen", "Beantwortet", "Geschlossen",
        ]  # fmt: skip


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
