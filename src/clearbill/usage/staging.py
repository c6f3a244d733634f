"""Staging, the second reading: each file's rows in the engine, under the places of the union."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb

from clearbill.usage.engines.duckdb import literal, load, run
from clearbill.usage.feeds import focus
from clearbill.usage.files import Source, refuse
from clearbill.usage.reading import Read, first_line
from clearbill.usage.slow_pass import csv_rows, find_errors
from clearbill.usage.types import BadFile
from clearbill.usage.union import Union

BATCH = 10_000


@dataclass(frozen=True)
class Staged:
    """One file in the engine. `line` is the SQL of a row's physical line."""

    file: Read
    rows: int
    line: str


def stage(
    connection: duckdb.DuckDBPyConnection, files: Sequence[Read], union: Union
) -> list[Staged]:
    """Makes the view `staged`: file, line, and u0, u1 … where the union has not only one word.

    Raises BadFile where a file has no row.
    """
    staged = [_stage(connection, file, union) for file in files]
    parts = (_part(each, union) for each in staged)
    run(connection, "CREATE VIEW staged AS " + " UNION ALL ".join(parts))
    return staged


def explain(connection: duckdb.DuckDBPyConnection, staged: Staged) -> BadFile:
    """What is wrong with the rows of a staged file, found by the slow pass."""
    source = staged.file.source
    rows = csv_rows(source) if source.kind == "csv" else _rows(connection, staged.file)
    found = find_errors(source, rows)
    return found or refuse(source.name, "has a value that cannot be read")


def _stage(connection: duckdb.DuckDBPyConnection, file: Read, union: Union) -> Staged:
    source, table = file.source, f"file{file.number}"
    cells = ", ".join(
        f"CAST(c{own} AS {union.kinds[place]}) AS u{place}"
        for own, place in _places(file, union)
        if _same_in_each_row(file, own) is None
    )
    try:
        run(connection, f"CREATE TABLE {table} AS SELECT {cells} FROM {file.reader}")  # noqa: S608
    except duckdb.Error as error:
        broken = find_errors(source, csv_rows(source)) if source.kind == "csv" else None
        raise broken or refuse(source.name, f"cannot be read: {first_line(error)}") from None
    ((rows,),) = connection.execute(f"SELECT count(*) FROM {table}").fetchall()  # noqa: S608
    if rows == 0:
        raise refuse(source.name, "has a header and no rows")
    if source.kind == "parquet":
        return Staged(file, rows, "s.rowid + 1")
    if source.line_breaks == rows + 1:
        return Staged(file, rows, "s.rowid + 2")
    _number_lines(connection, source, f"lines{file.number}", rows)
    return Staged(file, rows, "l.line")


def _places(file: Read, union: Union) -> list[tuple[int, int]]:
    """Each column's place in the file, and in the union."""
    keys = (focus.key_of(column) for column in file.source.header)
    return [(own, union.place[key]) for own, key in enumerate(keys)]


def _same_in_each_row(file: Read, own: int) -> str | None:
    """The SQL of what a column has in every row, where it has the same."""
    words = file.words.get(focus.key_of(file.source.header[own]))
    if words is None or not words.same:
        return None
    return "NULL" if words.only is None else literal(words.only)


def _part(staged: Staged, union: Union) -> str:
    file = staged.file
    cells = {n: "NULL" for n in range(len(union.columns)) if n not in union.only}
    for own, place in _places(file, union):
        if place in cells:
            cells[place] = _same_in_each_row(file, own) or f"s.u{place}"
    typed = (f", CAST({cell} AS {union.kinds[n]}) AS u{n}" for n, cell in cells.items())
    lines = f" JOIN lines{file.number} l ON l.ordinal = s.rowid" if "l." in staged.line else ""
    # A sort is cheaper by what its keys and rows are shorter.
    small = "UINTEGER" if max(file.source.line_breaks, staged.rows) < 1 << 31 else "BIGINT"
    return (
        f"SELECT CAST({file.number} AS INTEGER) AS file, CAST({staged.line} AS {small}) AS line"  # noqa: S608
        f"{''.join(typed)} FROM file{file.number} s{lines}"
    )


def _number_lines(
    connection: duckdb.DuckDBPyConnection, source: Source, table: str, rows: int
) -> None:
    """Where rows are not lines one by one (quoted line breaks), Python counts the lines."""
    run(connection, f"CREATE TABLE {table} (ordinal BIGINT, line BIGINT)")
    ordinal = 0
    batch: list[int] = []

    def flush() -> None:
        start = ordinal - len(batch)
        ordinals = range(start, ordinal)
        load(connection, "batch", {"ordinal": ("BIGINT", ordinals), "line": ("BIGINT", batch)})
        run(connection, f"INSERT INTO {table} SELECT * FROM batch")  # noqa: S608
        batch.clear()

    for line, _ in csv_rows(source):
        batch.append(line)
        ordinal += 1
        if len(batch) == BATCH:
            flush()
    if batch:
        flush()
    if ordinal != rows:
        raise refuse(source.name, f"is read as {rows} rows and as {ordinal}: its quotes are wrong")


def _rows(
    connection: duckdb.DuckDBPyConnection, file: Read
) -> Iterator[tuple[int, tuple[str | None, ...]]]:
    result = connection.execute(f"SELECT * FROM {file.reader}")  # noqa: S608
    number = 0
    while batch := result.fetchmany(BATCH):
        for row in batch:
            number += 1
            yield number, row
