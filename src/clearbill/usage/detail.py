"""Detail: the usage rows behind a document's lines, each with its own price.

`detail` recomputes them from the sorted imports and the lines' frozen coefficients (a draft);
`write_rated` stores them, and `stored` reads what was stored (a published document). Both give a
`Detail`: a DuckDB connection and the relation `detail` in it, to COPY or to fetch from:

    with detail(slices, lines, store=store) as rows:
        rows.connection.execute(f"COPY ({rows.query(['Price'])}) TO 'x.csv' (HEADER)").fetchall()

The relation has, in this order:
- the file's own columns under their own names, in their order, as text (`rows.columns`; null where
  the file had NULL or nothing). One that is called like a column below has ` (file)` behind it;
- `LineKey` text, `RuleId` int64 or null, `Cost` DECIMAL(38,18), `Price` DECIMAL(38,24) exact,
  `Currency` text: the document's, into which `Cost` is converted too. The prices of a line's rows
  add up to its exact amount to the last digit;
- our normalised columns (`columns.NORMALISED`), all beginning with cb_, for instance
  `cb_period_start`, `cb_period_end` (exclusive), `cb_account`, `cb_account_name`, `cb_service`,
  `cb_sku`, `cb_description`, `cb_resource`, `cb_unit`, `cb_qty`, `cb_tags`, `cb_charge_type`,
  `cb_charge_start`, `cb_charge_end`; and `cb_import`, which counts the imports from 1.

Staff get `rows.columns + RATED`; for customers and Sales take cb_ columns, `Price` and `Currency`
alone: `Cost` and the file's own columns carry what the reseller pays.

A relation is read through `rows.query(...)`, which carries the order (account, service, SKU,
charge start, file, line). The connection closes with the context, and takes one statement at a
time: fetch a result to its end before the next.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import duckdb
import pyarrow as pa

from clearbill.rules.pricing import INTEGER_DIGITS, TooLarge
from clearbill.store import FileStore
from clearbill.usage.columns import COEFFICIENT, NORMALISED, RATED, SLICE, slice_columns
from clearbill.usage.engines.duckdb import (
    AMOUNT,
    DEFAULT,
    Limits,
    connected,
    escaped_glob,
    literal,
    load,
    load_arrow,
    quoted,
    run,
    scratch_folder,
)
from clearbill.usage.feeds.focus import RESERVED
from clearbill.usage.types import LineRef, OwnLine, SliceRef

_ORDER = (
    "cb_account",
    "cb_service",
    "cb_sku",
    "cb_charge_start",
    "cb_import",
    "cb_file",
    "cb_line",
)
_COSTS = ("cost", "list_cost")
_FACTOR = f"DECIMAL({18 + INTEGER_DIGITS},18)"


@dataclass(frozen=True)
class Detail:
    """Rated rows, open for reading. `columns` are the file's own, as the relation names them."""

    connection: duckdb.DuckDBPyConnection
    columns: tuple[str, ...]
    ordered: bool
    relation: str = "detail"

    def query(self, columns: Sequence[str] | None = None) -> str:
        """The SQL that reads these columns in order; the file's own and RATED where none given.

        Give names as they are (`Price`, `cb_qty`), not SQL; `select` takes expressions.
        """
        return self.select([quoted(name) for name in columns or (*self.columns, *RATED)])

    def select(self, cells: Sequence[str]) -> str:
        """The SQL that reads these expressions in order, named or not.

        They are computed before the rows are sorted, on the file's own dictionaries: once for a
        text and not for each row.
        """
        order = "" if self.ordered else f" ORDER BY {', '.join(_ORDER)}"
        return f"SELECT {', '.join(cells)} FROM {self.relation}{order}"  # noqa: S608


