"""The two roles: an owner for migrations, and the application's, which owns nothing."""

import psycopg
from psycopg import sql

SUPERUSER = "postgres"
OWNER = "clearbill_owner"
APPLICATION = "clearbill"
DATABASE = "clearbill"


class UnsafeRole(RuntimeError):
    """The application's role could undo the law of the database; the message says how."""


def create(superuser_url: str) -> None:
    """Create both roles and the database where they are missing. Only for the embedded server."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        there = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
        for role in (OWNER, APPLICATION):
            if role not in there:
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if found.fetchone() is None:
            create_database(connection, DATABASE)


def create_database(
    connection: psycopg.Connection, name: str, *, template: str | None = None
) -> None:
    """Create a database of the owner's, empty or as a copy; the connection is in autocommit."""
    statement = sql.SQL("CREATE DATABASE {} OWNER {}").format(
        sql.Identifier(name), sql.Identifier(OWNER)
    )
    if template is not None:
        statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
    connection.execute(statement)


_WEAKNESSES = """
SELECT 'is a superuser' FROM pg_roles WHERE rolname = current_user AND rolsuper
UNION ALL
SELECT 'bypasses row-level security' FROM pg_roles WHERE rolname = current_user AND rolbypassrls
UNION ALL
SELECT 'owns the database ' || datname FROM pg_database
 WHERE datname = current_database() AND pg_has_role(current_user, datdba, 'MEMBER')
UNION ALL
(SELECT 'owns the table ' || relname FROM pg_class
  WHERE relkind IN ('r', 'p', 'v', 'm') AND relnamespace = 'public'::regnamespace
    AND pg_has_role(current_user, relowner, 'MEMBER') ORDER BY relname LIMIT 1)
UNION ALL
(SELECT 'may TRUNCATE ' || relname FROM pg_class
  WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
    AND has_table_privilege(oid, 'TRUNCATE') ORDER BY relname LIMIT 1)
"""


def refuse_unsafe(application_url: str) -> None:
    """Raise UnsafeRole where the application's role owns something or may bypass a policy."""
    with psycopg.connect(application_url, autocommit=True) as connection:
        weaknesses = [reason for (reason,) in connection.execute(_WEAKNESSES)]
        if weaknesses:
            raise UnsafeRole(
                f"DATABASE_URL names the role {connection.info.user}, which {weaknesses[0]}: "
                "give the application a role that owns nothing, and put the owner into "
                "DATABASE_OWNER_URL (docs/operations.md)."
            )


_BEFORE = (
    "GRANT USAGE ON SCHEMA public TO {app}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public"
    " GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {app}",
)
_UNREADABLE = """
SELECT c.relname, c.relkind FROM pg_class c
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'S')
   AND pg_get_userbyid(c.relowner) = current_user
   AND NOT CASE c.relkind WHEN 'S' THEN has_sequence_privilege(%(app)s, c.oid, 'USAGE')
                          ELSE has_table_privilege(%(app)s, c.oid, 'SELECT') END
"""


def grant_before_migrating(owner_url: str, application: str) -> None:
    """Let the application's role use what the owner is about to create.

    As default privileges, so that a migration that takes a right away (DELETE on documents)
    has the last word and no later run gives it back.
    """
    with psycopg.connect(owner_url, autocommit=True) as connection:
        for statement in _BEFORE:
            connection.execute(sql.SQL(statement).format(app=sql.Identifier(application)))
        # Tables older than these defaults, or another application role than last time.
        for name, kind in connection.execute(_UNREADABLE, {"app": application}).fetchall():
            rights = "USAGE, SELECT ON SEQUENCE" if kind == "S" else _TABLE_RIGHTS
            connection.execute(
                sql.SQL("GRANT " + rights + " {} TO {}").format(
                    sql.Identifier(name), sql.Identifier(application)
                )
            )


_TABLE_RIGHTS = "SELECT, INSERT, UPDATE, DELETE ON"


def revoke_after_migrating(owner_url: str, application: str) -> None:
    """Take back what nobody but the owner needs: TRUNCATE, and the list of migrations."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        app = sql.Identifier(application)
        for statement in (
            "REVOKE TRUNCATE, REFERENCES, TRIGGER ON ALL TABLES IN SCHEMA public FROM {app}",
            "REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {app}",
        ):
            connection.execute(sql.SQL(statement).format(app=app))
