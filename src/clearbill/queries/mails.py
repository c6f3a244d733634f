"""E-mails as lists show them: those about documents and all others, each with its state."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from clearbill.queries.overview import documents_with_unsent_mail, unsent_letters
from clearbill.queries.sql import select
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
    return _joined(unsent_deliveries(reseller_id, now), unsent_letters(reseller_id, now))


def unsent_deliveries(reseller_id: int, now: datetime) -> "QuerySet[Delivery]":
    """What did not go out about the documents that the overview counts; also what waits for a
    moment alone, so that one sees that a mail is being sent again."""
    documents = documents_with_unsent_mail(reseller_id, now).order_by().values("pk")
    return _deliveries(reseller_id).filter(document__in=documents).exclude(state=Delivery.SENT)


_NEXT_TRIES = """
SELECT (args->>%(key)s)::bigint, coalesce(scheduled_at, now()) FROM procrastinate_jobs
WHERE status = 'todo' AND task_name = %(task)s AND (args->>%(key)s)::bigint = ANY(%(ids)s)
"""


def next_tries(rows: Sequence[Delivery] | Sequence[Letter]) -> dict[int, datetime]:
    """By the ids of those that wait: when the worker tries them next. All are of one kind."""
    waiting = [row.pk for row in rows if row.state == Delivery.QUEUED]
    if not waiting:
        return {}
    of_letters = isinstance(rows[0], Letter)
    task, key = ("send_letter", "letter_id") if of_letters else ("send_mail", "delivery_id")
    return dict(select(_NEXT_TRIES, task=task, key=key, ids=waiting))


def _deliveries(reseller_id: int) -> "QuerySet[Delivery]":
    found = Delivery.objects.filter(reseller_id=reseller_id).select_related("document__customer")
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
