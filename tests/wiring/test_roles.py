"""The application's role can do its work and nothing that would undo the law."""

import psycopg
import pytest
from psycopg import errors

from clearbill.wiring import migrate, roles
from clearbill.wiring.roles import UnsafeRole
from databases import Database

REFUSED = [
    "TRUNCATE records_document",
    "DELETE FROM django_migrations",
    "CREATE TABLE public.mine (id int)",
    "ALTER TABLE records_document DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE records_document DISABLE TRIGGER ALL",
    "DROP TABLE records_event",
    "SET session_replication_role = replica",
    "SET ROLE clearbill_owner",
]


def test_the_application_role_is_accepted(own_database: Database) -> None:
    roles.refuse_unsafe(own_database.application)


def test_a_superuser_is_refused(own_database: Database) -> None:
    with pytest.raises(UnsafeRole, match="postgres, which is a superuser"):
        roles.refuse_unsafe(own_database.superuser)


def test_the_owner_is_refused(own_database: Database) -> None:
    with pytest.raises(UnsafeRole, match="clearbill_owner, which owns the database"):
        roles.refuse_unsafe(own_database.owner)


def test_a_role_that_may_truncate_is_refused(own_database: Database) -> None:
    with psycopg.connect(own_database.owner) as owner:
        owner.execute("GRANT TRUNCATE ON records_event TO clearbill")
    with pytest.raises(UnsafeRole, match="may TRUNCATE records_event"):
        roles.refuse_unsafe(own_database.application)


@pytest.mark.parametrize("statement", REFUSED)
def test_the_application_role_may_not(own_database: Database, statement: str) -> None:
    with (
        psycopg.connect(own_database.application) as application,
        pytest.raises(errors.InsufficientPrivilege),
    ):
        application.execute(statement)


def test_every_table_can_be_read_by_the_application(own_database: Database) -> None:
    with psycopg.connect(own_database.application) as application:
        rows = application.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace "
            "AND relkind IN ('r', 'p') AND NOT has_table_privilege(oid, 'SELECT')"
        ).fetchall()
    assert rows == []


def test_a_right_that_was_taken_away_stays_away_when_migrating_again(
    own_database: Database,
) -> None:
    with psycopg.connect(own_database.owner) as owner:
        owner.execute("REVOKE DELETE ON records_document FROM clearbill")
    roles.grant_before_migrating(own_database.owner, roles.APPLICATION)
    roles.revoke_after_migrating(own_database.owner, roles.APPLICATION)
    with psycopg.connect(own_database.application) as application:
        row = application.execute(
            "SELECT has_table_privilege('records_document', 'DELETE')"
        ).fetchone()
    assert row == (False,)


def test_another_application_role_is_given_the_tables_that_exist(own_database: Database) -> None:
    with psycopg.connect(own_database.superuser, autocommit=True) as superuser:
        superuser.execute("DROP ROLE IF EXISTS second_application")
        superuser.execute("CREATE ROLE second_application")
    roles.grant_before_migrating(own_database.owner, "second_application")
    with psycopg.connect(own_database.owner) as owner:
        row = owner.execute(
            "SELECT has_table_privilege('second_application', 'records_document', 'SELECT')"
        ).fetchone()
    assert row == (True,)
    with psycopg.connect(own_database.superuser, autocommit=True) as superuser:
        superuser.execute("DROP OWNED BY second_application")
        superuser.execute("DROP ROLE second_application")


@pytest.mark.django_db
def test_addresses_name_the_role_and_the_socket() -> None:
    with psycopg.connect(migrate.address("default")) as connection:
        assert connection.info.user == "clearbill"
        assert connection.info.host.startswith("/")
