"""The slow pass: run only when something is wrong, it says what, and on which line."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from clearbill.usage.feeds import focus
from clearbill.usage.files import MAX_ROW, Source, refuse
from clearbill.usage.types import BadFile, RowError

MOST_ERRORS = 100
_SHOWN = 100
"""Characters of a wrong value that an error repeats."""

_READ = (
    *focus.IDS,
    *("ProviderName", "BillingCurrency"),
    *focus.PERIODS,
    *focus.TIMES,
    *focus.AMOUNTS,
)


def csv_rows(source: Source) -> Iterator[tuple[int, list[str]]]:
    """Each row with the physical line it begins on; raises BadFile where quotes do not close."""
    # Process-wide, but everyone here wants the same bound.
    csv.field_size_limit(MAX_ROW)
    with source.path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream, strict=True)
        begins = 1
        try:
            for row in reader:
                # An empty line is no row, as in the engine.
                if row and begins > 1:
                    yield begins, row
                begins = reader.line_num + 1
        except csv.Error as error:
            raise refuse(source.name, f"cannot be read: {error}", line=begins) from None


def find_errors(source: Source, rows: Iterable[tuple[int, Sequence[str | None]]]) -> BadFile | None:
    """What is wrong with the rows, the first 100 with a total; None where nothing is."""
    places = {focus.key_of(column): number for number, column in enumerate(source.header)}
    read = {column: places.get(focus.key_of(column)) for column in _READ}
    errors: list[RowError] = []
    total = 0
    try:
        for line, row in rows:
            for column, value, reason in _faults(source, read, row):
                total += 1
                if len(errors) < MOST_ERRORS:
                    errors.append(RowError(source.name, line, column, value[:_SHOWN], reason))
    except BadFile as broken:
        total += broken.total_errors
        errors = [*errors, *broken.errors][:MOST_ERRORS]
    return BadFile(tuple(errors), total) if errors else None


def _faults(
    source: Source, read: dict[str, int | None], row: Sequence[str | None]
) -> Iterator[focus.Fault]:
    if len(row) != len(source.header):
        yield "", "", f"has {len(row)} fields, the header has {len(source.header)}"
        return
    yield from focus.row_faults(
        {column: row[place] for column, place in read.items() if place is not None}
    )


def rewritten(source: Source, path: Path) -> Path:
    """The same rows as plain RFC 4180, for a file whose form only Python's reader takes."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerow(source.header)
        writer.writerows(row for _, row in csv_rows(source))
    return path
