"""One verb over many documents, as a job: with progress, a way to stop, and a result for each."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any

from django.db import InterfaceError, OperationalError, connection
from procrastinate.contrib.django import app as jobs

from clearbill.actions.change_status import Change, Result, change_status
from clearbill.actions.common import Actor, Refused, Words, check_words
from clearbill.actions.discard_documents import discard_documents
from clearbill.actions.locks import lock_documents
from clearbill.actions.notify import resend_notification
from clearbill.actions.working import BULK, is_held, last_jobs, working_on
from clearbill.queries.bulk import all_need_a_reason
from clearbill.records import clock, tenancy
from clearbill.records.models import BulkJob, BulkResult, Membership
from clearbill.rules.access import Forbidden
from clearbill.rules.lifecycle import Status, parse_status
from clearbill.rules.numbering import by_counter, is_document_id

log = logging.getLogger(__name__)

BATCH = 100
"""Documents of one transaction, and between two looks at whether somebody asked to stop."""

MOST = 100_000
"""Documents of one job."""

TYPED_FROM = 50
TYPED_FROM_MAILED = 10
"""More documents than this, or more mailed customers, and the count is typed."""

VERBS = {
    BulkJob.STATUS: "documents.change_status",
    BulkJob.DISCARD: "documents.discard",
    BulkJob.RESEND: "documents.resend",
}
"""What each kind of job is allowed by."""


def must_type_count(count: int, mailed_customers: int, *, notify: bool) -> bool:
    """Whether the confirmation asks for the count in digits."""
    return count > TYPED_FROM or (notify and mailed_customers > TYPED_FROM_MAILED)


def start_bulk(
    *,
    reseller_id: int,
    actor: Actor,
    verb: str,
    codes: Sequence[str],
    versions: Mapping[str, int],
    arguments: Mapping[str, Any] | None = None,
    in_background: bool = True,
) -> BulkJob:
    """Record a job over documents, by Document ID; a worker takes it up, or `run_bulk`.

    `versions` maps Document IDs to what was seen: a document that changed since is refused by
    itself. `arguments` of `status`: to, reason, notify, issued, due_extended_to, paid_on, comment
    (ISO dates), as_it_stands, and `each`, which maps a Document ID to a payment's date and comment
    of its own; what it says of documents that were not chosen is left out.
    Raises `Refused` without documents, or for arguments that no document could be changed by.
    """
    actor.require(VERBS[verb])
    given, chosen = dict(arguments or {}), _chosen(codes)
    if verb == BulkJob.STATUS:
        each = given.get("each", {})
        given["each"] = {code: each[code] for code in chosen if code in each}
        _check(given)
    with tenancy.transaction(reseller_id):
        if verb == BulkJob.STATUS and not str(given.get("reason", "")).strip():
            to = parse_status(given["to"])
            if all_need_a_reason(reseller_id, chosen, to):
                raise Refused(
                    "say why they become %(status)s: it needs a reason",
                    field="reason",
                    status=Words(to.value),
                )
        job = BulkJob.objects.create(
            reseller_id=reseller_id,
            verb=verb,
            arguments=given,
            codes=chosen,
            versions=dict(versions),
            who=actor.name,
            role=actor.role,
            created_at=clock.now(),
        )
        if in_background:
            jobs.configure_task("bulk", lock=f"bulk:{reseller_id}").defer(
                reseller_id=reseller_id, job_id=job.pk
            )
    return job


def _chosen(codes: Sequence[str]) -> list[str]:
    """The Document IDs in their order, each once; raises `Refused` for none, or too many."""
    chosen = sorted(set(codes), key=by_counter)
    if not chosen:
        raise Refused("choose at least one document")
    if len(chosen) > MOST:
        raise Refused("a job takes %(most)s documents: choose fewer", most=f"{MOST:,}")
    # Results link to their documents: what is no part of an address stays outside.
    wrong = [code for code in chosen if not is_document_id(code)]
    if wrong:
        raise Refused("%(code)r is no Document ID: choose the documents again", code=wrong[0][:40])
    return chosen


def _check(given: Mapping[str, Any]) -> None:
    check_words("reason", str(given.get("reason", "")))
    for own in [given, *given.get("each", {}).values()]:
        check_words("comment", str(own.get("comment", "")))
        _change({**given, **own, "each": {}}, "", {})


def run_bulk(*, reseller_id: int, job_id: int) -> BulkJob:
    """Carry a job out; carried out again after a kill, it goes on where results end.

    What a batch changed and what became of it are committed together: nothing is done twice.
    Whoever started it is asked for again before each: who lost the role changes nothing more.
    """
    with working_on(BULK, job_id):
        return _run(reseller_id, job_id)


def _run(reseller_id: int, job_id: int) -> BulkJob:
    with tenancy.transaction(reseller_id):
        job = BulkJob.objects.select_for_update().get(reseller_id=reseller_id, pk=job_id)
        if job.state in (BulkJob.DONE, BulkJob.CANCELLED):
            return job
        job.state, job.reason = BulkJob.RUNNING, ""
        job.started_at = job.started_at or clock.now()
        job.save(update_fields=["state", "reason", "started_at"])
    for start in range(0, len(job.codes), BATCH):
        if _asked_to_stop(job):
            return _end(job, BulkJob.CANCELLED)
        _batch(job, job.codes[start : start + BATCH])
    return _end(job, BulkJob.DONE)


def cancel_bulk(*, reseller_id: int, actor: Actor, job_id: int) -> BulkJob:
    """Ask a job to stop after the batch in hand, and return it; what it changed stays changed.

    One that nobody works on ends at once, one that failed too: nobody need look at it any more.
    Raises `Refused` for a job that is not here.
    """
    with tenancy.transaction(reseller_id):
        job = BulkJob.objects.select_for_update().filter(reseller_id=reseller_id, pk=job_id).first()
        if job is None:
            raise Refused("no bulk job %(job)s here", job=job_id)
        actor.require(VERBS[job.verb])
        job.cancel_asked = True
        if job.state not in (BulkJob.DONE, BulkJob.CANCELLED) and not _at_work(job):
            job.state, job.finished_at = BulkJob.CANCELLED, clock.now()
        job.save(update_fields=["cancel_asked", "state", "finished_at"])
    return job


def _at_work(job: BulkJob) -> bool:
    """Whether somebody has begun it, and goes on or will."""
    if job.state != BulkJob.RUNNING:
        return False
    queued = last_jobs(job.reseller_id, BULK, "job_id", [job.pk]).get(job.pk)
    return (queued is not None and queued.in_hand) or is_held(BULK, job.pk)


def _asked_to_stop(job: BulkJob) -> bool:
    with tenancy.transaction(job.reseller_id):
        return BulkJob.objects.values_list("cancel_asked", flat=True).get(
            reseller_id=job.reseller_id, pk=job.pk
        )


def _end(job: BulkJob, state: str) -> BulkJob:
    with tenancy.transaction(job.reseller_id):
        # It may have been taken for failed meanwhile.
        job.state, job.reason, job.finished_at = state, "", clock.now()
        job.save(update_fields=["state", "reason", "finished_at"])
    return job


def _batch(job: BulkJob, codes: Sequence[str]) -> None:
    """One transaction of documents and their results. Where one breaks it, they go one by one:
    each is named with its reason, and stops no other."""
    try:
        with tenancy.transaction(job.reseller_id):
            _hold(job)
            todo = _without_result(job, codes)
            if todo:
                _lock(job, todo)
                _keep(job, _carry_out(job, todo))
    except (OperationalError, InterfaceError):
        raise  # The database, not a document: the whole job is tried again.
    except Exception as error:
        if len(codes) > 1:
            for code in codes:
                _batch(job, [code])
            return
        log.exception("bulk job %s failed at %s", job.pk, codes[0])
        with tenancy.transaction(job.reseller_id):
            _keep(job, [Result(codes[0], "", refused=f"it failed: {type(error).__name__}")])


def _lock(job: BulkJob, codes: Sequence[str]) -> None:
    """Hold all documents first: a batch is several calls, and each of them appends to the chain,
    behind which no document is locked. Discarding is one call, which locks periods before."""
    if job.verb != BulkJob.DISCARD:
        lock_documents(job.reseller_id, codes)


_LOCK = 0x62756C6B
"""The advisory locks of bulk jobs, apart from those of others."""


def _hold(job: BulkJob) -> None:
    """One batch of a job at a time, also where a worker was thought dead. Not a lock on its row:
    who asks it to stop does not wait."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, job.pk % 2**31])


