"""Editing what a draft allows before it is published."""

from collections.abc import Mapping
from datetime import date
from typing import Final, Literal

from clearbill.actions import trail
from clearbill.actions.common import Actor, Refused, check_texts
from clearbill.actions.custom_fields import checked_values, merged_values
from clearbill.actions.generate_documents import today
from clearbill.actions.own_lines import lock_draft
from clearbill.queries import custom_fields
from clearbill.records import clock, tenancy
from clearbill.records.models import Document
from clearbill.rules.periods import shown_date

KEEP: Final = "keep"
"""The due date stays as it is; None is a due date by the terms."""

MOST_NOTE = 2000


def change_draft(
    *,
    reseller_id: int,
    actor: Actor,
    document: str,
    due_date: date | Literal["keep"] | None = KEEP,
    purchase_order: str | None = None,
    fields: Mapping[int, str] | None = None,
    note: str | None = None,
    note_printed: bool | None = None,
    expected: int | None = None,
) -> bool:
    """Set what staff give a draft, all of it or, where one part is refused, none; whether
    anything changed.

    What is not given stays. `due_date` None leaves it to the terms again, an empty purchase order
    or note takes it away. `fields` are custom fields by id, an empty value takes one away, and a
    required one may be empty until publication; `note_printed` shows the note to the customer.
    Raises `Refused` by field (`field_<id>` of a custom field), for what is published, and for a
    stale tab.
    """
    actor.require("documents.edit")
    texts = {"purchase_order": purchase_order, "note": note}
    given = {name: text.strip() for name, text in texts.items() if text is not None}
    check_texts(Document, given)
    if len(given.get("note", "")) > MOST_NOTE:
        raise Refused("a note is at most %(most)s characters long", field="note", most=MOST_NOTE)
    with tenancy.transaction(reseller_id):
        found = lock_draft(reseller_id, document, expected)
        changes = [
            *_set_due(found, due_date),
            *_set_order(found, given.get("purchase_order")),
            *_set_fields(found, fields or {}),
            *_set_note(found, given.get("note"), note_printed),
        ]
        if changes:
            found.version += 1
            found.save(update_fields=[*_EDITED, "version"])
            trail.append(reseller_id=reseller_id, who=actor.name, at=clock.now(), entries=changes)
    return bool(changes)


_EDITED = (
    "due_date",
    "purchase_order",
    "custom_fields",
    "custom_words",
    "note",
    "note_printed",
)


def _set_due(draft: Document, due: date | Literal["keep"] | None) -> list[trail.Entry]:
    if due == KEEP or due == draft.due_date:
        return []
    now = today(draft.reseller_id)
    if due is not None and due < now:
        raise Refused(
            "a due date lies on or after today, %(today)s", field="due_date", today=shown_date(now)
        )
    draft.due_date = due
    return [trail.Entry(draft, "due date", data={"due_date": due.isoformat() if due else None})]


def _set_order(draft: Document, order: str | None) -> list[trail.Entry]:
    if order is None or order == draft.purchase_order:
        return []
    draft.purchase_order = order
    return [trail.Entry(draft, "purchase order", data={"purchase_order": order})]


def _set_fields(draft: Document, values: Mapping[int, str]) -> list[trail.Entry]:
    checked = checked_values(draft.reseller_id, values, draft.custom_fields) if values else []
    if not checked:
        return []
    draft.custom_fields = merged_values(draft.custom_fields, checked)
    draft.custom_words = custom_fields.words(draft.custom_fields)
    names = [field.name for field, _ in checked]
    return [trail.Entry(draft, "custom fields", data={"fields": names})]


def _set_note(draft: Document, note: str | None, printed: bool | None) -> list[trail.Entry]:
    before = (draft.note, draft.note_printed)
    draft.note = before[0] if note is None else note
    draft.note_printed = before[1] if printed is None else printed
    if (draft.note, draft.note_printed) == before:
        return []
    return [trail.Entry(draft, "note", data={"printed": draft.note_printed})]
