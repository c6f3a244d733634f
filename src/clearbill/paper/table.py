"""A list as CSV, line by line, so that no list is too long to send."""

import csv
import io
from collections.abc import Iterable

from clearbill.paper.csv import BOM
from clearbill.paper.guard import guarded


class Plain(str):
    """A number that stays one: it is written as it is, a negative one too."""

    __slots__ = ()


def csv_line(cells: Iterable[str], *, first: bool = False) -> bytes:
    """One line, text guarded against spreadsheets; the first one brings the byte order mark."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerow(
        [cell if isinstance(cell, Plain) else guarded(cell) for cell in cells]
    )
    return ((BOM if first else "") + out.getvalue()).encode()
