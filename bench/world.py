"""A database for a work: of one server for all works, with the options that the product has."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from bench.ways import run
from clearbill.wiring import embedded, roles
from clearbill.wiring.embedded import Server

COPY = "run"
"""The database that a way works on which changes what it finds."""

_MIGRATED = "migrated"
_PATIENCE = 60.0


@contextmanager
def database(folder: Path) -> Iterator[dict[str, str]]:
    """The environment of processes that use a migrated, empty database of this work's own."""
    folder.mkdir(exist_ok=True)
    with Server(folder.parent / "home") as server:
        with _superuser(server.home) as connection:
            if _MIGRATED not in _names(connection):
                _migrate(server, connection, folder)
            roles.create_database(connection, folder.name, template=_MIGRATED)
        try:
            yield _environment(server, folder, folder.name)
        finally:
            with _superuser(server.home) as connection:
                for name in (COPY, folder.name):
                    _drop(connection, name)


def _environment(server: Server, folder: Path, name: str) -> dict[str, str]:
    return {
        "CLEARBILL_HOME": str(server.home),
        "CLEARBILL_FILES": str(folder / "files"),
        "CLEARBILL_URL": "http://localhost",
        "DATABASE_URL": server.url(roles.APPLICATION, name),
        "DATABASE_OWNER_URL": server.url(roles.OWNER, name),
        "SECRET_KEY": "of the bench alone",
    }


def _migrate(server: Server, connection: psycopg.Connection, folder: Path) -> None:
    draft = f"{_MIGRATED}_draft"
    _drop(connection, draft)
    roles.create_database(connection, draft)
    run("bench.company:migrate", {}, _environment(server, folder, draft))
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    connection.execute(rename.format(sql.Identifier(draft), sql.Identifier(_MIGRATED)))


def _superuser(home: Path, name: str = "postgres") -> psycopg.Connection:
    return psycopg.connect(embedded.url(home, roles.SUPERUSER, name), autocommit=True)


def past_the_law(name: str | None = None) -> psycopg.Connection:
    """In a process of a work: its database, seen by the superuser."""
    home = Path(os.environ["CLEARBILL_HOME"])
    return _superuser(home, name or os.environ["DATABASE_URL"].split("/")[3].split("?")[0])


def copied() -> None:
    """In a process of a work: let Django work on a fresh copy of its database."""
    from django.db import connections

    name = connections["default"].settings_dict["NAME"]
    connections.close_all()
    with past_the_law("postgres") as connection:
        _drop(connection, COPY)
        roles.create_database(connection, COPY, template=name)
        # What the copy has dirtied is written now, not while somebody is timed.
        connection.execute("CHECKPOINT")
    for alias in ("default", "owner"):
        connections[alias].settings_dict["NAME"] = COPY
    os.environ["DATABASE_URL"] = os.environ["DATABASE_URL"].replace(f"/{name}?", f"/{COPY}?")


def _names(connection: psycopg.Connection) -> list[str]:
    return [name for (name,) in connection.execute("SELECT datname FROM pg_database")]


def _drop(connection: psycopg.Connection, name: str) -> None:
    connection.execute(
        sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    )


@dataclass(frozen=True)
class Served:
    """A web server, and perhaps a worker, on a port of this machine."""

    port: int
    processes: list[int]


@contextmanager
def served(environment: Mapping[str, str], folder: Path, *names: str) -> Iterator[Served]:
    """`clearbill serve`, and other commands beside it, until the block is left."""
    port = _free_port()
    commands = [["serve", "--port", str(port)], *([name] for name in names)]
    variables = {**os.environ, **environment, "CLEARBILL_LOG": "WARNING"}
    with (folder / "served.log").open("ab") as log:
        processes = [
            subprocess.Popen(
                [sys.executable, "-m", "clearbill.wiring.main", *command],
                env=variables,
                stdout=log,
                stderr=log,
            )
            for command in commands
        ]
    try:
        _await(port, processes, folder / "served.log")
        yield Served(port, [process.pid for process in processes])
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(_PATIENCE)


def _await(port: int, processes: list[subprocess.Popen[bytes]], log: Path) -> None:
    ends = time.monotonic() + _PATIENCE
    while time.monotonic() < ends and all(process.poll() is None for process in processes):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise AssertionError(f"the web server did not come up:\n{log.read_text()}")


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