def _without_result(job: BulkJob, codes: Sequence[str]) -> list[str]:
    done = set(
        BulkResult.objects.filter(reseller_id=job.reseller_id, job=job, code__in=codes).values_list(
            "code", flat=True
        )
    )
    return [code for code in codes if code not in done]


def _carry_out(job: BulkJob, codes: Sequence[str]) -> list[Result]:
    try:
        actor = _starter(job)
        if job.verb == BulkJob.STATUS:
            return list(_change_status(job, actor, codes))
        if job.verb == BulkJob.DISCARD:
            return discard_documents(
                reseller_id=job.reseller_id, actor=actor, documents=codes, expected=job.versions
            )
        return [_resend(job, actor, code) for code in codes]
    except Forbidden as error:
        return [Result(code, "", refused=str(error)) for code in codes]


def _starter(job: BulkJob) -> Actor:
    """Who started the job, with the role of now. Raises `Forbidden` where it is not enough."""
    actor = Actor(job.who, job.role)
    if not actor.is_command_line:
        role = Membership.objects.filter(
            reseller_id=job.reseller_id, user__email=job.who, state=Membership.ACTIVE
        ).values_list("role", flat=True)
        if not role:
            raise Forbidden(f"{job.who}, who started the job, has no access any more")
        actor = Actor(job.who, role[0])
    actor.require(VERBS[job.verb])
    return actor


