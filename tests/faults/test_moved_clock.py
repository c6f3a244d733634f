"""Due dates and past due over leap days, month's ends and the hours that daylight saving moves."""

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from clearbill.actions.past_due import mark_past_due
from clearbill.actions.resellers import change_reseller
from clearbill.records.models import Document, Reseller
from clearbill.rules.lifecycle import Status
from makers import OWNER, change, make_drafts

ZONES = ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Berlin"]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    ("published", "due"),
    [
        ("2028-01-30", "2028-02-29"),
        ("2028-01-31", "2028-03-01"),
        ("2027-01-30", "2027-03-01"),
        ("2026-02-27", "2026-03-29"),
        ("2026-09-25", "2026-10-25"),
        ("2026-12-01", "2026-12-31"),
    ],
    ids=["leap day", "past leap day", "common year", "spring", "autumn", "year's end"],
)
def test_thirty_days_are_thirty_of_the_resellers_own(
    north: Reseller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, zone: str, published: str,
    due: str,
) -> None:  # fmt: skip
    def at(day: date, time: str) -> None:
        there = datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=ZoneInfo(zone))
        monkeypatch.setenv("CLEARBILL_NOW", there.isoformat())

    monkeypatch.setenv("CLEARBILL_TEST", "1")
    change_reseller(reseller_id=north.pk, actor=OWNER, time_zone=zone)
    draft = make_drafts(north, tmp_path)[0]
    last = date.fromisoformat(due)
    at(date.fromisoformat(published), "00:01")
    change(north, draft.code, to=Status.OPEN)
    made = Document.objects.get(pk=draft.pk)
    assert (str(made.issue_date), made.due_date) == (published, last)
    at(last, "23:59")
    assert mark_past_due(reseller_id=north.pk) == []
    at(last + timedelta(days=1), "00:01")
    assert [each.document for each in mark_past_due(reseller_id=north.pk)] == [draft.code]
    print(f"{zone}: published {published}, due {due}, past due at the next midnight, not before")
