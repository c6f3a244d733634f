"""From staged text to our own columns: the fast path, set by set in the engine.

Words of which a delivery has few (providers, charges, periods, currencies) are judged once each
in Python; amounts and times are cast by the engine, which only says whether any is wrong.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from clearbill.rules.charge_types import charge_of
from clearbill.rules.providers import provider_of
from clearbill.usage.columns import NORMALISED, ORDER, line_key_sql
from clearbill.usage.engines.duckdb import AMOUNT, literal, load, quoted, run
from clearbill.usage.feeds import focus
from clearbill.usage.files import refuse
from clearbill.usage.staging import Staged

_MOST_WORDS = 10_000


@dataclass(frozen=True)
class Words:
    """What the few words of a delivery mean. `good` is False where one of them is wrong."""

    good: bool
    providers: Mapping[str, str]
    unknown_charges: frozenset[str]


@dataclass(frozen=True)
class Union:
    """The files of a delivery side by side: `columns` in order, `place` by compared name."""

    columns: tuple[str, ...]
    place: Mapping[str, int]

    def cell(self, column: str) -> str:
        """The SQL of a FOCUS column in `staged`, NULL where the delivery has none."""
        place = self.place.get(focus.key_of(column))
        return "CAST(NULL AS VARCHAR)" if place is None else f"u{place}"


def unite(connection: duckdb.DuckDBPyConnection, files: Sequence[Staged]) -> Union:
    """Makes the view `staged`: file, line, u0, u1 … for the columns of all files together."""
    columns: list[str] = []
    place: dict[str, int] = {}
    for file in files:
        for column in file.source.header:
            if focus.key_of(column) not in place:
                place[focus.key_of(column)] = len(columns)
                columns.append(column)
    run(connection, "CREATE VIEW staged AS " + " UNION ALL ".join(_part(f, place) for f in files))
    return Union(tuple(columns), place)


def _part(file: Staged, place: Mapping[str, int]) -> str:
    own = {focus.key_of(column): number for number, column in enumerate(file.source.header)}
    cells = ", ".join(
        f"s.c{own[key]} AS u{number}" if key in own else f"CAST(NULL AS VARCHAR) AS u{number}"
        for key, number in place.items()
    )
    joined = f" JOIN {file.lines} l ON l.ordinal = s.rowid" if file.lines else ""
    number = f"CAST({file.number} AS INTEGER) AS file"
    line = f"CAST({file.line} AS BIGINT) AS line"
    return f"SELECT {number}, {line}, {cells} FROM {file.table} s{joined}"  # noqa: S608


def learn_words(
    connection: duckdb.DuckDBPyConnection, union: Union, aliases: Mapping[str, str]
) -> Words:
    """Judges each different word once and makes the tables that `normalised` joins."""
    providers, codes = _providers(_distinct(connection, union, "ProviderName"), aliases)
    _table(connection, "provider_words", ("word", "code"), providers)
    charges, unknown = _charges(connection, union)
    _table(connection, "charge_words", ("word", "often", "kind", "said"), charges)
    days = set()
    for column in focus.PERIODS:
        days |= _distinct(connection, union, column)
    dated = [(text, focus.read_date(text)) for text in sorted(days)]
    known = [(text, day) for text, day in dated if day is not None]
    texts, values = [text for text, _ in known], [day for _, day in known]
    load(connection, "day_words", {"word": ("VARCHAR", texts), "day": ("DATE", values)})
    currencies = _distinct(connection, union, "BillingCurrency")
    good = len(known) == len(dated) and all(focus.is_currency(word) for word in currencies)
    return Words(
        good and None not in codes.values(),
        {code: name for code, name in codes.items() if code and name},
        unknown,
    )


def _distinct(connection: duckdb.DuckDBPyConnection, union: Union, column: str) -> set[str]:
    cell = union.cell(column)
    rows = connection.execute(
        f"SELECT DISTINCT {cell} FROM staged WHERE {cell} IS NOT NULL LIMIT {_MOST_WORDS + 1}"  # noqa: S608
    ).fetchall()
    if len(rows) > _MOST_WORDS:
        reason = f"holds more than {_MOST_WORDS} different values: is it the right column?"
        raise refuse("the delivery", reason, column=column)
    return {str(row[0]) for row in rows}


def _providers(
    words: Iterable[str], aliases: Mapping[str, str]
) -> tuple[list[tuple[str, str]], dict[str, str | None]]:
    known: list[tuple[str, str]] = []
    names: dict[str, str | None] = {}
    for word in sorted(words):
        try:
            provider = provider_of(word, aliases)
        except ValueError:
            names[word] = None
            continue
        known.append((word, provider.code))
        names.setdefault(provider.code, provider.name)
    return known, names


def _charges(
    connection: duckdb.DuckDBPyConnection, union: Union
) -> tuple[list[tuple[str, str, str, str]], frozenset[str]]:
    category = f"coalesce({union.cell('ChargeCategory')}, '')"
    frequency = f"coalesce({union.cell('ChargeFrequency')}, '')"
    rows = connection.execute(
        f"SELECT DISTINCT {category}, {frequency} FROM staged LIMIT {_MOST_WORDS + 1}"  # noqa: S608
    ).fetchall()
    if len(rows) > _MOST_WORDS:
        reason = f"holds more than {_MOST_WORDS} different values: is it the right column?"
        raise refuse("the delivery", reason, column="ChargeCategory")
    charges = {(str(word), str(often)): charge_of(word, often) for word, often in rows}
    unknown = {charge.provider_charge for charge in charges.values() if not charge.known}
    return [
        (word, often, charge.charge_type, charge.provider_charge)
        for (word, often), charge in sorted(charges.items())
    ], frozenset(unknown)


def _table(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
) -> None:
    cells = {column: ("VARCHAR", [row[n] for row in rows]) for n, column in enumerate(columns)}
    load(connection, name, cells)


def normalise(connection: duckdb.DuckDBPyConnection, union: Union) -> None:
    """Makes the view `normalised`: `staged` with our own columns, in NORMALISED's order."""
    cell = union.cell
    values = {
        "cb_provider": "p.code",
        "cb_payer": cell("BillingAccountId"),
        "cb_payer_name": f"coalesce({cell('BillingAccountName')}, '')",
        "cb_account": f"coalesce({cell('SubAccountId')}, {cell('BillingAccountId')})",
        "cb_account_name": _account_name(union),
        "cb_period_start": "d1.day",
        "cb_period_end": "d2.day",
        "cb_currency": cell("BillingCurrency"),
        "cb_service": f"coalesce({cell('ServiceName')}, '')",
        "cb_sku": f"coalesce({cell('SkuId')}, {cell('SkuPriceId')}, '')",
        "cb_description": f"coalesce({cell('ChargeDescription')}, '')",
        "cb_charge_type": "w.kind",
        "cb_provider_charge": "w.said",
        "cb_unit": f"coalesce({cell('PricingUnit')}, {cell('ConsumedUnit')}, '')",
        "cb_qty": f"coalesce({_amount(cell('PricingQuantity'))}, "
        f"{_amount(cell('ConsumedQuantity'))})",
        "cb_cost": _amount(cell("BilledCost")),
        "cb_list_cost": _amount(cell("ListCost")),
        "cb_charge_start": _time(cell("ChargePeriodStart")),
        "cb_charge_end": _time(cell("ChargePeriodEnd")),
        "cb_first_date": "CAST(cb_charge_start AS DATE)",
        "cb_last_date": "CAST(CASE WHEN cb_charge_end > cb_charge_start "
        "THEN cb_charge_end - INTERVAL 1 MICROSECOND ELSE cb_charge_start END AS DATE)",
        "cb_resource": f"coalesce({cell('ResourceId')}, {cell('ResourceName')})",
        "cb_tags": cell("Tags"),
        "cb_line_key": line_key_sql(
            "cb_account", "cb_service", "cb_sku", "cb_charge_type", "cb_unit", "cb_currency"
        ),
        "cb_file": "file",
        "cb_line": "line",
    }
    chosen = ", ".join(f"{values[name]} AS {name}" for name in NORMALISED)
    run(
        connection,
        f"CREATE VIEW normalised AS SELECT s.*, {chosen} FROM staged s "  # noqa: S608
        f"LEFT JOIN provider_words p ON p.word = {cell('ProviderName')} "
        f"LEFT JOIN day_words d1 ON d1.word = {cell('BillingPeriodStart')} "
        f"LEFT JOIN day_words d2 ON d2.word = {cell('BillingPeriodEnd')} "
        f"LEFT JOIN charge_words w ON w.word = coalesce({cell('ChargeCategory')}, '') "
        f"AND w.often = coalesce({cell('ChargeFrequency')}, '')",
    )


