"""One mail per recipient, sent once; what a mail server refuses is seen, and tried again or not."""

import smtplib
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import settings

from clearbill.actions.customers import change_customer
from clearbill.actions.mail_server import NotSent, refused_for_good
from clearbill.actions.send_mail import send_mail
from clearbill.actions.sweep_mails import sweep_mails
from clearbill.records import clock
from clearbill.records.models import Delivery, Reseller
from clearbill.rules.lifecycle import Status
from makers import OWNER, change, make_drafts
from stories.world import PostOffice, free_port


class Moody(PostOffice):
    """A real SMTP server that answers as it is told."""

    answer = ""
    sender_answer = "250 OK"

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.sender_answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        said = await super().handle_DATA(server, session, envelope)
        return self.answer or said


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Iterator[Moody]:
    office = Moody()
    controller = Controller(office, hostname="127.0.0.1", port=free_port())
    controller.start()
    monkeypatch.setattr(settings, "EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend")
    monkeypatch.setattr(settings, "EMAIL_HOST", "127.0.0.1")
    monkeypatch.setattr(settings, "EMAIL_PORT", controller.port)
    yield office
    controller.stop()


@pytest.fixture
def owed(north: Reseller, tmp_path: Path) -> list[Delivery]:
    """Two mails of one publication, to two recipients."""
    document = make_drafts(north, tmp_path)[0]
    change_customer(
        reseller_id=north.pk,
        actor=OWNER,
        customer_id=document.customer_id,
        recipients=["a@example.com", "b@example.com"],
    )
    change(north, document.code, to=Status.OPEN, notify=True)
    return list(Delivery.objects.order_by("recipient"))


def state(delivery: Delivery) -> str:
    delivery.refresh_from_db()
    return delivery.state


def test_nobody_sees_anothers_address(post: Moody, owed: list[Delivery]) -> None:
    for delivery in owed:
        send_mail(reseller_id=delivery.reseller_id, delivery_id=delivery.pk)
    assert [recipients for recipients, _ in post.letters] == [["a@example.com"], ["b@example.com"]]
    letters: list[EmailMessage] = [letter for _, letter in post.letters]
    assert "b@example.com" not in str(letters[0])
    assert letters[0]["message-id"] != letters[1]["message-id"]


def test_what_was_sent_is_not_sent_again(post: Moody, owed: list[Delivery]) -> None:
    for _ in range(2):
        send_mail(reseller_id=owed[0].reseller_id, delivery_id=owed[0].pk)
    assert (len(post.letters), state(owed[0])) == (1, "Sent")


def test_a_refusal_for_now_is_tried_again_under_the_same_id(
    post: Moody, owed: list[Delivery]
) -> None:
    post.answer = "451 come back later"
    with pytest.raises(NotSent, match="451 come back later"):
        send_mail(reseller_id=owed[0].reseller_id, delivery_id=owed[0].pk)
    assert (state(owed[0]), owed[0].attempts) == ("Queued", 1)
    post.answer = ""
    send_mail(reseller_id=owed[0].reseller_id, delivery_id=owed[0].pk)
    assert state(owed[0]) == "Sent"
    assert len({letter["message-id"] for _, letter in post.letters}) == 1


def test_a_refusal_for_good_is_shown_as_failed(post: Moody, owed: list[Delivery]) -> None:
    post.answer = "550 no such mailbox"
    send_mail(reseller_id=owed[0].reseller_id, delivery_id=owed[0].pk)
    assert (state(owed[0]), owed[0].last_error) == ("Failed", "550 no such mailbox")


def test_a_sender_that_is_refused_delays_until_the_relay_is_mended(
    post: Moody, owed: list[Delivery]
) -> None:
    post.sender_answer = "550 you may not send as this"
    with pytest.raises(NotSent, match="550 you may not send as this"):
        send_mail(reseller_id=owed[0].reseller_id, delivery_id=owed[0].pk)
    assert state(owed[0]) == "Queued"
    post.sender_answer = "250 OK"
    send_mail(reseller_id=owed[0].reseller_id, delivery_id=owed[0].pk)
    assert state(owed[0]) == "Sent"


@pytest.mark.parametrize(
    ("error", "for_good"),
    [
        (smtplib.SMTPAuthenticationError(535, b"wrong password"), False),
        (smtplib.SMTPConnectError(554, b"not from here"), False),
        (smtplib.SMTPHeloError(501, b"who?"), False),
        (smtplib.SMTPSenderRefused(550, b"not you", "billing@north.example"), False),
        (smtplib.SMTPServerDisconnected("gone"), False),
        (smtplib.SMTPRecipientsRefused({"a@x.example": (450, b"later")}), False),
        (smtplib.SMTPRecipientsRefused({"a@x.example": (550, b"unknown")}), True),
        (smtplib.SMTPDataError(451, b"later"), False),
        (smtplib.SMTPDataError(554, b"spam"), True),
    ],
)
def test_only_a_recipient_or_a_message_is_refused_for_good(
    error: Exception, for_good: bool
) -> None:
    assert refused_for_good(error) is for_good


def test_a_server_that_is_down_delays_and_changes_nothing_else(
    owed: list[Delivery], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend")
    monkeypatch.setattr(settings, "EMAIL_PORT", free_port())
    with pytest.raises(NotSent):
        send_mail(reseller_id=owed[0].reseller_id, delivery_id=owed[0].pk)
    assert state(owed[0]) == "Queued"


def test_a_mail_without_a_job_is_found(owed: list[Delivery]) -> None:
    from django.db import connection

    assert sweep_mails(reseller_id=owed[0].reseller_id) == 0
    Delivery.objects.update(created_at=clock.now() - timedelta(hours=1))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'failed'")
    assert sweep_mails(reseller_id=owed[0].reseller_id) == 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'")
        assert cursor.fetchone() == (2,)
