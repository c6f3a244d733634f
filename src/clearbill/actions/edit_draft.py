"""Editing what a draft allows before it is published."""

from datetime import date

from clearbill.actions import trail
from clearbill.actions.change_status import stale
from clearbill.actions.common import Actor, Refused
from clearbill.actions.locks import lock_documents
from clearbill.records import clock, tenancy
from clearbill.rules.lifecycle import Status


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
