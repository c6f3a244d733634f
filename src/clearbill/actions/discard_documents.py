"""Discarding: a draft (or a statement) ends, and its usage is free again."""

from collections.abc import Mapping, Sequence

from clearbill.actions import trail
from clearbill.actions.change_status import Result, stale
from clearbill.actions.common import Actor
from clearbill.actions.locks import lock_documents
from clearbill.actions.notify import withdraw_mails
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
    return results


def _result(code: str, document: Document | None, seen: int | None) -> Result:
    if document is None:
        return Result(code, "", refused=f"no document {code} here")
    result = Result(code, document.status, was=document.status)
    if seen is not None and seen != document.version:
        result.refused = stale(document)
    elif document.status != Status.DISCARDED:
        result.refused = why_no_discard(Status(document.status), Kind(document.kind))
        result.changed = not result.refused
        result.status = Status.DISCARDED.value if result.changed else document.status
    return result
