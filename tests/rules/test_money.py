"""Money: worked numbers first, then what holds for any amounts."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearbill.rules.money import (
    NotAnAmount,
    allot,
    minor_unit,
    read_amount,
    round_half_away,
    to_minor_units,
    total,
)

D = Decimal
CURRENCIES = st.sampled_from(["USD", "JPY", "KWD"])
EXACT = st.decimals(-(10**12), 10**12, allow_nan=False, places=24) | st.decimals(
    -1, 1, allow_nan=False, places=4
)
LINES = st.lists(EXACT, max_size=60).map(
    lambda amounts: [(f"line-{n}", amount) for n, amount in enumerate(amounts)]
)


@pytest.mark.parametrize(("currency", "decimals"), [("USD", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4)])
def test_a_currency_has_the_minor_unit_of_iso_4217(currency: str, decimals: int) -> None:
    assert minor_unit(currency) == decimals


@pytest.mark.parametrize("word", ["", "usd", "US", "EURO", "ÄÖÜ"])
def test_a_word_that_is_no_currency_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="no ISO 4217"):
        minor_unit(word)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("12", "12"),
        (" -0.5 ", "-0.5"),
        ("1.5E-7", "0.00000015"),
        ("0.0000000000000000005", "0.000000000000000001"),
        ("-0.0000000000000000005", "-0.000000000000000001"),
        ("0.00000000000000000049", "0"),
    ],
)
def test_text_is_read_at_18_decimals_half_away_from_zero(text: str, amount: str) -> None:
    assert read_amount(text) == D(amount)


@pytest.mark.parametrize("text", ["", "abc", "NaN", "-Infinity", "1,5", "1_000", "1e309", "1" * 21])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(NotAnAmount):
        read_amount(text)


@pytest.mark.parametrize(
    ("amount", "rounded"), [("2.5", 3), ("-2.5", -3), ("2.4999", 2), ("-0.5", -1), ("0.49", 0)]
)
def test_halves_are_rounded_away_from_zero(amount: str, rounded: int) -> None:
    assert round_half_away(D(amount), 0) == rounded


def test_a_sum_keeps_digits_that_pythons_own_would_lose() -> None:
    assert total([D(10) ** 20, D("1e-24")]) == D("100000000000000000000.000000000000000000000001")


def test_a_thousand_lines_of_0_0049_come_to_4_90() -> None:
    shown = allot([(f"{n:04}", D("0.0049")) for n in range(1000)], "USD")
    assert total(shown) == D("4.90")
    assert shown.count(D("0.01")) == 490


def test_the_missing_unit_goes_to_the_largest_remainder() -> None:
    lines = [("a", D("1.003")), ("b", D("1.008")), ("c", D("1.004"))]
    assert allot(lines, "USD") == [D("1.00"), D("1.01"), D("1.01")]


def test_equal_remainders_go_to_the_larger_amount_then_to_the_first_key() -> None:
    assert allot([("b", D("1.005")), ("a", D("1.005"))], "USD") == [D("1.00"), D("1.01")]
    assert allot([("a", D("1.005")), ("b", D("2.005"))], "USD") == [D("1.00"), D("2.01")]


def test_nothing_is_allotted_to_nothing() -> None:
    assert allot([], "USD") == []


@given(lines=LINES, currency=CURRENCIES)
def test_shown_amounts_add_up_to_the_sum_rounded_once(
    lines: list[tuple[str, Decimal]], currency: str
) -> None:
    shown = allot(lines, currency)
    exact = total([amount for _, amount in lines])
    assert total(shown) == to_minor_units(exact, currency)
    half = Fraction(1, 2 * 10 ** minor_unit(currency))
    assert abs(Fraction(total(shown)) - Fraction(exact)) <= half


@given(lines=LINES, currency=CURRENCIES)
def test_no_line_is_off_by_a_whole_minor_unit(
    lines: list[tuple[str, Decimal]], currency: str
) -> None:
    unit = Fraction(1, 10 ** minor_unit(currency))
    for (_, exact), shown in zip(lines, allot(lines, currency), strict=True):
        assert abs(Fraction(shown) - Fraction(exact)) < unit
        assert Fraction(shown) % unit == 0


@given(lines=LINES, currency=CURRENCIES, data=st.data())
def test_the_order_of_lines_does_not_change_what_they_show(
    lines: list[tuple[str, Decimal]], currency: str, data: st.DataObject
) -> None:
    turned = data.draw(st.permutations(lines))
    shown = dict(zip((key for key, _ in lines), allot(lines, currency), strict=True))
    assert shown == dict(zip((key for key, _ in turned), allot(turned, currency), strict=True))


@given(value=st.floats(-1e18, 1e18, allow_nan=False))
def test_a_doubles_shortest_text_is_read_to_within_half_a_digit(value: Decimal) -> None:
    read = read_amount(repr(value))
    assert abs(Fraction(read) - Fraction(repr(value))) <= Fraction(1, 2 * 10**18)
