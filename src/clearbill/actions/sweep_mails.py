"""Mails that lost their job: a worker killed too often must not leave one waiting for ever."""

from datetime import timedelta

from django.db import connection
from procrastinate.contrib.django import app as jobs
from procrastinate.types import JSONDict

from clearbill.actions.mail_server import MOST_ATTEMPTS
from clearbill.actions.notify import withdraw_mails
from clearbill.records import clock, tenancy
from clearbill.records.models import Delivery, Document
from clearbill.rules.lifecycle import Status

AFTER = timedelta(minutes=10)
"""How long a delivery may wait before its job is looked for."""


def sweep_mails(*, reseller_id: int) -> int:
    """Defer what is queued and has no job any more, or end it as Failed; how many there were."""
    with tenancy.transaction(reseller_id):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT (args->>'delivery_id')::bigint FROM procrastinate_jobs"
                " WHERE task_name = 'send_mail' AND status IN ('todo', 'doing')"
                " AND (args->>'reseller_id')::bigint = %s",
                [reseller_id],
            )
            in_hand = [row[0] for row in cursor.fetchall()]
        withdraw_mails(
            reseller_id,
            Document.objects.filter(reseller_id=reseller_id, status=Status.DISCARDED),
        )
        lost = list(
            Delivery.objects.select_for_update(skip_locked=True)
            .filter(
                reseller_id=reseller_id,
                state=Delivery.QUEUED,
                created_at__lt=clock.now() - AFTER,
            )
            .exclude(pk__in=in_hand)
        )
        given_up = [each for each in lost if each.attempts >= MOST_ATTEMPTS]
        for each in given_up:
            each.state = Delivery.FAILED
            each.last_error = each.last_error or "its job ended without an answer"
        Delivery.objects.bulk_update(given_up, ["state", "last_error"])
        again: list[JSONDict] = [
            {"reseller_id": reseller_id, "delivery_id": each.pk}
            for each in lost
            if each.attempts < MOST_ATTEMPTS
        ]
        if again:
            jobs.configure_task("send_mail", priority=10).batch_defer(*again)
    return len(lost)
