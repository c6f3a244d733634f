"""A file of payments that came in: an invoice number or Document ID a line, perhaps more."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

MOST_LINES = 10_000
MOST_CELL = 5_000


@dataclass(frozen=True)
class Payment:
    """One line of the file. `wrong` says why it cannot be used, and is empty where it can."""

    line: int
    number: str
    paid_on: str = ""
    comment: str = ""
    wrong: str = ""


def read(text: str) -> list[Payment]:
    """The payments of a CSV: number, date (YYYY-MM-DD) and comment; the last two may be missing.

    A head line, empty lines and a byte order mark are skipped; `;` separates as well as `,`. A
    number that stands there twice is wrong the second time. Raises ValueError beyond 10,000 lines,
    and for what is no CSV, with the line.
    """
    found: list[Payment] = []
    seen: set[str] = set()
    for number, cells in enumerate(_rows(text.removeprefix("\ufeff")), start=1):
        if number > MOST_LINES:
            raise ValueError(f"a file has at most {MOST_LINES:,} lines: give it in parts")
        payment = _payment(number, [cell.strip() for cell in cells])
        if payment is None:
            continue
        if payment.number in seen:
            payment = Payment(number, payment.number, wrong="stands in the file twice")
        seen.add(payment.number)
        found.append(payment)
    return found


def _rows(text: str) -> Iterator[list[str]]:
    head = text.splitlines()[0] if text else ""
    separator = ";" if head.count(";") > head.count(",") else ","
    # Without a translation of line ends, so that the reader takes each kind as one.
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        for cells in rows:
            if any("\0" in cell for cell in cells):
                raise ValueError(
                    f"line {rows.line_num} has a NUL character: save the file as CSV UTF-8"
                )
            # The reader's own limit is the process's, and imports raise it.
            if any(len(cell) > MOST_CELL for cell in cells):
                raise ValueError(
                    f"line {rows.line_num} cannot be read: a cell has more than {MOST_CELL:,}"
                    " characters"
                )
            yield cells
    except csv.Error as error:
        raise ValueError(f"line {rows.line_num} cannot be read ({error})") from None


def _payment(line: int, cells: list[str]) -> Payment | None:
    if not any(cells):
        return None
    number, paid_on, comment = (*cells, "", "", "")[:3]
    # A cell that a spreadsheet was kept from running begins with a quote of ours.
    number = number.removeprefix("'")
    if line == 1 and not any(char.isdigit() for char in number):
        return None
    if not number:
        return Payment(line, "", wrong="names no document")
    try:
        if paid_on:
            date.fromisoformat(paid_on)
    except ValueError:
        return Payment(line, number, wrong=f"{paid_on!r} is no date; write YYYY-MM-DD")
    return Payment(line, number, paid_on, comment)
