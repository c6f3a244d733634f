"""The web server: granian, in front of our WSGI application."""

import os
from pathlib import Path

from django.conf import settings
from granian import Granian
from granian.constants import Interfaces

from clearbill.wiring import logs

THREADS = 64
"""A stream keeps its thread until its reader has all of it: see `middleware.StreamsMiddleware`."""


def run(port: int | None = None, host: str = "127.0.0.1", workers: int = 1) -> None:
    """Serve until SIGINT or SIGTERM; requests in flight are finished.

    Threads rather than processes: rendering is short, and the engine releases the interpreter.
    """
    os.environ.setdefault("CLEARBILL_LOG", "INFO")
    Granian(
        target="clearbill.wiring.wsgi:application",
        address=host,
        port=port or settings.PORT,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        backlog=1024,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
        log_dictconfig=logs.configuration(os.environ["CLEARBILL_LOG"]),
        working_dir=Path.cwd(),
        websockets=False,
    ).serve()
