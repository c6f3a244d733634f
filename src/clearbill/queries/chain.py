"""What the hash of an event covers, for who appends to the trail and who verifies it."""

from typing import Any

from clearbill.records.models import Event


def hashed_content(event: Event) -> dict[str, Any]:
    """What an event's hash covers besides the hash before it."""
    return {
        "seq": event.seq,
        "reseller": event.reseller_id,
        "document": event.document_id,
        "what": event.what,
        "at": event.at.isoformat(timespec="microseconds"),
        "who": event.who,
        "from": event.from_status,
        "to": event.to_status,
        "reason": event.reason,
        "notified": event.notified,
        "data": event.data,
    }
