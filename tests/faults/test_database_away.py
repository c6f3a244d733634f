"""PostgreSQL stops, or dies with the process that started it: nothing that was committed is lost.

The server is the test's own, with the settings that the product gives it.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

import focus_files
from chance import ROUNDS
from clearbill.wiring import roles
from clearbill.wiring.embedded import Server
from clerk import Clerk
from databases import Database
from faults.installed import HERE, SIGN_IN, Faulty, Installation, installation, opened
from faults.served import Visitor, process, server
from stories.world import until

CUSTOMERS = 8 if ROUNDS == 1 else 60


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder at rest, with so many drafts."""
    home = tmp_path_factory.mktemp("month")
    rows = [
        focus_files.row(SubAccountId=f"{n:04d}", SubAccountName=f"Customer {n}", BilledCost="10")
        for n in range(1, CUSTOMERS + 1)
    ]
    with Server(home) as running:
        database = Database.on(running, roles.DATABASE)
        subprocess.run(
            [sys.executable, "-m", "clearbill.wiring.main", "migrate", "--json"],
            env={**os.environ, **database.environment(), "CLEARBILL_HOME": str(home)},
            stdout=subprocess.DEVNULL,
            check=True,
        )
        with installation(database, home, rows) as made:
            for customer in range(1, CUSTOMERS + 1):
                address = f"{customer}@customer.example"
                made.done("customers", "set", str(customer), "--recipient", address)
    return home


@pytest.fixture
def home(month: Path, tmp_path: Path) -> Path:
    copy: Path = shutil.copytree(month, tmp_path / "home")
    return copy


def postmaster(home: Path) -> int:
    return int((home / "postgres" / "postmaster.pid").read_text().split()[0])


def ask(address: str) -> tuple[int, str | None]:
    """The status of a page, and after how many seconds to ask again."""
    try:
        with urllib.request.urlopen(address, timeout=60) as came:  # noqa: S310 - our own server
            return came.status, came.headers["Retry-After"]
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Retry-After"]


@contextmanager
def asked(address: str) -> Iterator[Counter[int]]:
    """Read a page again and again meanwhile; how often each status came."""
    seen: Counter[int] = Counter()
    left = threading.Event()

    def read() -> None:
        while not left.is_set():
            seen[ask(address)[0]] += 1

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield seen
    finally:
        left.set()
        reader.join()


def environment_of(home: Path, database: Database | None, mail: int) -> dict[str, str]:
    return {
        **os.environ,
        **(database.environment() if database else {}),
        "CLEARBILL_HOME": str(home),
        "CLEARBILL_FILES": str(home / "files"),
        "CLEARBILL_URL": "http://localhost",
        "EMAIL_URL": f"smtp://127.0.0.1:{mail}",
    }


@contextmanager
def at_work(home: Path, running: Server) -> Iterator[Installation]:
    """The installation of a home whose database is known by its address."""
    post, database = Faulty(), Database.on(running, roles.DATABASE)
    with opened(post) as port:
        environment = environment_of(home, database, port)
        with closing(Clerk(environment)) as clerk:
            yield Installation(environment, database, post, clerk, home)


_UNDONE = "SELECT 1 FROM procrastinate_jobs WHERE status IN ('todo', 'doing', 'failed')"
_OPEN = "SELECT code FROM records_document WHERE status = 'Open' ORDER BY counter"
STOPS = {"D-000001": signal.SIGINT, "D-000002": signal.SIGQUIT}
"""What is published before each stop, and how PostgreSQL is told: fast, then at once."""


def test_web_and_worker_outlast_a_database_that_stops(home: Path) -> None:
    with ExitStack() as stack:
        running = stack.enter_context(Server(home))
        installed = stack.enter_context(at_work(home, running))
        url = stack.enter_context(server(installed.environment, installed.log))
        worker = stack.enter_context(installed.worker())
        visitor = Visitor()
        visitor.sign_in(url, *SIGN_IN)
        seen = stack.enter_context(asked(f"{url}/accounts/login/"))
        for code, how in STOPS.items():
            held = mail_in_hand(installed, code)
            with stopped(running, how):
                check_away(url, visitor)
            held.set()
            until(lambda: not installed.rows(_UNDONE), "the end of all jobs")
            assert visitor.get(f"{url}/console/north/overview/").status == 200
        assert worker.poll() is None
        assert installed.rows(_OPEN) == [(code,) for code in STOPS]
        assert (installed.states(), len(installed.post.letters)) == (["Sent", "Sent"], 2)
        installed.verify()
    assert set(seen) == {200, 503}
    print(f"2 stops of PostgreSQL: {seen[200]} pages and {seen[503]} times 503, no job lost")


def mail_in_hand(installed: Installation, code: str) -> threading.Event:
    """Publish; what lets the mail server answer the worker that is at the mail."""
    installed.post.held = held = threading.Event()
    installed.post.at_work.clear()
    installed.done("documents", "status", code, "--to", "open", "--notify")
    assert installed.post.at_work.wait(60), "the worker came to no mail"
    return held


@contextmanager
def stopped(running: Server, how: signal.Signals) -> Iterator[None]:
    """No database until left; then it is started again."""
    os.kill(postmaster(running.home), how)
    until(lambda: not running.alive(), "the end of the database")
    yield
    running.release()
    running.acquire()


def check_away(url: str, visitor: Visitor) -> None:
    assert visitor.get(f"{url}/console/north/overview/").status == 503
    assert ask(f"{url}/accounts/login/") == (503, "5")
    assert (ask(f"{url}/readyz"), ask(f"{url}/healthz")) == ((503, "5"), (200, None))


class Publisher(threading.Thread):
    """Publishes one draft after another, and remembers those that it was told are published."""

    def __init__(self, clerk: Clerk, codes: list[str]) -> None:
        super().__init__()
        self.clerk, self.codes, self.left = clerk, codes, threading.Event()
        self.published: list[str] = []

    def run(self) -> None:
        while self.codes and not self.left.is_set():
            code = self.codes.pop(0)
            words = ["documents", "status", code, "--to", "open", "--notify", *HERE]
            if self.clerk.run(words).returncode == 0:
                self.published.append(code)


def killed_at_work(home: Path, environment: Mapping[str, str], publisher: Publisher) -> None:
    """`work` starts PostgreSQL; both are killed while others publish."""
    with process(environment, home / "log", "work") as worker:
        until(lambda: Server(home).alive(), "the database")
        publisher.start()
        until(lambda: len(publisher.published) > 1, "two publications")
        os.kill(postmaster(home), signal.SIGKILL)
        worker.kill()
        publisher.left.set()
        publisher.join()


def test_what_was_committed_outlives_a_killed_server_and_its_supervisor(home: Path) -> None:
    codes = [f"D-{n:06d}" for n in range(1, CUSTOMERS + 1)]
    published: set[str] = set()
    with ExitStack() as stack:
        environment = environment_of(home, None, stack.enter_context(opened(Faulty())))
        clerk = stack.enter_context(closing(Clerk(environment)))
        for _ in range(ROUNDS):
            publisher = Publisher(clerk, codes)
            killed_at_work(home, environment, publisher)
            published |= set(publisher.published)
            with server(environment, home / "log"):
                verified = clerk.run(["verify"])
                assert verified.returncode == 0, verified.stdout + verified.stderr
                listed = clerk.run(["documents", "list", "--status", "open", *HERE, "--json"])
                found = {each["id"] for each in json.loads(listed.stdout)["documents"]}
                assert found >= published
    print(f"{ROUNDS} kills of PostgreSQL and its supervisor: {len(published)} published, 0 lost")
