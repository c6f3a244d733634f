"""What the dialogs say before a status changes: what follows from it, and whether it is early."""

from collections.abc import Iterable
from datetime import date, timedelta

from clearbill.records.models import Document
from clearbill.rules.lifecycle import Kind, Status
from clearbill.web.jinja import translated as _


def what_follows(document: Document, statuses: Iterable[str]) -> dict[str, str]:
    """A line for each of the statuses that the document may become."""
    return {end: _follows(document, Status(end)) for end in statuses}


def _follows(document: Document, end: Status) -> str:
    if document.status == Status.DRAFT:
        return _publication(document, end)
    if end is Status.OPEN:
        if document.status == Status.CLOSED:
            return _("The payment came back: it is owed again.")
        return _("It is owed again, by the extended due date.")
    if end is Status.CLOSED:
        return _("It is settled: nothing is owed any more.")
    if end is Status.PAST_DUE:
        return _("It is marked as unpaid after its due date.")
    return _(
        "It keeps its number, and its usage can be billed again. Nothing follows Voided: it cannot"
        " be undone."
    )


def _publication(document: Document, end: Status) -> str:
    numbered = document.kind == Kind.TAX_INVOICE and document.total
    words = [
        _("It is numbered and frozen, and the customer sees it.")
        if numbered
        else _("It is frozen, and the customer sees it.")
    ]
    if end is Status.CLOSED:
        words.append(_("It is settled at once: nothing is owed."))
    if end is Status.PAST_DUE:
        words.append(_("It is marked as unpaid after its due date."))
    return " ".join(words)


def early_due(document: Document, terms_days: int, today: date) -> date | None:
    """The due date in force where Past Due comes before it has passed, else None.

    A draft without one is due by the terms, counted from today.
    """
    due = document.due_extended_to or document.due_date or today + timedelta(days=terms_days)
    return due if due >= today else None
