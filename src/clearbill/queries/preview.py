"""What a generation would bill, priced, before anything is made."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Max, Sum

from clearbill.queries.generation import (
    Candidate,
    Left,
    Plan,
    periods_of,
    plan,
    rule_refs,
)
from clearbill.records.files import file_store
from clearbill.records.models import BillingPeriod, Claim, Document, UsageSlice
from clearbill.rules.lifecycle import Status
from clearbill.rules.money import to_minor_units, total
from clearbill.rules.periods import shown_date
from clearbill.usage.rating import rate


@dataclass(frozen=True)
class PreviewRow:
    """One customer and billing period. `state` is New, Exists, Published or Left.

    Cost and price are in `currency`: the document's, and the usage's where no document is made.
    """

    state: str
    customer_id: int | None
    customer: str
    provider: str
    period: BillingPeriod
    currency: str
    rows: int
    cost: Decimal
    price: Decimal | None
    last_price: Decimal | None
    account: str = ""
    reason: str = ""
    document: str = ""

    @property
    def margin(self) -> Decimal | None:
        return None if self.price is None else self.price - self.cost


@dataclass(frozen=True)
class ProviderTotal:
    """A provider's cost of one currency: `imported` is the sum of the others, to the last digit.

    `price` is what is billed in that currency, which may be for usage in another.
    """

    provider: str
    currency: str
    imported: Decimal
    to_bill: Decimal
    price: Decimal
    billed: Decimal
    unassigned: Decimal
    left: Decimal


@dataclass(frozen=True)
class Preview:
    rows: list[PreviewRow]
    totals: list[ProviderTotal]
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
    rows = [
        *(_new(c, priced, before) for c, priced in zip(planned.candidates, prices, strict=True)),
        *(_existing(d, billed, before) for d in planned.existing),
        *(_left(each, periods) for each in planned.left),
    ]
    rows.sort(key=lambda row: (row.provider, row.customer == "", row.customer, row.account))
    return Preview(
        rows,
        _totals(reseller_id, periods, planned, prices) if customers is None else [],
        _warnings(reseller_id, periods, today),
        len(planned.candidates),
    )


@dataclass(frozen=True)
class _Priced:
    """What a candidate costs and comes to, both in its currency."""

    cost: Decimal
    price: Decimal


def _prices(
    reseller_id: int, candidates: Sequence[Candidate], periods: Sequence[BillingPeriod]
) -> list[_Priced]:
    if not candidates:
        return []
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
    """Totals of the period before, by customer, provider, and the day on which it ended."""
    documents = Document.objects.filter(
        reseller_id=reseller_id,
        provider__in={p.provider_id for p in periods},
        period_end__in={p.period_start for p in periods},
    ).exclude(status__in=[Status.VOIDED, Status.DISCARDED])
    return {
        (customer, provider, end): amount
        for customer, provider, end, amount in documents.values_list(
            "customer_id", "provider_id", "period_end", "total"
        )
    }


def _new(
    candidate: Candidate, priced: _Priced, before: dict[tuple[int, int, date], Decimal]
) -> PreviewRow:
    period = candidate.period
    return PreviewRow(
        state="New",
        customer_id=candidate.customer_id,
        customer=candidate.customer,
        provider=period.provider.name,
        period=period,
        currency=candidate.currency,
        rows=candidate.rows,
        cost=priced.cost,
        price=priced.price,
        last_price=before.get((candidate.customer_id, period.provider_id, period.period_start)),
    )


def _billed(reseller_id: int, documents: Sequence[Document]) -> dict[int, tuple[int, Decimal]]:
    """Rows and cost of the usage that each of these documents claims."""
    claims = (
        Claim.objects.filter(
            reseller_id=reseller_id, document__in=documents, released_at__isnull=True
        )
        .values("document_id")
        .annotate(rows=Sum("slice__rows"), cost=Sum("slice__cost"))
    )
    return {each["document_id"]: (each["rows"], each["cost"]) for each in claims}


def _existing(
    document: Document,
    billed: dict[int, tuple[int, Decimal]],
    before: dict[tuple[int, int, date], Decimal],
) -> PreviewRow:
    draft = document.status == Status.DRAFT
    rows, cost = billed[document.pk]
    return PreviewRow(
        state="Exists" if draft else "Published",
        customer_id=document.customer_id,
        customer=document.customer.name,
        provider=document.provider.name,
        period=document.billing_period,
        currency=document.currency,
        rows=rows,
        cost=cost,
        price=document.total,
        last_price=before.get((document.customer_id, document.provider_id, document.period_start)),
        reason=f"{document.code} is {document.status}",
        document=document.code,
    )


def _left(each: Left, periods: Sequence[BillingPeriod]) -> PreviewRow:
    period = next(p for p in periods if p.pk == each.billing_period_id)
    return PreviewRow(
        state="Left",
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


def _totals(
    reseller_id: int,
    periods: Sequence[BillingPeriod],
    planned: Plan,
    prices: Sequence[_Priced],
) -> list[ProviderTotal]:
    sums: dict[tuple[str, str], dict[str, list[Decimal]]] = defaultdict(lambda: defaultdict(list))
    names = {period.pk: period.provider.name for period in periods}
    slices = UsageSlice.objects.filter(
        reseller_id=reseller_id,
        statement__billing_period__in=list(names),
        statement__superseded_by__isnull=True,
    ).values_list("pk", "statement__billing_period_id", "statement__currency", "cost")
    claimed = set(
        UsageSlice.objects.filter(
            reseller_id=reseller_id,
            statement__billing_period__in=list(names),
            claims__released_at__isnull=True,
            claims__isnull=False,
        ).values_list("pk", flat=True)
    )
    for pk, period_id, currency, cost in slices:
        part = sums[names[period_id], currency]
        part["imported"].append(cost)
        if pk in claimed:
            part["billed"].append(cost)
    for candidate, priced in zip(planned.candidates, prices, strict=True):
        provider = candidate.period.provider.name
        for currency, cost in candidate.costs().items():
            sums[provider, currency]["to_bill"].append(cost)
        sums[provider, candidate.currency]["price"].append(priced.price)
    for each in planned.left:
        kind = "left" if each.customer_id else "unassigned"
        sums[each.provider, each.currency][kind].append(each.amount)
    kinds = ("imported", "to_bill", "price", "billed", "unassigned", "left")
    return [
        ProviderTotal(provider, currency, *(total(parts[kind]) for kind in kinds))
        for (provider, currency), parts in sorted(sums.items())
    ]


def _warnings(reseller_id: int, periods: Sequence[BillingPeriod], today: date) -> list[str]:
    warnings = []
    for period in periods:
        name, last_day = period.provider.name, period.period_end - timedelta(days=1)
        if today < period.period_end:
            warnings.append(
                f"{name}: the period is not over before {shown_date(last_day)}; what is generated"
                " now misses later usage"
            )
        last = UsageSlice.objects.filter(
            reseller_id=reseller_id,
            statement__billing_period=period,
            statement__superseded_by__isnull=True,
        ).aggregate(last=Max("last_charge"))["last"]
        if last is not None and last < last_day:
            warnings.append(
                f"{name}: usage ends on {shown_date(last)}, before the period's last day,"
                f" {shown_date(last_day)}"
            )
    return warnings
