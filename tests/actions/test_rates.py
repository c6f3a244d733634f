"""Rates by hand and from files: versions, what is refused, and what documents may use."""

import io
import zipfile
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from clearbill.actions import rates as module
from clearbill.actions.common import Actor, Refused
from clearbill.actions.rates import Imported, import_rates, set_rate, show_in
from clearbill.queries.rates import months, offered, pairs, quotes, rate, versions
from clearbill.records.models import ExchangeRate, Reseller, ResellerSettings
from clearbill.rules.access import Forbidden
from clearbill.usage.types import BadFile
from makers import OWNER, make_reseller

OCTOBER = date(2026, 10, 1)
FRIDAY = date(2026, 10, 30)
DAILY = "Date, USD, JPY, \n30 October 2026, 1.0844, 165.23, \n"
BY_HAND = {"base": "USD", "quote": "EUR", "month": OCTOBER, "rate": "0.92", "source": "Bank"}


def by_hand(reseller: Reseller, **values: object) -> ExchangeRate:
    given: Any = {**BY_HAND, **values}
    return set_rate(reseller_id=reseller.pk, actor=OWNER, **given).rate


def bring(reseller: Reseller, text: str | bytes, name: str = "eurofxref.csv") -> Imported:
    data = text.encode() if isinstance(text, str) else text
    return import_rates(reseller_id=reseller.pk, actor=OWNER, data=data, name=name)


def packed(*files: str, method: int = zipfile.ZIP_STORED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as out:
        for number, text in enumerate(files):
            # With a time of its own: a test's name that tells the second differs by process.
            out.writestr(zipfile.ZipInfo(f"{number}.csv"), text, compress_type=method)
    return made.getvalue()


def counts(done: Imported) -> tuple[int, int, int]:
    return done.added, done.corrected, done.known


def test_a_rate_by_hand_holds_for_its_month(north: Reseller) -> None:
    made = by_hand(north, month=date(2026, 10, 17), rate=" 0.9221689414 ")
    assert (made.span, made.day, made.version, made.who) == ("month", OCTOBER, 1, OWNER.name)
    found = rate(north.pk, "USD", "EUR", FRIDAY)
    assert found is not None and found.rate == Decimal("0.9221689414")
    assert rate(north.pk, "USD", "EUR", date(2026, 11, 1)) is None


def test_another_rate_of_the_month_is_a_version_and_the_same_is_none(north: Reseller) -> None:
    assert [by_hand(north, rate=text).version for text in ("0.92", "0.9200", "0.93")] == [1, 1, 2]
    assert by_hand(north, rate="0.93", source="ECB").version == 3
    found = rate(north.pk, "USD", "EUR", FRIDAY)
    assert found is not None and (found.rate, found.source) == (Decimal("0.93"), "ECB")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("base", "usd"),
        ("base", "XQZ"),
        ("quote", "Euro"),
        ("quote", "USD"),
        ("rate", ""),
        ("rate", "0"),
        ("rate", "-1"),
        ("rate", "1,1"),
        ("rate", "1e5"),
        ("rate", "NaN"),
        ("rate", "0.12345678901"),
        ("rate", "1" * 15),
        ("source", " "),
        ("source", "x" * 101),
        ("source", "a\0b"),
        ("month", date(1, 1, 1)),
    ],
)
def test_a_bad_rate_is_refused_by_field(north: Reseller, field: str, value: object) -> None:
    with pytest.raises(Refused) as caught:
        by_hand(north, **{field: value})
    assert caught.value.field == field
    assert not ExchangeRate.objects.exists()


def test_the_ecbs_file_is_taken_in_once(north: Reseller) -> None:
    assert counts(bring(north, DAILY)) == (2, 0, 0)
    assert counts(bring(north, DAILY)) == (0, 0, 2)
    assert ExchangeRate.objects.count() == 2
    found = rate(north.pk, "EUR", "USD", FRIDAY)
    assert found is not None and (found.source, found.day) == ("ECB", FRIDAY)


def test_another_rate_for_a_known_day_is_a_newer_version(north: Reseller) -> None:
    bring(north, DAILY)
    assert counts(bring(north, DAILY.replace("1.0844", "1.0855"))) == (0, 1, 1)
    assert [(r.version, r.rate) for r in versions(north.pk, "EUR", "USD", OCTOBER)] == [
        (2, Decimal("1.0855")),
        (1, Decimal("1.0844")),
    ]
    assert [q.rate for q in quotes(north.pk, FRIDAY) if q.quote == "USD"] == [Decimal("1.0855")]


@pytest.mark.parametrize("text", [b"\xef\xbb\xbf" + DAILY.encode(), packed(DAILY)])
def test_a_file_may_be_zipped_or_begin_with_a_mark(north: Reseller, text: bytes) -> None:
    assert counts(bring(north, text, "eurofxref.zip")) == (2, 0, 0)


def test_a_rate_without_a_source_is_from_the_file(north: Reseller) -> None:
    bring(north, "base,quote,date,rate\nUSD,CHF,2026-10,0.79\n", "bank.csv")
    assert ExchangeRate.objects.get().source == "bank.csv"


