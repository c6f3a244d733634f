"""Usage in: a delivery's files become one sorted Parquet file, whole or not at all."""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from pathlib import Path
from typing import Any

import duckdb

from clearbill.rules.money import DOOR_SCALE, round_half_away
from clearbill.rules.text import harmless
from clearbill.store import FileStore
from clearbill.usage.columns import ORDER, SLICE
from clearbill.usage.engines.duckdb import DEFAULT, Limits, connected, literal, scratch_folder
from clearbill.usage.feeds import focus
from clearbill.usage.files import Source, open_source, refuse
from clearbill.usage.normalise import Words, learn_words, normalise, place, summed, write
from clearbill.usage.reading import read
from clearbill.usage.slow_pass import MOST_ERRORS
from clearbill.usage.staging import Staged, explain, stage
from clearbill.usage.types import BadFile, Delivery, FileIn, RowError, Slice, Statement
from clearbill.usage.union import Union, unite

_UNBOUNDED = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)
"""For the file's own sum: exact, however many decimals its texts have."""

_TOLD_APART = (*SLICE, "cb_file")
_STATEMENT = "cb_provider, cb_payer, cb_period_start, cb_period_end, cb_currency"
Key = tuple[Any, ...]


def take_in(
    files: Sequence[Path],
    *,
    feed: str,
    aliases: Mapping[str, str],
    store: FileStore,
    key: str,
    names: Sequence[str] | None = None,
    limits: Limits = DEFAULT,
) -> Delivery:
    """Reads one delivery and writes its Parquet under `key` in the store.

    `aliases` are the reseller's own words for providers (→ code), before the built-in ones;
    `names` what the files are called in messages, where they lie under others. Raises BadFile,
    and then leaves nothing, where a single row is wrong; OSError, leaving nothing too, where there
    is no room; ValueError for a feed nobody knows.
    """
    if feed != "focus":
        raise ValueError(f"{feed!r} is no feed that is read; there is: focus")
    if not files:
        raise ValueError("a delivery has at least one file")
    # A name is any bytes on disk, and any text in a browser; here it stands in a line of its own.
    called = [harmless(each) for each in names or [path.name for path in files]]
    with ExitStack() as stack:
        scratch = stack.enter_context(scratch_folder(limits))
        sources = _sources(list(zip(files, called, strict=True)), scratch, limits)
        try:
            connection = stack.enter_context(connected(scratch, limits))
            return _taken(connection, sources, aliases, store, key, limits)
        except duckdb.OutOfRangeException as error:
            raise refuse(called[0], f"amounts add up to more than is kept: {error}") from None
        except duckdb.OutOfMemoryException as error:
            raise refuse(called[0], f"needs more memory than is allowed: {error}") from None
        except duckdb.IOException as error:
            raise OSError(f"usage cannot be stored, the disk may be full: {error}") from error


def _sources(files: Sequence[tuple[Path, str]], scratch: Path, limits: Limits) -> list[Source]:
    sources: list[Source] = []
    seen: dict[str, str] = {}
    for number, (path, name) in enumerate(files, start=1):
        folder = scratch / str(number)
        folder.mkdir()
        source = open_source(path, name, folder, limits.max_bytes)
        if source.content_sha256 in seen:
            other = seen[source.content_sha256]
            raise refuse(name, f"is the same file as {other}: give each file once")
        seen[source.content_sha256] = name
        faults = [RowError(name, 1, *fault) for fault in focus.header_faults(source.header)]
        if faults:
            raise BadFile(tuple(faults[:MOST_ERRORS]), len(faults))
        sources.append(source)
    return sources


def _taken(
    connection: duckdb.DuckDBPyConnection,
    sources: Sequence[Source],
    aliases: Mapping[str, str],
    store: FileStore,
    key: str,
    limits: Limits,
) -> Delivery:
    files = [read(connection, source, n, limits) for n, source in enumerate(sources, start=1)]
    union = unite(connection, files)
    staged = stage(connection, files, union)
    words = learn_words(connection, union, aliases)
    place(connection, words)
    normalise(connection, union)
    wrong = summed(connection, union, words)
    if wrong:
        raise _explained(connection, [staged[number - 1] for number in wrong])
    with store.writing(key) as path:
        write(connection, union, _order(connection), str(path))
        return _described(connection, staged, union, words, key)


def _explained(connection: duckdb.DuckDBPyConnection, staged: Sequence[Staged]) -> BadFile:
    found = [explain(connection, file) for file in staged]
    errors = [error for bad in found for error in bad.errors]
    return BadFile(tuple(errors[:MOST_ERRORS]), sum(bad.total_errors for bad in found))


