"""E-mails that are about no document: owed from the commit that caused them, sent by a worker."""

import secrets
from typing import Any

from procrastinate.contrib.django import app as jobs

from clearbill.actions.common import Actor, Refused, Words
from clearbill.queries.people import open_invitations
from clearbill.records import clock, tenancy
from clearbill.records.models import Letter, Membership

GONE = "what it was about is gone"


def queue_letter(
    *,
    reseller_id: int,
    kind: str,
    recipient: str,
    subject: str = "",
    text: str = "",
    html: str = "",
    reply_to: str = "",
    data: dict[str, Any] | None = None,
) -> Letter:
    """Record a letter and defer its sending, inside the caller's transaction.

    `kind` names how it is written: `plain` letters bring subject and text along; others are
    written when they are sent (`actions/send_letter`), from the rows that `data` names by id.
    """
    letter = Letter.objects.create(
        reseller_id=reseller_id,
        kind=kind,
        recipient=recipient,
        reply_to=reply_to,
        subject=subject,
        text=text,
        html=html,
        data=data or {},
        message_id=secrets.token_hex(20),
        created_at=clock.now(),
    )
    _defer(letter)
    return letter


def _defer(letter: Letter) -> None:
    jobs.configure_task("send_letter", priority=10).defer(
        reseller_id=letter.reseller_id, letter_id=letter.pk
    )


def send_again(*, reseller_id: int, actor: Actor, letter_id: int) -> Letter:
    """Owe a letter that failed once more, under the Message-ID that it had.

    Raises `Refused` for one that is not here, or that did not fail: what waits is being tried.
    """
    actor.require("documents.resend")
    with tenancy.transaction(reseller_id):
        letter = _locked(reseller_id, letter_id)
        if letter.state != Letter.FAILED:
            raise Refused(
                "the e-mail to %(recipient)s did not fail: it is %(state)s",
                recipient=letter.recipient,
                state=Words(letter.state),
            )
        letter.state, letter.attempts = Letter.QUEUED, 0
        letter.save(update_fields=["state", "attempts"])
        _defer(letter)
    return letter


def dismiss(*, reseller_id: int, actor: Actor, letter_id: int) -> Letter:
    """Take a letter back that failed or still waits; it says who did, and counts no more.

    Raises `Refused` for one that is not here, or that is sent or withdrawn already.
    """
    actor.require("documents.resend")
    with tenancy.transaction(reseller_id):
        letter = _locked(reseller_id, letter_id)
        if letter.state not in (Letter.FAILED, Letter.QUEUED):
            raise Refused(
                "the e-mail to %(recipient)s is %(state)s already",
                recipient=letter.recipient,
                state=Words(letter.state),
            )
        said = f": {letter.last_error}" if letter.last_error else ""
        letter.state, letter.last_error = Letter.WITHDRAWN, f"dismissed by {actor.name}{said}"
        letter.save(update_fields=["state", "last_error"])
    return letter


def _locked(reseller_id: int, letter_id: int) -> Letter:
    found = Letter.objects.select_for_update().filter(reseller_id=reseller_id, pk=letter_id).first()
    if found is None:
        raise Refused("there is no such e-mail here; open the list again")
    return found


def withdraw_letters(reseller_id: int) -> None:
    """End the letters that nobody is owed any more, inside the caller's transaction: those of
    invitations that were accepted, revoked or expired, and of people who were suspended."""
    owed = Letter.objects.select_for_update(skip_locked=True).filter(
        reseller_id=reseller_id, state__in=[Letter.FAILED, Letter.QUEUED]
    )
    opens = open_invitations(reseller_id).filter(expires_at__gt=clock.now())
    causes = {
        "invitation": set(opens.values_list("pk", flat=True)),
        "membership": set(
            Membership.objects.filter(reseller_id=reseller_id, state=Membership.ACTIVE).values_list(
                "pk", flat=True
            )
        ),
    }
    gone = [
        letter.pk
        for letter in owed.filter(kind__in=["invitation", "reset"])
        if any(pk not in causes[name] for name, pk in letter.data.items() if name in causes)
    ]
    Letter.objects.filter(reseller_id=reseller_id, pk__in=gone).update(
        state=Letter.WITHDRAWN, last_error=GONE
    )
