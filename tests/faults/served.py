"""Processes of an installation that a test starts one by one, and somebody who reads its pages."""

import re
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path

from stories.world import answers, free_port, until


@contextmanager
def process(
    environment: Mapping[str, str], log: Path, *words: str
) -> Iterator[subprocess.Popen[bytes]]:
    """`clearbill` with these words until left; what it says goes to the end of the log."""
    with log.open("ab") as out:
        started = subprocess.Popen(
            [sys.executable, "-m", "clearbill.wiring.main", *words],
            env=dict(environment),
            stdout=out,
            stderr=out,
        )
        try:
            yield started
        finally:
            started.terminate()
            started.wait(30)


@contextmanager
def server(environment: Mapping[str, str], log: Path) -> Iterator[str]:
    """A `serve` that is ready; its address."""
    port = free_port()
    url = f"http://localhost:{port}"
    with process(environment, log, "serve", "--port", str(port)) as started:
        until(lambda: started.poll() is not None or answers(f"{url}/readyz"), "the web server")
        assert started.poll() is None, log.read_text()
        yield url


@dataclass(frozen=True)
class Answer:
    """What came, after redirects: the address it was of at last, and the body."""

    status: int
    url: str
    text: str

    def hidden(self, name: str) -> str:
        """The value of a form's hidden field."""
        found = re.search(f'name="{name}" value="([^"]*)"', self.text)
        assert found, f"no field {name} at {self.url}"
        return found[1]


class Visitor:
    """Somebody with cookies of their own, who may go from one server to another."""

    def __init__(self) -> None:
        self._jar = CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._jar))

    def get(self, address: str) -> Answer:
        return self._answer(urllib.request.Request(address))  # noqa: S310 - our own server

    def post(self, address: str, **fields: str) -> Answer:
        token = {"csrfmiddlewaretoken": self.cookie("csrftoken")}
        data = urllib.parse.urlencode({**fields, **token}).encode()
        return self._answer(urllib.request.Request(address, data))  # noqa: S310 - our own server

    def cookie(self, name: str) -> str:
        return next((each.value or "" for each in self._jar if each.name == name), "")

    def sign_in(self, url: str, email: str, password: str) -> Answer:
        self.get(f"{url}/accounts/login/")
        return self.post(f"{url}/accounts/login/", login=email, password=password)

    def _answer(self, request: urllib.request.Request) -> Answer:
        try:
            with self._opener.open(request, timeout=30) as came:
                return Answer(came.status, came.url, came.read().decode())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.url or "", error.read().decode())