def _order(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """What rows are sorted by: of ORDER only what differs, since each key costs."""
    kept = [name for name in ORDER if name in _TOLD_APART]
    counts = ", ".join(f"count(DISTINCT {name})" for name in kept)
    (row,) = connection.execute(f"SELECT {counts} FROM slices").fetchall()  # noqa: S608
    same = {name for name, count in zip(kept, row, strict=True) if count == 1}
    return [name for name in ORDER if name not in same]


def _described(
    connection: duckdb.DuckDBPyConnection,
    staged: Sequence[Staged],
    union: Union,
    words: Words,
    key: str,
) -> Delivery:
    statements = _statements(connection, union)
    files = tuple(
        FileIn(each.file.source.name, each.file.source.sha256, each.file.source.bytes, each.rows)
        for each in staged
    )
    return Delivery(
        path=key,
        files=files,
        statements=statements,
        slices=_slices(connection),
        providers=words.providers,
        content_hash=_hash_of_all(statements),
        rows=sum(file.rows for file in files),
        columns=union.columns,
        unknown_columns=focus.unknown_columns(union.columns),
        charge_words=_unknown_charges(connection, words),
    )


def _statements(connection: duckdb.DuckDBPyConnection, union: Union) -> tuple[Statement, ...]:
    cut = _cut_at_the_door(connection, union)
    rows = connection.execute(
        f"SELECT {_STATEMENT}, min(payer_name), sum(often), sum(cost), sum(lower), sum(upper) "  # noqa: S608
        f"FROM slices GROUP BY {_STATEMENT} ORDER BY {_STATEMENT}"
    ).fetchall()
    return tuple(
        Statement(
            provider=row[0],
            payer=row[1],
            payer_name=row[5] or "",
            period_start=row[2],
            period_end=row[3],
            currency=row[4],
            rows=row[6],
            file_sum=_UNBOUNDED.add(row[7], cut.get(tuple(row[:5]), Decimal(0))),
            stored_sum=row[7],
            content_hash=_sha(f"focus 2|{row[6]}|{row[8]}|{row[9]}"),
        )
        for row in rows
    )


def _cut_at_the_door(connection: duckdb.DuckDBPyConnection, union: Union) -> dict[Key, Decimal]:
    """Per statement, what rounding to 18 decimals took from the file's costs."""
    ((cuts,),) = connection.execute("SELECT bool_or(cut) FROM slices").fetchall()
    if not cuts:
        return {}
    cell = union.cell("BilledCost")
    decimals = f"length({cell}) - strpos({cell}, '.')"
    result = connection.execute(
        f"SELECT {_STATEMENT}, {cell}, count(*) FROM normalised "  # noqa: S608
        f"WHERE contains({cell}, 'e') OR contains({cell}, 'E') "
        f"OR (contains({cell}, '.') AND {decimals} > {DOOR_SCALE}) GROUP BY ALL"
    )
    cut: dict[Key, Decimal] = {}
    while batch := result.fetchmany(10_000):
        for *statement, text, count in batch:
            value = Decimal(text.strip())
            lost = _UNBOUNDED.subtract(value, round_half_away(value, DOOR_SCALE))
            at = tuple(statement)
            so_far = cut.get(at, Decimal(0))
            cut[at] = _UNBOUNDED.add(so_far, _UNBOUNDED.multiply(lost, Decimal(count)))
    return cut


def _slices(connection: duckdb.DuckDBPyConnection) -> tuple[Slice, ...]:
    rows = connection.execute(
        "SELECT cb_provider, cb_payer, cb_account, min(account_name), cb_period_start, "
        "cb_period_end, cb_currency, sum(often), sum(cost), min(first_date), max(last_date) "
        "FROM slices GROUP BY cb_provider, cb_payer, cb_account, cb_period_start, cb_period_end, "
        "cb_currency "
        "ORDER BY cb_provider, cb_payer, cb_account, cb_period_start, cb_period_end, cb_currency"
    ).fetchall()
    return tuple(
        Slice(
            provider=row[0],
            payer=row[1],
            account=row[2],
            account_name=row[3] or "",
            period_start=row[4],
            period_end=row[5],
            currency=row[6],
            rows=row[7],
            cost=row[8],
            first_charge=row[9],
            last_charge=row[10],
        )
        for row in rows
    )


def _unknown_charges(connection: duckdb.DuckDBPyConnection, words: Words) -> dict[str, int]:
    if not words.unknown_charges:
        return {}
    listed = ", ".join(literal(word) for word in sorted(words.unknown_charges))
    rows = connection.execute(
        "SELECT cb_provider_charge, count(*) FROM placed "  # noqa: S608
        f"WHERE cb_provider_charge IN ({listed}) AND cb_charge_type = 'Adjustment' "
        "GROUP BY 1 ORDER BY 1"
    ).fetchall()
    return {str(word): int(count) for word, count in rows}


def _hash_of_all(statements: Sequence[Statement]) -> str:
    lines = (
        f"{s.provider}|{s.payer}|{s.period_start}|{s.period_end}|{s.currency}|{s.content_hash}"
        for s in statements
    )
    return _sha("\n".join(lines))


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
