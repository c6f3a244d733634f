"""Sending one e-mail that is owed. The network is outside every transaction."""

from datetime import datetime

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from clearbill.actions.mail_server import ERRORS, MOST_ATTEMPTS, NotSent, refused_for_good, words
from clearbill.paper.mail import message_id, published_mail
from clearbill.queries import canonical
from clearbill.records import clock, tenancy
from clearbill.records.models import Delivery, Document, Reseller

log = structlog.get_logger(__name__)


def send_mail(*, reseller_id: int, delivery_id: int) -> None:
    """Send a delivery unless it was sent; record what the mail server said.

    Raises `NotSent` for the worker to try again later; after `MOST_ATTEMPTS`, or where the server
    refuses for good, the delivery ends as Failed. A worker that dies between the server's answer
    and the record sends once more, under the same Message-ID.
    """
    with tenancy.transaction(reseller_id):
        delivery = (
            Delivery.objects.select_for_update(of=("self",))
            .select_related(
                "document__customer", "document__provider", "document__profile", "event"
            )
            .filter(reseller_id=reseller_id, pk=delivery_id)
            .first()
        )
        if delivery is None or delivery.state != Delivery.QUEUED:
            return
        delivery.attempts += 1
        delivery.save(update_fields=["attempts"])
        message = _message(delivery)
    try:
        message.send()
    except ERRORS as error:
        _failed(delivery, error)
        return
    _record(delivery, state=Delivery.SENT, sent_at=clock.now(), last_error="")


def portal_link(document: Document) -> str:
    """Where the customer reads the document, after signing in."""
    slug = Reseller.objects.values_list("slug", flat=True).get(pk=document.reseller_id)
    return f"{settings.CLEARBILL_URL}/portal/{slug}/invoices/{document.code}/"


def _message(delivery: Delivery) -> EmailMultiAlternatives:
    document: Document = delivery.document
    status = delivery.event.to_status or document.status
    mail = published_mail(
        canonical.of(document),
        recipient=delivery.recipient,
        link=portal_link(document),
        status=status,
        due_extended_to=document.due_extended_to,
    )
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">")
    message = EmailMultiAlternatives(
        subject=mail.subject,
        body=mail.text,
        to=[delivery.recipient],
        headers={"Message-ID": message_id(delivery.message_id, domain)},
    )
    message.attach_alternative(mail.html, "text/html")
    return message


def _failed(delivery: Delivery, error: Exception) -> None:
    for_good = refused_for_good(error) or delivery.attempts >= MOST_ATTEMPTS
    log.warning("mail not sent", delivery=delivery.pk, error=type(error).__name__)
    _record(
        delivery,
        state=Delivery.FAILED if for_good else Delivery.QUEUED,
        last_error=words(error),
        sent_at=None,
    )
    if not for_good:
        raise NotSent(words(error)) from error


def _record(delivery: Delivery, *, state: str, last_error: str, sent_at: datetime | None) -> None:
    with tenancy.transaction(delivery.reseller_id):
        Delivery.objects.filter(
            reseller_id=delivery.reseller_id, pk=delivery.pk, state=Delivery.QUEUED
        ).update(state=state, last_error=last_error, sent_at=sent_at)
