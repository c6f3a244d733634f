"""Drafts that do not hold their usage as it is now: marked where it happens, until refreshed."""

from collections.abc import Iterable, Sequence

from clearbill.actions import trail
from clearbill.queries.generation import slices_for
from clearbill.records import clock
from clearbill.records.models import Claim, Document
from clearbill.rules.lifecycle import Status

NEWER_USAGE = "newer usage was imported"
REASSIGNED = "an account was given to another customer"


def lock_drafts(reseller_id: int, periods: Iterable[int]) -> list[Document]:
    """Hold all drafts of locked billing periods until the transaction ends.

    A draft that is being published is waited for, and is none of them then. Whoever asks whether
    usage is on a published document asks afterwards.
    """
    ids = Document.objects.filter(
        reseller_id=reseller_id, billing_period__in=set(periods), status=Status.DRAFT
    ).values_list("pk", flat=True)
    return list(
        Document.objects.select_for_update()
        .filter(reseller_id=reseller_id, pk__in=list(ids), status=Status.DRAFT)
        .order_by("pk")
    )


def mark_stale(*, reseller_id: int, who: str, drafts: Sequence[Document], reason: str) -> None:
    """Mark locked drafts, with an event each, inside the caller's transaction.

    A draft that is stale already stays so with the reason that it has.
    """
    fresh = [draft for draft in drafts if not draft.stale]
    for draft in fresh:
        draft.stale = reason
        draft.version += 1
    Document.objects.bulk_update(fresh, ["stale", "version"])
    trail.append(
        reseller_id=reseller_id,
        who=who,
        at=clock.now(),
        entries=[trail.Entry(draft, "stale", reason=reason) for draft in fresh],
    )


def mark_those_out_of_date(
    *, reseller_id: int, who: str, periods: Iterable[int], reason: str
) -> list[Document]:
    """Mark the drafts of locked billing periods whose usage is not what it should be now, and
    return those that were fresh.

    All drafts of the periods are asked about together: what a stale one still claims may be
    another's by now.
    """
    drafts = lock_drafts(reseller_id, periods)
    wanted = slices_for(drafts)
    held: dict[int, set[int]] = {draft.pk: set() for draft in drafts}
    for document_id, slice_id in Claim.objects.filter(
        reseller_id=reseller_id, document__in=list(held), released_at__isnull=True
    ).values_list("document_id", "slice_id"):
        held[document_id].add(slice_id)
    outdated = [
        d for d in drafts if not d.stale and {each.pk for each in wanted[d.pk]} != held[d.pk]
    ]
    mark_stale(reseller_id=reseller_id, who=who, drafts=outdated, reason=reason)
    return outdated
