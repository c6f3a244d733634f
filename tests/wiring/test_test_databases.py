"""The tests' own databases keep what the other tests rely on."""

import psycopg
import pytest
from django.db import connection

import databases
from clearbill.records import clock
from clearbill.records.models import Reseller
from databases import Database


def _add_reseller(slug: str) -> None:
    Reseller.objects.create(slug=slug, name=slug, created_at=clock.now())


@pytest.mark.django_db
def test_django_connects_as_the_application_role_to_this_process_copy(database: Database) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_database()")
        assert cursor.fetchone() == ("clearbill", database.name)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_", [1, 2])
def test_rows_of_a_transactional_test_are_gone_in_the_next(round_: int) -> None:
    assert not Reseller.objects.exists()
    _add_reseller(f"round-{round_}")


@pytest.mark.django_db(transaction=True)
def test_emptying_passes_the_triggers_that_refuse_it(database: Database) -> None:
    _add_reseller("soon-gone")
    databases.empty(database)
    with psycopg.connect(database.superuser) as superuser:
        row = superuser.execute("SELECT count(*) FROM records_reseller").fetchone()
    assert row == (0,)


def test_a_test_may_have_a_database_of_its_own(own_database: Database, database: Database) -> None:
    assert own_database.name != database.name
    with psycopg.connect(own_database.owner) as owner:
        owner.execute("SELECT count(*) FROM django_migrations")
