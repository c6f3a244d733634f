"""A mail server that sleeps, refuses, hangs up or sees its client die: the change stands."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

import focus_files
from clearbill.actions.customers import change_customer
from clearbill.actions.mail_server import NotSent
from clearbill.actions.send_mail import send_mail
from clearbill.records import tenancy
from clearbill.records.models import Delivery, Reseller
from clearbill.rules.lifecycle import Status
from databases import Database
from faults.installed import SIGN_IN, Faulty, Installation, installation, opened
from faults.served import Visitor, server
from makers import OWNER, change, make_drafts, status_of
from stories.world import until

CUSTOMER = "a@customer.example"
DRAFTS = ("D-000001", "D-000002")


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Iterator[Faulty]:
    office = Faulty()
    with opened(office) as port:
        backend = "django.core.mail.backends.smtp.EmailBackend"
        monkeypatch.setattr(settings, "EMAIL_BACKEND", backend)
        monkeypatch.setattr(settings, "EMAIL_HOST", "127.0.0.1")
        monkeypatch.setattr(settings, "EMAIL_PORT", port)
        monkeypatch.setattr(settings, "EMAIL_TIMEOUT", 0.3)
        yield office


@pytest.fixture
def draft(north: Reseller, tmp_path: Path) -> Any:
    document = make_drafts(north, tmp_path)[0]
    change_customer(
        reseller_id=north.pk,
        actor=OWNER,
        customer_id=document.customer_id,
        recipients=[CUSTOMER],
    )
    return document


def sleeps(post: Faulty) -> None:
    post.held = threading.Event()


def hangs_up(post: Faulty) -> None:
    post.hangs_up = True


def refuses_for_now(post: Faulty) -> None:
    post.recipient = "451 come back later"


def refuses(post: Faulty) -> None:
    post.recipient = "550 no such mailbox"


@pytest.mark.parametrize(
    ("fault", "state", "says"),
    [
        (sleeps, "Queued", "timed out"),
        (hangs_up, "Queued", "Connection unexpectedly closed"),
        (refuses_for_now, "Queued", "451 come back later"),
        (refuses, "Failed", "550 no such mailbox"),
    ],
)
def test_the_change_stands_and_the_delivery_says_why(
    north: Reseller, draft: Any, post: Faulty, fault: Callable[[Faulty], None], state: str,
    says: str,
) -> None:  # fmt: skip
    fault(post)
    change(north, draft.code, to=Status.OPEN, notify=True)
    owed = Delivery.objects.get()
    try:
        send_mail(reseller_id=north.pk, delivery_id=owed.pk)
    except NotSent:
        assert state == "Queued"
    owed.refresh_from_db()
    print(f"{fault.__name__}: {owed.state}, {owed.last_error!r}")
    assert (owed.state, owed.attempts, status_of(draft)) == (state, 1, "Open")
    assert says in owed.last_error


def jobs_to_send() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'send_mail'")
        return int(cursor.fetchone()[0])


class Undone(Exception):
    """What rolls a transaction back."""


@pytest.mark.parametrize("commits", [False, True])
def test_a_change_that_is_rolled_back_owes_no_mail(
    north: Reseller, draft: Any, commits: bool
) -> None:
    try:
        with tenancy.transaction(north.pk):
            assert change(north, draft.code, to=Status.OPEN, notify=True)[0].changed
            if not commits:
                raise Undone
    except Undone:
        pass
    assert (Delivery.objects.count(), jobs_to_send()) == ((1, 1) if commits else (0, 0))
    assert status_of(draft) == ("Open" if commits else "Draft")


@pytest.fixture
def installed(own_database: Database, tmp_path: Path) -> Iterator[Installation]:
    """Two drafts of one customer."""
    rows = [focus_files.row(ProviderName=name) for name in ("AWS", "Oracle")]
    with installation(own_database, tmp_path, rows) as made:
        for (customer,) in made.rows("SELECT id FROM records_customer"):
            made.done("customers", "set", str(customer), "--recipient", CUSTOMER)
        yield made


def test_no_page_waits_for_a_mail_server_that_sleeps(installed: Installation) -> None:
    post, (first, second) = installed.post, DRAFTS
    post.held = threading.Event()
    with (
        server(installed.environment, installed.log) as url,
        installed.worker(),
    ):
        installed.done("documents", "status", first, "--to", "open", "--notify")
        assert post.at_work.wait(60), "the worker came to no mail"
        visitor = Visitor()
        visitor.sign_in(url, *SIGN_IN)
        address = f"{url}/console/north/documents/{second}"
        version = visitor.get(f"{address}/status/").hidden("version")
        answer = visitor.post(f"{address}/status/", to="Open", version=version, notify="on")
        assert (answer.status, post.letters) == (200, []), "the server slept until here"
        assert installed.states() == ["Queued", "Queued"]
        post.held.set()
        until(lambda: installed.states() == ["Sent", "Sent"] or None, "both mails")
    print("a page published while the mail server slept; then 2 of 2 mails were sent")


_WAITING = """
SELECT j.scheduled_at - max(e.at), j.attempts FROM procrastinate_jobs j
  JOIN procrastinate_events e ON e.job_id = j.id AND e.type = 'deferred_for_retry'
 WHERE j.task_name = 'send_mail' AND j.status = 'todo' GROUP BY j.id
HAVING j.scheduled_at > max(e.at) AND j.attempts = {}
"""
_NOW = "UPDATE procrastinate_jobs SET scheduled_at = now() WHERE task_name = 'send_mail'"


def test_tries_are_further_apart_each_time(installed: Installation) -> None:
    installed.post.answer = "451 come back later"
    waits = []
    with installed.worker():
        installed.done("documents", "status", DRAFTS[0], "--to", "open", "--notify")
        for tries in (1, 2, 3):
            question = _WAITING.format(tries)
            ((wait, _),) = until(lambda q=question: installed.rows(q), f"try {tries}")  # type: ignore[misc]
            waits.append(wait.total_seconds())
            installed.rows(_NOW)
        installed.post.answer = ""
        installed.rows(_NOW)
        until(lambda: installed.states() == ["Sent"] or None, "the mail")
    print(f"seconds between tries: {[round(wait, 1) for wait in waits]}")
    assert all(later > 1.5 * before for before, later in pairwise(waits))
    assert len({str(letter["message-id"]) for _, letter in installed.post.letters}) == 1


_SILENT = "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'"


def test_a_kill_between_the_250_and_the_mark_sends_once_more_at_most(
    installed: Installation,
) -> None:
    post = installed.post
    with installed.worker() as worker:
        # Django says QUIT once it has the 250, before it returns to who marks the mail as sent.
        post.at_quit = lambda: os.kill(worker.pid, signal.SIGKILL)
        installed.done("documents", "status", DRAFTS[0], "--to", "open", "--notify")
        assert worker.wait(60) == -signal.SIGKILL
    assert (len(post.letters), installed.states()) == (1, ["Queued"])
    post.at_quit = lambda: None
    installed.rows(_SILENT)
    with installed.worker():
        until(lambda: installed.states() == ["Sent"] or None, "the mail")
    ids = {str(letter["message-id"]) for _, letter in post.letters}
    print(f"1 kill after the 250: {len(post.letters)} letters, {len(ids)} Message-ID")
    assert (len(post.letters), len(ids)) == (2, 1)
    verified = installed.clerk.run(["verify"])
    assert verified.returncode == 0, verified.stderr
