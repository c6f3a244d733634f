"""Charts as geometry: lengths that are true, a scale with 0 on it, labels that fit."""

from datetime import date
from decimal import Decimal

import pytest

from clearbill.web import charts
from clearbill.web.charts import Row

JULY, AUGUST, SEPTEMBER = date(2024, 7, 1), date(2024, 8, 1), date(2024, 9, 1)


def row(label: str, *amounts: str) -> Row:
    return Row(label, tuple(Decimal(each) for each in amounts))


def test_bars_are_as_long_as_their_part_of_the_longest() -> None:
    drawn = charts.bars([row("AWS", "200", "50"), row("Google", "100", "0")], "EUR")
    assert [[m.length for m in each.marks] for each in drawn.rows] == [
        ["100%", "25%"],
        ["50%", "0%"],
    ]


def test_a_credit_is_drawn_by_its_size_and_marked() -> None:
    credit = charts.bars([row("AWS", "200"), row("Credit", "-50")], "EUR").rows[1].marks[0]
    assert (credit.length, credit.negative, credit.amount) == ("25%", True, Decimal(-50))


def test_shares_are_of_the_sum() -> None:
    drawn = charts.bars([row("a", "30"), row("b", "10")], "EUR", shares=True)
    assert [each.share for each in drawn.rows] == ["75.0", "25.0"]


def test_there_are_no_shares_of_nothing() -> None:
    assert charts.bars([row("a", "0")], "EUR", shares=True).rows[0].share == ""


def test_no_rows_make_an_empty_chart() -> None:
    assert charts.bars([], "EUR", shares=True).rows == ()


def test_long_labels_are_cut_and_kept_whole_in_the_row() -> None:
    name = "x" * 40
    drawn = charts.bars([row(name, "1")], "EUR").rows[0]
    assert (len(drawn.label), drawn.row.label) == (charts.LABEL, name)


def test_a_stack_is_filled_by_its_parts() -> None:
    drawn = charts.stack([("a", Decimal(30)), ("b", Decimal(0)), ("c", Decimal(10))], "EUR")
    assert [(s.start, s.length) for s in drawn.segments] == [
        ("0%", "75%"),
        ("75%", "0%"),
        ("75%", "25%"),
    ]


def test_a_negative_part_has_no_length_and_still_counts() -> None:
    drawn = charts.stack([("a", Decimal(30)), ("b", Decimal(-10))], "EUR")
    assert (drawn.segments[1].length, drawn.whole) == ("0%", Decimal(20))


def test_a_line_starts_at_zero_and_ends_above_its_highest_month() -> None:
    drawn = charts.line([(AUGUST, Decimal("820")), (SEPTEMBER, Decimal("1520.75"))], "EUR")
    assert [each.label for each in drawn.grid] == ["0", "1,000", "2,000"]
    assert drawn.path == "16,59 96,23.96"


def test_a_line_below_zero_keeps_zero_on_its_axis() -> None:
    drawn = charts.line([(AUGUST, Decimal(-5)), (SEPTEMBER, Decimal(10))], "EUR")
    assert [each.label for each in drawn.grid if each.zero] == ["0"]
    assert drawn.grid[0].label == "\u22125"


@pytest.mark.parametrize("amounts", [[], ["0"], ["0", "0"], ["0.000001"], ["1e20", "-1e20"]])
def test_any_amounts_can_be_drawn(amounts: list[str]) -> None:
    months = [(date(2024, 1 + i, 1), Decimal(a)) for i, a in enumerate(amounts)]
    drawn = charts.line(months, "JPY")
    assert len(drawn.points) == len(amounts)
    assert 2 <= len(drawn.grid) <= 8


def test_the_latest_month_always_has_its_label() -> None:
    months = [(date(2024, 1 + i, 1), Decimal(i)) for i in range(12)]
    points = charts.line(months, "EUR").points
    assert [each.minor for each in points].count(False) == 4
    assert not points[-1].minor


def test_a_spark_says_how_the_last_month_changed() -> None:
    assert charts.spark(row("a", "3", "5")).change == 2
    assert charts.spark(row("a", "3")).change is None


def test_small_rows_stand_together_and_nothing_is_lost() -> None:
    rows = [row(str(i), str(i)) for i in range(1, 11)]
    kept = charts.biggest(rows, 3)
    assert [(each.label, int(each.amounts[0])) for each in kept] == [("10", 10), ("9", 9), ("", 36)]
