"""The first reading of a file: whether the engine can read it, and where it has few words.

Of a column with few different values the second reading (`staging`) keeps a number in a
dictionary, and of one that has the same value in each row nothing: rows are then short enough to
be sorted, summed and hashed for little.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from clearbill.usage.engines.duckdb import Limits, literal, quoted, run
from clearbill.usage.feeds import focus
from clearbill.usage.files import MAX_ROW, Source, refuse
from clearbill.usage.slow_pass import csv_rows, find_errors, rewritten

_SAMPLE = 50_000
_MOST_IN_SAMPLE = 30_000
"""A column with more different values among the first rows has no words."""
_MOST_COLUMNS = 60
"""So many columns are looked at: the engine tells no more than 63 grouping sets apart."""


@dataclass(frozen=True)
class Words:
    """How many words a column has, whether nulls too, and the one that is in every row."""

    count: int
    nulls: bool
    only: str | None

    @property
    def same(self) -> bool:
        """Whether all rows have the same: `only`."""
        return self.count == 0 or self.only is not None


@dataclass(frozen=True)
class Read:
    """A file that was read through. `reader` is what the engine reads it from: text columns
    c0, c1 … of the header. For each key of `words`, by compared name, the table `words{number}`
    holds the words in the column of that place."""

    source: Source
    number: int
    reader: str
    words: Mapping[str, Words]


def read(
    connection: duckdb.DuckDBPyConnection, source: Source, number: int, limits: Limits
) -> Read:
    """Reads a file through; raises BadFile where its form is broken."""
    if source.kind == "parquet":
        return _read(connection, source, number, _parquet_reader(connection, source, limits))
    try:
        return _read(connection, source, number, _csv_reader(source, source.path))
    except duckdb.Error as error:
        if found := find_errors(source, csv_rows(source)):
            raise found from None
        # The engine's reader is stricter than Python's (mixed line breaks): by its hand, then.
        plain = rewritten(source, source.path.with_name("rewritten.csv"))
        try:
            return _read(connection, source, number, _csv_reader(source, plain))
        except duckdb.Error:
            raise refuse(source.name, f"cannot be read as CSV: {first_line(error)}") from None


def first_line(error: Exception) -> str:
    return str(error).splitlines()[0]


def _csv_reader(source: Source, path: Path) -> str:
    names = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(source.header)))
    return (
        f"read_csv({literal(str(path))}, auto_detect = false, header = true, delim = ',', "
        f"quote = '\"', escape = '\"', strict_mode = true, null_padding = false, "
        f"nullstr = ['', 'NULL'], max_line_size = {MAX_ROW}, buffer_size = {2 * MAX_ROW}, "
        f"columns = {{{names}}})"
    )


def _parquet_reader(connection: duckdb.DuckDBPyConnection, source: Source, limits: Limits) -> str:
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
    except duckdb.Error as error:
        raise refuse(source.name, f"cannot be read as Parquet: {first_line(error)}") from None
    if found[0] > limits.max_bytes:
        raise refuse(source.name, f"unpacks to more than {limits.max_bytes} bytes")
    if found[1]:
        raise refuse(source.name, "holds a NUL character: the file is damaged")
    cells = ", ".join(
        f"CASE WHEN {text} IN ('', 'NULL') THEN NULL ELSE {text} END AS c{place}"
        for place, text in enumerate(texts)
    )
    return f"(SELECT {cells} FROM {reader})"  # noqa: S608


def _as_text(name: str, kind: str) -> str:
    """A column as text. A double becomes its shortest text, which its cast to DECIMAL is not."""
    column = quoted(name)
    if kind == "VARCHAR":
        return column
    if kind.startswith(("MAP", "STRUCT")) or kind.endswith("]"):
        return f"CAST(to_json({column}) AS VARCHAR)"
    return f"CAST({column} AS VARCHAR)"


def _read(connection: duckdb.DuckDBPyConnection, source: Source, number: int, reader: str) -> Read:
    places = _with_few_words(connection, source, reader)
    if not places:
        return Read(source, number, reader, {})
    cells = [f"c{place}" for place in places]
    run(
        connection,
        f"CREATE OR REPLACE TABLE words{number} AS SELECT {', '.join(cells)}, "  # noqa: S608
        f"grouping({', '.join(cells)}) AS others FROM {reader} "
        f"GROUP BY GROUPING SETS ({', '.join(f'({cell})' for cell in cells)})",
    )
    words = {
        focus.key_of(source.header[place]): _words(connection, number, place, _but(nth, places))
        for nth, place in enumerate(places)
    }
    return Read(source, number, reader, words)


def _with_few_words(
    connection: duckdb.DuckDBPyConnection, source: Source, reader: str
) -> list[int]:
    amounts = {focus.key_of(column) for column in focus.AMOUNTS}
    known = {focus.key_of(column) for column in focus.COLUMNS}
    keys = [focus.key_of(column) for column in source.header]
    worth = [place for place, key in enumerate(keys) if key not in amounts]
    worth = sorted(worth, key=lambda place: keys[place] not in known)[:_MOST_COLUMNS]
    if not worth:
        return []
    counts = ", ".join(f"approx_count_distinct(c{place})" for place in worth)
    (row,) = connection.execute(
        f"SELECT {counts} FROM (SELECT * FROM {reader} LIMIT {_SAMPLE})"  # noqa: S608
    ).fetchall()
    return [place for place, count in zip(worth, row, strict=True) if count <= _MOST_IN_SAMPLE]


def _but(nth: int, places: Sequence[int]) -> int:
    """What `grouping` says of the set of the nth column: a bit for each of the others."""
    return (1 << len(places)) - 1 - (1 << (len(places) - 1 - nth))


def _words(connection: duckdb.DuckDBPyConnection, number: int, place: int, others: int) -> Words:
    (row,) = connection.execute(
        f"SELECT count(c{place}), count(*), min(c{place}) FROM words{number} "  # noqa: S608
        f"WHERE others = {others}"
    ).fetchall()
    count, groups, word = row
    nulls = groups > count
    return Words(count, nulls, word if count == 1 and not nulls else None)
