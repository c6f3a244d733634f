"""Points at which a process may die: each statement, COPY, commit and rename that it comes to.

`count` writes how many there were; `arm` kills at one of them, as the power does: without a
word, with nothing flushed, in the middle of whatever other threads do.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

_seen: list[str] = []
_reached: Callable[[str], None]


def count() -> None:
    """Note each point in the file FAULT_POINTS, a line each."""
    notes = Path(os.environ["FAULT_POINTS"])

    def reached(kind: str) -> None:
        with notes.open("a") as stream:
            stream.write(kind + "\n")

    _watch(reached)


def arm() -> None:
    """Die at point number FAULT_AT, counted from 0."""
    at = int(os.environ["FAULT_AT"])

    def reached(kind: str) -> None:
        if len(_seen) == at:
            os.kill(os.getpid(), signal.SIGKILL)
        _seen.append(kind)

    _watch(reached)


def _watch(reached: Callable[[str], None]) -> None:
    global _reached
    _reached = reached
    connection_created.connect(_on_connection, dispatch_uid="faults")
    _around(BaseDatabaseWrapper, "commit", "commit")
    _around(os, "replace", "rename")
    _around(os, "rename", "rename")
    copy = psycopg.Cursor.copy

    @contextmanager
    def watched(self: psycopg.Cursor[Any], *given: Any, **named: Any) -> Iterator[Any]:
        with copy(self, *given, **named) as stream:
            _reached("in COPY")
            yield stream
        _reached("after COPY")

    psycopg.Cursor.copy = watched  # type: ignore[method-assign]


def _around(owner: Any, name: str, kind: str) -> None:
    original = getattr(owner, name)

    def watched(*given: Any, **named: Any) -> Any:
        _reached(f"before {kind}")
        answer = original(*given, **named)
        _reached(f"after {kind}")
        return answer

    setattr(owner, name, watched)


def _on_connection(connection: BaseDatabaseWrapper, **_: Any) -> None:
    def statement(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        _reached("statement")
        return execute(sql, params, many, context)

    connection.execute_wrappers.append(statement)
