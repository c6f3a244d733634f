"""Those who read a large file slowly, or not at all, or who are gone: the others are served."""

import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from chance import ROUNDS
from clearbill.paper import downloads
from clearbill.wiring.middleware import StreamsMiddleware
from databases import Database
from faults.installed import SIGN_IN, installation
from faults.served import Visitor, process
from focus_files import row
from stories.world import answers, free_port, until

ROWS, READERS = 100_000 if ROUNDS > 1 else 40_000, 20
MOST_MB = 30
"""What a reader may hold of the web server: a piece of a file, and an engine that has ended."""

FILE = "/console/north/documents/D-000001/detailed-csv/"
LIST = "/console/north/documents/"


class Reader:
    """A browser that asked for a file, and takes only what it is told to."""

    def __init__(self, url: str, session: str) -> None:
        at = urlsplit(url)
        self.socket = socket.socket()
        # Before it connects: what the kernel holds for it is small then.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        self.socket.settimeout(60)
        self.socket.connect((at.hostname, at.port))
        asked = f"GET {FILE} HTTP/1.1\r\nHost: {at.netloc}\r\nCookie: sessionid={session}\r\n\r\n"
        self.socket.sendall(asked.encode())

    def first(self) -> str:
        """The first line of the answer, and no more."""
        return self.socket.recv(64).decode().partition("\r\n")[0]


@dataclass(frozen=True)
class Served:
    """A web server with one large document, and its owner signed in."""

    url: str
    owner: Visitor
    pid: int

    @property
    def session(self) -> str:
        return self.owner.cookie("sessionid")

    def held_mb(self) -> float:
        """What the web server's processes hold now."""
        first = psutil.Process(self.pid)
        found = [first, *first.children(recursive=True)]
        return float(sum(each.memory_info().rss for each in found)) / 2**20

    def opens(self) -> int:
        """What somebody is answered who asks for the file, and goes away."""
        reader = Reader(self.url, self.session)
        status = int(reader.first().split()[1])
        reader.socket.close()
        return status


@pytest.fixture
def served(
    own_database: Database, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Served]:
    """With so many rows of about a thousand bytes."""
    rows = [row(ResourceId=f"r-{number}", Tags="x" * 700) for number in range(request.param)]
    port = free_port()
    url = f"http://localhost:{port}"
    with installation(own_database, tmp_path, rows) as made:
        words = ("serve", "--port", str(port))
        with process(made.environment, made.log, *words) as started:
            until(lambda: answers(f"{url}/readyz"), "the web server")
            owner = Visitor()
            assert owner.sign_in(url, *SIGN_IN).status == 200
            yield Served(url, owner, started.pid)


@pytest.mark.parametrize("served", [ROWS], indirect=True)
def test_slow_readers_hold_neither_the_others_nor_the_memory(served: Served) -> None:
    served.opens()
    before = served.held_mb()
    with ExitStack() as stack:
        for _ in range(READERS):
            reader = Reader(served.url, served.session)
            stack.callback(reader.socket.close)
            assert reader.first() == "HTTP/1.1 200 OK"
        for _ in range(READERS):
            assert "D-000001" in served.owner.get(f"{served.url}{LIST}").text
        each = (served.held_mb() - before) / READERS
        whole = served.owner.get(f"{served.url}{FILE}").text
    print(f"{READERS} slow readers of {len(whole) >> 20} MB: {each:.0f} MB each, pages go on")
    assert whole.count("\r\n") == ROWS + 1
    assert each < MOST_MB < len(whole) / 2**20


@pytest.mark.parametrize("served", [12_000], indirect=True)
def test_readers_who_are_gone_make_room_for_others(served: Served) -> None:
    readers = []
    for _ in range(StreamsMiddleware.MOST):
        readers.append(Reader(served.url, served.session))
        assert readers[-1].first() == "HTTP/1.1 200 OK"
    assert served.opens() == 503
    assert served.owner.get(f"{served.url}{LIST}").status == 200
    for each in readers:
        each.socket.close()
    until(lambda: served.opens() == 200, "a place that became free")
    print(f"{len(readers)} readers gone: the next is served")


@pytest.mark.parametrize("served", [ROWS], indirect=True)
def test_of_many_who_ask_at_once_some_are_asked_to_come_back(served: Served) -> None:
    readers = [Reader(served.url, served.session) for _ in range(READERS)]
    found = Counter(each.first() for each in readers)
    for each in readers:
        each.socket.close()
    served_now = found["HTTP/1.1 200 OK"]
    print(f"{READERS} at once: {served_now} served, {READERS - served_now} asked to come back")
    assert served_now >= downloads.SORTED_AT_ONCE + downloads.WAITING
    assert set(found) == {"HTTP/1.1 200 OK", "HTTP/1.1 503 Service Unavailable"}
    assert "D-000001" in served.owner.get(f"{served.url}{LIST}").text