def _account_name(union: Union) -> str:
    # The payer's name is no name for one of several accounts under it.
    sub, name = union.cell("SubAccountId"), union.cell("BillingAccountName")
    return f"coalesce({union.cell('SubAccountName')}, CASE WHEN {sub} IS NULL THEN {name} END, '')"


def _amount(cell: str) -> str:
    return f"TRY_CAST({cell} AS {AMOUNT})"


def _only_the_engine_reads(cell: str) -> str:
    """The engine takes 1_000 and 0E0. for numbers, which nobody writes who means one."""
    exponent = literal(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)[eE][+-]?[0-9]+\s*")
    return (
        f"contains({cell}, '_') OR ((contains({cell}, 'e') OR contains({cell}, 'E'))"
        f" AND NOT regexp_full_match({cell}, {exponent}))"
    )


def _time(cell: str) -> str:
    return f"TRY_CAST(regexp_extract({cell}, {literal(f'^{focus.TIME}$')}, 1) AS TIMESTAMP)"


def files_with_faults(connection: duckdb.DuckDBPyConnection, union: Union) -> list[int]:
    """The numbers of the files in which some row is wrong, in order."""
    cell = union.cell
    faults = [
        "cb_provider IS NULL",
        "cb_payer IS NULL",
        "cb_period_start IS NULL",
        "cb_period_end IS NULL",
        "cb_period_end <= cb_period_start",
        "cb_currency IS NULL",
        "NOT regexp_full_match(cb_currency, '[A-Z]{3}')",
        "cb_cost IS NULL",
        *(
            f"({_amount(cell(column))} IS NULL AND {cell(column)} IS NOT NULL "
            f"OR {_only_the_engine_reads(cell(column))})"
            for column in focus.AMOUNTS
        ),
        *(f"length({cell(column)}) > {focus.LONGEST_ID}" for column in focus.IDS),
        f"(cb_charge_start IS NULL AND {cell('ChargePeriodStart')} IS NOT NULL)",
        f"(cb_charge_end IS NULL AND {cell('ChargePeriodEnd')} IS NOT NULL)",
    ]
    rows = connection.execute(
        "SELECT cb_file FROM normalised GROUP BY cb_file "  # noqa: S608
        f"HAVING coalesce(bool_or({' OR '.join(faults)}), false) ORDER BY cb_file"
    ).fetchall()
    return [int(row[0]) for row in rows]


def write(connection: duckdb.DuckDBPyConnection, union: Union, path: str) -> None:
    """Writes the sorted Parquet of an import: the file's columns as text, then our own."""
    own = ", ".join(f"u{place} AS {quoted(name)}" for place, name in enumerate(union.columns))
    ours = ", ".join(NORMALISED)
    run(
        connection,
        f"COPY (SELECT {own}, {ours} FROM normalised ORDER BY {', '.join(ORDER)}) "  # noqa: S608
        f"TO {literal(path)} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3)",
    )
