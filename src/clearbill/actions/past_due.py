"""Open documents become Past Due once their due date has passed."""

from datetime import date

from django.db.models.functions import Coalesce

from clearbill.actions.change_status import Change, Result, change_status
from clearbill.actions.common import SYSTEM
from clearbill.records import clock, tenancy
from clearbill.records.models import Document, Reseller
from clearbill.rules.lifecycle import Status


def mark_past_due(*, reseller_id: int, today: date | None = None) -> list[Result]:
    """Move what was due before the reseller's today to Past Due, as System, without mail.

    Missed days are caught up and twice changes nothing. A document that was paid between the
    look and the lock stays Closed: its result is a refusal.
    """
    with tenancy.transaction(reseller_id):
        reseller = Reseller.objects.get(pk=reseller_id)
        late = list(
            Document.objects.filter(reseller_id=reseller_id, status=Status.OPEN)
            .annotate(due=Coalesce("due_extended_to", "due_date"))
            .filter(due__lt=today or clock.today(reseller.time_zone))
            .order_by("pk")
            .values_list("code", "version")
        )
    return change_status(
        reseller_id=reseller_id,
        actor=SYSTEM,
        documents=[code for code, _ in late],
        change=Change(to=Status.PAST_DUE, expected=dict(late)),
    )
