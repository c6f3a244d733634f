"""Wrong passwords are counted together, over whichever web server they come to."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from clerk import Clerk
from databases import Database
from faults.served import Visitor, server

OWNER, OTHER = "owner@north.example", "other@north.example"
PASSWORD = "a long enough sentence"
TRIES = 5
"""As `ACCOUNT_RATE_LIMITS` has it for one address."""


@pytest.fixture
def two(own_database: Database, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The addresses of two web servers on one database, with two people who may sign in."""
    environment = {
        **os.environ,
        **own_database.environment(),
        "CLEARBILL_HOME": str(tmp_path),
        "CLEARBILL_URL": "http://localhost",
    }
    with closing(Clerk(environment)) as clerk:
        for words, stdin in (
            (("resellers", "add", "north", "--name", "North", "--currency", "USD",
              "--kind", "tax-invoice"), ""),
            (("users", "second-factor", "--optional", "--reseller", "north"), ""),
            *((("users", "add", address, "--reseller", "north", "--role", "owner",
                "--password-stdin"), PASSWORD + "\n") for address in (OWNER, OTHER)),
        ):  # fmt: skip
            done = clerk.run(words, stdin)
            assert done.returncode == 0, done.stderr
    log = tmp_path / "serve.log"
    with server(environment, log) as one, server(environment, log) as another:
        yield one, another


def comes_in(url: str, email: str, password: str) -> bool:
    """Whether somebody without cookies is signed in by these words."""
    answer = Visitor().sign_in(url, email, password)
    return "/accounts/login/" not in answer.url and answer.status == 200


def test_tries_spread_over_two_servers_are_counted_together(two: tuple[str, str]) -> None:
    for number in range(TRIES):
        assert not comes_in(two[number % 2], OWNER, f"wrong {number}")
    refused = [not comes_in(url, OWNER, PASSWORD) for url in two]
    print(f"{TRIES} wrong over 2 servers; then the right one is refused: {refused}")
    assert refused == [True, True]
    assert comes_in(two[0], OTHER, PASSWORD), "another's address is not held up"
