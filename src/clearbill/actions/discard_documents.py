"""Discarding: a draft (or a statement) ends, and its usage is free again."""

from collections.abc import Mapping, Sequence

from clearbill.actions import trail
from clearbill.actions.change_status import Result, stale
from clearbill.actions.common import Actor, Words
from clearbill.actions.locks import lock_documents, lock_periods
from clearbill.actions.notify import withdraw_mails
from clearbill.actions.staleness import lock_drafts, mark_those_out_of_date
from clearbill.records import clock, tenancy
from clearbill.records.models import Document, DocumentLine
from clearbill.rules.lifecycle import Kind, Status, why_no_discard

BATCH = 500


def discard_documents(
    *,
    reseller_id: int,
    actor: Actor,
    documents: Sequence[str],
    expected: Mapping[str, int] | None = None,
) -> list[Result]:
    """Discard documents, named by Document ID; a result per document, in order.

    A draft loses its lines, a published statement keeps them. The database releases the usage.
    `expected` maps Document IDs to the version that was seen.
    """
    actor.require("documents.discard")
    codes = list(dict.fromkeys(documents))
    results: dict[str, Result] = {}
    for start in range(0, len(codes), BATCH):
        with tenancy.transaction(reseller_id):
            results.update(
                _discard(reseller_id, actor, codes[start : start + BATCH], expected or {})
            )
    return [results[code] for code in codes]


def _discard(
    reseller_id: int, actor: Actor, codes: Sequence[str], expected: Mapping[str, int]
) -> dict[str, Result]:
    periods = _hold_periods(reseller_id, codes)
    locked = lock_documents(reseller_id, codes)
    results = {code: _result(code, locked.get(code), expected.get(code)) for code in codes}
    agreed = [document for code, document in locked.items() if results[code].changed]
    if not agreed:
        return results
    now = clock.now()
    DocumentLine.objects.filter(
        reseller_id=reseller_id,
        document__in=[d.pk for d in agreed if d.status == Status.DRAFT],
    ).delete()
    entries = [
        trail.Entry(
            document,
            "discarded",
            from_status=document.status,
            to_status=Status.DISCARDED.value,
            data={"total": f"{document.total:f}"},
        )
        for document in agreed
    ]
    for document in agreed:
        document.status = Status.DISCARDED.value
        document.status_at = now
        document.version += 1
    Document.objects.bulk_update(agreed, ["status", "status_at", "version"])
    trail.append(reseller_id=reseller_id, who=actor.name, at=now, entries=entries)
    withdraw_mails(reseller_id, agreed)
    # What they gave back may be another draft's, whose customer got the account meanwhile.
    mark_those_out_of_date(reseller_id=reseller_id, who=actor.name, periods=periods)
    return results


def _hold_periods(reseller_id: int, codes: Sequence[str]) -> list[int]:
    """The billing periods of the documents, locked with all their drafts and these documents."""
    documents = Document.objects.filter(reseller_id=reseller_id, code__in=codes)
    periods = sorted(set(documents.values_list("billing_period_id", flat=True)))
    lock_periods(reseller_id, periods)
    lock_drafts(reseller_id, periods)
    return periods


def _result(code: str, document: Document | None, seen: int | None) -> Result:
    if document is None:
        return Result(code, "", refused=Words("no document %(document)s here", document=code))
    result = Result(code, document.status, was=document.status)
    if seen is not None and seen != document.version:
        result.refused = stale(document)
    elif document.status != Status.DISCARDED:
        result.refused = why_no_discard(Status(document.status), Kind(document.kind))
        result.changed = not result.refused
        result.status = Status.DISCARDED.value if result.changed else document.status
    return result
