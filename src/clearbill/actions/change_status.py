"""Changing the status of documents; leaving Draft is publication.

Set-based from the first day: one document is a set of one. Each batch is one transaction that
locks the documents, then the number series, then the chain; a document that may not change says
so in its result and stops no other.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db import IntegrityError
from procrastinate.contrib.django import app as jobs

from clearbill.actions import trail
from clearbill.actions.common import Actor, check_words
from clearbill.actions.locks import lock_documents
from clearbill.actions.many import defer_each, with_rows
from clearbill.actions.notify import queue_mails
from clearbill.queries import canonical
from clearbill.queries.canonical import Parties, Publication
from clearbill.queries.custom_fields import missing_required
from clearbill.queries.mail_templates import kind_for
from clearbill.records import clock, tenancy
from clearbill.records.models import (
    BillingProfile,
    Customer,
    Document,
    Event,
    NumberSeries,
    Provider,
)
from clearbill.rules import lifecycle, numbering
from clearbill.rules.canonical import canonical_json, content_hash
from clearbill.rules.lifecycle import Kind, Status
from clearbill.rules.periods import shown_date
from clearbill.rules.publication import why_not_due, why_not_published

BATCH = 500
"""Documents changed in one transaction."""

LINES = 50_000
"""Lines frozen in one transaction: what fits into memory, and into one statement."""


@dataclass(frozen=True)
class Change:
    """What staff asked for. Dates are the reseller's; `expected` maps Document IDs to the version
    that was seen: another version is refused, naming who changed it. `as_it_stands` publishes a
    draft although it is stale."""

    to: Status
    reason: str = ""
    notify: bool = False
    issued: date | None = None
    due_extended_to: date | None = None
    paid_on: date | None = None
    payment_comment: str = ""
    as_it_stands: bool = False
    expected: Mapping[str, int] = field(default_factory=dict)


@dataclass
class Result:
    """What became of one document. `refused` says why nothing changed."""

    document: str
    status: str
    changed: bool = False
    was: str = ""
    invoice_number: str | None = None
    refused: str = ""
    notified: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def change_status(
    *, reseller_id: int, actor: Actor, documents: Sequence[str], change: Change
) -> list[Result]:
    """Change documents, named by Document ID, to one status; a result per document, in order.

    The same status again changes nothing and sends nothing. Numbers are given in the order of the
    Document IDs. Raises `Forbidden` by role, and `Refused` for a reason or comment that is no
    text; everything else is a result.
    """
    actor.require("documents.change_status")
    check_words("reason", change.reason)
    check_words("payment_comment", change.payment_comment)
    codes = list(dict.fromkeys(documents))
    results: dict[str, Result] = {}
    for batch in _batches(reseller_id, codes):
        results.update(_change(reseller_id, actor, change, batch))
    return [results[code] for code in codes]


def _batches(reseller_id: int, codes: Sequence[str]) -> Iterator[list[str]]:
    """The documents in parts of at most `BATCH`, and of at most `LINES` lines beyond the first."""
    with tenancy.transaction(reseller_id):
        counts = dict(
            Document.objects.filter(reseller_id=reseller_id, code__in=codes).values_list(
                "code", "line_count"
            )
        )
    batch: list[str] = []
    lines = 0
    for code in sorted(codes, key=numbering.by_counter):
        if batch and (len(batch) == BATCH or lines + counts.get(code, 0) > LINES):
            yield batch
            batch, lines = [], 0
        batch.append(code)
        lines += counts.get(code, 0)
    if batch:
        yield batch


def _change(
    reseller_id: int, actor: Actor, change: Change, codes: Sequence[str]
) -> dict[str, Result]:
    """One transaction; where the database refuses, one by one, so that one stops no other."""
    try:
        with tenancy.transaction(reseller_id):
            return _Batch(reseller_id, actor, change, Parties.of(reseller_id)).run(codes)
    except IntegrityError as error:
        if len(codes) == 1:
            reason = str(error).partition("\n")[0]
            return {codes[0]: Result(codes[0], "", refused=f"the database refuses it: {reason}")}
    results: dict[str, Result] = {}
    for code in codes:
        results.update(_change(reseller_id, actor, change, [code]))
    return results


class _Batch:
    """One transaction's worth of changes."""

    def __init__(self, reseller_id: int, actor: Actor, change: Change, parties: Parties) -> None:
        self.reseller_id = reseller_id
        self.actor = actor
        self.change = change
        self.parties = parties
        self.now = clock.now()
        self.today = clock.today(parties.reseller.time_zone)
        self.results: dict[str, Result] = {}

    def run(self, codes: Sequence[str]) -> dict[str, Result]:
        locked = lock_documents(self.reseller_id, codes)
        for code in codes:
            if code not in locked:
                self.results[code] = Result(code, "", refused=f"no document {code} here")
        agreed = [d for d in locked.values() if self._agree(d)]
        if agreed:
            _load_related(self.reseller_id, agreed)
            publishing = [d for d in agreed if d.status == Status.DRAFT]
            self._publish(publishing)
            self._move([d for d in agreed if self.results[d.code].refused == ""])
        return self.results

    def _agree(self, document: Document) -> bool:
        """Whether the change is one; the result says why not."""
        result = Result(document.code, document.status, was=document.status)
        result.invoice_number = document.invoice_number
        self.results[document.code] = result
        if document.status == self.change.to:
            return False
        result.refused = self._why_not(document)
        return not result.refused

    def _why_not(self, document: Document) -> str:
        change, start = self.change, Status(document.status)
        seen = change.expected.get(document.code)
        if seen is not None and seen != document.version:
            return stale(document)
        arrow = lifecycle.arrow(start, change.to, Kind(document.kind))
        why_not = lifecycle.why_not_become(start, change.to, Kind(document.kind))
        if arrow is None or why_not:
            return why_not
        if arrow.needs_reason and not change.reason.strip():
            return f"{start.value} to {change.to.value} needs a reason"
        if start is Status.PAST_DUE and change.to is Status.OPEN:
            earliest = max(self.today, _due(document) or self.today)
            if self._extension(document) < earliest:
                return f"the extended due date lies before {shown_date(earliest)}"
        if change.paid_on is not None and change.paid_on > self.today:
            return "the payment date lies in the future"
        return self._why_not_published(document) if arrow.publishes else ""

    def _why_not_published(self, document: Document) -> str:
        missing = missing_required(document.custom_fields, self.parties.fields)
        return why_not_published(
            kind=Kind(document.kind),
            total=document.total,
            stale=document.stale,
            as_it_stands=self.change.as_it_stands,
            missing=[field["name"] for field in missing],
        )

    def _extension(self, document: Document) -> date:
        """The new due date of Past Due → Open: the given one, else the terms counted from today,
        and never before the one in force."""
        if self.change.due_extended_to is not None:
            return self.change.due_extended_to
        counted = self.today + timedelta(days=self.parties.terms_days(document.profile))
        return max(counted, _due(document) or counted)

    def _publish(self, documents: list[Document]) -> None:
        """Number and freeze drafts; the dates of a series may refuse all that take a number.

        Everything that needs no number is done before the series is locked: publications wait for
        each other there.
        """
        if not documents:
            return
        # A statement of its own: lines that were committed before the lock count.
        lines = canonical.lines_of_many(self.reseller_id, [d.pk for d in documents])
        drafts = {d.pk: canonical.build(d, lines[d.pk], self.parties, None) for d in documents}
        numbered = {d.pk for d in documents if self._takes_number(d)}
        series = (
            NumberSeries.objects.select_for_update().get(
                reseller_id=self.reseller_id, name=NumberSeries.INVOICES
            )
            if numbered
            else None
        )
        for document in documents:
            result = self.results[document.code]
            try:
                issued = numbering.issue_date(
                    given=self.change.issued,
                    today=self.today,
                    last=series.last_issue_date if series and document.pk in numbered else None,
                )
            except numbering.BadIssueDate as error:
                result.refused = str(error)
                continue
            result.refused = why_not_due(document.due_date, issued)
            if result.refused:
                continue
            if series and document.pk in numbered:
                series.last_number += 1
                series.last_issue_date = issued
                document.series, document.sequence = series.prefix, series.last_number
                document.invoice_number = numbering.invoice_number(
                    series.prefix, series.last_number
                )
            self._freeze(document, drafts[document.pk], issued)
        if series:
            series.save(update_fields=["last_number", "last_issue_date"])

    def _takes_number(self, document: Document) -> bool:
        return document.kind == Kind.TAX_INVOICE and (
            document.total > 0 or self.parties.settings.zero_totals_publish_fully
        )

    def _freeze(self, document: Document, draft: dict[str, Any], issued: date) -> None:
        terms = self.parties.terms_days(document.profile)
        document.issue_date = issued
        document.due_date = document.due_date or issued + timedelta(days=terms)
        content = canonical.published(
            draft, Publication(issued, document.due_date, document.invoice_number)
        )
        document.frozen = canonical_json(content)
        document.content_hash = content_hash(document.frozen)
        document.published_at = self.now
        result = self.results[document.code]
        result.invoice_number = document.invoice_number
        lacking = canonical.missing_for_tax_invoice(content)
        if lacking:
            result.warnings.append(f"published without {', '.join(lacking)}")
        if self.change.to is Status.PAST_DUE and document.due_date >= self.today:
            result.warnings.append(f"not past due before {shown_date(document.due_date)}")

    def _move(self, documents: list[Document]) -> None:
        """Write the new status of documents that agreed, with events, mails and jobs."""
        entries = []
        for document in documents:
            result = self.results[document.code]
            result.was, result.status, result.changed = document.status, self.change.to, True
            self._set_fields(document)
            result.notified = self._recipients(document, result)
            entries.append(
                trail.Entry(
                    document,
                    "status",
                    from_status=result.was,
                    to_status=self.change.to.value,
                    reason=self.change.reason.strip(),
                    notified=bool(result.notified),
                    data=_event_data(document, result),
                )
            )
        _save(documents)
        events = trail.append(
            reseller_id=self.reseller_id, who=self.actor.name, at=self.now, entries=entries
        )
        self._defer(documents, events)

    def _set_fields(self, document: Document) -> None:
        result = self.results[document.code]
        if document.status == Status.PAST_DUE and self.change.to is Status.OPEN:
            document.due_extended_to = self._extension(document)
        if document.status == Status.CLOSED:
            document.paid_on, document.payment_comment = None, ""
        due = _due(document)
        if (
            document.status == Status.OPEN
            and self.change.to is Status.PAST_DUE
            and due
            and due >= self.today
        ):
            result.warnings.append(f"not past due before {shown_date(due)}")
        if self.change.to is Status.CLOSED:
            document.paid_on = self.change.paid_on or self.today
            document.payment_comment = self.change.payment_comment
        document.status = self.change.to.value
        document.status_at = self.now
        document.version += 1

    def _recipients(self, document: Document, result: Result) -> list[str]:
        if not self.change.notify:
            return []
        kind = kind_for(publishes=result.was == Status.DRAFT)
        reason = self.parties.why_no_mail(document, kind)
        if reason:
            result.warnings.append(f"no mail: {reason}")
        return [] if reason else list(document.profile.recipients)

    def _defer(self, documents: Sequence[Document], events: Sequence[Event]) -> None:
        """Hand over what is slow; the jobs exist once this transaction has committed."""
        queue_mails(
            reseller_id=self.reseller_id,
            at=self.now,
            mails=[
                (event, document, self.results[document.code].notified)
                for event, document in zip(events, documents, strict=True)
            ],
        )
        published = [d.pk for d in documents if self.results[d.code].was == Status.DRAFT]
        task = jobs.configure_task("store_published")
        defer_each(task, self.reseller_id, "document_id", published)