@contextmanager
def detail(
    slices: Sequence[SliceRef],
    lines: pa.Table | Sequence[LineRef],
    *,
    store: FileStore,
    limits: Limits = DEFAULT,
) -> Iterator[Detail]:
    """The rated rows of one document, computed when they are read.

    `slices` are the document's, `lines` its lines: LineRefs, or a table with the columns
    line_key, rule, a, b, c. Reading fails (duckdb.Error, naming the key) on a row whose line is
    not among them, so that no row is left out in silence; ValueError on several documents.
    """
    if len({piece.document for piece in slices}) > 1:
        raise ValueError("the rows of one document at a time")
    with scratch_folder(limits) as scratch, connected(scratch, limits) as connection:
        _load_lines(connection, lines)
        parts, columns = _imports(connection, slices, store)
        run(connection, f"CREATE TEMP VIEW detail AS {_rated(parts, columns)}")
        yield Detail(connection, tuple(columns.values()), ordered=False)


def write_rated(
    slices: Sequence[SliceRef],
    lines: pa.Table | Sequence[LineRef],
    *,
    store: FileStore,
    key: str,
    limits: Limits = DEFAULT,
) -> str:
    """Stores the rated rows of one document as Parquet under `key`; its SHA-256 in hex.

    The rows are complete or the key has no file. Raises `rules.pricing.TooLarge` as `rate` does.
    """
    with detail(slices, lines, store=store, limits=limits) as rows, store.writing(key) as path:
        named = [*rows.columns, *RATED, *NORMALISED, "cb_import"]
        try:
            run(
                rows.connection,
                f"COPY ({rows.query(named)}) TO {literal(str(path))} "
                "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3)",
            )
        except duckdb.ConversionException as error:
            raise TooLarge("a row's amount has too many digits") from error
    return store.sha256(key)


@contextmanager
def stored(key: str, *, store: FileStore, limits: Limits = DEFAULT) -> Iterator[Detail]:
    """The rated rows that `write_rated` stored under `key`; FileNotFoundError without them."""
    if not store.exists(key):
        raise FileNotFoundError(key)
    with scratch_folder(limits) as scratch, connected(scratch, limits) as connection:
        reader = _reader(store.path(key))
        run(connection, f"CREATE TEMP VIEW detail AS SELECT * FROM {reader}")  # noqa: S608
        ours = {*RATED, *NORMALISED, "cb_import"}
        columns = tuple(name for name in _columns(connection, reader) if name not in ours)
        yield Detail(connection, columns, ordered=True)


def with_own_lines(rows: Detail, own: Sequence[OwnLine]) -> Detail:
    """The same rows and, behind them, a row for each line that staff added.

    It has what such a line has: key, text, charge type, quantity, exact price and period; every
    other column is null.
    """
    if not own:
        return rows
    described = rows.connection.sql(f"SELECT * FROM {rows.relation} LIMIT 0")  # noqa: S608
    kinds = dict(zip(described.columns, map(str, described.types), strict=True))
    cells: dict[str, Sequence[object]] = {
        "LineKey": [line.key for line in own],
        "Price": [line.exact for line in own],
        "Currency": [line.currency for line in own],
        "cb_description": [line.description for line in own],
        "cb_charge_type": [line.charge_type for line in own],
        "cb_qty": [line.qty for line in own],
        "cb_period_start": [line.period_start for line in own],
        "cb_period_end": [line.period_end for line in own],
    }
    load(rows.connection, "own", {name: (kinds[name], cells[name]) for name in cells})
    run(
        rows.connection,
        f"CREATE TEMP VIEW whole AS SELECT * FROM {rows.relation} UNION ALL BY NAME FROM own",  # noqa: S608
    )
    return replace(rows, relation="whole")


def _load_lines(connection: duckdb.DuckDBPyConnection, lines: pa.Table | Sequence[LineRef]) -> None:
    kinds = {"line_key": "VARCHAR", "rule": "BIGINT"} | dict.fromkeys("abc", COEFFICIENT)
    if isinstance(lines, pa.Table):
        load_arrow(connection, "coefficients", lines.select(list(kinds)))
        return
    columns = {
        name: (kind, [getattr(line, name) for line in lines]) for name, kind in kinds.items()
    }
    load(connection, "coefficients", columns)


def _reader(path: str) -> str:
    return f"read_parquet({literal(escaped_glob(path))})"


