"""An installation whose mail server breaks on purpose: processes, a database and a folder."""

import asyncio
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

import databases
import focus_files
from clearbill.wiring.embedded import Server
from clerk import Clerk
from databases import Database
from faults.served import process
from stories.world import PostOffice, free_port

HERE = ("--reseller", "north")
SIGN_IN = ("owner@north.example", "a long enough sentence")


@dataclass
class Faulty(PostOffice):
    """A real SMTP server: each fault is a hook that a test sets."""

    recipient: str = "250 OK"
    answer: str = ""
    hangs_up: bool = False
    held: threading.Event | None = None
    at_work: threading.Event = field(default_factory=threading.Event)
    at_quit: Callable[[], None] = lambda: None

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.recipient

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.at_work.set()
        if self.held is not None:
            await asyncio.get_running_loop().run_in_executor(None, self.held.wait)
        said = await super().handle_DATA(server, session, envelope)
        if self.hangs_up:
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        return self.answer or said

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.at_quit()
        return "221 Bye"

    def let_go(self) -> None:
        """Hold nobody any more, whatever became of the test."""
        if self.held is not None:
            self.held.set()


@contextmanager
def opened(office: Faulty) -> Iterator[int]:
    """The office at work; its port."""
    controller = Controller(office, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield controller.port
    finally:
        office.let_go()
        controller.stop()


@dataclass(frozen=True)
class Installation:
    """A reseller `north` with a month of drafts, and a mail server of the test."""

    environment: dict[str, str]
    database: Database
    post: Faulty
    clerk: Clerk
    folder: Path

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def rows(self, statement: str) -> list[Any]:
        with psycopg.connect(self.database.superuser, autocommit=True) as found:
            cursor = found.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def done(self, *words: str, stdin: str = "") -> Any:
        """The JSON answer of a command; AssertionError where it fails."""
        done = self.clerk.run([*words, *HERE, "--json"], stdin, environment=self.environment)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def verify(self) -> None:
        done = self.clerk.run(["verify"], environment=self.environment)
        assert done.returncode == 0, done.stdout + done.stderr

    def states(self) -> list[str]:
        return [state for (state,) in self.rows("SELECT state FROM records_delivery ORDER BY id")]

    def worker(
        self, log: str = "log", **environment: str
    ) -> AbstractContextManager[subprocess.Popen[bytes]]:
        """A `work` until left."""
        return process({**self.environment, **environment}, self.folder / log, "work")

    @contextmanager
    def copy(self, server: Server, folder: Path, office: Faulty) -> Iterator["Installation"]:
        """The same once more, to be broken: database, files and mail server of its own."""
        files = folder / "files"
        shutil.copytree(self.environment["CLEARBILL_FILES"], files)
        with databases.copy(server, self.database.name) as database, opened(office) as port:
            environment = {
                **self.environment,
                **database.environment(),
                "CLEARBILL_FILES": str(files),
                "EMAIL_URL": f"smtp://127.0.0.1:{port}",
            }
            yield replace(
                self, environment=environment, database=database, post=office, folder=folder
            )


@contextmanager
def installation(
    database: Database, folder: Path, rows: Sequence[focus_files.Row]
) -> Iterator[Installation]:
    """A reseller, its owner and the drafts of these rows; no customer has a recipient yet."""
    office = Faulty()
    with opened(office) as port:
        environment = {
            **os.environ,
            **database.environment(),
            "CLEARBILL_HOME": str(folder),
            "CLEARBILL_FILES": str(folder / "files"),
            "CLEARBILL_URL": "http://localhost",
            "EMAIL_URL": f"smtp://127.0.0.1:{port}",
        }
        usage = focus_files.write_csv(folder / "september.csv", rows)
        with closing(Clerk(environment)) as clerk:
            made = Installation(environment, database, office, clerk, folder)
            added = clerk.run(["resellers", "add", "north", "--name", "North", "--currency", "USD",
                               "--kind", "tax-invoice"])  # fmt: skip
            assert added.returncode == 0, added.stderr
            made.done("users", "second-factor", "--optional")
            made.done("users", "add", SIGN_IN[0], "--role", "owner", "--password-stdin",
                      stdin=SIGN_IN[1] + "\n")  # fmt: skip
            made.done("import", str(usage))
            made.done("accounts", "assign", "--all")
            made.done("generate", "--period", "2024-09")
            yield made
