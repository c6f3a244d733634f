"""What a generation would bill, priced, before anything is made."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Exists, OuterRef, Sum

from clearbill.queries.generation import (
    Candidate,
    Left,
    Plan,
    periods_of,
    plan,
    rule_refs,
)
from clearbill.records.files import file_store
from clearbill.records.models import BillingPeriod, Claim, Document, DocumentLine, UsageSlice
from clearbill.rules.alphabet import sort_key
from clearbill.rules.lifecycle import Status
from clearbill.rules.money import to_minor_units, total
from clearbill.rules.periods import shown_date
from clearbill.rules.pricing import TooLarge
from clearbill.usage.rating import rate

Imported = tuple[int, str, Decimal, bool, date | None]
"""A slice of usage: its billing period, currency and cost, whether a live document claims it, and
the day of its last charge."""


@dataclass(frozen=True)
class PreviewRow:
    """One customer and billing period. `state` is New, Fails, Exists, Published, Left or
    Unassigned.

    Cost and price are in `currency`: the document's, and the usage's where no document is made.
    """

    state: str
    customer_id: int | None
    customer: str
    provider: str
    period: BillingPeriod
    currency: str
    rows: int
    cost: Decimal | None
    price: Decimal | None
    last_price: Decimal | None
    account: str = ""
    reason: str = ""
    document: str = ""

    @property
    def margin(self) -> Decimal | None:
        """What is shown as price less what is shown as cost, so that the three add up."""
        if self.price is None or self.cost is None:
            return None
        return self.price - to_minor_units(self.cost, self.currency)


@dataclass(frozen=True)
class ProviderTotal:
    """A provider's cost of one currency: `imported` is the sum of the others, to the last digit."""

    provider: str
    currency: str
    imported: Decimal
    to_bill: Decimal
    billed: Decimal
    unassigned: Decimal
    left: Decimal


@dataclass(frozen=True)
class ProviderPrice:
    """What the new documents of a provider come to in one currency, whatever their usage's is."""

    provider: str
    currency: str
    price: Decimal


@dataclass(frozen=True)
class Preview:
    rows: list[PreviewRow]
    totals: list[ProviderTotal]
    prices: list[ProviderPrice]
    warnings: list[str]
    creates: int


def preview(
    reseller_id: int,
    month: date,
    *,
    today: date,
    providers: Sequence[str] = (),
    customers: Iterable[int] | None = None,
) -> Preview:
    """The plan of a generation for the periods that start in a month, rated by the same engine.

    Nothing is written. Totals are of all customers where none are named, else of those.
    """
    periods = periods_of(reseller_id, month, providers)
    planned = plan(reseller_id, periods, customers, today=today)
    prices = _prices(reseller_id, planned.candidates, periods)
    before = _last_prices(reseller_id, periods)
    billed = _billed(reseller_id, planned.existing)
    slices = _imported(reseller_id, periods)
    rows = [
        *(_new(c, priced, before) for c, priced in zip(planned.candidates, prices, strict=True)),
        *(_existing(d, billed, before) for d in planned.existing),
        *(_left(each, periods) for each in planned.left),
    ]
    rows.sort(key=lambda row: (row.provider, not row.customer, sort_key(row.customer), row.account))
    return Preview(
        rows,
        _totals(slices, periods, planned) if customers is None else [],
        _provider_prices(planned, prices) if customers is None else [],
        _warnings(slices, periods, today),
        sum(not priced.failure for priced in prices),
    )


@dataclass(frozen=True)
class _Priced:
    """What a candidate costs and comes to, both in its currency; `failure` says why not."""

    cost: Decimal | None
    price: Decimal | None
    failure: str = ""


def _prices(
    reseller_id: int, candidates: Sequence[Candidate], periods: Sequence[BillingPeriod]
) -> list[_Priced]:
    """What each candidate comes to. Where the engine refuses them together, one by one, so that
    one that cannot be computed says why and stops no other."""
    if not candidates:
        return []
    try:
        return _rated(reseller_id, candidates, periods)
    except (TooLarge, FileNotFoundError) as error:
        if len(candidates) == 1:
            return [_Priced(None, None, f"it will fail: {error}")]
    return [_prices(reseller_id, [each], periods)[0] for each in candidates]


def _rated(
    reseller_id: int, candidates: Sequence[Candidate], periods: Sequence[BillingPeriod]
) -> list[_Priced]:
    lines = rate(
        [ref for number, c in enumerate(candidates) for ref in c.slice_refs(number)],
        [c.document_ref(number) for number, c in enumerate(candidates)],
        rule_refs(reseller_id, periods),
        store=file_store(),
    )
    exact: dict[int, list[Decimal]] = defaultdict(list)
    costs: dict[int, list[Decimal]] = defaultdict(list)
    columns = (lines[name].to_pylist() for name in ("document", "exact", "cost_converted"))
    for number, amount, cost in zip(*columns, strict=True):
        exact[number].append(amount)
        costs[number].append(cost)
    return [
        _Priced(total(costs[number]), to_minor_units(total(exact[number]), candidate.currency))
        for number, candidate in enumerate(candidates)
    ]


def _last_prices(
    reseller_id: int, periods: Sequence[BillingPeriod]
) -> dict[tuple[int, int, date], Decimal]:
    """Subtotals of the period before, by customer, provider, and the day on which it ended."""
    documents = Document.objects.filter(
        reseller_id=reseller_id,
        provider__in={p.provider_id for p in periods},
        period_end__in={p.period_start for p in periods},
    ).exclude(status__in=[Status.VOIDED, Status.DISCARDED])
    return {
        (customer, provider, end): amount
        for customer, provider, end, amount in documents.values_list(
            "customer_id", "provider_id", "period_end", "subtotal"
        )
    }


