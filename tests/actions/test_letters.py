"""Letters that did not go out: sent again, dismissed, withdrawn, and found without a job."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core import mail
from django.db import connection

from clearbill.actions.common import Actor, Refused
from clearbill.actions.invitations import invite, resend, revoke
from clearbill.actions.letters import dismiss, queue_letter, send_again
from clearbill.actions.mail_server import MOST_ATTEMPTS
from clearbill.actions.people import send_reset, suspend
from clearbill.actions.send_letter import send_letter
from clearbill.actions.sweep_mails import sweep_mails
from clearbill.actions.users import add_user
from clearbill.paper.mail import message_id
from clearbill.queries import overview
from clearbill.records import clock
from clearbill.records.models import Invitation, Letter, Membership, Reseller
from clearbill.rules.access import Forbidden
from makers import OWNER

NEW = "new@north.example"


def plain(north: Reseller, state: str = Letter.FAILED) -> Letter:
    letter = queue_letter(reseller_id=north.pk, kind="plain", recipient=NEW, subject="S", text="T")
    Letter.objects.update(
        state=state, attempts=MOST_ATTEMPTS, last_error="550 no such mailbox",
        created_at=clock.now() - timedelta(hours=1),
    )  # fmt: skip
    return letter


def jobs(status: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM procrastinate_jobs"
            " WHERE task_name = 'send_letter' AND status = %s",
            [status],
        )
        return int(cursor.fetchone()[0])


def lose_jobs() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'failed'")


def unsent(north: Reseller) -> int:
    found = overview.standing(north.pk, today=clock.today("UTC"), now=clock.now())
    return found.work["unsent"].count


def state(letter: Letter) -> tuple[str, str]:
    letter.refresh_from_db()
    return letter.state, letter.last_error


def test_a_failed_letter_is_sent_again_under_the_same_id(north: Reseller) -> None:
    letter = plain(north)
    lose_jobs()
    send_again(reseller_id=north.pk, actor=OWNER, letter_id=letter.pk)
    assert (jobs("todo"), state(letter)[0]) == (1, "Queued")
    send_letter(reseller_id=north.pk, letter_id=letter.pk)
    assert (state(letter), unsent(north)) == (("Sent", ""), 0)
    sent_as = mail.outbox[-1].extra_headers["Message-ID"]
    assert sent_as == message_id(letter.message_id, "localhost")


@pytest.mark.parametrize("now", [Letter.QUEUED, Letter.SENT, Letter.WITHDRAWN])
def test_only_what_failed_is_sent_again(north: Reseller, now: str) -> None:
    letter = plain(north, now)
    with pytest.raises(Refused, match=f"did not fail: it is {now}"):
        send_again(reseller_id=north.pk, actor=OWNER, letter_id=letter.pk)


@pytest.mark.parametrize("now", [Letter.FAILED, Letter.QUEUED])
def test_a_dismissed_letter_counts_no_more_and_is_not_sent(north: Reseller, now: str) -> None:
    letter = plain(north, now)
    assert unsent(north) == 1
    dismiss(reseller_id=north.pk, actor=OWNER, letter_id=letter.pk)
    assert unsent(north) == 0
    assert state(letter) == (
        "Withdrawn",
        "dismissed by owner@north.example: 550 no such mailbox",
    )
    send_letter(reseller_id=north.pk, letter_id=letter.pk)
    assert mail.outbox == []


def test_what_was_sent_is_not_dismissed(north: Reseller) -> None:
    letter = plain(north, Letter.SENT)
    with pytest.raises(Refused, match="is Sent already"):
        dismiss(reseller_id=north.pk, actor=OWNER, letter_id=letter.pk)


@pytest.mark.parametrize("verb", [send_again, dismiss])
def test_readers_touch_no_letter_and_one_that_is_none_is_refused(
    north: Reseller, verb: type
) -> None:
    letter = plain(north)
    with pytest.raises(Forbidden):
        verb(reseller_id=north.pk, actor=Actor("s", "auditor"), letter_id=letter.pk)
    with pytest.raises(Refused, match="no such e-mail"):
        verb(reseller_id=north.pk, actor=OWNER, letter_id=0)


@pytest.mark.parametrize("now", [Letter.FAILED, Letter.QUEUED])
def test_letters_of_invitations_that_are_gone_are_withdrawn(north: Reseller, now: str) -> None:
    kept = invite(reseller_id=north.pk, actor=OWNER, email="kept@north.example", role="sales")
    gone = invite(reseller_id=north.pk, actor=OWNER, email=NEW, role="sales")
    late = invite(reseller_id=north.pk, actor=OWNER, email="late@north.example", role="sales")
    Letter.objects.update(state=now, last_error="550")
    revoke(reseller_id=north.pk, actor=OWNER, invitation_id=gone.pk)
    Invitation.objects.filter(pk=late.pk).update(expires_at=clock.now())
    sweep_mails(reseller_id=north.pk)
    states = dict(Letter.objects.values_list("recipient", "state"))
    assert states == {kept.email: now, gone.email: "Withdrawn", late.email: "Withdrawn"}


def test_an_invitation_that_was_sent_again_withdraws_the_one_before(north: Reseller) -> None:
    first = invite(reseller_id=north.pk, actor=OWNER, email=NEW, role="sales")
    Letter.objects.update(state=Letter.FAILED)
    assert unsent(north) == 1
    resend(reseller_id=north.pk, actor=OWNER, invitation_id=first.pk)
    sweep_mails(reseller_id=north.pk)
    assert unsent(north) == 0


def test_a_reset_of_somebody_suspended_is_withdrawn(north: Reseller) -> None:
    add_user(reseller_id=north.pk, actor=OWNER, email=NEW, role="sales")
    member = Membership.objects.get(user__email=NEW)
    send_reset(reseller_id=north.pk, actor=OWNER, membership_id=member.pk)
    suspend(reseller_id=north.pk, actor=OWNER, membership_id=member.pk)
    letter = Letter.objects.get()
    send_letter(reseller_id=north.pk, letter_id=letter.pk)
    assert state(letter) == ("Withdrawn", "what it was about is gone")


def test_a_letter_without_a_job_is_found(north: Reseller, tmp_path: Path) -> None:
    letter = plain(north, Letter.QUEUED)
    Letter.objects.update(attempts=1)
    assert sweep_mails(reseller_id=north.pk) == 0
    lose_jobs()
    assert sweep_mails(reseller_id=north.pk) == 1
    assert jobs("todo") == 1
    lose_jobs()
    Letter.objects.update(attempts=MOST_ATTEMPTS, last_error="")
    assert sweep_mails(reseller_id=north.pk) == 1
    assert (state(letter), jobs("todo")) == (("Failed", "its job ended without an answer"), 0)
