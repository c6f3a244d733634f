"""Telling the customer: mails that are owed from the commit that caused them."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet
from procrastinate.contrib.django import app as jobs
from procrastinate.types import JSONDict

from clearbill.actions import trail
from clearbill.actions.common import Actor, Refused
from clearbill.actions.locks import lock_documents
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
    deliveries = Delivery.objects.bulk_create(
        Delivery(
            reseller_id=reseller_id,
            event=event,
            document=document,
            recipient=recipient,
            message_id=f"{event.hash[:32]}.{number}",
            created_at=at,
        )
        for event, document, recipients in mails
        for number, recipient in enumerate(dict.fromkeys(recipients), start=1)
    )
    if deliveries:
        arguments: list[JSONDict] = [
            {"reseller_id": reseller_id, "delivery_id": each.pk} for each in deliveries
        ]
        # Before the files of a bulk publication: people wait for mails, nobody for files.
        jobs.configure_task("send_mail", priority=10).batch_defer(*arguments)


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
            raise Refused(f"no document {document} here")
        if Status(found.status) not in SEEN_BY_CUSTOMER:
            raise Refused(f"it is {found.status}: the customer does not see it")
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
