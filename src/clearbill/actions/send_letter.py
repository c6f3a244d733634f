"""Sending one letter that is owed. The network is outside every transaction."""

from datetime import datetime

import structlog

from clearbill.actions.letters import GONE
from clearbill.actions.mail_message import message
from clearbill.actions.mail_server import (
    ERRORS,
    MOST_ATTEMPTS,
    NotSent,
    hand_in,
    refused_for_good,
    words,
)
from clearbill.paper.letters import written
from clearbill.records import clock, tenancy
from clearbill.records.models import Letter

log = structlog.get_logger(__name__)


def send_letter(*, reseller_id: int, letter_id: int) -> None:
    """Send a letter unless it was sent; record what the mail server said.

    Raises `NotSent` for the worker to try again later. A letter whose cause is gone (a revoked
    invitation) ends as Withdrawn.
    """
    with tenancy.transaction(reseller_id):
        letter = (
            Letter.objects.select_for_update().filter(reseller_id=reseller_id, pk=letter_id).first()
        )
        if letter is None or letter.state != Letter.QUEUED:
            return
        letter.attempts += 1
        letter.save(update_fields=["attempts"])
    # Apart from the one above: it reads the logo, and the row's lock would wait for that.
    with tenancy.transaction(reseller_id):
        content = written(letter)
    if content is None:
        _record(letter, state=Letter.WITHDRAWN, last_error=GONE, sent_at=None)
        return
    try:
        hand_in(
            message(
                content,
                recipient=letter.recipient,
                key=letter.message_id,
                reply_to=letter.reply_to,
            )
        )
    except ERRORS as error:
        _failed(letter, error)
        return
    _record(letter, state=Letter.SENT, sent_at=clock.now(), last_error="")


def _failed(letter: Letter, error: Exception) -> None:
    for_good = refused_for_good(error) or letter.attempts >= MOST_ATTEMPTS
    log.warning("letter not sent", letter=letter.pk, error=type(error).__name__)
    _record(
        letter,
        state=Letter.FAILED if for_good else Letter.QUEUED,
        last_error=words(error),
        sent_at=None,
    )
    if not for_good:
        raise NotSent(words(error)) from error


def _record(letter: Letter, *, state: str, last_error: str, sent_at: datetime | None) -> None:
    # As with a delivery: of a failure only the last try knows.
    tries = {} if state == Letter.SENT else {"attempts": letter.attempts}
    with tenancy.transaction(letter.reseller_id):
        Letter.objects.filter(
            reseller_id=letter.reseller_id, pk=letter.pk, state=Letter.QUEUED, **tries
        ).update(state=state, last_error=last_error, sent_at=sent_at)
