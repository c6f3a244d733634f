"""Appending to a reseller's trail of events, each hash covering the one before."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from clearbill.queries.chain import hashed_content
from clearbill.records.models import Chain, Document, Event
from clearbill.rules.canonical import event_hash


@dataclass(frozen=True)
class Entry:
    """One event to be: what happened to which document. `data` holds text and ids alone."""

    document: Document
    what: str
    from_status: str = ""
    to_status: str = ""
    reason: str = ""
    notified: bool = False
    data: dict[str, Any] = field(default_factory=dict)


def append(*, reseller_id: int, who: str, at: datetime, entries: Sequence[Entry]) -> list[Event]:
    """Record events, in the order given, inside the caller's transaction.

    Locks the reseller's chain row until the end of it: lock documents and counters before.
    """
    if not entries:
        return []
    chain = Chain.objects.select_for_update().get(reseller_id=reseller_id)
    events = []
    for entry in entries:
        chain.length += 1
        event = Event(
            reseller_id=reseller_id,
            seq=chain.length,
            document=entry.document,
            what=entry.what,
            at=at,
            who=who,
            from_status=entry.from_status,
            to_status=entry.to_status,
            reason=entry.reason,
            notified=entry.notified,
            data=entry.data,
            previous=chain.head,
        )
        event.hash = chain.head = event_hash(chain.head, hashed_content(event))
        events.append(event)
    Event.objects.bulk_create(events, batch_size=2000)
    chain.save(update_fields=["length", "head"])
    return events
