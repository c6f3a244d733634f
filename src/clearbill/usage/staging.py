"""Staging: each file's rows as text in the engine, under places instead of names."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from clearbill.usage.engines.duckdb import Limits, literal, load, quoted, run
from clearbill.usage.files import MAX_ROW, Source, refuse
from clearbill.usage.slow_pass import csv_rows, find_errors, rewritten
from clearbill.usage.types import BadFile

BATCH = 10_000


@dataclass(frozen=True)
class Staged:
    """One file in the engine: table `table` with the text columns c0, c1 … of the header.

    `line` is the SQL expression of a row's physical line, `lines` the table that it needs.
    """

    source: Source
    number: int
    table: str
    rows: int
    line: str
    lines: str | None


def stage(
    connection: duckdb.DuckDBPyConnection, source: Source, number: int, limits: Limits
) -> Staged:
    """Reads a file into a table; raises BadFile where its form is broken."""
    table = f"file{number}"
    if source.kind == "parquet":
        _stage_parquet(connection, source, table, limits)
    else:
        _stage_csv(connection, source, table)
    rows = _count(connection, table)
    if rows == 0:
        raise refuse(source.name, "has a header and no rows")
    if source.kind == "parquet":
        return Staged(source, number, table, rows, "s.rowid + 1", None)
    if source.line_breaks == rows + 1:
        return Staged(source, number, table, rows, "s.rowid + 2", None)
    lines = f"lines{number}"
    _number_lines(connection, source, lines, rows)
    return Staged(source, number, table, rows, "l.line", lines)


def explain(connection: duckdb.DuckDBPyConnection, staged: Staged) -> BadFile:
    """What is wrong with the rows of a staged file, found by the slow pass."""
    source = staged.source
    rows = csv_rows(source) if source.kind == "csv" else _table_rows(connection, staged)
    found = find_errors(source, rows)
    return found or refuse(source.name, "has a value that cannot be read")


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    (row,) = connection.execute(f"SELECT count(*) FROM {table}").fetchall()  # noqa: S608
    return int(row[0])


def _stage_csv(connection: duckdb.DuckDBPyConnection, source: Source, table: str) -> None:
    try:
        run(connection, _read_csv(source.path, table, len(source.header)))
    except duckdb.Error as error:
        found = find_errors(source, csv_rows(source))
        if found:
            raise found from None
        # The engine's reader is stricter than Python's (mixed line breaks): by its hand, then.
        plain = rewritten(source, source.path.with_name("rewritten.csv"))
        try:
            run(connection, _read_csv(plain, table, len(source.header)))
        except duckdb.Error:
            raise refuse(source.name, f"cannot be read as CSV: {_first_line(error)}") from None


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]


def _read_csv(path: Path, table: str, columns: int) -> str:
    names = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(columns))
    return (
        f"CREATE OR REPLACE TABLE {table} AS SELECT * FROM read_csv({literal(str(path))}, "  # noqa: S608
        f"auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"', "
        f"strict_mode = true, null_padding = false, nullstr = ['', 'NULL'], "
        f"max_line_size = {MAX_ROW}, buffer_size = {8 * MAX_ROW}, columns = {{{names}}})"
    )


def _number_lines(
    connection: duckdb.DuckDBPyConnection, source: Source, table: str, rows: int
) -> None:
    """Where rows are not lines one by one (quoted line breaks), Python counts the lines."""
    run(connection, f"CREATE OR REPLACE TABLE {table} (ordinal BIGINT, line BIGINT)")
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


def _stage_parquet(
    connection: duckdb.DuckDBPyConnection, source: Source, table: str, limits: Limits
) -> None:
    reader = f"read_parquet({literal(str(source.path))}, binary_as_string = true)"
    try:
        described = connection.execute(f"DESCRIBE SELECT * FROM {reader}").fetchall()  # noqa: S608
        columns = [(str(row[0]), str(row[1])) for row in described]
        texts = [_as_text(name, kind) for name, kind in columns]
        total = " + ".join(f"coalesce(sum(strlen({text})), 0)" for text in texts)
        # What the columns unpack to is only known by unpacking them; nothing is kept meanwhile.
        damaged = " OR ".join(f"contains({text}, chr(0))" for text in texts)
        (found,) = connection.execute(
            f"SELECT {total}, bool_or({damaged}) FROM {reader}"  # noqa: S608
        ).fetchall()
        if found[0] > limits.max_bytes:
            raise refuse(source.name, f"unpacks to more than {limits.max_bytes} bytes")
        if found[1]:
            raise refuse(source.name, "holds a NUL character: the file is damaged")
        cells = ", ".join(
            f"CASE WHEN {text} IN ('', 'NULL') THEN NULL ELSE {text} END AS c{place}"
            for place, text in enumerate(texts)
        )
        run(connection, f"CREATE OR REPLACE TABLE {table} AS SELECT {cells} FROM {reader}")  # noqa: S608
    except duckdb.Error as error:
        raise refuse(source.name, f"cannot be read as Parquet: {_first_line(error)}") from None


def _as_text(name: str, kind: str) -> str:
    """A column as text. A double becomes its shortest text, which its cast to DECIMAL is not."""
    column = quoted(name)
    if kind == "VARCHAR":
        return column
    if kind.startswith(("MAP", "STRUCT")) or kind.endswith("]"):
        return f"CAST(to_json({column}) AS VARCHAR)"
    return f"CAST({column} AS VARCHAR)"


def _table_rows(
    connection: duckdb.DuckDBPyConnection, staged: Staged
) -> Iterator[tuple[int, tuple[str | None, ...]]]:
    result = connection.execute(f"SELECT * FROM {staged.table}")  # noqa: S608
    number = 0
    while batch := result.fetchmany(BATCH):
        for row in batch:
            number += 1
            yield number, row
