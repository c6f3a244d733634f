"""From staged rows to our own columns, set by set in the engine.

Words of which a delivery has few (providers, charges, periods, currencies) are judged once each
in Python; amounts and times are cast by the engine, which only says whether any is wrong.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

import duckdb

from clearbill.rules.charge_types import Charge, charge_of
from clearbill.rules.money import DOOR_SCALE
from clearbill.rules.providers import provider_of
from clearbill.usage.columns import NORMALISED, SLICE, line_key_sql
from clearbill.usage.engines.duckdb import AMOUNT, Columns, literal, load, quoted, run
from clearbill.usage.feeds import focus
from clearbill.usage.files import refuse
from clearbill.usage.union import TEXT, Union

_MOST_WORDS = 10_000
_ACCOUNT = ("SubAccountId", "BillingAccountId")
_SKU = ("SkuId", "SkuPriceId")
_UNIT = ("PricingUnit", "ConsumedUnit")
_KEYS = sorted(focus.key_of(column) for column in focus.COLUMNS)


@dataclass(frozen=True)
class Meaning:
    """The SQL of what a word means, and of the join that it needs behind `staged`."""

    value: str
    join: str = ""


@dataclass(frozen=True)
class Words:
    """What the few words of a delivery mean: `meanings` are columns of ours."""

    providers: Mapping[str, str]
    unknown_charges: frozenset[str]
    wrong_currencies: frozenset[str]
    meanings: Mapping[str, Meaning]


def learn_words(
    connection: duckdb.DuckDBPyConnection, union: Union, aliases: Mapping[str, str]
) -> Words:
    """Judges each different word once."""
    providers, names = _providers(_distinct(connection, union, "ProviderName"), aliases)
    _ours(connection, "provider", providers.values())
    starts, ends = (_days(_distinct(connection, union, column)) for column in focus.PERIODS)
    currencies = _distinct(connection, union, "BillingCurrency")
    charges = _charges(connection, union)
    one = partial(_meaning, connection, union)
    return Words(
        names,
        frozenset(charge.provider_charge for charge in charges.values() if not charge.known),
        frozenset(word for word in currencies if not focus.is_currency(word)),
        {
            "cb_provider": one("ProviderName", "provider", providers),
            "cb_period_start": one("BillingPeriodStart", "DATE", starts),
            "cb_period_end": one("BillingPeriodEnd", "DATE", ends),
            **_meanings_of_charges(connection, union, charges),
            "cb_charge_start": _times(connection, union, "ChargePeriodStart"),
            "cb_charge_end": _times(connection, union, "ChargePeriodEnd"),
        },
    )


def _meaning(
    connection: duckdb.DuckDBPyConnection,
    union: Union,
    column: str,
    kind: str,
    known: Mapping[str, object],
) -> Meaning:
    only = union.word(column)
    if only is not None:
        value = literal(str(known[only])) if only in known else "NULL"
        return Meaning(f"CAST({value} AS {kind})")
    table = f"of_{column}"
    columns: Columns = {
        "word": (union.kind(column), list(known)),
        "value": (kind, list(known.values())),
    }
    load(connection, table, columns)
    return Meaning(f"{table}.value", f"LEFT JOIN {table} ON {table}.word = {union.cell(column)}")


def _distinct(connection: duckdb.DuckDBPyConnection, union: Union, column: str) -> set[str]:
    cell = union.cell(column)
    rows = connection.execute(
        f"SELECT DISTINCT {cell} FROM staged WHERE {cell} IS NOT NULL LIMIT {_MOST_WORDS + 1}"  # noqa: S608
    ).fetchall()
    if len(rows) > _MOST_WORDS:
        reason = f"holds more than {_MOST_WORDS} different values: is it the right column?"
        raise refuse("the delivery", reason, column=column)
    return {str(row[0]) for row in rows}


def _days(words: Iterable[str]) -> dict[str, date]:
    return {word: day for word in words if (day := focus.read_date(word)) is not None}


def _providers(
    words: Iterable[str], aliases: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """The code of each word that is a provider's, and each code's name."""
    codes: dict[str, str] = {}
    names: dict[str, str] = {}
    for word in sorted(words):
        try:
            provider = provider_of(word, aliases)
        except ValueError:
            continue
        codes[word] = provider.code
        names.setdefault(provider.code, provider.name)
    return codes, names


def _charges(connection: duckdb.DuckDBPyConnection, union: Union) -> dict[tuple[str, str], Charge]:
    category, frequency = union.first("ChargeCategory"), union.first("ChargeFrequency")
    rows = connection.execute(
        f"SELECT DISTINCT {category}, {frequency} FROM staged LIMIT {_MOST_WORDS + 1}"  # noqa: S608
    ).fetchall()
    if len(rows) > _MOST_WORDS:
        reason = f"holds more than {_MOST_WORDS} different values: is it the right column?"
        raise refuse("the delivery", reason, column="ChargeCategory")
    return {(str(word), str(often)): charge_of(word, often) for word, often in rows}


def _meanings_of_charges(
    connection: duckdb.DuckDBPyConnection,
    union: Union,
    charges: Mapping[tuple[str, str], Charge],
) -> dict[str, Meaning]:
    kinds = [charge.charge_type for charge in charges.values()]
    said = [charge.provider_charge for charge in charges.values()]
    _ours(connection, "charge_type", kinds)
    _ours(connection, "provider_charge", said)
    columns: Columns = {
        "word": (union.kind("ChargeCategory"), [word for word, _ in charges]),
        "often": (union.kind("ChargeFrequency"), [often for _, often in charges]),
        "kind": ("charge_type", kinds),
        "said": ("provider_charge", said),
    }
    load(connection, "of_charges", columns)
    join = (
        f"LEFT JOIN of_charges c ON c.word = {union.first('ChargeCategory')} "
        f"AND c.often = {union.first('ChargeFrequency')}"
    )
    return {
        "cb_charge_type": Meaning("c.kind", join),
        "cb_provider_charge": Meaning("c.said"),
    }


def _ours(connection: duckdb.DuckDBPyConnection, name: str, words: Iterable[str]) -> None:
    """Makes a type of words of our own, in their order."""
    listed = ", ".join(literal(word) for word in sorted({*words, ""}))
    run(connection, f"CREATE TYPE {name} AS ENUM ({listed})")


def _times(connection: duckdb.DuckDBPyConnection, union: Union, column: str) -> Meaning:
    kind, cell, table = union.kind(column), union.cell(column), f"of_{column}"
    if kind == TEXT:
        return Meaning(_time(cell))
    run(
        connection,
        f"CREATE TABLE {table} AS SELECT CAST(word AS {kind}) AS word, {_time('word')} AS value "  # noqa: S608
        f"FROM (SELECT unnest(enum_range(CAST(NULL AS {kind}))) AS word)",
    )
    return Meaning(f"{table}.value", f"LEFT JOIN {table} ON {table}.word = {cell}")


def place(connection: duckdb.DuckDBPyConnection, words: Words) -> None:
    """Makes the view `placed`: `staged` with what its words mean."""
    values = ", ".join(f"{each.value} AS {name}" for name, each in words.meanings.items())
    joins = " ".join(each.join for each in words.meanings.values())
    run(connection, f"CREATE VIEW placed AS SELECT s.*, {values} FROM staged s {joins}")  # noqa: S608


def normalise(connection: duckdb.DuckDBPyConnection, union: Union) -> None:
    """Makes the view `normalised`: `placed` with all our own columns."""
    ours = (f"{value} AS {name}" for name, value in _values(union).items())
    run(connection, f"CREATE VIEW normalised AS SELECT *, {', '.join(ours)} FROM placed")  # noqa: S608


def _values(union: Union) -> dict[str, str]:
    """The SQL of those of our columns that are not `placed` already."""
    cell = union.cell
    return {
        "cb_payer": cell("BillingAccountId"),
        "cb_account": union.first(*_ACCOUNT),
        "cb_currency": cell("BillingCurrency"),
        "cb_service": union.first("ServiceName"),
        "cb_sku": union.first(*_SKU),
        "cb_payer_name": union.first("BillingAccountName"),
        "cb_account_name": _account_name(union),
        "cb_description": union.first("ChargeDescription"),
        "cb_unit": union.first(*_UNIT),
        "cb_qty": f"coalesce({_amount(cell('PricingQuantity'))}, "
        f"{_amount(cell('ConsumedQuantity'))})",
        "cb_cost": _amount(cell("BilledCost")),
        "cb_list_cost": _amount(cell("ListCost")),
        "cb_first_date": "CAST(cb_charge_start AS DATE)",
        "cb_last_date": "CAST(CASE WHEN cb_charge_end > cb_charge_start "
        "THEN cb_charge_end - INTERVAL 1 MICROSECOND ELSE cb_charge_start END AS DATE)",
        "cb_resource": f"coalesce({cell('ResourceId')}, {cell('ResourceName')})",
        "cb_tags": cell("Tags"),
        "cb_line_key": _line_key(union),
        "cb_file": "file",
        "cb_line": "CAST(line AS BIGINT)",
    }


def _account_name(union: Union) -> str:
    if union.always("SubAccountId"):
        return union.first("SubAccountName")
    # The payer's name is no name for one of several accounts under it.
    sub, name = union.cell("SubAccountId"), union.cell("BillingAccountName")
    return f"coalesce({union.cell('SubAccountName')}, CASE WHEN {sub} IS NULL THEN {name} END, '')"


def _line_key(union: Union) -> str:
    account, service, sku, unit = (
        (union.first(*columns), union.dictionaries.get(union.kind(*columns)))
        for columns in (_ACCOUNT, ("ServiceName",), _SKU, _UNIT)
    )
    ours = ("cb_charge_type", None), (union.cell("BillingCurrency"), None)
    bare = {part for part, words in (account, service, sku, unit) if words and words.bare}
    # Charge types of ours and three capitals have no bar in them.
    parts = account[0], service[0], sku[0], ours[0][0], unit[0], ours[1][0]
    return line_key_sql(*parts, bare=bare | {ours[0][0], ours[1][0]})


def _amount(cell: str) -> str:
    return f"TRY_CAST({cell} AS {AMOUNT})"


def _time(cell: str) -> str:
    return f"TRY_CAST(regexp_extract({cell}, {literal(f'^{focus.TIME}$')}, 1) AS TIMESTAMP)"


def summed(connection: duckdb.DuckDBPyConnection, union: Union, words: Words) -> list[int]:
    """Makes the table `slices`, a row for each slice and file, with hashes of the rows' text.

    Gives the numbers of the files in which some row is wrong, in order.
    """
    run(
        connection,
        f"CREATE TABLE slices AS SELECT {', '.join(SLICE)}, cb_file, "  # noqa: S608
        "min(nullif(cb_account_name, '')) AS account_name, "
        "min(nullif(cb_payer_name, '')) AS payer_name, count(*) AS often, "
        "sum(cb_cost) AS cost, min(cb_first_date) AS first_date, max(cb_last_date) AS last_date, "
        "sum(CAST(hash & 18446744073709551615 AS UBIGINT)) AS lower, "
        "sum(CAST(hash >> 64 AS UBIGINT)) AS upper, "
        f"bool_or({_long(union.cell('BilledCost'))}) AS cut, "
        f"bool_or({_wrong(union, words)}) AS wrong "
        f"FROM (SELECT *, md5_number({_text(union)}) AS hash FROM normalised) GROUP BY ALL",
    )
    rows = connection.execute(
        "SELECT DISTINCT cb_file FROM slices WHERE wrong ORDER BY cb_file"
    ).fetchall()
    return [int(row[0]) for row in rows]


def _long(cell: str) -> str:
    """Whether an amount may have more decimals than are kept."""
    return f"length({cell}) > {DOOR_SCALE} OR contains({cell}, 'e') OR contains({cell}, 'E')"


def _wrong(union: Union, words: Words) -> str:
    cell = union.cell
    faults = [
        "cb_provider IS NULL",
        "cb_payer IS NULL",
        "cb_period_start IS NULL",
        "cb_period_end IS NULL",
        "cb_period_end <= cb_period_start",
        "cb_currency IS NULL",
        *(f"cb_currency = {literal(word)}" for word in sorted(words.wrong_currencies)),
        "cb_cost IS NULL",
        *(
            f"({_amount(cell(column))} IS NULL AND {cell(column)} IS NOT NULL "
            f"OR {_only_the_engine_reads(cell(column))})"
            for column in focus.AMOUNTS
        ),
        *(
            f"length({cell(column)}) > {focus.LONGEST_ID}"
            for column in focus.IDS
            if _may_be_too_long(union, column)
        ),
        f"(cb_charge_start IS NULL AND {cell('ChargePeriodStart')} IS NOT NULL)",
        f"(cb_charge_end IS NULL AND {cell('ChargePeriodEnd')} IS NOT NULL)",
    ]
    return " OR ".join(faults)


def _may_be_too_long(union: Union, column: str) -> bool:
    words = union.dictionaries.get(union.kind(column))
    return words is None or words.longest > focus.LONGEST_ID


def _only_the_engine_reads(cell: str) -> str:
    """The engine takes 1_000 and 0E0. for numbers, which nobody writes who means one."""
    exponent = literal(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)[eE][+-]?[0-9]+\s*")
    return (
        f"contains({cell}, '_') OR ((contains({cell}, 'e') OR contains({cell}, 'E'))"
        f" AND NOT regexp_full_match({cell}, {exponent}))"
    )


def _text(union: Union) -> str:
    """One text per row that is the same whatever the order of columns; nulls leave no trace.

    A cell of a known column is told by its place among all of them, another by its name.
    """
    parts: list[str] = []
    before = 0
    for nth, key in enumerate(_KEYS, start=1):
        if key in union.place:
            parts += [literal(chr(31) * (nth - before)), union.at(union.place[key])]
            before = nth
    parts.append(literal(chr(31) * (len(_KEYS) + 1 - before)))
    for key in sorted(set(union.place) - set(_KEYS)):
        named = literal(f"{key}{chr(31)}")
        parts.append(f"{named} || CAST({union.at(union.place[key])} AS VARCHAR) || chr(30)")
    return f"concat({', '.join(parts)})"


def write(
    connection: duckdb.DuckDBPyConnection, union: Union, order: Sequence[str], path: str
) -> None:
    """Writes the sorted Parquet of an import: the file's columns as text, then our own."""
    own = ", ".join(f"{union.at(n)} AS {quoted(name)}" for n, name in enumerate(union.columns))
    values = _values(union)
    ours = ", ".join(f"{values.get(name, name)} AS {name}" for name in NORMALISED)
    keys = ", ".join("line" if name == "cb_line" else values.get(name, name) for name in order)
    # Sorted before our own columns are there: they would only be carried along.
    run(
        connection,
        f"COPY (SELECT {own}, {ours} FROM (FROM placed ORDER BY {keys})) "  # noqa: S608
        f"TO {literal(path)} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3)",
    )