def test_a_bad_file_is_refused_whole_with_line_column_and_value(north: Reseller) -> None:
    with pytest.raises(BadFile) as caught:
        bring(north, DAILY + "29 October 2026, 1.08, much,\n")
    assert str(caught.value) == (
        "eurofxref.csv, line 3, column JPY: 'much' is no rate; write it as 1.0844, with at most"
        " 10 decimals"
    )
    assert not ExchangeRate.objects.exists()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\xff\xfe", "UTF-8"),
        (packed(DAILY, DAILY), "2 files"),
        (packed(DAILY)[:60], "cannot be unpacked"),
        (b"x" * 20_000_001, "larger than 20 MB"),
        (packed("x" * 20_000_001), "larger than 20 MB"),
    ],
)
def test_what_is_no_file_of_rates_is_refused(north: Reseller, data: bytes, words: str) -> None:
    with pytest.raises(BadFile, match=words):
        bring(north, data)


def test_only_rates_of_days_that_can_matter_are_read(north: Reseller) -> None:
    bring(north, "Date,USD,\n2026-10-30,1.1,\n2026-10-23,1.2,\n2026-10-22,1.3,\n2026-10-31,1.4,\n")
    by_hand(north)
    by_hand(north, month=date(2026, 11, 1))
    found = quotes(north.pk, FRIDAY)
    assert {(q.span, q.day) for q in found} == {
        ("month", OCTOBER), ("day", FRIDAY), ("day", date(2026, 10, 23)),
    }  # fmt: skip
    assert len(quotes(north.pk)) == 6


def test_switched_on_currencies_are_offered_where_a_rate_is_known(north: Reseller) -> None:
    bring(north, DAILY)
    assert show_in(reseller_id=north.pk, actor=OWNER, currencies=["jpy", "CHF", "EUR", "JPY"]) == [
        "JPY",
        "CHF",
        "EUR",
    ]
    found = offered(north.pk, "USD", ["EUR", "USD"], FRIDAY)
    assert [(r.base, r.quote) for r in found] == [("USD", "EUR"), ("USD", "JPY")]
    assert offered(north.pk, "USD", ["EUR"], date(2026, 12, 1)) == []


def test_what_is_no_currency_is_not_switched_on(north: Reseller) -> None:
    for given in (["XQZ"], ["Dollar"], [f"A{a}{b}" for a in "ABCDE" for b in "ABCDE"]):
        with pytest.raises(Refused) as caught:
            show_in(reseller_id=north.pk, actor=OWNER, currencies=given)
        assert caught.value.field == "currencies"
    assert ResellerSettings.objects.get(reseller=north).currencies == []


def test_rates_are_listed_by_pair_and_month_newest_first(north: Reseller) -> None:
    bring(north, "Date,USD,JPY,\n2026-10-30,1.1,160,\n2026-10-29,1.2,161,\n2026-09-30,1.3,162,\n")
    by_hand(north)
    rows, following = months(north.pk)
    assert [(r.month.month, r.base, r.quote, r.days) for r in rows] == [
        (10, "EUR", "JPY", 2), (10, "EUR", "USD", 2), (10, "USD", "EUR", 0),
        (9, "EUR", "JPY", 1), (9, "EUR", "USD", 1),
    ]  # fmt: skip
    assert following == ""
    assert rows[1].last is not None and rows[1].last.rate == Decimal("1.1")
    assert rows[2].monthly is not None and rows[2].monthly.source == "Bank"
    assert [r.month.month for r in months(north.pk, ("EUR", "USD"))[0]] == [10, 9]
    assert pairs(north.pk) == [("EUR", "JPY"), ("EUR", "USD"), ("USD", "EUR")]


def test_the_next_page_goes_on_after_the_last_row(north: Reseller) -> None:
    bring(north, "Date,USD,JPY,\n2026-10-30,1.1,160,\n2026-09-30,1.3,162,\n")
    first, following = months(north.pk, size=3)
    rest, end = months(north.pk, after=following, size=3)
    assert [(r.month.month, r.quote) for r in first + rest] == [
        (10, "JPY"), (10, "USD"), (9, "JPY"), (9, "USD"),
    ]  # fmt: skip
    assert end == ""
    assert len(months(north.pk, after="nonsense", size=9)[0]) == 4


def test_rates_are_a_resellers_own(north: Reseller) -> None:
    south = make_reseller("south")
    bring(north, DAILY)
    assert quotes(south.pk) == []


@pytest.mark.parametrize("role", ["sales", "auditor", "portal"])
def test_only_owner_and_billing_set_rates(north: Reseller, role: str) -> None:
    actor = Actor("x", role)
    with pytest.raises(Forbidden):
        set_rate(reseller_id=north.pk, actor=actor, **BY_HAND)  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        import_rates(reseller_id=north.pk, actor=actor, data=DAILY.encode(), name="x")
    with pytest.raises(Forbidden):
        show_in(reseller_id=north.pk, actor=actor, currencies=["EUR"])


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_zip_is_refused_wherever_the_damage_is(north: Reseller, method: int) -> None:
    whole = packed(DAILY * 50, method=method)
    for place in range(4, len(whole), 3):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        with suppress(BadFile):
            module._unpacked(bytes(damaged), "eurofxref.zip")
    with pytest.raises(BadFile, match="cannot be unpacked"):
        bring(north, whole[:60] + b"\xff" * (len(whole) - 90) + whole[-30:], "eurofxref.zip")
