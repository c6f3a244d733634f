"""A line that does not end is refused while it is read, not once it is in memory."""

from pathlib import Path

from focus_files import csv_text, row
from usage.test_refusals import only, refused


def test_an_endless_line_is_refused_for_its_length(tmp_path: Path) -> None:
    error = only(refused(tmp_path, csv_text([row(Tags="x" * (5 << 20))])))
    assert (error.line, "the line is longer than" in error.reason) == (2, True)
