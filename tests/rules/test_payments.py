"""A file of payments: what each line says, and what is wrong with it."""

import pytest

from clearbill.rules.payments import Payment, read


def test_number_date_and_comment_are_read_and_heads_and_blanks_skipped() -> None:
    text = "\ufeffNumber;Paid on;Comment\nINV-000001;2024-10-05;SEPA\n\nD-000002\n"
    assert read(text) == [
        Payment(2, "INV-000001", "2024-10-05", "SEPA"),
        Payment(4, "D-000002"),
    ]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("INV-1,5.10.2024", "'5.10.2024' is no date; write YYYY-MM-DD"),
        (",2024-10-05", "names no document"),
    ],
)
def test_a_bad_line_says_what_is_wrong(text: str, wrong: str) -> None:
    assert read(f"INV-9\n{text}")[1].wrong == wrong


def test_a_number_that_comes_twice_counts_once() -> None:
    assert [each.wrong for each in read("INV-1\nINV-1")] == ["", "stands in the file twice"]


def test_too_many_lines_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 10,000"):
        read("1\n" * 10_001)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_ends_a_line(end: str) -> None:
    lines = ["Number;Paid on", "INV-1;2024-10-05", "INV-2;2024-10-06"]
    assert [each.number for each in read(end.join(lines))] == ["INV-1", "INV-2"]


@pytest.mark.parametrize(
    ("line", "why"),
    [("x" * 200_000, "cannot be read"), ("INV\0-2", "has a NUL character")],
)
def test_what_is_no_csv_is_refused_with_its_line(line: str, why: str) -> None:
    with pytest.raises(ValueError, match=f"line 2 {why}"):
        read(f"INV-1\n{line}\nINV-3")
