"""A company at work: clients of all kinds beside slow readers of a large file, for minutes."""

import http.client
import itertools
import re
import socket
import statistics
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bench.memory import held_mb, peak_mb
from bench.usage import PROVIDERS
from bench.ways import Measured, Work, run
from bench.world import database, served

CLIENTS = 4
READERS = 20
READ_BYTES, READ_EVERY = 4096, 0.1
PATIENCE = 30.0
_TOKEN = "t" * 32
_VERSION = re.compile(r'name="version" value="(\d+)"')


def works(folder: Path, *, seconds: int, rows: int, customers: int) -> Generator[Work]:
    with database(folder) as environment:
        many = {"folder": str(folder), "rows": customers * 100, "customers": customers}
        large = {"folder": str(folder), "rows": rows * len(PROVIDERS), "customers": 1}
        north = run("bench.company:with_drafts", many, environment).answer
        south = run("bench.company:with_drafts", {**large, "slug": "south"}, environment).answer
        large_one = {"reseller": south["reseller"], "code": south["codes"][0]}
        run("bench.works.downloads:publish", large_one, environment)
        with served(environment, folder, "work") as web:
            yield Work(
                name=f"{CLIENTS} clients beside {READERS} slow readers",
                size=f"{seconds} s",
                ways={"ours": "bench.works.mixed:ours"},
                given={
                    "seconds": seconds,
                    "port": web.port,
                    "pids": web.processes,
                    "codes": north["codes"],
                    "cookie": north["cookie"],
                    "large": f"/console/south/documents/{south['codes'][0]}/detailed-csv/",
                    "large_cookie": south["cookie"],
                },
                environment=environment,
                exact=(),
                limits={"errors": 0, "memory at the end ×": 1.2},
                rounds=1,
                profiled=None,
                note="milliseconds as p50 and p95 of each kind of request",
            )


@dataclass
class _Seen:
    """What clients saw: seconds of each kind of request, and what went wrong."""

    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)
    read: int = 0


class _Client:
    """One person's browser, with documents that nobody else touches."""

    def __init__(self, port: int, cookie: str, codes: list[str], seen: _Seen) -> None:
        self.port, self.seen = port, seen
        self.headers = {"Cookie": f"{cookie}; csrftoken={_TOKEN}", "X-CSRFToken": _TOKEN}
        self.codes = itertools.cycle(codes)
        self.connection = self._connect()

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("localhost", self.port, timeout=PATIENCE)

    def round(self) -> None:
        """A list, a document, its downloads, and its next status."""
        code = next(self.codes)
        page = f"/console/north/documents/{code}/"
        self._ask("list", "/console/north/documents/?range=all")
        shown = self._ask("document", page)
        self._ask("PDF", f"{page}pdf/")
        self._ask("CSV", f"{page}csv/")
        self._ask("Detailed CSV", f"{page}detailed-csv/")
        version = _VERSION.search(shown)
        to = "Closed" if "<option selected>Open" in shown else "Open"
        form = {"to": to, "reason": "again", "version": version[1] if version else ""}
        self._ask("status", f"{page}status/", form)

    def _ask(self, kind: str, address: str, form: dict[str, str] | None = None) -> str:
        began = time.perf_counter()
        try:
            if form is None:
                self.connection.request("GET", address, headers=self.headers)
            else:
                sent = {**self.headers, "Content-Type": "application/x-www-form-urlencoded"}
                self.connection.request("POST", address, urlencode(form), sent)
            answer = self.connection.getresponse()
            body = answer.read()
            if answer.status != (200 if form is None else 302):
                self.seen.errors.append(f"{kind}: {answer.status}")
        except (OSError, http.client.HTTPException) as error:
            self.seen.errors.append(f"{kind}: {error!r}")
            self.connection.close()
            self.connection = self._connect()
            return ""
        self.seen.took[kind].append(time.perf_counter() - began)
        return body.decode(errors="replace")


def _read_slowly(port: int, address: str, cookie: str, stop: threading.Event, seen: _Seen) -> None:
    """A few kilobytes at a time, in a buffer that holds no more."""
    while not stop.is_set():
        with socket.socket() as reader:
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, READ_BYTES)
            reader.settimeout(PATIENCE)
            try:
                reader.connect(("127.0.0.1", port))
                head = f"GET {address} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n"
                reader.sendall(f"{head}Connection: close\r\n\r\n".encode())
                piece = reader.recv(READ_BYTES)
                if not piece.startswith(b"HTTP/1.1 200"):
                    seen.errors.append(f"slow reader: {piece[:40]!r}")
                while piece and not stop.wait(READ_EVERY):
                    piece = reader.recv(READ_BYTES)
                    seen.read += len(piece)
            except OSError as error:
                seen.errors.append(f"slow reader: {error!r}")


def ours(
    seconds: int,
    port: int,
    pids: list[int],
    codes: list[str],
    cookie: str,
    large: str,
    large_cookie: str,
) -> Callable[[], Any]:
    """Everybody at work until the time is over; memory is compared with that after one round."""
    seen, stop = _Seen(), threading.Event()
    clients = [_Client(port, cookie, codes[n::CLIENTS], seen) for n in range(CLIENTS)]

    def work(client: _Client) -> None:
        while not stop.is_set():
            client.round()

    readers = [
        threading.Thread(target=_read_slowly, args=(port, large, large_cookie, stop, seen))
        for _ in range(READERS)
    ]
    working = [threading.Thread(target=work, args=(client,)) for client in clients]

    def now() -> Measured:
        for reader in readers:
            reader.start()
        for client in clients:
            client.round()
        start = held_mb(pids)
        seen.took.clear()
        began = time.perf_counter()
        for thread in working:
            thread.start()
        stop.wait(seconds)
        end = held_mb(pids)
        stop.set()
        for thread in (*working, *readers):
            thread.join()
        figures = {**_figures(seen), "MB at start": start, "MB at end": end}
        figures["memory at the end ×"] = end / start
        return Measured(
            None, time.perf_counter() - began, figures, peak_mb(pids), _words(seen.errors)
        )

    return now


def _figures(seen: _Seen) -> dict[str, float]:
    found = {"errors": float(len(seen.errors)), "MB read slowly": seen.read / 2**20}
    for kind, took in seen.took.items():
        ordered = sorted(took)
        found[f"{kind} requests"] = float(len(took))
        found[f"{kind} p50 ms"] = statistics.median(ordered) * 1000
        found[f"{kind} p95 ms"] = ordered[int(len(ordered) * 0.95)] * 1000
    return found


def _words(errors: list[str]) -> str:
    kinds = {error: errors.count(error) for error in errors}
    return "; ".join(f"{count} × {error}" for error, count in list(kinds.items())[:5])
