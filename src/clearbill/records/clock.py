"""The one clock. Everything that asks for the time asks here.

`CLEARBILL_NOW` (ISO 8601, with offset) moves it, and only where `CLEARBILL_TEST=1` is set, so
that nobody issues invoices in another year by a forgotten variable. The demo moves it in code.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

_moment: ContextVar[datetime | None] = ContextVar("moment", default=None)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Let it be an earlier moment inside the block; a later one than now counts as now.

    For the demo, whose months are to look as if they had been billed in their time.
    """
    token = _moment.set(min(moment, now()))
    try:
        yield
    finally:
        _moment.reset(token)


def now() -> datetime:
    """This moment, aware, in UTC."""
    told = _moment.get()
    if told is not None:
        return told
    moved = os.environ.get("CLEARBILL_NOW")
    if moved and os.environ.get("CLEARBILL_TEST") == "1":
        return datetime.fromisoformat(moved).astimezone(UTC)
    return datetime.now(UTC)


def today(time_zone: str) -> date:
    """The date that a reseller's calendar shows; `time_zone` is an IANA name."""
    return now().astimezone(ZoneInfo(time_zone)).date()
