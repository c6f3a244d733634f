"""Appending to a reseller's trail of events, each hash covering the one before."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from clearbill.actions.many import with_rows
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
    _insert(reseller_id, who, at, events)
    chain.save(update_fields=["length", "head"])
    return events


_COLUMNS = {
    "seq": "bigint",
    "document_id": "bigint",
    "what": "text",
    "from_status": "text",
    "to_status": "text",
    "reason": "text",
    "notified": "boolean",
    "previous": "text",
    "hash": "text",
}
_INSERT = f"""
INSERT INTO records_event (reseller_id, who, at, data, {", ".join(_COLUMNS)})
SELECT %(reseller)s, %(who)s, %(at)s, data::jsonb, {", ".join(_COLUMNS)}
  FROM {{rows}} RETURNING seq, id
"""  # noqa: S608 - names of our own


def _insert(reseller_id: int, who: str, at: datetime, events: Sequence[Event]) -> None:
    """Store them, and let them know their keys."""
    rows = [
        (*(getattr(event, name) for name in _COLUMNS), json.dumps(event.data)) for event in events
    ]
    kinds = {**_COLUMNS, "data": "text"}
    ids = dict(with_rows(_INSERT, kinds, rows, reseller=reseller_id, who=who, at=at))
    for event in events:
        event.pk = ids[event.seq]
