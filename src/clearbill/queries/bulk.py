"""Bulk work as its pages show it: what a choice comes to, and how far a job is."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from clearbill.queries.canonical import fields_of_documents
from clearbill.queries.custom_fields import missing_required
from clearbill.queries.documents import Documents, visible
from clearbill.queries.listing import named
from clearbill.queries.mail_templates import kind_again, switched_off
from clearbill.queries.surroundings import reached
from clearbill.records.models import BulkJob, BulkResult, Document, ResellerSettings
from clearbill.rules.lifecycle import (
    SEEN_BY_CUSTOMER,
    Kind,
    Status,
    arrow,
    why_no_discard,
    why_not_become,
)
from clearbill.rules.money import total
from clearbill.rules.notification import why_no_mail
from clearbill.rules.payments import Payment
from clearbill.rules.publication import why_not_due, why_not_published

LISTED = 20
"""Documents of a choice that its confirmation lists."""


@dataclass(frozen=True)
class Outcome:
    """What a verb would do: how many documents it changes, how many are so already, and why it
    refuses the others, in the verb's words, with how many of each; most of them first."""

    changed: int
    unchanged: int
    refused: list[tuple[str, int]]


@dataclass(frozen=True)
class Picked:
    """One document of a choice, as the confirmation lists it."""

    code: str
    invoice_number: str | None
    customer: str
    status: str
    currency: str
    total: Decimal


@dataclass(frozen=True)
class Chosen:
    """Documents that were chosen: their versions by Document ID, the first of them, how many of
    each status, their totals per currency, how many drafts are stale, how many customers have
    somebody to mail, the names of those of them where somebody has no portal access, and what
    would become of them, by status or verb."""

    versions: dict[str, int]
    first: list[Picked]
    statuses: dict[str, int]
    totals: list[tuple[str, Decimal]]
    stale: int
    mailed_customers: int
    without_access: list[str]
    outcomes: dict[str, Outcome]

    @property
    def count(self) -> int:
        return len(self.versions)


_ENDS = (Status.OPEN, Status.CLOSED, Status.PAST_DUE, Status.VOIDED)


def chosen(
    documents: Documents, reseller_id: int, today: date, *, as_it_stands: bool = False
) -> Chosen:
    """What a choice comes to, and what each verb would do with it today, in three queries.

    A reason counts as given where a change needs one, and drafts as issued today;
    `as_it_stands` publishes stale drafts.
    """
    rows: list[Any] = list(
        # Plain rows: a choice may have a hundred thousand.
        documents.order_by("counter").values_list(*_READ, named=True)
    )
    judge = _Judge(reseller_id, today, as_it_stands=as_it_stands)
    held = Counter(row.status for row in rows)
    amounts: dict[str, list[Decimal]] = defaultdict(list)
    for row in rows:
        amounts[row.currency].append(row.total)
    mailed = {row.customer_id: row for row in rows if row.profile__recipients}
    access = reached(reseller_id) if mailed else set()
    return Chosen(
        {row.code: row.version for row in rows},
        [
            Picked(
                row.code,
                row.invoice_number,
                row.customer__name,
                row.status,
                row.currency,
                row.total,
            )
            for row in rows[:LISTED]
        ],
        {each.value: held[each.value] for each in Status if held[each.value]},
        [(currency, total(each)) for currency, each in sorted(amounts.items())],
        sum(row.status == Status.DRAFT and row.stale != "" for row in rows),
        len(mailed),
        sorted(
            row.customer__name
            for row in mailed.values()
            if not access.issuperset(
                (row.customer_id, each.lower()) for each in row.profile__recipients
            )
        ),
        {
            **{end.value: judge.outcome(rows, partial(judge.change, end)) for end in _ENDS},
            BulkJob.DISCARD: judge.outcome(rows, judge.discard),
            BulkJob.RESEND: judge.outcome(rows, judge.resend),
        },
    )


