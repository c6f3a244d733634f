"""Databases for tests: one server, one template a schema, one copy a test process.

The template is built as the owner by the very migrations, under a lock, and named by their hash;
copies take a fifth of a second. The server keeps its data in `.clearbill-test/` (or
`CLEARBILL_TEST_HOME`) between runs, and several runs at once share it.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psutil
import psycopg
from django.apps import apps
from django.db import connections
from psycopg import sql

from clearbill.wiring import migrate, roles
from clearbill.wiring.embedded import Server

# Nothing here has to survive a power cut.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")
_KEPT_TEMPLATES = 4
_number = count(1)


@dataclass(frozen=True)
class Database:
    """The addresses of one database: as the application, as its owner, past all law."""

    name: str
    application: str
    owner: str
    superuser: str

    @classmethod
    def on(cls, server: Server, name: str) -> "Database":
        return cls(
            name=name,
            application=server.url(roles.APPLICATION, name),
            owner=server.url(roles.OWNER, name),
            superuser=server.url(roles.SUPERUSER, name),
        )

    def environment(self) -> dict[str, str]:
        """What a process of `clearbill` needs to use this database."""
        return {"DATABASE_URL": self.application, "DATABASE_OWNER_URL": self.owner}


def as_superuser(server: Server) -> psycopg.Connection:
    return psycopg.connect(server.url(roles.SUPERUSER, "postgres"), autocommit=True)


@contextmanager
def copy(server: Server, template: str) -> Iterator[Database]:
    """A fresh copy of the template, dropped afterwards with whoever is still connected."""
    name = f"t_{os.getpid()}_{next(_number)}"
    with as_superuser(server) as connection:
        roles.create_database(connection, name, template=template)
    try:
        yield Database.on(server, name)
    finally:
        with as_superuser(server) as connection:
            _drop(connection, name)


def template(server: Server) -> str:
    """The name of the template for today's migrations, built if it is missing."""
    name = f"template_{_fingerprint()}"
    with (server.run / "template.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with as_superuser(server) as connection:
            there = _names(connection)
            _sweep(connection, there)
            if name not in there:
                _build(server, connection, name)
    return name


def point_django_at(database: str) -> None:
    """Let Django's connections open this database from now on."""
    connections.close_all()
    for alias in ("default", "owner"):
        connections[alias].settings_dict["NAME"] = database


def _build(server: Server, connection: psycopg.Connection, name: str) -> None:
    draft = f"{name}_draft"
    _drop(connection, draft)
    roles.create_database(connection, draft)
    point_django_at(draft)
    migrate.run()
    connections.close_all()
    connection.execute(
        sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
            sql.Identifier(draft), sql.Identifier(name)
        )
    )


def _fingerprint() -> str:
    digest = hashlib.sha256()
    folders = [Path(app.path) / "migrations" for app in apps.get_app_configs()]
    files = [file for folder in sorted(folders) for file in sorted(folder.glob("**/*.*"))]
    for file in [*files, Path(roles.__file__), Path(migrate.__file__)]:
        if file.suffix in (".py", ".sql"):
            # By name too: a database knows which migrations it has by theirs.
            digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def _names(connection: psycopg.Connection) -> list[str]:
    found = connection.execute("SELECT datname FROM pg_database ORDER BY oid")
    return [name for (name,) in found]


def _sweep(connection: psycopg.Connection, names: list[str]) -> None:
    """Drop what killed runs have left, and templates of schemas of long ago."""
    for name in names:
        if name.startswith("t_") and not psutil.pid_exists(int(name.split("_")[1])):
            _drop(connection, name)
    for name in [name for name in names if name.startswith("template_")][:-_KEPT_TEMPLATES]:
        with suppress(psycopg.Error):
            connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))


def _drop(connection: psycopg.Connection, name: str) -> None:
    connection.execute(
        sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    )


# Filled by migrations, so a test begins with their rows.
_KEPT_TABLES = ["django_migrations", "django_content_type", "auth_permission"]

_TABLES = """
SELECT relname FROM pg_class
 WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname <> ALL(%s)
"""


def empty(database: Database) -> None:
    """Delete all rows, past the triggers that refuse it: the law holds for the owner too."""
    with psycopg.connect(database.superuser) as connection:
        connection.execute("SET session_replication_role = replica")
        tables = [name for (name,) in connection.execute(_TABLES, [_KEPT_TABLES])]
        # Looking is quicker than truncating: few tables are filled by any one test.
        look = sql.SQL(" UNION ALL ").join(
            sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(
                sql.Literal(table), sql.Identifier(table)
            )
            for table in tables
        )
        filled = [name for (name,) in connection.execute(look)]
        if filled:
            names = sql.SQL(", ").join(map(sql.Identifier, filled))
            connection.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(names))
        # Rows that were rolled back have taken numbers too, and tests count from 1.
        _restart(connection)


def _restart(connection: psycopg.Connection) -> None:
    taken = (
        "SELECT sequencename FROM pg_sequences"
        " WHERE last_value IS NOT NULL AND sequencename <> ALL(%s)"
    )
    kept = [f"{table}_id_seq" for table in _KEPT_TABLES]
    for (name,) in connection.execute(taken, [kept]).fetchall():
        connection.execute(sql.SQL("ALTER SEQUENCE {} RESTART").format(sql.Identifier(name)))