def _new(
    candidate: Candidate, priced: _Priced, before: dict[tuple[int, int, date], Decimal]
) -> PreviewRow:
    period = candidate.period
    return PreviewRow(
        state="Fails" if priced.failure else "New",
        customer_id=candidate.customer_id,
        customer=candidate.customer,
        provider=period.provider.name,
        period=period,
        currency=candidate.currency,
        rows=candidate.rows,
        cost=priced.cost,
        price=priced.price,
        reason=priced.failure,
        last_price=before.get((candidate.customer_id, period.provider_id, period.period_start)),
    )


def _billed(reseller_id: int, documents: Sequence[Document]) -> dict[int, tuple[int, Decimal]]:
    """Rows and cost of the usage on each of these documents, the cost in its currency."""
    lines = (
        DocumentLine.objects.filter(
            reseller_id=reseller_id, document_id__in=[d.pk for d in documents], own=False
        )
        .values("document_id")
        .annotate(count=Sum("rows"), cost=Sum("cost_converted"))
    )
    return {each["document_id"]: (each["count"], each["cost"]) for each in lines}


def _existing(
    document: Document,
    billed: dict[int, tuple[int, Decimal]],
    before: dict[tuple[int, int, date], Decimal],
) -> PreviewRow:
    draft = document.status == Status.DRAFT
    # A draft whose usage is all gone may hold lines of staff's own.
    rows, cost = billed.get(document.pk, (0, Decimal(0)))
    return PreviewRow(
        state="Exists" if draft else "Published",
        customer_id=document.customer_id,
        customer=document.customer.name,
        provider=document.provider.name,
        period=document.billing_period,
        currency=document.currency,
        rows=rows,
        cost=cost,
        price=document.subtotal,
        last_price=before.get((document.customer_id, document.provider_id, document.period_start)),
        reason=f"{document.code} is {document.status}",
        document=document.code,
    )


def _left(each: Left, periods: Sequence[BillingPeriod]) -> PreviewRow:
    period = next(p for p in periods if p.pk == each.billing_period_id)
    return PreviewRow(
        state="Left" if each.customer_id else "Unassigned",
        customer_id=each.customer_id,
        customer=each.customer,
        provider=each.provider,
        period=period,
        currency=each.currency,
        rows=each.rows,
        cost=each.amount,
        price=None,
        last_price=None,
        account=each.account,
        reason=each.reason,
    )


def _imported(reseller_id: int, periods: Sequence[BillingPeriod]) -> list[Imported]:
    """The current usage of the periods, a row a slice."""
    live = Claim.objects.filter(
        reseller_id=reseller_id, slice=OuterRef("pk"), released_at__isnull=True
    )
    return list(
        UsageSlice.objects.filter(
            reseller_id=reseller_id,
            statement__billing_period__in=periods,
            statement__superseded_by__isnull=True,
        )
        .annotate(claimed=Exists(live))
        .values_list(
            "statement__billing_period_id", "statement__currency", "cost", "claimed", "last_charge"
        )
    )


def _totals(
    slices: Sequence[Imported],
    periods: Sequence[BillingPeriod],
    planned: Plan,
) -> list[ProviderTotal]:
    sums: dict[tuple[str, str], dict[str, list[Decimal]]] = defaultdict(lambda: defaultdict(list))
    names = {period.pk: period.provider.name for period in periods}
    for period_id, currency, cost, claimed, _ in slices:
        part = sums[names[period_id], currency]
        part["imported"].append(cost)
        if claimed:
            part["billed"].append(cost)
    for candidate in planned.candidates:
        for currency, cost in candidate.costs().items():
            sums[candidate.period.provider.name, currency]["to_bill"].append(cost)
    for each in planned.left:
        kind = "left" if each.customer_id else "unassigned"
        sums[each.provider, each.currency][kind].append(each.amount)
    kinds = ("imported", "to_bill", "billed", "unassigned", "left")
    return [
        ProviderTotal(provider, currency, *(total(parts[kind]) for kind in kinds))
        for (provider, currency), parts in sorted(sums.items())
    ]


def _provider_prices(planned: Plan, prices: Sequence[_Priced]) -> list[ProviderPrice]:
    sums: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
    for candidate, priced in zip(planned.candidates, prices, strict=True):
        if priced.price is not None:
            sums[candidate.period.provider.name, candidate.currency].append(priced.price)
    return [ProviderPrice(*key, total(amounts)) for key, amounts in sorted(sums.items())]


def _warnings(
    slices: Sequence[Imported], periods: Sequence[BillingPeriod], today: date
) -> list[str]:
    warnings = []
    last_charges: dict[int, date] = {}
    for period_id, _, _, _, last in slices:
        if last is not None:
            last_charges[period_id] = max(last, last_charges.get(period_id, last))
    for period in periods:
        name, last_day = period.provider.name, period.period_end - timedelta(days=1)
        if today < period.period_end:
            warnings.append(
                f"{name}: the period is not over before {shown_date(last_day)}; what is generated"
                " now misses later usage"
            )
        ends = last_charges.get(period.pk)
        if ends is not None and ends < last_day:
            warnings.append(
                f"{name}: usage ends on {shown_date(ends)}, before the period's last day,"
                f" {shown_date(last_day)}"
            )
    return warnings
