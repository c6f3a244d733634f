"""Refreshing drafts: computed anew from the usage, rules and rates that hold now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import pyarrow as pa
from django.db import connection
from django.db.models import F, Max, Min

from clearbill.actions import trail
from clearbill.actions.change_status import Result, stale
from clearbill.actions.common import Actor, Refused, Words
from clearbill.actions.generate_documents import rate_of, today
from clearbill.actions.lines import copy_lines
from clearbill.actions.locks import lock_documents, lock_periods
from clearbill.actions.staleness import lock_drafts, mark_those_out_of_date
from clearbill.actions.totals import retotal
from clearbill.queries.refresh import Anew, NoRate, anew
from clearbill.records import clock, tenancy
from clearbill.records.models import BillingPeriod, Claim, Document, DocumentLine
from clearbill.rules.lifecycle import Status
from clearbill.rules.pricing import TooLarge


@dataclass(frozen=True)
class Seen:
    """What somebody looked at before asking for a refresh: the draft's version, and the subtotal
    of its usage that the difference promised."""

    version: int
    subtotal: Decimal | None = None


def refresh_drafts(
    *,
    reseller_id: int,
    actor: Actor,
    documents: Sequence[str],
    seen: Mapping[str, Seen] | None = None,
) -> list[Result]:
    """Compute drafts anew, each in a transaction of its own; a result per document, in order.

    Staff's own lines, note, custom fields and due date stay. `seen` maps Document IDs to what was
    looked at: another version or another subtotal is refused. A draft whose usage is still on
    another one waits for that one to let go of it: it is tried again behind the others, and stays
    stale and says so where that does not help.
    """
    actor.require("documents.edit")
    looked, codes = seen or {}, list(dict.fromkeys(documents))
    results = {code: _attempt(reseller_id, actor, code, looked.get(code)) for code in codes}
    if any(result.changed for result in results.values()):
        for code in codes:
            if results[code].refused or (results[code].warnings and code not in looked):
                results[code] = _attempt(reseller_id, actor, code, looked.get(code))
    return [results[code] for code in codes]


class _NotTaken(Refused):
    """Why a draft stays as it is; whatever the transaction did is taken back."""


def _attempt(reseller_id: int, actor: Actor, code: str, seen: Seen | None) -> Result:
    result = Result(code, "")
    try:
        with tenancy.transaction(reseller_id):
            _refresh(reseller_id, actor, result, seen)
    except _NotTaken as reason:
        result.refused, result.changed = reason.message, False
    return result


def _refresh(reseller_id: int, actor: Actor, result: Result, seen: Seen | None) -> None:
    document = _locked(reseller_id, result.document)
    if document is None:
        raise _NotTaken("no document %(document)s here", document=result.document)
    result.status = result.was = document.status
    _check(document, seen)
    before = document.total
    _store(document, _made(document, seen))
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
    # What it gave back may be another's, and what it lacks may still be on another.
    marked = mark_those_out_of_date(
        reseller_id=reseller_id,
        who=actor.name,
        periods=[document.billing_period_id],
    )
    if document in marked:
        result.warnings.append(
            Words("some of its usage is still on another draft: refresh that one too")
        )


def _made(document: Document, seen: Seen | None) -> Anew:
    """The draft's usage anew, if there is any and it comes to what was seen."""
    try:
        made = anew(document, today(document.reseller_id))
    except NoRate as error:
        raise _NotTaken("%(error)s: add one in Settings, Currencies", error=error) from None
    except (TooLarge, FileNotFoundError) as error:
        raise _NotTaken("it cannot be computed anew: %(error)s", error=error) from None
    own = DocumentLine.objects.filter(reseller_id=document.reseller_id, document=document, own=True)
    if not made.slices and not own.exists():
        raise _NotTaken("no usage of this customer is left in the period: discard the draft")
    if seen and seen.subtotal is not None and made.subtotal(document.currency) != seen.subtotal:
        raise _NotTaken(
            "it would come to %(now)s before tax by now, and %(seen)s was shown: look at the"
            " difference again",
            now=f"{made.subtotal(document.currency):f}",
            seen=f"{seen.subtotal:f}",
        )
    return made


def _locked(reseller_id: int, code: str) -> Document | None:
    """The document, its billing period locked first as imports and generations do."""
    period = BillingPeriod.objects.filter(
        reseller_id=reseller_id, documents__reseller_id=reseller_id, documents__code=code
    ).first()
    if period is None:
        return None
    lock_periods(reseller_id, [period.pk])
    lock_drafts(reseller_id, [period.pk])
    return lock_documents(reseller_id, [code]).get(code)


def _check(document: Document, seen: Seen | None) -> None:
    if seen is not None and seen.version != document.version:
        raise _NotTaken(stale(document))
    if document.status != Status.DRAFT:
        raise _NotTaken(
            "%(document)s is %(status)s: only a draft is computed anew",
            document=document.code,
            status=Words(document.status),
        )


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