def _change_status(job: BulkJob, actor: Actor, codes: Sequence[str]) -> Iterable[Result]:
    """One call for neighbours that share their arguments, so that a month is published as a set,
    and numbers follow Document IDs."""
    each = job.arguments.get("each", {})
    for _, found in groupby(codes, key=lambda code: each.get(code, {})):
        group = list(found)
        change = _change(job.arguments, group[0], job.versions)
        yield from change_status(
            reseller_id=job.reseller_id, actor=actor, documents=group, change=change
        )


def _change(arguments: Mapping[str, Any], code: str, versions: Mapping[str, int]) -> Change:
    """The change of a job's arguments, with a document's own over them. Raises `Refused`."""
    own = {key: value for key, value in arguments.get("each", {}).get(code, {}).items() if value}
    given = {**arguments, **own}
    try:
        to = parse_status(str(given.get("to", "")))
    except ValueError:
        raise Refused("choose a status", field="to") from None
    if to in (Status.DRAFT, Status.DISCARDED):
        raise Refused("choose Open, Closed, Past Due or Voided", field="to")
    closes = to is Status.CLOSED
    return Change(
        to=to,
        reason=str(given.get("reason", "")),
        notify=bool(given.get("notify", False)),
        issued=_day(given, "issued") if to is not Status.VOIDED else None,
        due_extended_to=_day(given, "due_extended_to") if to is Status.OPEN else None,
        paid_on=_day(given, "paid_on") if closes else None,
        payment_comment=str(given.get("comment", "")) if closes else "",
        as_it_stands=bool(given.get("as_it_stands", False)),
        expected=versions,
    )


def _day(given: Mapping[str, Any], name: str) -> date | None:
    text = str(given.get(name) or "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Refused("%(text)r is no date; write YYYY-MM-DD", field=name, text=text) from None


def _resend(job: BulkJob, actor: Actor, code: str) -> Result:
    try:
        to = resend_notification(reseller_id=job.reseller_id, actor=actor, document=code)
    except Refused as error:
        return Result(code, "", refused=error.message)
    return Result(code, "", changed=True, notified=to)


def _keep(job: BulkJob, results: Sequence[Result]) -> None:
    BulkResult.objects.bulk_create(
        BulkResult(
            reseller_id=job.reseller_id,
            job=job,
            code=each.document,
            outcome=_outcome(each),
            message=each.refused or "; ".join(each.warnings),
        )
        for each in results
    )


def _outcome(result: Result) -> str:
    if result.refused:
        return BulkResult.REFUSED
    return BulkResult.DONE if result.changed else BulkResult.UNCHANGED
