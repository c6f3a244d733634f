"""Sending one e-mail that is owed. The network is outside every transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from clearbill.actions.letters import queue_letter
from clearbill.actions.mail_message import message
from clearbill.actions.mail_server import (
    ERRORS,
    MOST_ATTEMPTS,
    NotSent,
    hand_in,
    refused_for_good,
    words,
)
from clearbill.paper import downloads
from clearbill.paper.language import known
from clearbill.paper.mail import Wording, published_mail
from clearbill.paper.mail_frame import Mail
from clearbill.paper.mail_preview import portal_link
from clearbill.queries import canonical
from clearbill.queries.mail_templates import kind_again, kind_for, of_kind
from clearbill.records import clock, tenancy
from clearbill.records.models import Delivery, MailTemplate
from clearbill.rules.lifecycle import Status

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
        owed = _owed(delivery)
    try:
        hand_in(
            message(
                owed.mail(_logo(owed.document)),
                recipient=delivery.recipient,
                key=delivery.message_id,
                reply_to=owed.template.reply_to,
            )
        )
    except ERRORS as error:
        _failed(delivery, error)
        return
    _sent(owed)


@dataclass(frozen=True)
class _Owed:
    """A delivery with what its mail is written from."""

    delivery: Delivery
    document: dict[str, Any]
    template: MailTemplate

    def mail(self, logo: bytes | None) -> Mail:
        document = self.delivery.document
        language = known(self.document["language"])
        return published_mail(
            self.document,
            recipient=self.delivery.recipient,
            link=portal_link(self.document["seller"]["slug"], document.code),
            status=self.delivery.event.to_status or document.status,
            due_extended_to=document.due_extended_to,
            wording=Wording(
                getattr(self.template, f"subject_{language}"),
                getattr(self.template, f"body_{language}"),
            ),
            logo=logo,
        )


def _owed(delivery: Delivery) -> _Owed:
    event, document = delivery.event, delivery.document
    kind = (
        kind_for(publishes=event.from_status == Status.DRAFT)
        if event.from_status
        else kind_again(document.status)
    )
    return _Owed(delivery, canonical.of(document), of_kind(delivery.reseller_id, kind))


def _logo(document: dict[str, Any]) -> bytes | None:
    try:
        return downloads.logo_of(document)
    except (downloads.Damaged, OSError) as error:
        # The words are what the customer waits for.
        log.warning("mail without its logo", error=str(error))
        return None


def _sent(owed: _Owed) -> None:
    """Record that it went out, and owe its copies from the same commit."""
    delivery = owed.delivery
    with tenancy.transaction(delivery.reseller_id):
        if _record(delivery, state=Delivery.SENT, sent_at=clock.now(), last_error=""):
            _queue_copies(owed)


def _queue_copies(owed: _Owed) -> None:
    """Each copy is a letter of its own: the customer's mail neither knows of it nor waits."""
    mail = owed.mail(None)
    for address in owed.template.bcc:
        queue_letter(
            reseller_id=owed.delivery.reseller_id,
            kind="plain",
            recipient=address,
            reply_to=owed.template.reply_to,
            subject=mail.subject,
            text=mail.text,
            html=mail.html,
        )


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


def _record(delivery: Delivery, *, state: str, last_error: str, sent_at: datetime | None) -> bool:
    """Whether the delivery was still waiting, and now is as it was told.

    That it went out is true of whichever try says so, but only the last one says that it failed:
    a worker that was thought dead knows nothing of the try that followed.
    """
    tries = {} if state == Delivery.SENT else {"attempts": delivery.attempts}
    with tenancy.transaction(delivery.reseller_id):
        return bool(
            Delivery.objects.filter(
                reseller_id=delivery.reseller_id, pk=delivery.pk, state=Delivery.QUEUED, **tries
            ).update(state=state, last_error=last_error, sent_at=sent_at)
        )
