"""What is secret stands in no log, and an error shows its number and nothing of its reason."""

import os
import re
from contextlib import closing
from pathlib import Path

import psycopg

from clerk import Clerk
from databases import Database
from faults.served import Visitor, process, server
from stories.world import free_port, until

OWNER = "owner@north.example"
SECRETS = {
    "password": "planted-Password-4711",
    "wrong password": "planted-Wrong-4712",
    "secret key": "planted-Key-4713-of-a-good-length-for-a-key",
    "mail password": "planted-Mail-4714",
}
TOKEN = "planted-Token-4715"


def test_no_log_has_a_secret_and_an_error_shows_its_number_alone(
    own_database: Database, tmp_path: Path
) -> None:
    environment = {
        **os.environ,
        **own_database.environment(),
        "CLEARBILL_HOME": str(tmp_path),
        "CLEARBILL_URL": "http://localhost",
        "CLEARBILL_LOG": "DEBUG",
        "SECRET_KEY": SECRETS["secret key"],
        "EMAIL_URL": f"smtp://post:{SECRETS['mail password']}@127.0.0.1:{free_port()}",
    }
    prepare(environment)
    log = tmp_path / "log"
    visitor = Visitor()
    with server(environment, log) as url, process(environment, log, "work"):
        Visitor().sign_in(url, OWNER, SECRETS["wrong password"])
        assert "/console/" in visitor.sign_in(url, OWNER, SECRETS["password"]).url
        visitor.get(f"{url}/join/north/{TOKEN}/")
        Visitor().get(f"{url}/accounts/password/reset/key/1-{TOKEN}/")
        stranger = Visitor()
        stranger.get(f"{url}/accounts/password/reset/")
        stranger.post(f"{url}/accounts/password/reset/", email=OWNER)
        until(lambda: "letter not sent" in log.read_text() or None, "the mail that fails")
        broken = broken_page(own_database, visitor, f"{url}/console/north/documents/")
    said = log.read_text()
    found = re.search("<code>([0-9a-f]{12})</code>", broken)
    assert found
    assert found[1] in said
    assert not re.search("Traceback|records_document|psycopg|File &quot;", broken)
    session = visitor.cookie("sessionid")
    secrets = {**SECRETS, "token": TOKEN, "session key": session}
    assert session
    assert [name for name, secret in secrets.items() if secret in said] == []
    print(f"{len(secrets)} secrets in 0 of {len(said.splitlines())} lines; an error is {found[1]}")


def prepare(environment: dict[str, str]) -> None:
    """A reseller with an owner."""
    here = ("--reseller", "north")
    with closing(Clerk(environment)) as clerk:
        for words, stdin in (
            (("resellers", "add", "north", "--name", "North", "--currency", "USD",
              "--kind", "tax-invoice"), ""),
            (("users", "second-factor", "--optional", *here), ""),
            (("users", "add", OWNER, "--role", "owner", "--password-stdin", *here),
             SECRETS["password"] + "\n"),
        ):  # fmt: skip
            done = clerk.run(words, stdin)
            assert done.returncode == 0, done.stderr


def broken_page(database: Database, visitor: Visitor, address: str) -> str:
    """The page while its table is gone."""
    with psycopg.connect(database.superuser, autocommit=True) as connection:
        connection.execute("ALTER TABLE records_document RENAME TO records_document_gone")
        answer = visitor.get(address)
    assert answer.status == 500
    return answer.text
