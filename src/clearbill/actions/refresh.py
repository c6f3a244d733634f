"""Refreshing drafts: computed anew from the usage, rules and rates that hold now."""

from collections.abc import Mapping, Sequence

import pyarrow as pa
from django.db import connection
from django.db.models import F, Max, Min

from clearbill.actions import trail
from clearbill.actions.change_status import Result, stale
from clearbill.actions.common import Actor
from clearbill.actions.generate_documents import rate_of, today
from clearbill.actions.lines import copy_lines
from clearbill.actions.locks import lock_documents, lock_periods
from clearbill.actions.totals import retotal
from clearbill.queries.refresh import Anew, NoRate, anew
from clearbill.records import clock, tenancy
from clearbill.records.models import BillingPeriod, Claim, Document, DocumentLine
from clearbill.rules.lifecycle import Status


def refresh_drafts(
    *,
    reseller_id: int,
    actor: Actor,
    documents: Sequence[str],
    expected: Mapping[str, int] | None = None,
) -> list[Result]:
    """Compute drafts anew, each in a transaction of its own; a result per document, in order.

    Staff's own lines, note, custom fields and due date stay. `expected` maps Document IDs to the
    version whose difference was seen.
    """
    actor.require("documents.edit")
    return [
        _refresh(reseller_id, actor, code, (expected or {}).get(code))
        for code in dict.fromkeys(documents)
    ]


def _refresh(reseller_id: int, actor: Actor, code: str, seen: int | None) -> Result:
    with tenancy.transaction(reseller_id):
        document = _locked(reseller_id, code)
        if document is None:
            return Result(code, "", refused=f"no document {code} here")
        result = Result(code, document.status, was=document.status)
        result.refused = _why_not(document, seen)
        if result.refused:
            return result
        try:
            made = anew(document, today(reseller_id))
        except NoRate as error:
            result.refused = f"{error}: add one in Settings, Currencies"
            return result
        own = DocumentLine.objects.filter(reseller_id=reseller_id, document=document, own=True)
        if not made.slices and not own.exists():
            result.refused = "no usage of this customer is left in the period: discard the draft"
            return result
        before = document.total
        _store(document, made)
        retotal(reseller_id, [document])
        result.changed = True
        trail.append(
            reseller_id=reseller_id,
            who=actor.name,
            at=clock.now(),
            entries=[
                trail.Entry(
                    document,
                    "refreshed",
                    data={"before": f"{before:f}", "total": f"{document.total:f}"},
                )
            ],
        )
        return result


def _locked(reseller_id: int, code: str) -> Document | None:
    """The document, its billing period locked first as imports and generations do."""
    period = BillingPeriod.objects.filter(
        reseller_id=reseller_id, documents__reseller_id=reseller_id, documents__code=code
    ).first()
    if period is None:
        return None
    lock_periods(reseller_id, [period.pk])
    return lock_documents(reseller_id, [code]).get(code)


def _why_not(document: Document, seen: int | None) -> str:
    if seen is not None and seen != document.version:
        return stale(document)
    if document.status != Status.DRAFT:
        return f"{document.code} is {document.status}: only a draft is computed anew"
    return ""


def _store(document: Document, made: Anew) -> None:
    """Swap lines and claims of a locked draft, own lines last; the caller computes its totals."""
    reseller_id = document.reseller_id
    DocumentLine.objects.filter(reseller_id=reseller_id, document=document, own=False).delete()
    _make_room(document, made.lines.num_rows)
    document.rates = [rate_of(rate) for rate in made.rates]
    document.save(update_fields=["rates"])
    copy_lines(connection, reseller_id, _numbered(made), [document.pk])
    wanted = {each.pk for each in made.slices}
    held = Claim.objects.filter(
        reseller_id=reseller_id, document=document, released_at__isnull=True
    )
    had = set(held.values_list("slice_id", flat=True))
    held.exclude(slice__in=wanted).update(released_at=clock.now())
    Claim.objects.bulk_create(
        Claim(reseller_id=reseller_id, document=document, slice_id=each)
        for each in sorted(wanted - had)
    )
    document.stale = ""
    document.version += 1
    document.save(update_fields=["stale", "version"])


def _numbered(made: Anew) -> pa.Table:
    """The lines under document number 0, as `copy_lines` counts documents."""
    index = made.lines.schema.get_field_index("document")
    zeros = pa.array([0] * made.lines.num_rows, pa.int64())
    return made.lines.set_column(index, "document", zeros)


def _make_room(document: Document, count: int) -> None:
    """Move own lines behind `count` new ones; they keep their order, and gaps do no harm."""
    own = DocumentLine.objects.filter(reseller_id=document.reseller_id, document=document, own=True)
    ends = own.aggregate(first=Min("position"), last=Max("position"))
    if ends["first"] is not None and ends["first"] <= count:
        # Beyond the last, so that no two rows meet at a position within the statement.
        own.update(position=F("position") + max(count, ends["last"]))
