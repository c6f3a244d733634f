"""`clearbill users`: where somebody is signed in, and signing out."""

import pytest
from django.test import Client

from cli.test_answers import Run, attempt, run

__all__ = ["run"]

pytestmark = pytest.mark.django_db(transaction=True)

ANN, PASSWORD = "ann@north.example", "a long enough sentence"


@pytest.fixture
def signed_in(run: Run) -> list[Client]:
    """Ann, one of the staff, in two browsers."""
    run("users", "add", ANN, "--role", "billing", "--password-stdin", stdin=PASSWORD)
    return [_browser(), _browser()]


def _browser() -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": ANN, "password": PASSWORD})
    assert client.get("/console/north/").status_code == 200
    return client


def opens(client: Client) -> bool:
    return bool(client.get("/console/north/").status_code == 200)


def test_sessions_are_listed_and_one_is_ended(run: Run, signed_in: list[Client]) -> None:
    listed = run("users", "sessions", ANN)["sessions"]
    assert len(listed) == 2
    run("users", "end-sessions", ANN, "--session", str(listed[0]["session"]))
    assert [s["session"] for s in run("users", "sessions", ANN)["sessions"]] == [
        listed[1]["session"]
    ]
    assert sorted(map(opens, signed_in)) == [False, True]
    again = attempt(
        "users", "end-sessions", ANN, "--session", str(listed[0]["session"]), "--reseller", "north"
    )
    assert "ended already" in again.stderr


def test_all_sessions_are_ended(run: Run, signed_in: list[Client]) -> None:
    run("users", "end-sessions", ANN)
    assert run("users", "sessions", ANN)["sessions"] == []
    assert not any(map(opens, signed_in))


def test_sessions_are_read_by_those_who_may_read_users(run: Run, signed_in: list[Client]) -> None:
    done = attempt("users", "sessions", ANN, "--as", ANN, "--reseller", "north")
    assert "the role billing may not do this" in done.stderr
