"""Telling the customer: mails that are owed from the commit that caused them."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet
from procrastinate.contrib.django import app as jobs

from clearbill.actions import trail
from clearbill.actions.common import Actor, Refused, Words
from clearbill.actions.locks import lock_documents
from clearbill.actions.many import defer_each, with_rows
from clearbill.queries.canonical import Parties
from clearbill.queries.mail_templates import kind_again
from clearbill.records import clock, tenancy
from clearbill.records.models import Delivery, Document, Event
from clearbill.rules.lifecycle import SEEN_BY_CUSTOMER, Status


def queue_mails(
    *,
    reseller_id: int,
    at: datetime,
    mails: Sequence[tuple[Event, Document, Sequence[str]]],
) -> None:
    """Record one delivery per recipient and defer its sending, in the caller's transaction."""
    rows = [
        (event.pk, document.pk, recipient, f"{event.hash[:32]}.{number}")
        for event, document, recipients in mails
        for number, recipient in enumerate(dict.fromkeys(recipients), start=1)
    ]
    if rows:
        made = with_rows(_OWED, _OWED_BY, rows, reseller=reseller_id, at=at, state=Delivery.QUEUED)
        # Before the files of a bulk publication: people wait for mails, nobody for files.
        task = jobs.configure_task("send_mail", priority=10)
        defer_each(task, reseller_id, "delivery_id", [each for (each,) in made])


_OWED_BY = {"event_id": "bigint", "document_id": "bigint", "recipient": "text",
            "message_id": "text"}  # fmt: skip
_OWED = """
INSERT INTO records_delivery (reseller_id, created_at, state, attempts, last_error,
       event_id, document_id, recipient, message_id)
SELECT %(reseller)s, %(at)s, %(state)s, 0, '', event_id, document_id, recipient, message_id
  FROM {rows} RETURNING id
"""


def withdraw_mails(reseller_id: int, documents: "QuerySet[Document] | Sequence[Document]") -> None:
    """End the mails that still wait for discarded documents: nobody is told of what is gone."""
    Delivery.objects.filter(
        reseller_id=reseller_id, document__in=documents, state=Delivery.QUEUED
    ).update(state=Delivery.FAILED, last_error="withdrawn: the document was discarded")


def resend_notification(*, reseller_id: int, actor: Actor, document: str) -> list[str]:
    """Mail a published document's recipients again, as an event of its own; who they are.

    Raises `Refused` for what the customer may not see, and where `rules.notification` says why
    nobody is told.
    """
    actor.require("documents.resend")
    with tenancy.transaction(reseller_id):
        found = lock_documents(reseller_id, [document]).get(document)
        if found is None:
            raise Refused("no document %(document)s here", document=document)
        if Status(found.status) not in SEEN_BY_CUSTOMER:
            raise Refused(
                "it is %(status)s: the customer does not see it", status=Words(found.status)
            )
        reason = Parties.of(reseller_id).why_no_mail(found, kind_again(found.status))
        if reason:
            raise Refused(reason, field="recipients")
        recipients = list(found.profile.recipients)
        now = clock.now()
        events = trail.append(
            reseller_id=reseller_id,
            who=actor.name,
            at=now,
            entries=[trail.Entry(found, "resent", notified=True)],
        )
        queue_mails(reseller_id=reseller_id, at=now, mails=[(events[0], found, recipients)])
    return recipients
