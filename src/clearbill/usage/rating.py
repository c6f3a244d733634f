"""Rating: usage to priced lines, in three stages that an engine materialises one by one.

1. `_aggregated`: usage rows of the claimed slices become lines, by line key.
2. `_resolved`: each document's rule is found on the few distinct keys, apart from the rows.
3. `_rated` and `_allotted`: a*cost + b*list + c*qty, then whole minor units by largest remainder.

The expressions are Ibis; nothing here divides, and no amount meets a double. The same law in
plain Python is `rules/pricing.py`.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import duckdb
import ibis
import pyarrow as pa

from clearbill.rules.money import minor_unit
from clearbill.rules.pricing import INTEGER_DIGITS, PRICED, TooLarge
from clearbill.store import FileStore
from clearbill.usage.columns import COEFFICIENT, LINES, NORMALISED, SLICE, slice_columns
from clearbill.usage.engines.duckdb import (
    DEFAULT,
    Columns,
    Limits,
    connected,
    scratch_folder,
)
from clearbill.usage.engines.embedded import DuckDBEngine
from clearbill.usage.types import DocumentRef, RuleRef, SliceRef

FACTOR = f"decimal({18 + INTEGER_DIGITS},18)"
"""An amount that is multiplied: times a (9,6) it gives (38,24) on every engine."""
EXACT = "decimal(38,24)"
SHOWN = "decimal(38,4)"

AMOUNT = "decimal(38,18)"
_COSTS = ("cost", "list_cost")

_LINE = ("account", "service", "sku", "charge_type", "unit", "currency", "line_key")
_ORDER = ("account", "service", "sku", "charge_type", "unit", "line_key")


def rate(
    slices: Sequence[SliceRef],
    documents: Sequence[DocumentRef],
    rules: Sequence[RuleRef],
    *,
    store: FileStore,
    limits: Limits = DEFAULT,
) -> pa.Table:
    """The priced lines of the documents, in the schema `columns.LINES`.

    Every slice names its document, and a document has one currency: ValueError where a slice
    names none of `documents`, or one in another currency than it is billed in. `rules` are all
    that could apply, of every customer and version. Raises `rules.pricing.TooLarge`, for the call
    as a whole, where a sum that is multiplied has more than ten digits before the point: no engine
    does that exactly. A document without usage has no line.
    """
    _check(slices, documents)
    if not slices:
        return LINES.empty_table()
    with scratch_folder(limits) as scratch, connected(scratch, limits) as connection:
        engine = DuckDBEngine(connection)
        try:
            lines = engine.stage("lines", _aggregated(engine, slices, store))
            chosen = engine.stage("chosen", _resolved(engine, documents, rules))
            rated = engine.stage("rated", _rated(lines, chosen))
            return _in_schema(engine.arrow(_allotted(rated)))
        except (duckdb.ConversionException, duckdb.OutOfRangeException) as error:
            digits = f"more than {INTEGER_DIGITS} digits before the point"
            raise TooLarge(f"a line's amount has {digits}") from error


def _check(slices: Sequence[SliceRef], documents: Sequence[DocumentRef]) -> None:
    currencies = {document.document: document.currency for document in documents}
    if len(currencies) != len(documents):
        raise ValueError("a document is named twice")
    for piece in slices:
        if piece.document not in currencies:
            raise ValueError(f"a slice names document {piece.document}, which is not given")
        if currencies[piece.document] != piece.document_currency:
            raise ValueError(
                f"document {piece.document} is in {currencies[piece.document]}, "
                f"a slice of it in {piece.document_currency}"
            )


# Stage 1: usage to lines


def _aggregated(engine: DuckDBEngine, slices: Sequence[SliceRef], store: FileStore) -> Any:
    parts = [
        _claimed(engine, number, path, [s for s in slices if s.path == path], store)
        for number, path in enumerate(sorted({s.path for s in slices}))
    ]
    rows = ibis.union(*parts) if len(parts) > 1 else parts[0]
    lines = rows.group_by(["document", *_LINE]).agg(
        account_name=rows.account_name.nullif("").min(),
        description=rows.description.nullif("").min(),
        words=rows.provider_charge.collect(distinct=True),
        qty=_sum(rows.qty),
        cost=_sum(rows.cost),
        list_cost=_sum(rows.list_cost),
        cost_converted=_sum(rows.cost_converted),
        list_converted=_sum(rows.list_converted),
        rows=rows.count(),
        first_date=rows.first_date.min(),
        last_date=rows.last_date.max(),
    )
    # One account is one section, so it has one name, whatever name single rows carry.
    section = ibis.window(group_by=["document", "account"])
    return lines.mutate(
        account_name=lines.account_name.min().over(section).fill_null(""),
        description=lines.description.fill_null(""),
        provider_charge=lines.words.sort().join(", "),
    ).drop("words")


def _sum(amount: Any) -> Any:
    return amount.sum().fill_null(ibis.literal(Decimal(0), "decimal(38,18)")).cast("decimal(38,18)")


def _claimed(
    engine: DuckDBEngine,
    number: int,
    path: str,
    slices: Sequence[SliceRef],
    store: FileStore,
) -> Any:
    """The rows of one import that documents claim, with the document and short names."""
    usage = engine.parquet(f"import{number}", store.path(path), NORMALISED)
    claims = engine.table(f"claims{number}", slice_columns(slices))
    joined = usage.join(claims, [usage[name] == claims[name] for name in SLICE])
    names = [*_LINE, "account_name", "description", "provider_charge", "qty", "cost", "list_cost"]
    names += ["first_date", "last_date"]
    columns = {name: joined[f"cb_{name}"] for name in names}
    if any(piece.rate != 1 for piece in slices):
        converted = {name: _converted(joined[f"cb_{name}"], joined.rate) for name in _COSTS}
    else:
        converted = {name: joined[f"cb_{name}"] for name in _COSTS}
    return joined.select(
        "document",
        **columns,
        cost_converted=converted["cost"],
        list_converted=converted["list_cost"],
    )


def _converted(amount: Any, rate: Any) -> Any:
    """The amount in the document's currency, at 18 decimals, half away from zero, row by row.

    In two parts, since no engine has the 48 digits of the whole product: an integer, whose product
    is exact, and a fraction of the same sign, which is what gets rounded.
    """
    near = amount.round(0).cast(AMOUNT)
    one = ibis.literal(Decimal(1), AMOUNT)
    zero = ibis.literal(Decimal(0), AMOUNT)
    whole = ibis.cases(
        ((amount > zero) & (near > amount), near - one),
        ((amount < zero) & (near < amount), near + one),
        else_=near,
    )
    exactly = (whole.cast("decimal(28,10)") * rate).cast(AMOUNT)
    fraction = ((amount - whole).cast("decimal(26,18)") * rate).round(18)
    return (exactly + fraction.cast(AMOUNT)).cast(AMOUNT)


# Stage 2: which rule a document has


def _resolved(
    engine: DuckDBEngine, documents: Sequence[DocumentRef], rules: Sequence[RuleRef]
) -> Any:
    """One row per document that a rule fits: document, rule, a, b, c, and for all the decimals."""
    keys = engine.table("documents", _document_columns(documents))
    book = engine.table("book", _rule_columns(rules))
    # An equal join per kind of rule; one join with "or null" would compare all with all.
    kinds: list[tuple[int, Callable[[Any], Any], list[str]]] = [
        (3, lambda r: r.customer.notnull() & r.provider.notnull(), ["customer", "provider"]),
        (2, lambda r: r.customer.notnull() & r.provider.isnull(), ["customer"]),
        (1, lambda r: r.customer.isnull() & r.provider.notnull(), ["provider"]),
        (0, lambda r: r.customer.isnull() & r.provider.isnull(), []),
    ]
    fitting = ibis.union(*(_fitting(keys, book.filter(of), on, rank) for rank, of, on in kinds))
    best = ibis.window(
        group_by="document",
        order_by=[
            ibis.desc("rank"),
            ibis.desc("valid_from"),
            ibis.desc("version"),
            ibis.desc("rule"),
        ],
    )
    first = fitting.mutate(nth=ibis.row_number().over(best)).filter(lambda t: t.nth == 0)
    joined = keys.left_join(first, keys.document == first.document)
    return joined.select(
        document=keys.document,
        decimals=keys.decimals,
        document_currency=keys.currency,
        rule=first.rule,
        a=first.a,
        b=first.b,
        c=first.c,
    )


def _fitting(keys: Any, rules: Any, on: list[str], rank: int) -> Any:
    predicates = [keys[name] == rules[name] for name in on]
    predicates.append(rules.valid_from <= keys.period_start)
    joined = keys.join(rules, predicates)
    return joined.select(
        document=keys.document,
        rank=ibis.literal(rank, "int8"),
        valid_from=rules.valid_from,
        version=rules.version,
        rule=rules.rule,
        a=rules.a,
        b=rules.b,
        c=rules.c,
    )


def _document_columns(documents: Sequence[DocumentRef]) -> Columns:
    return {
        "document": ("BIGINT", [d.document for d in documents]),
        "customer": ("BIGINT", [d.customer for d in documents]),
        "provider": ("VARCHAR", [d.provider for d in documents]),
        "period_start": ("DATE", [d.period_start for d in documents]),
        "currency": ("VARCHAR", [d.currency for d in documents]),
        "decimals": ("INTEGER", [minor_unit(d.currency) for d in documents]),
    }


def _rule_columns(rules: Sequence[RuleRef]) -> Columns:
    return {
        "rule": ("BIGINT", [r.rule for r in rules]),
        "customer": ("BIGINT", [r.customer for r in rules]),
        "provider": ("VARCHAR", [r.provider for r in rules]),
        "valid_from": ("DATE", [r.valid_from for r in rules]),
        "version": ("BIGINT", [r.version for r in rules]),
        "a": (COEFFICIENT, [r.a for r in rules]),
        "b": (COEFFICIENT, [r.b for r in rules]),
        "c": (COEFFICIENT, [r.c for r in rules]),
    }


# Stage 3: price, and whole minor units


def _rated(lines: Any, chosen: Any) -> Any:
    joined = lines.join(chosen, lines.document == chosen.document)
    priced = joined.charge_type.isin(sorted(PRICED)) & joined.rule.notnull()
    null_rule = ibis.null("int64")
    with_rule = joined.mutate(
        rule=ibis.ifelse(priced, joined.rule, null_rule),
        a=ibis.ifelse(priced, joined.a, _coefficient(1)),
        b=ibis.ifelse(priced, joined.b, _coefficient(0)),
        c=ibis.ifelse(priced, joined.c, _coefficient(0)),
        cost_currency=joined.currency,
        currency=joined.document_currency,
    )
    return with_rule.mutate(exact=exact(with_rule))


def exact(rows: Any) -> Any:
    """a*cost + b*list + c*qty, costs converted, of a table with these columns: DECIMAL(38,24)."""
    nothing = ibis.literal(Decimal(0), "decimal(38,18)")
    # A quantity of eleven digits is no fault where no rule multiplies it.
    list_cost = ibis.ifelse(rows.b == _coefficient(0), nothing, rows.list_converted)
    qty = ibis.ifelse(rows.c == _coefficient(0), nothing, rows.qty)
    terms = [
        (amount.cast(FACTOR) * rows[name]).cast(EXACT)
        for amount, name in ((rows.cost_converted, "a"), (list_cost, "b"), (qty, "c"))
    ]
    return (terms[0] + terms[1] + terms[2]).cast(EXACT)


def _coefficient(value: int) -> Any:
    return ibis.literal(Decimal(value), COEFFICIENT.lower())


def _allotted(rated: Any) -> Any:
    base = ibis.window(group_by="document")
    cut = rated.mutate(
        cut=_rounded_down(rated.exact, rated.decimals), owed=rated.exact.sum().over(base)
    )
    counted = cut.mutate(
        remainder=cut.exact - cut.cut.cast(EXACT),
        step=_by_decimals(cut.decimals, lambda d: _shown(Decimal(1).scaleb(-d))),
        missing=_rounded(cut.owed.cast(EXACT), cut.decimals) - cut.cut.sum().over(base).cast(SHOWN),
    )
    largest = ibis.window(
        group_by="document",
        order_by=[ibis.desc("remainder"), ibis.desc("exact"), ibis.asc("line_key")],
    )
    placed = ibis.window(group_by="document", order_by=list(_ORDER))
    nth = counted.mutate(
        nth=ibis.row_number().over(largest),
        position=(ibis.row_number().over(placed) + 1).cast("int32"),
        units=_by_decimals(
            counted.decimals, lambda d: (counted.missing * _whole(10**d)).cast("int64")
        ),
    )
    extra = ibis.ifelse(nth.nth < nth.units, nth.step, _shown(Decimal(0)))
    shown = nth.mutate(price=(nth.cut + extra).cast(SHOWN))
    return shown.select(*LINES.names).order_by(["document", "position"])


def _rounded_down(amount: Any, decimals: Any) -> Any:
    """Towards minus infinity at the currency's decimals. No engine floors a decimal as one."""

    def at(places: int) -> Any:
        near = amount.round(places).cast(EXACT)
        unit = ibis.literal(Decimal(1).scaleb(-places), EXACT)
        return ibis.ifelse(near > amount, near - unit, near).cast(SHOWN)

    return _by_decimals(decimals, at)


def _rounded(amount: Any, decimals: Any) -> Any:
    """Half away from zero at the currency's decimals."""
    return _by_decimals(decimals, lambda places: amount.round(places).cast(SHOWN))


def _by_decimals(decimals: Any, at: Callable[[int], Any]) -> Any:
    return ibis.cases(*((decimals == places, at(places)) for places in (0, 2, 3, 4)))


def _shown(value: Decimal) -> Any:
    return ibis.literal(value, SHOWN)


def _whole(value: int) -> Any:
    return ibis.literal(Decimal(value), SHOWN)


def _in_schema(table: pa.Table) -> pa.Table:
    return table.select(LINES.names).cast(LINES)
