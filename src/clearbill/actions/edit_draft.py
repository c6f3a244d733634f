"""Editing what a draft allows before it is published."""

from datetime import date

from clearbill.actions import trail
from clearbill.actions.change_status import stale
from clearbill.actions.common import Actor, Refused, check_texts
from clearbill.actions.generate_documents import today
from clearbill.actions.locks import lock_documents
from clearbill.actions.own_lines import lock_draft
from clearbill.records import clock, tenancy
from clearbill.records.models import Document
from clearbill.rules.lifecycle import Status
from clearbill.rules.periods import shown_date


def set_due_date(
    *,
    reseller_id: int,
    actor: Actor,
    document: str,
    due: date | None,
    expected: int | None = None,
) -> None:
    """Set a draft's due date; None leaves it to the terms again.

    Raises `Refused` for a published document, whose due date is frozen, and for a stale tab.
    """
    actor.require("documents.edit")
    with tenancy.transaction(reseller_id):
        found = lock_documents(reseller_id, [document]).get(document)
        if found is None:
            raise Refused(f"no document {document} here")
        if expected is not None and expected != found.version:
            raise Refused(stale(found))
        if found.status != Status.DRAFT:
            raise Refused(
                f"{document} is {found.status}: its due date is frozen; it is extended by"
                " Past Due to Open",
                field="due",
            )
        if found.due_date == due:
            return
        now = today(reseller_id)
        if due is not None and due < now:
            raise Refused(f"a due date lies on or after today, {shown_date(now)}", field="due")
        found.due_date = due
        found.version += 1
        found.save(update_fields=["due_date", "version"])
        trail.append(
            reseller_id=reseller_id,
            who=actor.name,
            at=clock.now(),
            entries=[
                trail.Entry(found, "due date", data={"due_date": due.isoformat() if due else None})
            ],
        )


def set_purchase_order(
    *,
    reseller_id: int,
    actor: Actor,
    document: str,
    purchase_order: str,
    expected: int | None = None,
) -> None:
    """Set the purchase order that a draft names; empty takes it away."""
    actor.require("documents.edit")
    purchase_order = purchase_order.strip()
    check_texts(Document, {"purchase_order": purchase_order})
    with tenancy.transaction(reseller_id):
        found = lock_draft(reseller_id, document, expected)
        if found.purchase_order == purchase_order:
            return
        found.purchase_order = purchase_order
        found.version += 1
        found.save(update_fields=["purchase_order", "version"])
        trail.append(
            reseller_id=reseller_id,
            who=actor.name,
            at=clock.now(),
            entries=[trail.Entry(found, "purchase order", data={"purchase_order": purchase_order})],
        )
