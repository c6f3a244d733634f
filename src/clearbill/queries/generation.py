"""What a generation would bill, and what it would leave: the plan that a run carries out.

The preview shows the same plan, so that what is seen is what is made.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q

from clearbill.queries.rates import quotes
from clearbill.records.models import (
    Assignment,
    BillingPeriod,
    BillingProfile,
    Claim,
    Document,
    PriceRule,
    UsageSlice,
)
from clearbill.rules.alphabet import sort_key
from clearbill.rules.currencies import Quote, Rate, find
from clearbill.rules.lifecycle import LIVE, Status
from clearbill.rules.money import total
from clearbill.rules.periods import next_month, shown_date
from clearbill.rules.pricing import RuleRef
from clearbill.usage.types import DocumentRef, SliceRef

LIVE_STATUSES = sorted(status.value for status in LIVE)


@dataclass(frozen=True)
class Left:
    """Usage that a run leaves, with the reason: nothing is dropped in silence."""

    customer_id: int | None
    customer: str
    billing_period_id: int
    provider: str
    account: str
    reason: str
    amount: Decimal
    currency: str
    rows: int
    document_id: int | None = None


@dataclass
class Candidate:
    """A document to be: one customer, billing profile and billing period, and its slices."""

    customer_id: int
    customer: str
    profile: BillingProfile
    period: BillingPeriod
    slices: list[UsageSlice] = field(default_factory=list)
    rates: dict[str, Rate] = field(default_factory=dict)
    """From each currency of the usage that is not the profile's."""

    def costs(self) -> dict[str, Decimal]:
        """What the provider charges, per currency of its files."""
        parts: dict[str, list[Decimal]] = defaultdict(list)
        for each in self.slices:
            parts[each.statement.currency].append(each.cost)
        return {currency: total(amounts) for currency, amounts in parts.items()}

    @property
    def rows(self) -> int:
        return sum(each.rows for each in self.slices)

    @property
    def currency(self) -> str:
        return self.profile.currency

    def document_ref(self, number: int) -> DocumentRef:
        return DocumentRef(
            document=number,
            customer=self.customer_id,
            provider=self.period.provider.code,
            period_start=self.period.period_start,
            currency=self.currency,
        )

    def slice_refs(self, number: int) -> list[SliceRef]:
        return [
            slice_ref(each, self.period, number, self.rates.get(each.statement.currency))
            for each in self.slices
        ]


@dataclass
class Plan:
    """What would be made, what is left, and the live documents that exist already."""

    candidates: list[Candidate]
    left: list[Left]
    existing: list[Document]


def slice_ref(
    each: UsageSlice, period: BillingPeriod, document: int, rate: Rate | None = None
) -> SliceRef:
    """Where the engine finds a slice's rows, and the rate that they are billed at where their
    currency is not the document's. Needs statement, import and account loaded."""
    return SliceRef(
        path=each.statement.usage_import.path,
        provider=period.provider.code,
        payer=each.statement.payer,
        account=each.account.account,
        period_start=period.period_start,
        period_end=period.period_end,
        currency=each.statement.currency,
        document=document,
        rate=rate.rate if rate else Decimal(1),
        billed_in=rate.quote if rate else "",
    )


def periods_of(
    reseller_id: int, month: date, providers: Sequence[str] | None = None
) -> list[BillingPeriod]:
    """The billing periods that start in the month of `month`, of all or the named providers."""
    first = month.replace(day=1)
    periods = BillingPeriod.objects.filter(
        reseller_id=reseller_id, period_start__gte=first, period_start__lt=next_month(first)
    )
    if providers:
        periods = periods.filter(provider__code__in=providers)
    return list(periods.select_related("provider").order_by("provider__code", "period_start"))


def months(reseller_id: int) -> list[date]:
    """The first days of the months in which known billing periods start, newest first."""
    starts = BillingPeriod.objects.filter(reseller_id=reseller_id).values_list(
        "period_start", flat=True
    )
    return sorted({start.replace(day=1) for start in starts.distinct()}, reverse=True)


def rate_day(period: BillingPeriod, today: date) -> date:
    """The day whose rate a period's usage is converted at: its last one, or today before that."""
    return min(period.period_end - timedelta(days=1), today)


