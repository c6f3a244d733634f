"""Generating drafts: one per customer, billing profile and billing period.

A run is planned and carried out in batches of documents, each in one transaction that holds the
billing periods' rows. A batch that fails is rolled back and repeated in halves; the one that fails
alone is parked with its reason, and the run goes on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from procrastinate.contrib.django import app as jobs

from clearbill.actions import trail
from clearbill.actions.common import Actor, Refused
from clearbill.actions.lines import RatedDocument, copy_lines, split_by_document
from clearbill.actions.locks import lock_periods
from clearbill.actions.many import with_rows
from clearbill.actions.totals import set_tax, taxes_of
from clearbill.queries import custom_fields
from clearbill.queries.generation import Candidate, Plan, periods_of, plan, rule_refs
from clearbill.records import clock, tenancy
from clearbill.records.files import file_store
from clearbill.records.models import (
    BillingPeriod,
    BillingRun,
    Customer,
    CustomField,
    Document,
    NumberSeries,
    Provider,
    Reseller,
    ResellerSettings,
    RunResult,
)
from clearbill.rules.currencies import Rate
from clearbill.rules.lifecycle import Status
from clearbill.rules.money import to_minor_units
from clearbill.rules.numbering import document_id
from clearbill.usage.rating import rate

BATCH = 2_000
"""Documents made in one transaction: each rates anew, which costs a third of a second."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _Target:
    """A document to make: what a candidate is known by from outside its transaction."""

    customer_id: int
    billing_period_id: int


def start_run(
    *,
    reseller_id: int,
    actor: Actor,
    month: date,
    providers: Sequence[str] = (),
    customers: Sequence[int] | None = None,
    in_background: bool = False,
) -> BillingRun:
    """Record a run for the periods that start in a month; a job takes it up, or `run_generation`.

    `providers` are codes (none: all), `customers` ids (None: all). Raises `Refused` for a
    provider or customer that is not the reseller's, and where nothing was imported for the month.
    """
    actor.require("documents.generate")
    with tenancy.transaction(reseller_id):
        _check_scope(reseller_id, providers, customers)
        if not periods_of(reseller_id, month, providers):
            raise Refused(
                "no usage is known for periods that start in %(month)s: import it first",
                field="period",
                month=f"{month:%Y-%m}",
            )
        run = BillingRun.objects.create(
            reseller_id=reseller_id,
            month=month.replace(day=1),
            providers=list(providers),
            customers=list(customers) if customers is not None else None,
            who=actor.name,
            created_at=clock.now(),
        )
        if in_background:
            jobs.configure_task("generate", lock=f"generate:{reseller_id}").defer(
                reseller_id=reseller_id, run_id=run.pk
            )
    return run


def _check_scope(
    reseller_id: int, providers: Sequence[str], customers: Sequence[int] | None
) -> None:
    known = set(
        Provider.objects.filter(reseller_id=reseller_id, code__in=providers).values_list(
            "code", flat=True
        )
    )
    if set(providers) - known:
        raise Refused(
            "no provider %(code)r here", field="provider", code=min(set(providers) - known)
        )
    if customers is not None:
        ids = set(
            Customer.objects.filter(reseller_id=reseller_id, pk__in=customers).values_list(
                "pk", flat=True
            )
        )
        if set(customers) - ids:
            raise Refused(
                "no customer %(customer)s here",
                field="customer",
                customer=min(set(customers) - ids),
            )


def run_generation(
    *,
    reseller_id: int,
    run_id: int,
    batch: int = BATCH,
    before_commit: Callable[[Sequence[Document]], None] | None = None,
) -> BillingRun:
    """Carry out a run; carried out again, it makes only what is missing.

    `before_commit` is called inside each batch's transaction with the documents it made; tests
    fail there.
    """
    with tenancy.transaction(reseller_id):
        run = BillingRun.objects.select_for_update().get(reseller_id=reseller_id, pk=run_id)
        if run.state == BillingRun.DONE:
            return run
        periods = periods_of(reseller_id, run.month, run.providers)
        planned = plan(reseller_id, periods, run.customers, today=today(reseller_id))
        run.state = BillingRun.RUNNING
        run.todo = len({(c.customer_id, c.period.pk) for c in planned.candidates})
        run.save(update_fields=["state", "todo"])
        RunResult.objects.filter(reseller_id=reseller_id, run=run).exclude(
            outcome=RunResult.CREATED
        ).delete()
        _record_left(run, planned)
    work = _Work(run, periods, before_commit)
    todo = sorted({(c.customer_id, c.period.pk) for c in planned.candidates})
    targets = [_Target(*each) for each in todo]
    for start in range(0, len(targets), batch):
        work.make(targets[start : start + batch])
    with tenancy.transaction(reseller_id):
        BillingRun.objects.filter(reseller_id=reseller_id, pk=run_id).update(
            state=BillingRun.DONE, finished_at=clock.now()
        )
        return BillingRun.objects.get(reseller_id=reseller_id, pk=run_id)


