"""Files of rates: the ECB's as it publishes them, ours, and what is wrong with others."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearbill.rules.currencies import DAY, MONTH, Quote
from clearbill.rules.ecb import BadRates, RateError, read

KNOWN = {"EUR", "USD", "JPY", "CYP", "GBP", "CHF"}
DAILY = "Date, USD, JPY, GBP, \n30 October 2026, 1.0844, 165.23, 0.83790, \n"
HISTORY = (
    "Date,USD,JPY,CYP,\n2026-10-30,1.0844,165.23,N/A,\n2026-10-29,1.0801,164.9,N/A,\n"
    "1999-01-04,1.1789,133.73,0.58231,\n"
)


def quotes(text: str) -> list[Quote]:
    return read(text, KNOWN, "rates.csv")


def errors(text: str) -> list[RateError]:
    with pytest.raises(BadRates) as caught:
        quotes(text)
    return list(caught.value.errors)


def test_the_daily_file_is_a_rate_per_currency() -> None:
    assert quotes(DAILY) == [
        Quote("EUR", "USD", DAY, date(2026, 10, 30), Decimal("1.0844"), "ECB"),
        Quote("EUR", "JPY", DAY, date(2026, 10, 30), Decimal("165.23"), "ECB"),
        Quote("EUR", "GBP", DAY, date(2026, 10, 30), Decimal("0.83790"), "ECB"),
    ]


def test_the_historical_file_leaves_out_what_was_not_quoted() -> None:
    found = quotes(HISTORY)
    assert len(found) == 7
    assert found[-1] == Quote("EUR", "CYP", DAY, date(1999, 1, 4), Decimal("0.58231"), "ECB")


def test_our_own_file_takes_days_months_and_sources() -> None:
    found = quotes(
        "base,quote,date,rate,source\nUSD,CHF,2026-10,0.79,Bank\nUSD,CHF,2026-10-05,0.8\n"
    )
    assert found == [
        Quote("USD", "CHF", MONTH, date(2026, 10, 1), Decimal("0.79"), "Bank"),
        Quote("USD", "CHF", DAY, date(2026, 10, 5), Decimal("0.8"), "rates.csv"),
    ]


def test_line_ends_empty_lines_and_letter_case_of_the_header_do_not_matter() -> None:
    assert quotes("BASE,Quote,date,RATE\r\n\r\nUSD,CHF,2026-10,0.79\r\n") == quotes(
        "base,quote,date,rate\nUSD,CHF,2026-10,0.79"
    )


def test_the_same_rate_twice_is_one() -> None:
    assert len(quotes("base,quote,date,rate\n" + "USD,CHF,2026-10,0.79\n" * 2)) == 1


@pytest.mark.parametrize(
    ("text", "line", "column", "value", "reason"),
    [
        ("", 1, "", "", "empty"),
        ("Datum;USD\n", 1, "1", "Datum;USD", "no header of rates"),
        (DAILY.replace("USD", "USX"), 1, "USX", "USX", "no currency"),
        (DAILY.replace("USD", "EUR"), 1, "EUR", "EUR", "both sides"),
        (DAILY.replace("October", "Oktober"), 2, "Date", "30 Oktober 2026", "no date"),
        (DAILY.replace("30 October 2026", "2026-10"), 2, "Date", "2026-10", "no day"),
        (DAILY.replace("165.23", "165,23"), 2, "", "", "5 cells, the header has 4"),
        (DAILY.replace("165.23", "-1"), 2, "JPY", "-1", "no rate"),
        (DAILY.replace("165.23", "0.000"), 2, "JPY", "0.000", "more than 0"),
        (HISTORY.replace("1.1789", "1e9"), 4, "USD", "1e9", "no rate"),
        (HISTORY.replace("2026-10-29", "2026-02-29"), 3, "Date", "2026-02-29", "no date"),
        (HISTORY.replace("2026-10-29", "2026-10-30"), 3, "USD", "1.0801", "line 2"),
        ("Date,USD\n", 1, "", "", "no rate in it"),
        ("base,quote,date,rate\nUSD,usd,2026-10,1\n", 2, "quote", "usd", "no currency"),
        ("base,quote,date,rate\nUSD,USD,2026-10,1\n", 2, "quote", "USD", "both sides"),
        ("base,quote,date,rate\nUSD,CHF,2026-10\n", 2, "", "", "has 3 cells"),
        ("base,quote,date,rate\nUSD,CHF,0026-10-01,1\n", 2, "date", "0026-10-01", "no date"),
        ("base,quote,date,rate\nUSD,CHF,2026-10,1.12345678901\n", 2, "rate", "1.12345678901",
         "at most 10 decimals"),
        ("base,quote,date,rate,s\nUSD,CHF,2026-10,1," + "x" * 101, 2, "source", "x" * 101,
         "at most 100"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_line_column_and_value(
    text: str, line: int, column: str, value: str, reason: str
) -> None:
    first = errors(text)[0]
    assert (first.line, first.column, first.value) == (line, column, value)
    assert reason in first.reason


def test_every_error_is_told_up_to_a_hundred() -> None:
    bad = "base,quote,date,rate\n" + "USD,XXX,never,0\n" * 50
    with pytest.raises(BadRates) as caught:
        quotes(bad)
    assert (len(caught.value.errors), caught.value.total_errors) == (100, 150)


def test_a_cell_over_several_lines_moves_no_line_number() -> None:
    text = 'base,quote,date,rate,source\nUSD,CHF,2026-10,1,"a"\n\n"USD",CHF,2026-11,x\n'
    assert errors(text)[0].line == 4


@given(st.text(alphabet="Date,USDJPYbasequoterate0123456789-. \n\"'", max_size=200))
def test_any_text_is_rates_or_is_refused(text: str) -> None:
    try:
        assert all(each.rate > 0 for each in quotes(text))
    except BadRates as bad:
        assert bad.errors