def plan(
    reseller_id: int,
    periods: Sequence[BillingPeriod],
    customers: Iterable[int] | None = None,
    *,
    today: date,
) -> Plan:
    """What a generation of these periods makes and leaves, for all or the given customers.

    With `customers`, usage of unassigned accounts is no part of the plan. `today` is the
    reseller's: it decides which exchange rate holds for a period that is not over.
    """
    by_id = {period.pk: period for period in periods}
    wanted = set(customers) if customers is not None else None
    slices = _unclaimed(reseller_id, by_id, wanted)
    owners = _owners(reseller_id, slices)
    live = _live_documents(reseller_id, by_id, wanted)
    rates = _Rates(reseller_id, slices, owners, today)
    made: dict[tuple[int, int], Candidate] = {}
    left: list[Left] = []
    for each in slices:
        period = by_id[each.statement.billing_period_id]
        owner = _owner(owners[each.account_id], period.period_start)
        if owner is None:
            if wanted is None:
                left.append(_left(each, period, None, "unassigned: no customer for this account"))
            continue
        if wanted is not None and owner.customer_id not in wanted:
            continue
        document = live.get((owner.customer_id, owner.profile_id, period.pk))
        rate = rates.of(each, owner, period)
        reason = _why_left(document) or _why_no_rate(each, owner, rate, rate_day(period, today))
        if reason:
            left.append(_left(each, period, owner, reason, document))
            continue
        candidate = made.setdefault(
            (owner.profile_id, period.pk),
            Candidate(owner.customer_id, owner.customer.name, owner.profile, period),
        )
        candidate.slices.append(each)
        if rate is not None:
            candidate.rates[rate.base] = rate
    ordered = sorted(
        made.values(),
        key=lambda c: (c.period.provider.code, c.period.period_start, sort_key(c.customer)),
    )
    return Plan(ordered, left, sorted(live.values(), key=lambda d: d.counter))


class _Rates:
    """The rates that a plan may need, read once, and only where currencies differ."""

    def __init__(
        self,
        reseller_id: int,
        slices: Sequence[UsageSlice],
        owners: dict[int, list[Assignment]],
        today: date,
    ) -> None:
        needed = any(
            each.statement.currency != owner.profile.currency
            for each in slices
            for owner in owners[each.account_id]
        )
        self._today = today
        self._quotes: list[Quote] = quotes(reseller_id) if needed else []
        self._found: dict[tuple[str, str, date], Rate | None] = {}

    def of(self, each: UsageSlice, owner: Assignment, period: BillingPeriod) -> Rate | None:
        """The rate from the usage's currency to the profile's; None where they are the same, or
        where none is known."""
        base, quote = each.statement.currency, owner.profile.currency
        if base == quote:
            return None
        key = (base, quote, rate_day(period, self._today))
        if key not in self._found:
            self._found[key] = find(self._quotes, *key)
        return self._found[key]


def _unclaimed(
    reseller_id: int, periods: dict[int, BillingPeriod], wanted: set[int] | None
) -> list[UsageSlice]:
    """The slices that no live document claims; of the wanted customers' accounts alone, so that a
    run which asks batch by batch reads each slice once more, and not once a batch."""
    holds = Claim.objects.filter(
        reseller_id=reseller_id, slice=OuterRef("pk"), released_at__isnull=True
    )
    slices = UsageSlice.objects.filter(
        ~Exists(holds),
        reseller_id=reseller_id,
        statement__billing_period__in=list(periods),
        statement__superseded_by__isnull=True,
    )
    if wanted is not None:
        theirs = Assignment.objects.filter(reseller_id=reseller_id, customer__in=wanted)
        slices = slices.filter(account__in=theirs.values("account"))
    # What many slices share is one object each, and not one a slice.
    shared = slices.select_related("account").prefetch_related("statement__usage_import")
    return list(shared.order_by("account__account", "pk"))


def _owners(reseller_id: int, slices: Sequence[UsageSlice]) -> dict[int, list[Assignment]]:
    found: dict[int, list[Assignment]] = defaultdict(list)
    for assignment in Assignment.objects.filter(
        reseller_id=reseller_id, account__in={each.account_id for each in slices}
    ).prefetch_related("customer", "profile"):
        found[assignment.account_id].append(assignment)
    return found


