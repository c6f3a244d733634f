"""Mails that lost their job: a worker killed too often must not leave one waiting for ever."""

from datetime import timedelta
from typing import TypeVar

from procrastinate.contrib.django import app as jobs
from procrastinate.types import JSONDict

from clearbill.actions.letters import withdraw_letters
from clearbill.actions.mail_server import MOST_ATTEMPTS
from clearbill.actions.notify import withdraw_mails
from clearbill.actions.working import last_jobs
from clearbill.records import clock, tenancy
from clearbill.records.models import Delivery, Document, Letter
from clearbill.rules.lifecycle import Status

Mail = TypeVar("Mail", Delivery, Letter)

AFTER = timedelta(minutes=10)
"""How long a mail may wait before its job is looked for."""


def sweep_mails(*, reseller_id: int) -> int:
    """Defer what is queued and has no job any more, or end it as Failed; how many there were.

    Before that, mails end that nobody is owed any more: their document or their cause is gone.
    """
    with tenancy.transaction(reseller_id):
        withdraw_mails(
            reseller_id,
            Document.objects.filter(reseller_id=reseller_id, status=Status.DISCARDED),
        )
        withdraw_letters(reseller_id)
        return _sweep(reseller_id, Delivery, "send_mail", "delivery_id") + _sweep(
            reseller_id, Letter, "send_letter", "letter_id"
        )


def _sweep(reseller_id: int, model: type[Mail], task: str, argument: str) -> int:
    late = list(
        model.objects.select_for_update(skip_locked=True)
        .filter(reseller_id=reseller_id, state=model.QUEUED, created_at__lt=clock.now() - AFTER)
        .order_by("pk")
    )
    queued = last_jobs(reseller_id, task, argument, [each.pk for each in late])
    lost = [each for each in late if each.pk not in queued or not queued[each.pk].in_hand]
    given_up = [each for each in lost if each.attempts >= MOST_ATTEMPTS]
    for each in given_up:
        each.state = model.FAILED
        each.last_error = each.last_error or "its job ended without an answer"
    model.objects.bulk_update(given_up, ["state", "last_error"])
    again: list[JSONDict] = [
        {"reseller_id": reseller_id, argument: each.pk}
        for each in lost
        if each.attempts < MOST_ATTEMPTS
    ]
    if again:
        jobs.configure_task(task, priority=10).batch_defer(*again)
    return len(lost)
