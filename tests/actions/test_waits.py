"""Who waits for whom: a row that another connection holds is waited for, or is none of ours."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection

from clearbill.actions.prices import set_markup
from clearbill.actions.rates import set_rate
from clearbill.actions.resellers import change_reseller
from clearbill.records.models import Reseller
from databases import Database
from makers import OWNER, SEPTEMBER, make_drafts


@pytest.fixture
def other(database: Database) -> Iterator[psycopg.Connection]:
    """Another connection, in a transaction; ours waits for it no longer than a moment."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '300ms'")
    with psycopg.connect(database.owner) as made:
        yield made
    with connection.cursor() as cursor:
        cursor.execute("RESET lock_timeout")


def test_settings_do_not_wait_for_a_row_that_is_being_added(
    north: Reseller, other: psycopg.Connection
) -> None:
    # What the foreign key of a new row takes, such as a tax's, which holds the settings meanwhile.
    other.execute("SELECT 1 FROM records_reseller FOR KEY SHARE")
    change_reseller(reseller_id=north.pk, actor=OWNER, name="North again")
    north.refresh_from_db()
    assert north.name == "North again"


@pytest.mark.parametrize("table", ["billingperiod", "document"])
def test_a_markup_waits_for_what_is_generated_or_published_in_its_periods(
    north: Reseller, tmp_path: Path, other: psycopg.Connection, table: str
) -> None:
    make_drafts(north, tmp_path)
    other.execute(f"SELECT 1 FROM records_{table} FOR UPDATE")
    with pytest.raises(OperationalError, match="lock timeout"):
        set_markup(reseller_id=north.pk, actor=OWNER, percent="5", valid_from=SEPTEMBER)
    set_markup(reseller_id=north.pk, actor=OWNER, percent="5", valid_from=date(2024, 10, 1))


def test_a_rate_waits_for_what_is_generated_in_its_month(
    north: Reseller, tmp_path: Path, other: psycopg.Connection
) -> None:
    make_drafts(north, tmp_path)
    other.execute("SELECT 1 FROM records_billingperiod FOR UPDATE")
    given: Any = {"base": "EUR", "quote": "USD", "source": "Bank"}
    with pytest.raises(OperationalError, match="lock timeout"):
        set_rate(reseller_id=north.pk, actor=OWNER, rate="1.1", month=SEPTEMBER, **given)
    set_rate(reseller_id=north.pk, actor=OWNER, rate="1.1", month=date(2024, 11, 1), **given)