def _record_left(run: BillingRun, planned: Plan) -> None:
    RunResult.objects.bulk_create(
        RunResult(
            reseller_id=run.reseller_id,
            run=run,
            customer_id=each.customer_id,
            billing_period_id=each.billing_period_id,
            account=each.account,
            outcome=RunResult.LEFT,
            reason=each.reason,
            document_id=each.document_id,
            amount=each.amount,
            currency=each.currency,
        )
        for each in planned.left
    )
    made = set(Document.objects.filter(reseller_id=run.reseller_id, run=run).values_list("pk"))
    RunResult.objects.bulk_create(
        RunResult(
            reseller_id=run.reseller_id,
            run=run,
            customer_id=document.customer_id,
            billing_period_id=document.billing_period_id,
            outcome=RunResult.EXISTS,
            reason=f"{document.code} exists",
            document=document,
            amount=document.total,
            currency=document.currency,
        )
        for document in planned.existing
        if (document.pk,) not in made
    )


@dataclass(frozen=True)
class _Work:
    run: BillingRun
    periods: Sequence[BillingPeriod]
    before_commit: Callable[[Sequence[Document]], None] | None

    def make(self, targets: Sequence[_Target]) -> None:
        """Make the documents of some targets; on a failure each half, until what fails is alone
        and parked."""
        try:
            self._make_in_one_transaction(targets)
        except (OperationalError, InterfaceError):
            raise  # The database, not a document: the whole run is tried again.
        except Exception as error:
            # Whatever broke (an amount too large, a missing file, a lost race), the others of
            # the batch must not suffer from it, and its reason must reach a person.
            if len(targets) > 1:
                half = len(targets) // 2
                self.make(targets[:half])
                self.make(targets[half:])
                return
            log.warning("document parked", run=self.run.pk, exc_info=True)
            self._park(targets[0], error)

    def _make_in_one_transaction(self, targets: Sequence[_Target]) -> None:
        reseller_id = self.run.reseller_id
        with tenancy.transaction(reseller_id):
            lock_periods(reseller_id, {target.billing_period_id for target in targets})
            wanted = {(t.customer_id, t.billing_period_id) for t in targets}
            periods = [p for p in self.periods if p.pk in {each for _, each in wanted}]
            customers = {customer for customer, _ in wanted}
            now_planned = plan(reseller_id, periods, customers, today=today(reseller_id))
            candidates = [
                c for c in now_planned.candidates if (c.customer_id, c.period.pk) in wanted
            ]
            self._report_lost(now_planned, wanted)
            if not candidates:
                return
            documents = _write(self.run, candidates)
            _record_made(self.run, documents)
            if self.before_commit:
                self.before_commit(documents)

    def _report_lost(self, planned: Plan, wanted: set[tuple[int, int]]) -> None:
        """Say which documents another run made between this one's plan and its lock."""
        RunResult.objects.bulk_create(
            RunResult(
                reseller_id=self.run.reseller_id,
                run=self.run,
                customer_id=document.customer_id,
                billing_period_id=document.billing_period_id,
                outcome=RunResult.EXISTS,
                reason=f"{document.code} exists: another run made it",
                document=document,
                amount=document.total,
                currency=document.currency,
            )
            for document in planned.existing
            if (document.customer_id, document.billing_period_id) in wanted
            and document.run_id != self.run.pk
        )

    def _park(self, target: _Target, error: Exception) -> None:
        reason = f"failed: {error}" if isinstance(error, DatabaseError) else str(error)
        with tenancy.transaction(self.run.reseller_id):
            RunResult.objects.create(
                reseller_id=self.run.reseller_id,
                run=self.run,
                customer_id=target.customer_id,
                billing_period_id=target.billing_period_id,
                outcome=RunResult.FAILED,
                reason=reason or type(error).__name__,
                amount=Decimal(0),
                currency=_currency(self.run.reseller_id),
            )


def today(reseller_id: int) -> date:
    """The date that the reseller's calendar shows."""
    return clock.today(Reseller.objects.get(pk=reseller_id).time_zone)


def _currency(reseller_id: int) -> str:
    return ResellerSettings.objects.get(reseller_id=reseller_id).currency


_MADE = """
INSERT INTO records_runresult (reseller_id, run_id, customer_id, billing_period_id, account,
    outcome, reason, document_id, amount, currency)
SELECT d.reseller_id, %(run)s, d.customer_id, d.billing_period_id, '', %(outcome)s, '', d.id,
       d.total, d.currency
  FROM {rows} JOIN records_document d ON d.id = n.document AND d.reseller_id = %(reseller)s
 ORDER BY d.counter
"""


