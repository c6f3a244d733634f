"""The one clock: it is moved in tests alone, and dates follow a reseller's zone."""

from datetime import UTC, date, datetime, timedelta

import pytest

from clearbill.records import clock

NOON = "2026-11-30T11:30:00+00:00"


def test_it_is_moved_where_it_is_a_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEARBILL_TEST", "1")
    monkeypatch.setenv("CLEARBILL_NOW", NOON)
    assert clock.now() == datetime(2026, 11, 30, 11, 30, tzinfo=UTC)


def test_a_forgotten_variable_moves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLEARBILL_TEST", raising=False)
    monkeypatch.setenv("CLEARBILL_NOW", "1999-01-01T00:00:00+00:00")
    assert clock.now().year >= 2026


def test_it_is_moved_back_inside_a_block_and_never_forward() -> None:
    then = datetime(2024, 10, 4, 9, tzinfo=UTC)
    with clock.at(then):
        assert clock.now() == then
        assert clock.today("UTC") == date(2024, 10, 4)
    before = clock.now()
    with clock.at(before + timedelta(days=9)):
        assert before <= clock.now() < before + timedelta(days=1)


@pytest.mark.parametrize(
    ("zone", "day"),
    [("Pacific/Kiritimati", date(2026, 12, 1)), ("Pacific/Pago_Pago", date(2026, 11, 30))],
)
def test_today_is_the_resellers(monkeypatch: pytest.MonkeyPatch, zone: str, day: date) -> None:
    monkeypatch.setenv("CLEARBILL_TEST", "1")
    monkeypatch.setenv("CLEARBILL_NOW", NOON)
    assert clock.today(zone) == day
