"""Workers that are killed, frozen, stopped or at a loss: each job ends, and its effect is once."""

import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

import databases
import focus_files
from chance import ROUNDS
from clearbill.wiring.embedded import Server
from faults.installed import SIGN_IN, Faulty, Installation, installation
from faults.served import Visitor, server
from stories.world import until

CUSTOMERS, RECIPIENTS, KILLS = (2, 49, 2) if ROUNDS == 1 else (44, 45, 6)
"""Each recipient is owed a mail and a copy of it: about 200 jobs, or 4,000."""

LONG = 60.0 * ROUNDS


@pytest.fixture(scope="module")
def month(
    server: Server, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """Drafts of so many customers; each test breaks a copy."""
    rows = [
        focus_files.row(SubAccountId=f"{n:04d}", SubAccountName=f"Customer {n}", BilledCost="10")
        for n in range(1, CUSTOMERS + 1)
    ]
    with (
        databases.copy(server, template) as database,
        installation(database, tmp_path_factory.mktemp("month"), rows) as made,
    ):
        yield made


@contextmanager
def broken(
    month: Installation, server: Server, folder: Path, post: Faulty | None = None
) -> Iterator[Installation]:
    with month.copy(server, folder, post or Faulty()) as made:
        made.done("customers", "set", "1", "--recipient", "a@customer.example")
        yield made


@pytest.fixture
def installed(month: Installation, server: Server, tmp_path: Path) -> Iterator[Installation]:
    """A copy of the month, whose first customer has a recipient."""
    with broken(month, server, tmp_path) as made:
        yield made


_OURS = "task_name IN ('send_mail', 'send_letter', 'store_published')"
_UNDONE = f"SELECT 1 FROM procrastinate_jobs WHERE {_OURS} AND status IN ('todo', 'doing')"
_JOBS = f"""
SELECT task_name, status::text, count(*) FROM procrastinate_jobs WHERE {_OURS}
 GROUP BY 1, 2 ORDER BY 1
"""
_AGAIN = f"SELECT count(*) FROM procrastinate_jobs WHERE {_OURS} AND attempts > 1"
_EFFECTS = """
SELECT (SELECT count(*) FROM records_delivery WHERE state = 'Sent'),
       (SELECT count(*) FROM records_letter WHERE state = 'Sent'),
       (SELECT count(*) FROM records_document WHERE pdf_path <> '' AND rated_path <> '')
"""


def test_each_job_is_done_once_though_workers_are_killed(installed: Installation) -> None:
    owed = CUSTOMERS * RECIPIENTS
    address_all(installed)
    work_under_kills(installed, 2 * owed)
    assert installed.rows(_JOBS) == [
        ("send_letter", "succeeded", owed),
        ("send_mail", "succeeded", owed),
        ("store_published", "succeeded", CUSTOMERS),
    ]
    assert installed.rows(_EFFECTS) == [(owed, owed, CUSTOMERS)]
    ids = {str(letter["message-id"]) for _, letter in installed.post.letters}
    twice = len(installed.post.letters) - len(ids)
    assert len(ids) == 2 * owed
    assert twice <= 2 * KILLS, "more than what the killed had in hand"
    installed.verify()
    ((again,),) = installed.rows(_AGAIN)
    print(f"{2 * owed + CUSTOMERS:,} jobs, {KILLS} kills, {again} jobs begun again, all done once; "
          f"{twice} mails twice, under one Message-ID")  # fmt: skip


def address_all(installed: Installation) -> None:
    addresses = [word for n in range(RECIPIENTS) for word in ("--recipient", f"{n}@a.example")]
    for customer in range(1, CUSTOMERS + 1):
        installed.done("customers", "set", str(customer), *addresses)
    installed.done("settings", "mail", "published", "--bcc", "copies@north.example")


def work_under_kills(installed: Installation, mails: int) -> None:
    """Publish all; a worker is killed at each share of the mails, and another one is started."""
    with ExitStack() as stack:
        workers = [stack.enter_context(installed.worker()) for _ in range(2)]
        installed.done("documents", "status", "--period", "2024-09", "--to", "open", "--notify")
        for killed in range(KILLS):
            share = mails * (killed + 1) // (KILLS + 2)
            until(lambda n=share: len(installed.post.letters) >= n, f"mail {share}", LONG)  # type: ignore[misc]
            workers[killed].kill()
            workers.append(stack.enter_context(installed.worker()))
        until(lambda: not installed.rows(_UNDONE), "the end of all jobs", LONG)


@dataclass
class OneByOne(Faulty):
    """Each message waits for an answer of its own."""

    calls: list[threading.Event] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        number = len(self.calls)
        self.held = threading.Event()
        self.calls.append(self.held)
        await super().handle_DATA(server, session, envelope)
        if not self.answers[number].startswith("250"):
            self.letters.pop()
        return self.answers[number]

    def say(self, answer: str) -> None:
        """Answer the first message that was not answered yet."""
        self.answers.append(answer)
        self.calls[len(self.answers) - 1].set()

    def let_go(self) -> None:
        while len(self.answers) < len(self.calls):
            self.say("421 closing")


_SILENT = "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'"
_MAIL_JOB = "SELECT status::text, attempts FROM procrastinate_jobs WHERE task_name = 'send_mail'"
_LAST_TRY = "UPDATE records_delivery SET attempts = 11"


def test_a_frozen_worker_ends_nothing_of_its_successors(
    month: Installation, server: Server, tmp_path: Path
) -> None:
    post = OneByOne()
    with broken(month, server, tmp_path, post) as installed, taken_over(installed, post):
        post.say("550 no such mailbox")
        until(
            lambda: (
                "another worker" in (tmp_path / "old").read_text()
                or installed.rows(_MAIL_JOB) != [("doing", 1)]
            ),
            "the frozen worker's end of the job",
        )
        assert (installed.states(), installed.rows(_MAIL_JOB)) == (["Queued"], [("doing", 1)])
        post.say("250 received")
        until(lambda: installed.rows(_MAIL_JOB) == [("succeeded", 2)], "the successor's end")
        assert (installed.states(), len(post.letters)) == (["Sent"], 1)
    print("1 worker frozen, refused and woken: its successor's job and mail are as that left them")


@contextmanager
def taken_over(installed: Installation, post: OneByOne) -> Iterator[None]:
    """A mail's last try, in a worker that is awake again, and the try after it in another."""
    installed.done("documents", "status", "D-000001", "--to", "open", "--notify")
    installed.rows(_LAST_TRY)
    with installed.worker("old") as old:
        until(lambda: len(post.calls) == 1, "the first try")
        with ExitStack() as stack:
            with frozen(old):
                installed.rows(_SILENT)
                stack.enter_context(installed.worker())
                until(lambda: len(post.calls) == 2, "the second try")
            yield


@contextmanager
def frozen(process: subprocess.Popen[bytes]) -> Iterator[None]:
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


_AT_ONCE = """
UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo';
SELECT pg_notify('procrastinate_any_queue_v1', '{"type": "job_inserted", "job_id": 0}')
"""
_TRIES = """
SELECT j.task_name, j.status::text, count(*) FROM procrastinate_jobs j
  JOIN procrastinate_events e ON e.job_id = j.id AND e.type = 'started'
 WHERE j.task_name IN ('bulk', 'generate', 'send_mail') AND j.status NOT IN ('todo', 'doing')
 GROUP BY j.id ORDER BY 1
"""
_SWEEP = """
INSERT INTO procrastinate_jobs (queue_name, task_name, args)
SELECT 'default', 'sweep_jobs', jsonb_build_object('reseller_id', id) FROM records_reseller
"""


def test_what_always_fails_ends_after_its_tries_and_is_shown_to_staff(
    installed: Installation,
) -> None:
    with server(installed.environment, installed.log) as url, installed.worker():
        visitor = Visitor()
        visitor.sign_in(url, *SIGN_IN)
        pages = begun(installed, visitor, f"{url}/console/north")
        tried = until(lambda: hurried(installed), "the last tries")
        assert tried == [("bulk", "failed", 5), ("generate", "failed", 5),
                         ("send_mail", "succeeded", 12)]  # fmt: skip
        installed.rows(_SWEEP)
        for page in pages:
            until(lambda at=page: _WHY in visitor.get(at).text, f"the reason at {page}")  # type: ignore[misc]
        overview = visitor.get(f"{url}/console/north/overview/").text
    for tile in ("failed-run", "failed-jobs", "unsent"):
        assert f'data-testid="{tile}"' in overview
    print("a run and a bulk job end after 5 tries, a mail after 12; Overview shows all 3")


_WHY = "it was tried 5 times and failed"


def begun(installed: Installation, visitor: Visitor, console: str) -> tuple[str, str]:
    """A mail, a run and a bulk job that cannot succeed; the pages of the latter two."""
    installed.post.recipient = "451 come back later"
    installed.done("documents", "status", "D-000001", "--to", "open", "--notify")
    installed.rows("REVOKE INSERT ON records_runresult, records_bulkresult FROM clearbill")
    visitor.get(f"{console}/generate/")
    run = visitor.post(f"{console}/generate/start/", period="2024-09").url
    job = installed.done("bulk", "status", "D-000002", "--to", "open", "--background")["job"]
    return run, f"{console}/bulk/{job}/"


def hurried(installed: Installation) -> list[Any] | None:
    """What came of the three jobs, once each has ended; none waits for its next try."""
    installed.rows(_AT_ONCE)
    tried = installed.rows(_TRIES)
    return tried if len(tried) == 3 else None


@contextmanager
def locked(installed: Installation, statement: str) -> Iterator[None]:
    """Hold what a statement locks, and see that somebody waits for it."""
    with psycopg.connect(installed.database.superuser) as holding:
        holding.execute(statement)
        yield


_BEHIND = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
_WAITING, _CUT_OFF = f"SELECT 1 {_BEHIND}", f"SELECT pg_terminate_backend(pid) {_BEHIND}"
# What owes a letter waits for this lock as it commits.
_HELD_AT_COMMIT = """
CREATE FUNCTION held() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END$$;
CREATE CONSTRAINT TRIGGER held AFTER INSERT ON records_letter DEFERRABLE INITIALLY DEFERRED
   FOR EACH ROW EXECUTE FUNCTION held()
"""


def test_what_a_job_defers_waits_for_its_commit(installed: Installation) -> None:
    installed.done("settings", "mail", "published", "--bcc", "copies@north.example")
    installed.rows(_HELD_AT_COMMIT)
    copy = "SELECT 1 FROM procrastinate_jobs WHERE task_name = 'send_letter'"
    with installed.worker():
        with locked(installed, "SELECT pg_advisory_xact_lock(1)"):
            installed.done("documents", "status", "D-000001", "--to", "open", "--notify")
            until(lambda: installed.rows(_WAITING), "the mail's commit behind the lock")
            assert (installed.states(), installed.rows(copy)) == (["Queued"], [])
        until(lambda: installed.post.to("copies@north.example"), "the copy")
    print("a mail's copy was deferred by the commit that owes it")


def test_a_stopped_worker_gives_back_what_it_cannot_finish(installed: Installation) -> None:
    job = "SELECT status::text, attempts FROM procrastinate_jobs WHERE task_name = 'bulk'"
    with locked(installed, "SELECT 1 FROM records_document FOR UPDATE"):
        with installed.worker(CLEARBILL_STOP_WITHIN="0.5") as worker:
            installed.done("bulk", "status", "D-000001", "--to", "open", "--notify",
                           "--background")  # fmt: skip
            until(lambda: installed.rows(_WAITING), "the job behind the lock")
            worker.terminate()
            assert worker.wait(30) == 0
        assert installed.rows(job) == [("todo", 0)]
    with installed.worker():
        until(lambda: installed.states() == ["Sent"], "the mail")
    changes = "SELECT to_status FROM records_event WHERE to_status <> 'Draft'"
    assert (installed.rows(changes), installed.rows(job)) == ([("Open",)], [("succeeded", 1)])
    print("1 job behind a lock: its worker stopped without it, and another did it once")


_BEATS_AFTER = "SELECT 1 FROM procrastinate_workers WHERE last_heartbeat > '{}'::timestamptz + '{}'"


def test_a_worker_that_finishes_its_jobs_keeps_them(installed: Installation) -> None:
    installed.post.held = threading.Event()
    with installed.worker(CLEARBILL_STOP_WITHIN="60") as worker:
        installed.done("documents", "status", "D-000001", "--to", "open", "--notify")
        assert installed.post.at_work.wait(60)
        ((asked,),) = installed.rows("SELECT now()")
        worker.terminate()
        question = _BEATS_AFTER.format(asked, "3 seconds")
        until(lambda: installed.rows(question), "a sign of life")
        installed.post.held.set()
        assert worker.wait(30) == 0
    assert installed.rows(_MAIL_JOB) == [("succeeded", 1)]
    assert (installed.states(), len(installed.post.letters)) == (["Sent"], 1)
    print("1 worker asked to stop: it lived on, and finished its mail")


def test_an_end_that_could_not_be_written_is_written_later(installed: Installation) -> None:
    installed.post.held = threading.Event()
    with installed.worker():
        installed.done("documents", "status", "D-000001", "--to", "open", "--notify")
        assert installed.post.at_work.wait(60)
        with locked(installed, f"{_MAIL_JOB} FOR UPDATE"):
            installed.post.held.set()
            until(lambda: installed.rows(_CUT_OFF), "the end of the job behind the lock")
        until(lambda: installed.rows(_MAIL_JOB) == [("succeeded", 1)], "the end of the job")
    assert (installed.states(), len(installed.post.letters)) == (["Sent"], 1)
    print("1 worker cut off as it ended a job: it ended it all the same")


_RUN_ANEW = """
UPDATE records_billingrun SET state = 'Queued';
INSERT INTO procrastinate_jobs (queue_name, task_name, args) SELECT 'default', 'generate',
       jsonb_build_object('reseller_id', reseller_id, 'run_id', id) FROM records_billingrun
"""
_RUNS = "SELECT status::text, attempts FROM procrastinate_jobs WHERE task_name = 'generate'"
_RUNNING = f"{_RUNS} AND status IN ('todo', 'doing')"


def test_a_run_that_is_cut_off_from_the_database_is_tried_again(installed: Installation) -> None:
    installed.done("documents", "discard", "D-000001")
    with installed.worker():
        with locked(installed, "LOCK TABLE records_claim IN SHARE MODE"):
            installed.rows(_RUN_ANEW)
            until(lambda: installed.rows(_CUT_OFF), "the run behind the lock")
        until(lambda: not installed.rows(_RUNNING), "the end of the run")
        ((ended, tries),) = installed.rows(_RUNS)
    assert (ended, tries > 1) == ("succeeded", True)
    outcomes = "SELECT outcome, count(*) FROM records_runresult GROUP BY 1"
    assert installed.rows(outcomes) == [("Created", CUSTOMERS + 1)]
    print("1 run cut off from the database: its second try made what was missing")
