"""Past due by the reseller's own calendar, at the two ends of the world around midnight."""

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from clearbill.actions.past_due import mark_past_due
from clearbill.actions.resellers import change_reseller
from clearbill.records.models import Delivery, Document, Event, Reseller
from clearbill.rules.lifecycle import Status
from makers import OWNER, change, make_drafts

DUE = date(2024, 10, 31)
ENDS_OF_THE_WORLD = ["Pacific/Kiritimati", "Pacific/Pago_Pago"]


@pytest.fixture
def published(north: Reseller, tmp_path: Path) -> Document:
    """Open, issued on 1 October 2024 and due thirty days later."""
    document = make_drafts(north, tmp_path)[0]
    assert change(north, document.code, to=Status.OPEN, issued=date(2024, 10, 1))[0].changed
    document.refresh_from_db()
    assert document.due_date == DUE
    return document


def at(monkeypatch: pytest.MonkeyPatch, zone: str, moment: str) -> None:
    """Move the clock to a moment of a zone's own calendar."""
    monkeypatch.setenv("CLEARBILL_TEST", "1")
    there = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(zone))
    monkeypatch.setenv("CLEARBILL_NOW", there.isoformat())


@pytest.mark.parametrize("zone", ENDS_OF_THE_WORLD)
def test_the_resellers_own_midnight_decides(
    north: Reseller, published: Document, monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    change_reseller(reseller_id=north.pk, actor=OWNER, time_zone=zone)
    at(monkeypatch, zone, "2024-10-31T23:59")
    assert mark_past_due(reseller_id=north.pk) == []
    at(monkeypatch, zone, "2024-11-01T00:01")
    assert [r.document for r in mark_past_due(reseller_id=north.pk)] == [published.code]


def test_missed_days_are_caught_up_once_as_system_without_mail(
    north: Reseller, published: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, "UTC", "2024-12-24")
    assert len(mark_past_due(reseller_id=north.pk)) == 1
    assert mark_past_due(reseller_id=north.pk) == []
    assert Event.objects.filter(to_status="Past Due").get().who == "System"
    assert not Delivery.objects.exists()


def test_what_was_paid_meanwhile_stays_closed(
    north: Reseller, published: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(north, published.code, to=Status.CLOSED)
    at(monkeypatch, "UTC", "2024-12-24")
    assert mark_past_due(reseller_id=north.pk) == []
    assert Document.objects.get(pk=published.pk).status == Status.CLOSED


def test_an_extension_counts_instead_of_the_printed_date(
    north: Reseller, published: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, "UTC", "2024-11-01")
    mark_past_due(reseller_id=north.pk)
    change(north, published.code, to=Status.OPEN, due_extended_to=date(2024, 11, 15))
    at(monkeypatch, "UTC", "2024-11-15")
    assert mark_past_due(reseller_id=north.pk) == []
    at(monkeypatch, "UTC", "2024-11-16")
    assert len(mark_past_due(reseller_id=north.pk)) == 1