def _due(document: Document) -> date | None:
    """The due date in force."""
    return document.due_extended_to or document.due_date


def stale(document: Document) -> str:
    """Why a tab is refused: who changed the document since, and when."""
    last = (
        Event.objects.filter(reseller_id=document.reseller_id, document=document)
        .order_by("-seq")
        .first()
    )
    by = f" by {last.who} at {last.at:%Y-%m-%d %H:%M} UTC" if last else ""
    return f"{document.code} was changed{by} and is {document.status} now: look at it again"


def _load_related(reseller_id: int, documents: Sequence[Document]) -> None:
    """Customer, profile, provider and replaced document, one query each for the whole batch."""
    kinds: list[tuple[str, Any]] = [
        ("customer", Customer),
        ("profile", BillingProfile),
        ("provider", Provider),
        ("replaces", Document),
    ]
    for name, model in kinds:
        ids = {getattr(d, f"{name}_id") for d in documents} - {None}
        rows = model.objects.filter(reseller_id=reseller_id).in_bulk(ids) if ids else {}
        for document in documents:
            found = rows.get(getattr(document, f"{name}_id"))
            if found is not None:
                setattr(document, name, found)


def _event_data(document: Document, result: Result) -> dict[str, Any]:
    """What an event keeps beside the status: ids, dates and amounts, as text."""
    data: dict[str, Any] = {"total": f"{document.total:f}"}
    if result.was == Status.DRAFT:
        data["content_hash"] = document.content_hash
        data["invoice_number"] = document.invoice_number
    if result.was == Status.PAST_DUE and document.due_extended_to:
        data["due_extended_to"] = document.due_extended_to.isoformat()
    if document.paid_on and result.status == Status.CLOSED:
        data["paid_on"] = document.paid_on.isoformat()
    return data


_WRITTEN: dict[str, str] = {
    "status": "text",
    "status_at": "timestamptz",
    "version": "int",
    "issue_date": "date",
    "due_date": "date",
    "series": "text",
    "sequence": "bigint",
    "invoice_number": "text",
    "frozen": "text",
    "content_hash": "text",
    "published_at": "timestamptz",
    "due_extended_to": "date",
    "paid_on": "date",
    "payment_comment": "text",
}


def _save(documents: Sequence[Document]) -> None:
    """One UPDATE for the whole batch, so that triggers see it as one."""
    if not documents:
        return
    assignments = ", ".join(f"{name} = n.{name}" for name in _WRITTEN)
    with_rows(
        f"UPDATE records_document d SET {assignments} FROM {{rows}} WHERE d.id = n.id",  # noqa: S608 - names of our own
        {"id": "bigint", **_WRITTEN},
        [(d.pk, *(getattr(d, name) for name in _WRITTEN)) for d in documents],
    )
