"""E-mails as lists show them: those about documents and all others, each with its state."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from clearbill.queries.overview import documents_with_unsent_mail, unsent_letters
from clearbill.records.models import Delivery, Letter

MOST = 200


@dataclass(frozen=True)
class Listed:
    """One e-mail to one recipient; never its text. Without a document it is a letter's, whose id
    `letter` is."""

    kind: str
    document: str
    recipient: str
    state: str
    error: str
    created_at: datetime
    sent_at: datetime | None
    letter: int | None = None


def latest(reseller_id: int) -> list[Listed]:
    """The last e-mails about documents and the last others, newest first."""
    letters = Letter.objects.filter(reseller_id=reseller_id).defer("text", "html").order_by("-pk")
    return _joined(_deliveries(reseller_id), list(letters[:MOST]))


def unsent(reseller_id: int, now: datetime) -> list[Listed]:
    """Those that the overview counts: failed, or waiting for too long."""
    documents = documents_with_unsent_mail(reseller_id, now).order_by().values("pk")
    owed = _deliveries(reseller_id).filter(document__in=documents).exclude(state=Delivery.SENT)
    return _joined(owed, unsent_letters(reseller_id, now))


def _deliveries(reseller_id: int) -> "QuerySet[Delivery]":
    found = Delivery.objects.filter(reseller_id=reseller_id).select_related("document")
    return found.defer("document__frozen").order_by("-pk")


def _joined(deliveries: "QuerySet[Delivery]", letters: list[Letter]) -> list[Listed]:
    about = [
        Listed(
            "document", d.document.code, d.recipient, d.state, d.last_error, d.created_at, d.sent_at
        )
        for d in deliveries[:MOST]
    ]
    others = [
        Listed(
            each.kind,
            "",
            each.recipient,
            each.state,
            each.last_error,
            each.created_at,
            each.sent_at if each.state == Letter.SENT else None,
            each.pk,
        )
        for each in letters
    ]
    return sorted([*about, *others], key=lambda each: each.created_at, reverse=True)
