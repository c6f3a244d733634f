"""Rendering in processes of its own, which are replaced before their memory grows.

The renderer keeps its last documents in memory, and a hostile document could make it slow: so a
server lends the work to a child, talks to it over its pipes, and puts another in its place after
a number of documents. A child ends by itself when its server does, however that ends.
"""

import base64
import json
import os
import queue
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from clearbill.paper.pdf import CannotPrint, render_pdf, render_picture

WORKERS = 2
DOCUMENTS_PER_WORKER = 50
TIMEOUT_SECONDS = 60.0
_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "SYSTEMROOT")
_LENGTH = struct.Struct(">cI")
_MADE, _FAULT, _JOB = b"M", b"F", b"J"


class _Child:
    """One rendering process, used by one thread at a time."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self.rendered = 0
        # Not a fork: the server has threads, and its sockets are not the child's business.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "clearbill.paper.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_environment(),
        )

    def render(self, job: bytes) -> bytes:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise CannotPrint("the rendering process has no pipes")
        alarm = threading.Timer(TIMEOUT_SECONDS, self._process.kill)
        alarm.start()
        try:
            _write(stdin, _JOB, job)
            kind, answer = _read(stdout)
        finally:
            alarm.cancel()
        self.rendered += 1
        if kind == _FAULT:
            raise CannotPrint(answer.decode())
        return answer

    def end(self) -> None:
        """Closing its input lets the process leave; one that hangs is killed."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _environment() -> dict[str, str]:
    """What a child needs to start; the server's addresses and secrets stay with the server."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    return {**kept, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


_idle: queue.LifoQueue[_Child] = queue.LifoQueue()
_slots = threading.BoundedSemaphore(WORKERS)


def render_pdf_isolated(
    document: Mapping[str, Any],
    *,
    draft: bool,
    font_folders: Sequence[Path] = (),
    logo: bytes | None = None,
) -> bytes:
    """As `render_pdf`, the same bytes, in a recycled child process; safe to call from threads.

    At most two render at once in one server process, others wait. A child that died before it
    took the document is replaced and asked again; raises CannotPrint where rendering fails twice
    or takes longer than a minute.
    """
    return _asked({"draft": draft}, document, font_folders, logo)


def render_picture_isolated(
    document: Mapping[str, Any], *, font_folders: Sequence[Path] = (), logo: bytes | None = None
) -> bytes:
    """As `render_picture`, in the same child processes and with the same errors."""
    return _asked({"picture": True}, document, font_folders, logo)


def _asked(
    what: Mapping[str, bool],
    document: Mapping[str, Any],
    font_folders: Sequence[Path],
    logo: bytes | None,
) -> bytes:
    job = json.dumps(
        {
            **what,
            "document": document,
            "fonts": [str(path) for path in font_folders],
            "logo": base64.b64encode(logo).decode() if logo else None,
        }
    ).encode()
    with _slots:
        try:
            return _rendered(job)
        except (OSError, EOFError):
            try:
                return _rendered(job)
            except (OSError, EOFError):
                raise CannotPrint("the rendering process died or took too long") from None


def _rendered(job: bytes) -> bytes:
    child = _borrow()
    try:
        answer = child.render(job)
    except (OSError, EOFError):
        child.end()
        raise
    except CannotPrint:
        child.end()
        raise
    if child.rendered >= DOCUMENTS_PER_WORKER:
        child.end()
    else:
        _idle.put(child)
    return answer


def _borrow() -> _Child:
    while True:
        try:
            child = _idle.get_nowait()
        except queue.Empty:
            return _Child()
        # After a fork the parent's children are in this queue too; their pipes belong to it.
        if child.owner == os.getpid():
            return child


def _write(pipe: IO[bytes], kind: bytes, body: bytes) -> None:
    pipe.write(_LENGTH.pack(kind, len(body)) + body)
    pipe.flush()


def _read(pipe: IO[bytes]) -> tuple[bytes, bytes]:
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    kind, length = _LENGTH.unpack(head)
    body = pipe.read(length)
    if len(body) < length:
        raise EOFError
    return kind, body


def _serve(jobs: IO[bytes], answers: IO[bytes]) -> None:
    """Renders until the input closes, which happens when the server ends or lets go."""
    # Ctrl-C reaches the whole terminal; the server decides when its children leave.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            _, body = _read(jobs)
        except EOFError:
            return
        try:
            made = _done(json.loads(body))
        except Exception as fault:
            _write(answers, _FAULT, f"{type(fault).__name__}: {fault}".encode())
        else:
            _write(answers, _MADE, made)


def _done(job: Mapping[str, Any]) -> bytes:
    folders = [Path(path) for path in job["fonts"]]
    logo = base64.b64decode(job["logo"]) if job["logo"] else None
    if job.get("picture"):
        return render_picture(job["document"], font_folders=folders, logo=logo)
    return render_pdf(job["document"], draft=job["draft"], font_folders=folders, logo=logo)


if __name__ == "__main__":
    _serve(sys.stdin.buffer, sys.stdout.buffer)
