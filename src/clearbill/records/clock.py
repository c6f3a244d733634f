"""The one clock. Everything that asks for the time asks here.

`CLEARBILL_NOW` (ISO 8601, with offset) moves it, and only where `CLEARBILL_TEST=1` is set, so
that nobody issues invoices in another year by a forgotten variable.
"""

import os
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def now() -> datetime:
    """This moment, aware, in UTC."""
    moved = os.environ.get("CLEARBILL_NOW")
    if moved and os.environ.get("CLEARBILL_TEST") == "1":
        return datetime.fromisoformat(moved).astimezone(UTC)
    return datetime.now(UTC)


def today(time_zone: str) -> date:
    """The date that a reseller's calendar shows; `time_zone` is an IANA name."""
    return now().astimezone(ZoneInfo(time_zone)).date()