def _record_made(run: BillingRun, documents: Sequence[Document]) -> None:
    rows = [(document.pk,) for document in documents]
    given = {"run": run.pk, "reseller": run.reseller_id, "outcome": RunResult.CREATED}
    with_rows(_MADE, {"document": "bigint"}, rows, **given)


_CLAIM = """
INSERT INTO records_claim (reseller_id, document_id, slice_id)
SELECT %(reseller)s, document, slice FROM {rows}
"""


def _write(run: BillingRun, candidates: Sequence[Candidate]) -> list[Document]:
    """Documents, lines, claims and events of some candidates, inside the batch's transaction."""
    periods = [candidate.period for candidate in candidates]
    lines = rate(
        [ref for number, c in enumerate(candidates) for ref in c.slice_refs(number)],
        [c.document_ref(number) for number, c in enumerate(candidates)],
        rule_refs(run.reseller_id, periods, {c.customer_id for c in candidates}),
        store=file_store(),
    )
    rated = split_by_document(lines, len(candidates))
    first = _take_counters(run.reseller_id, len(candidates))
    kind = ResellerSettings.objects.get(reseller_id=run.reseller_id).kind
    replaced = _voided_before(run.reseller_id, candidates)
    taxes = taxes_of(run.reseller_id, {c.profile.pk for c in candidates})
    fields = custom_fields.active(run.reseller_id)
    documents = [
        _document(run, candidate, rated[number], kind, first + number, replaced)
        for number, candidate in enumerate(candidates)
    ]
    for document in documents:
        set_tax(document, taxes[document.profile_id])
        set_defaults(document, fields)
    Document.objects.bulk_create(documents)
    copy_lines(connection, run.reseller_id, lines, [document.pk for document in documents])
    claims = [
        (document.pk, each.pk)
        for document, candidate in zip(documents, candidates, strict=True)
        for each in candidate.slices
    ]
    with_rows(_CLAIM, {"document": "bigint", "slice": "bigint"}, claims, reseller=run.reseller_id)
    trail.append(
        reseller_id=run.reseller_id,
        who=run.who,
        at=clock.now(),
        entries=[
            trail.Entry(
                document,
                "generated",
                to_status=Status.DRAFT.value,
                data={"run": run.pk, "total": str(document.total)},
            )
            for document in documents
        ],
    )
    return documents


def _take_counters(reseller_id: int, count: int) -> int:
    """The first of `count` Document ID counters that this transaction takes."""
    series = NumberSeries.objects.select_for_update().get(
        reseller_id=reseller_id, name=NumberSeries.DOCUMENTS
    )
    first = series.last_number + 1
    series.last_number += count
    series.save(update_fields=["last_number"])
    return first


def _voided_before(
    reseller_id: int, candidates: Sequence[Candidate]
) -> dict[tuple[int, int], Document]:
    """The last voided document of each key, which a new one replaces."""
    voided = Document.objects.filter(
        reseller_id=reseller_id,
        profile__in={c.profile.pk for c in candidates},
        billing_period__in={c.period.pk for c in candidates},
        status=Status.VOIDED,
    ).order_by("counter")
    return {(d.profile_id, d.billing_period_id): d for d in voided}


def _document(
    run: BillingRun,
    candidate: Candidate,
    rated: RatedDocument,
    kind: str,
    counter: int,
    replaced: dict[tuple[int, int], Document],
) -> Document:
    now = clock.now()
    shown = to_minor_units(rated.exact, candidate.currency)
    if shown != rated.price:
        raise ArithmeticError(f"lines show {rated.price}, their exact sum rounds to {shown}")
    return Document(
        reseller_id=run.reseller_id,
        code=document_id(counter),
        counter=counter,
        kind=kind,
        customer_id=candidate.customer_id,
        profile=candidate.profile,
        provider=candidate.period.provider,
        billing_period=candidate.period,
        period_start=candidate.period.period_start,
        period_end=candidate.period.period_end,
        run=run,
        replaces=replaced.get((candidate.profile.pk, candidate.period.pk)),
        currency=candidate.currency,
        created_at=now,
        status=Status.DRAFT.value,
        status_at=now,
        line_count=rated.lines,
        subtotal=shown,
        tax=Decimal(0),
        total=shown,
        exact_total=rated.exact,
        rates=[rate_of(rate) for _, rate in sorted(candidate.rates.items())],
        purchase_order=candidate.profile.purchase_order,
    )


def set_defaults(document: Document, fields: Sequence[CustomField]) -> None:
    """Fill a new draft's custom fields with what its customer has for them."""
    values = custom_fields.defaults_for(document.profile, fields)
    document.custom_fields = values
    document.custom_words = custom_fields.words(values)


def rate_of(rate: Rate) -> dict[str, str]:
    """A rate as a document keeps it."""
    return {
        "from": rate.base,
        "to": rate.quote,
        "rate": f"{rate.rate:f}",
        "source": rate.source,
        "day": rate.day.isoformat(),
    }
