"""Files of exchange rates: the ECB's daily and historical CSV, and a plain one of our own.

Each is told by its first header cell. The ECB's has a column per currency and a row per day, its
rates are 1 EUR = so much; `base,quote,date,rate[,source]` has a row per rate, and a date of
`YYYY-MM` is a rate for that whole month. A file is taken whole or not at all.
"""

import csv
import io
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from clearbill.rules.currencies import DAY, DECIMALS, MONTH, Quote

ECB_SOURCE = "ECB"
MOST_SOURCE = 100
MOST_ERRORS = 100

_OWN = ["base", "quote", "date", "rate"]
_NOT_QUOTED = ("", "N/A")
_RATE = re.compile(rf"[0-9]{{1,14}}(\.[0-9]{{1,{DECIMALS}}})?")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_ENGLISH = re.compile(r"([0-9]{1,2}) ([A-Z][a-z]+) ([0-9]{4})")
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})(?:-([0-9]{2}))?")


@dataclass(frozen=True)
class RateError:
    """One thing wrong: the physical line (the header is line 1), the column's name, the cell."""

    line: int
    column: str
    value: str
    reason: str


class BadRates(ValueError):
    """A file that is refused whole. `errors` are the first hundred of `total_errors`."""

    def __init__(self, errors: Sequence[RateError]) -> None:
        super().__init__(errors[0].reason)
        self.errors = tuple(errors[:MOST_ERRORS])
        self.total_errors = len(errors)


@dataclass(frozen=True)
class _Given:
    line: int
    column: str
    value: str
    quote: Quote


_Row = tuple[int, list[str]]
_Found = _Given | RateError


def read(text: str, known: Collection[str], otherwise: str) -> list[Quote]:
    """The rates of a file, each once, in its order.

    `known` are the currency codes that exist, `otherwise` is the source of rates that name none.
    Raises `BadRates` with every error.
    """
    rows = _rows(text)
    if not rows:
        raise BadRates([RateError(1, "", "", "the file is empty")])
    (line, head), first = rows[0], rows[0][1][0].casefold()
    if first == "date":
        found = _ecb(rows, known)
    elif [cell.casefold() for cell in head[:4]] == _OWN:
        found = _own(rows[1:], known, otherwise)
    else:
        reason = "is no header of rates: the ECB's begins with Date, ours is base,quote,date,rate"
        raise BadRates([RateError(line, "1", head[0], reason)])
    return _checked(found)


def rate(text: str) -> Decimal:
    """A rate that somebody typed, exact. Raises ValueError with what to write instead."""
    if not _RATE.fullmatch(text):
        raise ValueError(f"is no rate; write it as 1.0844, with at most {DECIMALS} decimals")
    value = Decimal(text)
    if not value:
        raise ValueError("is no rate: it has to be more than 0")
    return value


def _rows(text: str) -> list[_Row]:
    """The rows that have something in them, with the line each begins on, without end commas."""
    reader = csv.reader(io.StringIO(text, newline=""))
    rows, begins = [], 1
    try:
        for cells in reader:
            kept = [cell.strip() for cell in cells]
            while kept and not kept[-1]:
                kept.pop()
            if kept:
                rows.append((begins, kept))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise BadRates([RateError(begins, "", "", f"cannot be read as CSV: {error}")]) from None
    return rows


def _checked(found: Iterator[_Found]) -> list[Quote]:
    errors: list[RateError] = []
    kept: dict[tuple[object, ...], _Given] = {}
    for each in found:
        if isinstance(each, RateError):
            errors.append(each)
            continue
        quote = each.quote
        before = kept.setdefault((quote.base, quote.quote, quote.span, quote.day), each)
        if before.quote.rate != quote.rate:
            reason = f"another rate than on line {before.line} for the same day: keep one"
            errors.append(RateError(each.line, each.column, each.value, reason))
    if errors:
        raise BadRates(errors)
    if not kept:
        raise BadRates([RateError(1, "", "", "the file has no rate in it")])
    return [each.quote for each in kept.values()]


def _ecb(rows: Sequence[_Row], known: Collection[str]) -> Iterator[_Found]:
    line, head = rows[0]
    for code in head[1:]:
        try:
            _other(_currency(code, known), "EUR")
        except ValueError as error:
            yield RateError(line, code, code, str(error))
    for line, cells in rows[1:]:
        if len(cells) != len(head):
            reason = f"has {len(cells)} cells, the header has {len(head)}: is the file cut off?"
            yield RateError(line, "", "", reason)
            continue
        yield from _ecb_row(line, head, cells)


def _ecb_row(line: int, head: Sequence[str], cells: Sequence[str]) -> Iterator[_Found]:
    try:
        span, day = _date(cells[0])
        if span != DAY:
            raise ValueError("is no day; the ECB writes 2026-10-30 or 30 October 2026")
    except ValueError as error:
        yield RateError(line, head[0], cells[0], str(error))
        return
    for code, cell in zip(head[1:], cells[1:], strict=True):
        if cell in _NOT_QUOTED:
            continue
        try:
            quote = Quote("EUR", code, DAY, day, rate(cell), ECB_SOURCE)
        except ValueError as error:
            yield RateError(line, code, cell, str(error))
        else:
            yield _Given(line, code, cell, quote)


def _own(rows: Sequence[_Row], known: Collection[str], otherwise: str) -> Iterator[_Found]:
    for line, cells in rows:
        if 4 <= len(cells) <= 5:
            named = dict(zip((*_OWN, "source"), [*cells, otherwise], strict=False))
            yield from _own_row(line, named, known)
        else:
            reason = f"has {len(cells)} cells; a rate has 4, or 5 with its source"
            yield RateError(line, "", "", reason)


def _own_row(line: int, cells: dict[str, str], known: Collection[str]) -> Iterator[_Found]:
    readers: dict[str, Callable[[str], Any]] = {
        "base": lambda cell: _currency(cell, known),
        "quote": lambda cell: _other(_currency(cell, known), cells["base"]),
        "date": _date,
        "rate": rate,
        "source": _source,
    }
    got: dict[str, Any] = {}
    for column, reader in readers.items():
        try:
            got[column] = reader(cells[column])
        except ValueError as error:
            yield RateError(line, column, cells[column], str(error))
    if len(got) == len(readers):
        span, day = got["date"]
        made = Quote(got["base"], got["quote"], span, day, got["rate"], got["source"])
        yield _Given(line, "rate", cells["rate"], made)


def _currency(code: str, known: Collection[str]) -> str:
    if code not in known:
        raise ValueError("is no currency that ISO 4217 knows, such as USD")
    return code


def _other(quote: str, base: str) -> str:
    if quote == base:
        raise ValueError(f"a rate joins two currencies, this is {base} on both sides")
    return quote


def _source(text: str) -> str:
    if len(text) > MOST_SOURCE or not text.isprintable():
        raise ValueError(f"is no source; name it in at most {MOST_SOURCE} characters")
    return text


def _date(text: str) -> tuple[str, date]:
    """The span and its first day: `2026-10` is a month, the others are days."""
    iso, english = _ISO.fullmatch(text), _ENGLISH.fullmatch(text)
    try:
        if iso:
            year, month, day = int(iso[1]), int(iso[2]), int(iso[3] or 1)
        elif english:
            year, day = int(english[3]), int(english[1])
            month = _MONTHS.index(english[2]) + 1
        else:
            raise ValueError
        if not 1990 <= year <= 2100:
            raise ValueError
        return (MONTH if iso and not iso[3] else DAY), date(year, month, day)
    except ValueError:
        raise ValueError("is no date; write 2026-10-30, or 2026-10 for a month") from None
