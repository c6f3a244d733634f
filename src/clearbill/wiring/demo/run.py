"""`clearbill demo`: loads the demo where there is none, then runs web, worker and mail server.

All of it ends together: on Ctrl-C, on SIGTERM, or when one of the processes ends by itself.
"""

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click
from django.conf import settings

from clearbill.records.models import Reseller
from clearbill.wiring.demo import mailbox, sign_ins
from clearbill.wiring.demo.load import load

READY_WITHIN = 60
STOP_WITHIN = 15


def run(port: int) -> None:
    """Serve the demo on a port of this machine until it is stopped."""
    folder = Path(settings.CLEARBILL_HOME) / "mailbox"
    if not Reseller.objects.exists():
        click.echo("Loading the demo: three months of usage, two resellers …")
        load(Path(settings.CLEARBILL_HOME) / "demo", say=click.echo)
    with _mail_server(folder) as email_url:
        environment = {
            **os.environ,
            "PORT": str(port),
            "EMAIL_URL": email_url,
            "CLEARBILL_URL": os.environ.get("CLEARBILL_URL") or f"http://localhost:{port}",
            "CLEARBILL_MAILBOX": str(folder),
        }
        _supervise(port, environment)


@contextmanager
def _mail_server(folder: Path) -> Iterator[str]:
    """The address to send mail to: the operator's EMAIL_URL, else a mail server of our own."""
    given = os.environ.get("EMAIL_URL")
    if given:
        yield given
        return
    server = mailbox.start(folder)
    try:
        yield f"smtp://127.0.0.1:{server.port}"
    finally:
        server.stop()


def _supervise(port: int, environment: dict[str, str]) -> None:
    stop = threading.Event()

    def asked(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, asked)
    processes = [
        _start(["serve", "--port", str(port)], environment),
        _start(["work"], environment),
    ]
    try:
        if _wait_until_ready(port, processes, stop):
            click.echo(sign_ins.words(environment["CLEARBILL_URL"]))
        while not stop.wait(0.5):
            ended = [p for p in processes if p.poll() is not None]
            if ended:
                raise click.ClickException(
                    f"a process of the demo ended by itself (exit status {ended[0].returncode})"
                )
    finally:
        _end(processes)


def _start(arguments: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C reaches us alone, and we stop it in order.
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "clearbill.wiring.main", *arguments],
        env=environment,
        start_new_session=True,
    )


def _wait_until_ready(
    port: int, processes: list[subprocess.Popen[bytes]], stop: threading.Event
) -> bool:
    ends = time.monotonic() + READY_WITHIN
    while time.monotonic() < ends and not stop.is_set():
        if any(p.poll() is not None for p in processes):
            return False
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):  # noqa: S310 - our own server
                return True
        except (urllib.error.URLError, OSError):
            stop.wait(0.2)
    return False


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        if process.poll() is None:
            process.terminate()
    ends = time.monotonic() + STOP_WITHIN
    for process in processes:
        try:
            process.wait(max(0.1, ends - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
