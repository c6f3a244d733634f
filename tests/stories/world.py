"""The processes of one installation, and a mail server that receives what they send.

A story prepares by the command line, acts in Chromium, and reads the mail: nothing in it imports
Django.
"""

import email
import email.policy
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any, TypeVar

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from clerk import Clerk

PATIENCE = 60.0
"""Seconds that a condition may take on a slow machine; nothing waits longer than it must."""

T = TypeVar("T")


def until(condition: Callable[[], T | None], what: str, seconds: float = PATIENCE) -> T:
    """The first true answer of a condition. AssertionError names what never came."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what} did not come within {seconds:.0f} s")


@dataclass
class PostOffice:
    """A real SMTP server that keeps what it receives."""

    letters: list[tuple[list[str], EmailMessage]] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        message = email.message_from_bytes(
            envelope.original_content or b"", policy=email.policy.default
        )
        self.letters.append((list(envelope.rcpt_tos), message))
        return "250 received"

    def to(self, address: str) -> list[EmailMessage]:
        return [message for recipients, message in self.letters if address in recipients]

    def wait_for(self, address: str) -> EmailMessage:
        return until(lambda: next(iter(self.to(address)), None), f"mail to {address}")


@dataclass(frozen=True)
class World:
    """One running installation."""

    url: str
    environment: Mapping[str, str]
    post: PostOffice
    clerk: Clerk

    def run(self, *arguments: str, stdin: str = "") -> dict[str, Any]:
        """A command's JSON answer; AssertionError with its stderr where it fails."""
        done = self.attempt(*arguments, stdin=stdin)
        assert done.returncode == 0, f"{arguments}: {done.stderr}"
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def attempt(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return self.clerk.run([*arguments, "--json"], stdin)

    def add_user(self, reseller: str, address: str, *options: str) -> str:
        """Add a user with the password all users of stories have."""
        password = "a long enough sentence"
        self.run(
            "users", "add", address, "--reseller", reseller, "--password-stdin", *options,
            stdin=password + "\n",
        )  # fmt: skip
        return password


@contextmanager
def running(
    environment: Mapping[str, str], folder: Path, *, worker: bool = True
) -> Iterator[World]:
    """Start `serve`, `work` and a mail server; all are gone on leaving."""
    port, post = free_port(), PostOffice()
    mail = Controller(post, hostname="127.0.0.1", port=free_port())
    mail.start()
    url = f"http://localhost:{port}"
    variables = {
        **os.environ,
        **environment,
        "CLEARBILL_HOME": str(folder),
        "CLEARBILL_FILES": str(folder / "files"),
        "CLEARBILL_URL": url,
        "CLEARBILL_TEST": "1",
        "EMAIL_URL": f"smtp://127.0.0.1:{mail.port}",
        "PORT": str(port),
    }
    names = [["serve", "--port", str(port)], *([["work"]] if worker else [])]
    logs = [(folder / f"{name[0]}.log").open("wb") for name in names]
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "clearbill.wiring.main", *name],
            env=variables,
            stdout=log,
            stderr=log,
        )
        for name, log in zip(names, logs, strict=True)
    ]
    try:
        until(lambda: _ready(url, processes), "the web server")
        with closing(Clerk(variables)) as clerk:
            yield World(url, variables, post, clerk)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(30)
        mail.stop()
        for log in logs:
            log.close()


def _ready(url: str, processes: list[subprocess.Popen[bytes]]) -> bool:
    ended = [process.args for process in processes if process.poll() is not None]
    assert not ended, f"{ended} ended by itself"
    return answers(f"{url}/readyz")


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2):  # noqa: S310 - our own server
            return True
    except (urllib.error.URLError, OSError):
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
