"""E-mails that are about no document: owed from the commit that caused them, sent by a worker."""

import secrets
from typing import Any

from procrastinate.contrib.django import app as jobs

from clearbill.records import clock
from clearbill.records.models import Letter


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
    jobs.configure_task("send_letter", priority=10).defer(
        reseller_id=reseller_id, letter_id=letter.pk
    )
    return letter
