"""`clearbill demo`: loads the demo where there is none, then runs web, worker and mail server.

All of it ends together: on Ctrl-C, on SIGTERM, or when one of the processes ends by itself.
"""

import os
import signal
import socket
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
from typing import IO

import click
from django.conf import settings
from django.db import connections

from clearbill.actions.common import Refused
from clearbill.wiring.demo import mailbox, sign_ins
from clearbill.wiring.demo.load import load, loaded

READY_WITHIN = 60
STOP_WITHIN = 15


def run(port: int, customers: int | None = None) -> None:
    """Serve the demo on a port of this machine until it is stopped.

    `customers` is how many of each reseller are loaded where there are none yet; None: all.
    """
    # A closed terminal ends the load as SIGTERM does; else it would leave the database running.
    signal.signal(signal.SIGHUP, _leave)
    _refuse_taken(port)
    _load_where_there_is_none(customers)
    connections.close_all()
    with _mail(Path(settings.CLEARBILL_HOME) / "mailbox") as mail:
        _supervise(port, {**os.environ, **_environment(port), **mail})


def _leave(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _refuse_taken(port: int) -> None:
    """Before a minute of loading, rather than after it."""
    with socket.socket() as probe:
        # As the server does, so that connections of a moment ago are no hindrance.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise click.ClickException(
                f"port {port} cannot be used ({error.strerror}): stop what listens there,"
                " or choose another with PORT=…"
            ) from None


def _load_where_there_is_none(customers: int | None) -> None:
    folder = Path(settings.CLEARBILL_HOME) / "demo"
    if loaded(folder):
        return
    click.echo("Loading the demo: two resellers, three months of usage …")
    try:
        # The addresses are made up, so a mail server of the operator's gets none of the load.
        notify = not os.environ.get("EMAIL_URL")
        load(folder, say=click.echo, notify=notify, customers=customers)
    except Refused as error:
        raise click.ClickException(str(error)) from error


def _environment(port: int) -> dict[str, str]:
    """What the processes get beside our own environment."""
    # The worker gives its jobs back before we lose patience with it.
    given = {"PORT": str(port), "CLEARBILL_STOP_WITHIN": str(STOP_WITHIN // 2)}
    if not settings.EMBEDDED:
        # With a database of one's own, `serve` and `work` want the base of all links.
        given["CLEARBILL_URL"] = _base(port)
    return given


def _base(port: int) -> str:
    return (os.environ.get("CLEARBILL_URL") or f"http://localhost:{port}").rstrip("/")


@contextmanager
def _mail(folder: Path) -> Iterator[dict[str, str]]:
    """Where mail goes: to the operator's EMAIL_URL, else to a mailbox of our own."""
    if os.environ.get("EMAIL_URL"):
        yield {}
        return
    server = mailbox.start(folder)
    try:
        yield {
            "EMAIL_URL": f"smtp://127.0.0.1:{server.port}",
            "CLEARBILL_MAILBOX": str(folder),
        }
    finally:
        server.stop()


def _supervise(port: int, environment: dict[str, str]) -> None:
    stop = threading.Event()

    def asked(number: int, frame: FrameType | None) -> None:
        stop.set()

    # They stay ours until the very end: a second Ctrl-C must not cut the stopping short.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, asked)
    processes: list[subprocess.Popen[bytes]] = []
    try:
        with _log().open("ab") as log:
            processes.append(_start(["serve", "--port", str(port)], environment, log))
            processes.append(_start(["work"], environment, log))
        _await_readiness(port, processes, stop)
        if not stop.is_set():
            click.echo(sign_ins.words(_base(port), mailbox="CLEARBILL_MAILBOX" in environment))
        while not stop.wait(0.5):
            _refuse_ended(processes)
        click.echo("\nStopping …")
    finally:
        _end(processes)


def _log() -> Path:
    """Where the processes write, so that the addresses and sign-ins stay on the screen."""
    return Path(settings.CLEARBILL_HOME) / "demo.log"


def _start(
    arguments: list[str], environment: dict[str, str], log: IO[bytes]
) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C reaches us alone, and we stop it in order.
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "clearbill.wiring.main", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )


def _refuse_ended(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        if process.poll() is not None:
            raise click.ClickException(
                f"a process of the demo ended by itself (exit status {process.returncode});"
                f" {_log()} says why"
            )


def _await_readiness(
    port: int, processes: list[subprocess.Popen[bytes]], stop: threading.Event
) -> None:
    ends = time.monotonic() + READY_WITHIN
    while not stop.is_set():
        _refuse_ended(processes)
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            stop.wait(0.1)
        if time.monotonic() > ends:
            raise click.ClickException(
                f"the web server did not answer within {READY_WITHIN} s; {_log()} says why"
            )


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        if process.poll() is None:
            process.terminate()
    ends = time.monotonic() + STOP_WITHIN
    for process in processes:
        try:
            process.wait(max(0.1, ends - time.monotonic()))
        except subprocess.TimeoutExpired:
            # With all of its session: granian's workers are children of its own.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