def _columns(connection: duckdb.DuckDBPyConnection, reader: str) -> list[str]:
    rows = connection.execute(f"DESCRIBE SELECT * FROM {reader}").fetchall()  # noqa: S608
    return [str(row[0]) for row in rows]


def _imports(
    connection: duckdb.DuckDBPyConnection, slices: Sequence[SliceRef], store: FileStore
) -> tuple[list[str], dict[str, str]]:
    """A SELECT per import with all imports' columns, and those columns: own name → shown name."""
    readers: list[tuple[str, list[str]]] = []
    columns: dict[str, str] = {}
    for number, path in enumerate(sorted({piece.path for piece in slices}), start=1):
        load(connection, f"claims{number}", slice_columns([s for s in slices if s.path == path]))
        reader = _reader(store.path(path))
        own = [n for n in _columns(connection, reader) if not n.casefold().startswith(RESERVED)]
        readers.append((reader, own))
        for name in own:
            columns.setdefault(name, _shown_name(name))
    parts = [_part(number, *reader, columns) for number, reader in enumerate(readers, start=1)]
    return parts, columns


def _shown_name(name: str) -> str:
    taken = {rated.casefold() for rated in RATED}
    return f"{name} (file)" if name.casefold() in taken else name


def _part(number: int, reader: str, own: Sequence[str], columns: dict[str, str]) -> str:
    cells = ", ".join(
        (f"i.{quoted(name)}" if name in own else "CAST(NULL AS VARCHAR)") + f" AS {quoted(shown)}"
        for name, shown in columns.items()
    )
    ours = ", ".join(f"i.{name}" for name in NORMALISED)
    costs = ", ".join(f"{_converted(f'i.cb_{name}')} AS converted_{name}" for name in _COSTS)
    claimed = " AND ".join(f"i.{name} = s.{name}" for name in SLICE)
    return (
        f"SELECT {cells}, {ours}, {costs}, s.billed_in, CAST({number} AS INTEGER) AS cb_import "  # noqa: S608
        f"FROM {reader} i JOIN claims{number} s ON {claimed}"
    )


def _converted(amount: str) -> str:
    """The twin of `rating._converted`, over an SQL expression and the slice's rate."""
    whole = f"CAST(trunc({amount}) AS DECIMAL(20,0))"
    fraction = f"CAST({amount} - trunc({amount}) AS DECIMAL(18,18))"
    return (
        f"CASE WHEN s.rate = 1 THEN {amount} ELSE CAST({whole} * s.rate AS {AMOUNT})"
        f" + CAST(round({fraction} * s.rate, 18) AS {AMOUNT}) END"
    )


def _rated(parts: Sequence[str], columns: dict[str, str]) -> str:
    own = ", ".join(f"r.{quoted(shown)}" for shown in columns.values())
    ours = ", ".join(f"r.{name}" for name in (*NORMALISED, "cb_import"))
    lost = "error('no line of the document has the key ' || r.cb_line_key)"
    # What a coefficient of 0 multiplies need not fit: a quantity of eleven digits is no fault.
    list_cost = "CASE WHEN l.b = 0 THEN 0 ELSE coalesce(r.converted_list_cost, 0) END"
    qty = "CASE WHEN l.c = 0 THEN 0 ELSE coalesce(r.cb_qty, 0) END"
    terms = (("r.converted_cost", "a"), (list_cost, "b"), (qty, "c"))
    price = " + ".join(f"CAST({amount} AS {_FACTOR}) * l.{name}" for amount, name in terms)
    return (
        f'SELECT {own}, l.line_key AS "LineKey", l.rule AS "RuleId", r.converted_cost AS "Cost", '  # noqa: S608
        f'CAST({price} AS DECIMAL(38,24)) AS "Price", r.billed_in AS "Currency", {ours} '
        f"FROM ({' UNION ALL '.join(parts)}) r "
        f"LEFT JOIN coefficients l ON l.line_key = r.cb_line_key "
        f"WHERE CASE WHEN l.line_key IS NULL THEN {lost} ELSE true END"
    )
