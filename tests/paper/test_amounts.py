"""Amounts and quantities as they are printed."""

import pytest

from clearbill.paper.amounts import amount, exact, percent, quantity, zero
from clearbill.paper.language import Language


@pytest.mark.parametrize(
    ("text", "currency", "shown"),
    [
        ("1234567.5", "USD", "1,234,567.50"), ("-0.5", "USD", "−0.50"), ("12", "JPY", "12"),
        ("0.005", "KWD", "0.005"), ("0", "USD", "0.00"), ("-0.00", "USD", "0.00"),
        ("1234567890123456789012345678.34", "USD", "1,234,567,890,123,456,789,012,345,678.34"),
    ],
)  # fmt: skip
def test_an_amount_has_separators_and_its_minor_decimals(
    text: str, currency: str, shown: str
) -> None:
    assert amount(text, currency) == shown


def test_paper_refuses_to_round_an_amount() -> None:
    with pytest.raises(ValueError, match="more decimals"):
        amount("0.005", "USD")


def test_nothing_is_written_in_the_decimals_of_the_currency() -> None:
    assert [zero("USD"), zero("JPY"), zero("KWD")] == ["0.00", "0", "0.000"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("744", "744"), ("0", "0"), ("", "0"), ("1234.56789", "1,234.5679"), ("1.50", "1.5"),
        ("0.000123456789", "0.0001235"), ("-3.25", "−3.25"), ("1E+3", "1,000"),
        ("123456789012.5", "123,456,789,013"), ("0.000000000000000001", "0.000000000000000001"),
    ],
)  # fmt: skip
def test_a_quantity_is_short_but_never_nothing(text: str, shown: str) -> None:
    assert quantity(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [("1234567.890100", "1,234,567.8901"), ("-1000", "−1,000"), ("0.000", "0"), ("1E+3", "1,000")],
)
def test_an_exact_amount_is_grouped_and_keeps_its_decimals(text: str, shown: str) -> None:
    assert exact(text) == shown


def test_an_exact_amount_takes_the_readers_separators() -> None:
    assert Language("de").exact("1234567.8901") == "1.234.567,8901"
    assert Language("en").exact("1234567.8901") == "1,234,567.8901"


def test_a_rate_loses_its_trailing_zeros() -> None:
    assert [percent("19.00"), percent("7.5"), percent("20")] == ["19%", "7.5%", "20%"]