_READ = (
    "code",
    "version",
    "status",
    "kind",
    "currency",
    "total",
    "stale",
    "custom_fields",
    "due_date",
    "invoice_number",
    "customer_id",
    "customer__name",
    "profile__recipients",
)


class _Judge:
    """Says of rows with `_READ` what verbs would say; None is that nothing would change."""

    def __init__(self, reseller_id: int, today: date, *, as_it_stands: bool) -> None:
        self.settings: Any = ResellerSettings.objects.annotate(
            fields=fields_of_documents(), mails_off=switched_off()
        ).get(reseller_id=reseller_id)
        self.today = today
        self.as_it_stands = as_it_stands

    def outcome(self, rows: Sequence[Any], verb: Callable[[Any], str | None]) -> Outcome:
        said = Counter(map(verb, rows))
        unchanged, changed = said.pop(None, 0), said.pop("", 0)
        reasons = [(why, count) for why, count in said.most_common() if why]
        return Outcome(changed, unchanged, reasons)

    def change(self, end: Status, row: Any) -> str | None:
        start, kind = Status(row.status), Kind(row.kind)
        if start is end:
            return None
        why_not = why_not_become(start, end, kind)
        if why_not or start is not Status.DRAFT:
            return why_not
        missing = missing_required(row.custom_fields, self.settings.fields)
        return why_not_published(
            kind=kind,
            total=row.total,
            stale=row.stale,
            as_it_stands=self.as_it_stands,
            missing=[field["name"] for field in missing],
        ) or why_not_due(row.due_date, self.today)

    def discard(self, row: Any) -> str:
        return why_no_discard(Status(row.status), Kind(row.kind))

    def resend(self, row: Any) -> str:
        if Status(row.status) not in SEEN_BY_CUSTOMER:
            return f"it is {row.status}: the customer does not see it"
        return why_no_mail(
            recipients=row.profile__recipients,
            total=row.total,
            mails_zero=self.settings.zero_totals_publish_fully,
            switched_on=kind_again(row.status) not in self.settings.mails_off,
        )


def mailed_customers(documents: Documents) -> int:
    """How many customers of these documents have somebody to mail."""
    plain = documents.order_by().exclude(profile__recipients=[])
    return plain.values("customer").distinct().count()


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
    """How far a job is. `refused` and `rest` are its results, at most `SHOWN` of each, with
    `customer` and `invoice_number`."""

    job: BulkJob
    total: int
    done: int
    changed: int
    unchanged: int
    failures: int
    refused: list[Any]
    rest: list[Any]
    left: timedelta | None

    @property
    def ended(self) -> bool:
        return self.job.state in (BulkJob.DONE, BulkJob.CANCELLED, BulkJob.FAILED)


SHOWN = 500


def progress(reseller_id: int, job_id: int, now: datetime) -> Progress:
    """A job with its counts and results, in four queries. Raises `BulkJob.DoesNotExist`."""
    job = BulkJob.objects.get(reseller_id=reseller_id, pk=job_id)
    plain = BulkResult.objects.filter(reseller_id=reseller_id, job=job)
    counts = dict(plain.values_list("outcome").annotate(Count("pk")))
    results = _with_documents(plain)
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


def results_of(reseller_id: int, job_id: int) -> Iterator[Any]:
    """All results of a job as they came, however many, with `customer` and `invoice_number`."""
    results = BulkResult.objects.filter(reseller_id=reseller_id, job=job_id)
    return _with_documents(results).order_by("pk").iterator(chunk_size=1000)


def _with_documents(results: QuerySet[BulkResult]) -> QuerySet[Any]:
    """Results with the customer and the invoice number of the document that each is about."""
    about = Document.objects.filter(reseller=OuterRef("reseller"), code=OuterRef("code"))
    return results.annotate(
        customer=Subquery(about.values("customer__name")),
        invoice_number=Subquery(about.values("invoice_number")),
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
