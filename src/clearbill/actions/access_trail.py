"""The trail of access: who changed whose, appended to and never changed."""

from typing import Any

from clearbill.actions.common import Actor
from clearbill.records import clock
from clearbill.records.models import AccessEvent


def record(*, reseller_id: int, actor: Actor, what: str, subject: str, **data: Any) -> None:
    """Append one event inside the caller's transaction, so that it stands with what it tells of.

    `what` is one of `queries.people.EVENTS`; `subject` an e-mail, or a customer's name.
    """
    AccessEvent.objects.create(
        reseller_id=reseller_id,
        at=clock.now(),
        who=actor.name,
        what=what,
        subject=subject,
        data=data,
    )