def _owner(assignments: Sequence[Assignment], period_start: date) -> Assignment | None:
    """Whose an account's usage of a period is: the one assignment that covers its first day."""
    for each in assignments:
        if each.valid_from <= period_start and (
            each.valid_to is None or period_start < each.valid_to
        ):
            return each
    return None


def _live_documents(
    reseller_id: int, periods: dict[int, BillingPeriod], wanted: set[int] | None
) -> dict[tuple[int, int, int], Document]:
    documents = (
        Document.objects.filter(
            reseller_id=reseller_id, billing_period__in=list(periods), status__in=LIVE_STATUSES
        )
        .defer("frozen")
        .select_related("customer", "provider", "billing_period")
    )
    if wanted is not None:
        documents = documents.filter(customer__in=wanted)
    return {(d.customer_id, d.profile_id, d.billing_period_id): d for d in documents}


def _why_left(document: Document | None) -> str:
    if document is not None and document.status == Status.DRAFT:
        return f"{document.code} exists: refresh it to bill this with it"
    if document is not None:
        return f"late usage: {document.code} is published"
    return ""


def _why_no_rate(each: UsageSlice, owner: Assignment, rate: Rate | None, day: date) -> str:
    base, quote = each.statement.currency, owner.profile.currency
    if base == quote or rate is not None:
        return ""
    return (
        f"no rate from {base} to {quote} is known for {shown_date(day)}: add one in Settings,"
        " Currencies"
    )


def slices_for(documents: Sequence[Document]) -> dict[int, list[UsageSlice]]:
    """Per document id, the current usage that drafts should hold: what their customers' accounts
    have in their periods, and no other live document claims. All of one reseller.

    What another of the given documents claims counts as free, so that drafts which trade usage are
    asked about together.
    """
    if not documents:
        return {}
    reseller_id = documents[0].reseller_id
    wanted = {(d.profile_id, d.billing_period_id): d for d in documents}
    theirs = Assignment.objects.filter(
        reseller_id=reseller_id, profile__in={d.profile_id for d in documents}
    )
    claimed_by_others = Claim.objects.filter(
        reseller_id=reseller_id, released_at__isnull=True
    ).exclude(document__in=[d.pk for d in documents])
    slices = list(
        UsageSlice.objects.filter(
            reseller_id=reseller_id,
            statement__billing_period__in={d.billing_period_id for d in documents},
            statement__superseded_by__isnull=True,
            account__in=theirs.values("account"),
        )
        .exclude(pk__in=claimed_by_others.values("slice"))
        .select_related("statement__usage_import", "account")
        .order_by("account__account", "pk")
    )
    starts = {d.billing_period_id: d.period_start for d in documents}
    owners = _owners(reseller_id, slices)
    found: dict[int, list[UsageSlice]] = {d.pk: [] for d in documents}
    for each in slices:
        period = each.statement.billing_period_id
        owner = _owner(owners[each.account_id], starts[period])
        document = wanted.get((owner.profile_id, period)) if owner else None
        if document is not None:
            found[document.pk].append(each)
    return found


def _left(
    each: UsageSlice,
    period: BillingPeriod,
    owner: Assignment | None,
    reason: str,
    document: Document | None = None,
) -> Left:
    return Left(
        customer_id=owner.customer_id if owner else None,
        customer=owner.customer.name if owner else "",
        billing_period_id=period.pk,
        provider=period.provider.name,
        account=each.account.account,
        reason=reason,
        amount=each.cost,
        currency=each.statement.currency,
        rows=each.rows,
        document_id=document.pk if document else None,
    )


def rule_refs(
    reseller_id: int, periods: Sequence[BillingPeriod], customers: Iterable[int] | None = None
) -> list[RuleRef]:
    """The price rules that may apply to these periods, as the engine takes them; with `customers`,
    theirs and those of everybody."""
    latest = max((period.period_start for period in periods), default=date.min)
    rules = PriceRule.objects.filter(reseller_id=reseller_id, valid_from__lte=latest)
    if customers is not None:
        rules = rules.filter(Q(customer__isnull=True) | Q(customer__in=set(customers)))
    columns = ("pk", "customer", "provider__code", "valid_from", "version", "a", "b", "c")
    return [RuleRef(*row) for row in rules.order_by("valid_from", "version").values_list(*columns)]
