"""Bulk work as its pages show it: what a choice comes to, and how far a job is."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Q, Sum

from clearbill.queries.documents import Documents, visible
from clearbill.queries.listing import named
from clearbill.records.models import BulkJob, BulkResult, Document
from clearbill.rules.lifecycle import Kind, Status, arrow, may_discard
from clearbill.rules.money import total
from clearbill.rules.payments import Payment


@dataclass(frozen=True)
class Chosen:
    """Documents that were chosen: how many of each status, their totals per currency, how many
    may become what, how many drafts are stale, and how many customers have somebody to mail."""

    count: int
    statuses: dict[str, int]
    totals: list[tuple[str, Decimal]]
    may_become: dict[str, int]
    may_be_discarded: int
    stale: int
    mailed_customers: int


_ENDS = (Status.OPEN, Status.CLOSED, Status.PAST_DUE, Status.VOIDED)


def chosen(documents: Documents) -> Chosen:
    """What a choice comes to, in two queries."""
    plain = documents.order_by()
    outdated = Count("pk", filter=Q(status=Status.DRAFT) & ~Q(stale=""))
    rows = list(
        plain.values_list("status", "kind", "currency").annotate(
            Count("pk"), Sum("total"), outdated=outdated
        )
    )
    amounts: dict[str, list[Decimal]] = defaultdict(list)
    statuses: dict[str, int] = defaultdict(int)
    may_become = dict.fromkeys((end.value for end in _ENDS), 0)
    discarded = stale = 0
    for status, kind, currency, count, amount, outdated_here in rows:
        stale += outdated_here
        amounts[currency].append(amount)
        statuses[status] += count
        discarded += count if may_discard(Status(status), Kind(kind)) else 0
        for end in _ENDS:
            may_become[end.value] += count if arrow(Status(status), end, Kind(kind)) else 0
    return Chosen(
        sum(statuses.values()),
        dict(statuses),
        [(currency, total(each)) for currency, each in sorted(amounts.items())],
        may_become,
        discarded,
        stale,
        plain.exclude(profile__recipients=[]).values("customer").distinct().count(),
    )


def codes_and_versions(documents: Documents) -> dict[str, int]:
    """Document IDs in the order of their numbers, each with its version as it stands now."""
    return dict(documents.order_by("counter").values_list("code", "version"))


def all_need_a_reason(reseller_id: int, codes: Sequence[str], to: Status) -> bool:
    """Whether none of these documents may become `to` without a reason, and some with one."""
    rows = named(visible(reseller_id), codes).order_by().values_list("status", "kind").distinct()
    arrows = [arrow(Status(status), to, Kind(kind)) for status, kind in rows]
    found = [each.needs_reason for each in arrows if each is not None]
    return bool(found) and all(found)


@dataclass(frozen=True)
class Progress:
    """How far a job is. `refused` and `rest` are its results, at most `SHOWN` of each."""

    job: BulkJob
    total: int
    done: int
    changed: int
    unchanged: int
    failures: int
    refused: list[BulkResult]
    rest: list[BulkResult]
    left: timedelta | None

    @property
    def ended(self) -> bool:
        return self.job.state in (BulkJob.DONE, BulkJob.CANCELLED, BulkJob.FAILED)


SHOWN = 500


def progress(reseller_id: int, job_id: int, now: datetime) -> Progress:
    """A job with its counts and results, in four queries. Raises `BulkJob.DoesNotExist`."""
    job = BulkJob.objects.get(reseller_id=reseller_id, pk=job_id)
    results = BulkResult.objects.filter(reseller_id=reseller_id, job=job)
    counts = dict(results.values_list("outcome").annotate(Count("pk")))
    done = sum(counts.values())
    refused = Q(outcome=BulkResult.REFUSED)
    return Progress(
        job,
        len(job.codes),
        done,
        counts.get(BulkResult.DONE, 0),
        counts.get(BulkResult.UNCHANGED, 0),
        counts.get(BulkResult.REFUSED, 0),
        list(results.filter(refused).order_by("pk")[:SHOWN]),
        list(results.exclude(refused).order_by("pk")[:SHOWN]),
        _left(job, done, now),
    )


def _left(job: BulkJob, done: int, now: datetime) -> timedelta | None:
    """How long the rest takes, if it goes on as so far; None before anything is known."""
    if job.state != BulkJob.RUNNING or not done or job.started_at is None:
        return None
    return (now - job.started_at) / done * (len(job.codes) - done)


def results_of(reseller_id: int, job_id: int) -> Iterator[BulkResult]:
    """All results of a job as they came, however many."""
    return (
        BulkResult.objects.filter(reseller_id=reseller_id, job=job_id)
        .order_by("pk")
        .iterator(chunk_size=1000)
    )


def latest_jobs(reseller_id: int, count: int = 50) -> list[BulkJob]:
    """The jobs that were started last, each with `done`, the number of its results."""
    jobs = BulkJob.objects.filter(reseller_id=reseller_id).defer("versions")
    return list(jobs.annotate(done=Count("results")).order_by("-pk")[:count])


@dataclass(frozen=True)
class Recognised:
    """A line of a file of payments: the document that it names, or what is wrong with it."""

    payment: Payment
    document: Document | None
    wrong: str


def recognise(
    reseller_id: int, lines: Sequence[Payment], today: date, to: Status = Status.CLOSED
) -> list[Recognised]:
    """Each line with its document, found by invoice number or Document ID; one query.

    A line is wrong that names none, two, or one that another line names already, and one whose
    payment lies in the future. Where documents are to be closed, so is one that owes nothing:
    whoever gives a file of payments does not mean to publish drafts.
    """
    found = _by_name(reseller_id, [each.number for each in lines])
    taken: dict[str, int] = {}
    answer = []
    for line in lines:
        documents = found.get(line.number.casefold(), {})
        document = next(iter(documents.values())) if len(documents) == 1 else None
        wrong = line.wrong or _why_not(line, sorted(documents), document, taken, today)
        if document and not wrong and to is Status.CLOSED:
            wrong = _why_nothing_owed(Status(document.status))
        if document and not wrong:
            taken[document.code] = line.line
        answer.append(Recognised(line, document, wrong))
    return answer


def _why_not(
    line: Payment,
    names: Sequence[str],
    document: Document | None,
    taken: dict[str, int],
    today: date,
) -> str:
    if len(names) > 1:
        return f"names {' and '.join(names)}: write the Document ID"
    if document is None:
        return "no document has this number"
    if document.code in taken:
        return f"names {document.code}, as line {taken[document.code]} does"
    if line.paid_on and date.fromisoformat(line.paid_on) > today:
        return "the payment date lies in the future"
    return ""


def _why_nothing_owed(status: Status) -> str:
    if status is Status.DRAFT:
        return "is a draft: publish it first"
    return "" if status in (Status.OPEN, Status.PAST_DUE) else f"is {status.value}: nothing is owed"


def _by_name(reseller_id: int, names: Sequence[str]) -> dict[str, dict[str, Document]]:
    """Documents by what they are called, case ignored, each by its Document ID."""
    found: dict[str, dict[str, Document]] = defaultdict(dict)
    wanted = {name.casefold() for name in names}
    spelled = sorted({*names, *(name.upper() for name in names)})
    documents = visible(reseller_id).filter(Q(invoice_number__in=spelled) | Q(code__in=spelled))
    for document in documents.defer("frozen").select_related("customer"):
        for name in (document.invoice_number, document.code):
            if name is not None and name.casefold() in wanted:
                found[name.casefold()][document.code] = document
    return found
