"""DuckDB, bounded: one connection per call, its own scratch folder, nothing from the network."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from clearbill.rules.money import DOOR_SCALE


@dataclass(frozen=True)
class Limits:
    """What one call may use. `max_bytes` bounds a file after decompression.

    `scratch` is the folder for temporary files, the system's where it is None.
    """

    memory: str = "1GB"
    threads: int = 2
    max_bytes: int = 20 << 30
    scratch: Path | None = None


DEFAULT = Limits()

_INTERRUPTED = "Query interrupted"


@contextmanager
def scratch_folder(limits: Limits = DEFAULT) -> Iterator[Path]:
    """A folder of this call's own, gone afterwards."""
    with tempfile.TemporaryDirectory(
        prefix="clearbill-", dir=limits.scratch, ignore_cleanup_errors=True
    ) as name:
        yield Path(name)


@contextmanager
def connected(
    scratch: Path, limits: Limits = DEFAULT, *, on_disk: bool = False
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that spills into `scratch`; `on_disk` keeps its tables there too."""
    connection = duckdb.connect(
        str(scratch / "stage.duckdb") if on_disk else ":memory:",
        config={
            "memory_limit": limits.memory,
            "threads": limits.threads,
            "temp_directory": str(scratch / "spill"),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )
    try:
        # A timestamp in a Parquet file is an instant in UTC; it is written as such, not shifted.
        connection.execute("SET TimeZone = 'UTC'").fetchall()
        # After two seconds it would be drawn on stdout, between what a command says.
        connection.execute("SET enable_progress_bar = false").fetchall()
        yield connection
    except RuntimeError as error:
        if str(error) != _INTERRUPTED:
            raise
        # What a signal's handler raised (Ctrl-C, SIGTERM) was swallowed by the engine; as an
        # ordinary error it would pass for one document's fault, and the work would go on.
        raise KeyboardInterrupt from error
    finally:
        connection.close()


def quoted(name: str) -> str:
    """The name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """The text as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


Columns = Mapping[str, tuple[str, Sequence[Any]]]
"""A small table of plain values: column → (SQL type, values), all of one length."""


def load(connection: duckdb.DuckDBPyConnection, name: str, columns: Columns) -> None:
    """Makes a temporary table of the values."""
    # Not by Arrow: making an array of a list imports pandas, a second for every command.
    cells = ", ".join(
        f"unnest(CAST(${number} AS {kind}[])) AS {quoted(column)}"
        for number, (column, (kind, _)) in enumerate(columns.items(), start=1)
    )
    values = [list(values) for _, values in columns.values()]
    sql = f"CREATE OR REPLACE TEMP TABLE {quoted(name)} AS SELECT {cells}"
    connection.execute(sql, values).fetchall()


def load_arrow(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    """Copies an Arrow table into a temporary table of that name."""
    handle = f"arrow_{name}"
    connection.register(handle, table)
    run(connection, f"CREATE OR REPLACE TEMP TABLE {quoted(name)} AS FROM {handle}")
    connection.unregister(handle)


def run(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Runs a statement to its end; DuckDB 2 refuses the next one while a result is open."""
    connection.execute(sql).fetchall()


def escaped_glob(path: str) -> str:
    """The path with the letters that DuckDB would take for a pattern made harmless."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in path)


AMOUNT = f"DECIMAL(38,{DOOR_SCALE})"
"""The type of every stored amount and quantity."""
