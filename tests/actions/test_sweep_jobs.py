"""Jobs and runs that nobody works on any more end as Failed, and say why."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection

from clearbill.actions import sweep_jobs as module
from clearbill.actions import working
from clearbill.actions.bulk import cancel_bulk, run_bulk, start_bulk
from clearbill.actions.common import Actor
from clearbill.actions.generate_documents import run_generation, start_run
from clearbill.actions.sweep_jobs import sweep_jobs
from clearbill.records import clock
from clearbill.records.models import BillingRun, BulkJob, Document, Reseller
from databases import Database
from makers import OWNER, SEPTEMBER, give_usage, make_drafts, rows_of

CLI = Actor("cli:tester")
LONG_AGO = timedelta(hours=1)


def bulk_job(north: Reseller, folder: Path, *, in_background: bool = True) -> BulkJob:
    """A job over one draft whose work has begun."""
    job = start_bulk(
        reseller_id=north.pk, actor=CLI, verb="status", versions={}, arguments={"to": "Open"},
        codes=[make_drafts(north, folder)[0].code], in_background=in_background,
    )  # fmt: skip
    BulkJob.objects.filter(pk=job.pk).update(
        state=BulkJob.RUNNING, created_at=clock.now() - LONG_AGO
    )
    return job


def set_queue(status: str, attempts: int = 5) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = %s, attempts = %s"
            " WHERE task_name IN ('bulk', 'generate')",
            [status, attempts],
        )


def swept(job: BulkJob) -> tuple[str, str]:
    sweep_jobs(reseller_id=job.reseller_id)
    job.refresh_from_db()
    return job.state, job.reason


def test_a_job_whose_worker_failed_for_good_ends_with_the_reason(
    north: Reseller, tmp_path: Path
) -> None:
    job = bulk_job(north, tmp_path)
    for status in ("todo", "doing"):
        set_queue(status)
        assert swept(job) == ("Running", "")
    set_queue("failed")
    assert swept(job) == ("Failed", "it was tried 5 times and failed; the worker's log says why")
    assert job.finished_at is not None


def test_a_job_of_which_the_queue_knows_nothing_ends_too(north: Reseller, tmp_path: Path) -> None:
    job = bulk_job(north, tmp_path, in_background=False)
    BulkJob.objects.update(created_at=clock.now())
    assert swept(job) == ("Running", "")
    BulkJob.objects.update(created_at=clock.now() - LONG_AGO)
    assert swept(job) == (
        "Failed",
        "nobody works on it: its process or its place in the queue is gone",
    )


def test_a_job_that_a_command_works_on_is_left_alone(
    north: Reseller, tmp_path: Path, database: Database
) -> None:
    job = bulk_job(north, tmp_path, in_background=False)
    sign = "SELECT pg_advisory_lock_shared(%s, %s)"
    with psycopg.connect(database.application) as other:
        other.execute(sign, working._key(working.BULK, job.pk))
        assert swept(job) == ("Running", "")
    assert swept(job)[0] == "Failed"


def test_who_works_on_a_job_gives_a_sign_until_the_end(
    north: Reseller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    job = bulk_job(north, tmp_path, in_background=False)
    seen: list[bool] = []

    def looks(*given: Any) -> bool:
        with psycopg.connect(database.application) as other:
            key = working._key(working.BULK, job.pk)
            free = other.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", key).fetchone()
            seen.append(free == (True,))
        return False

    monkeypatch.setattr("clearbill.actions.bulk._asked_to_stop", looks)
    run_bulk(reseller_id=north.pk, job_id=job.pk)
    looks()
    assert seen == [False, True]


def test_a_job_that_goes_on_after_all_is_done(north: Reseller, tmp_path: Path) -> None:
    job = bulk_job(north, tmp_path)
    set_queue("failed")
    assert swept(job)[0] == "Failed"
    done = run_bulk(reseller_id=north.pk, job_id=job.pk)
    assert (done.state, done.reason) == ("Done", "")
    assert Document.objects.get().status == "Open"


def test_cancel_ends_a_job_that_nobody_works_on(north: Reseller, tmp_path: Path) -> None:
    job = bulk_job(north, tmp_path)
    set_queue("doing")
    asked = cancel_bulk(reseller_id=north.pk, actor=OWNER, job_id=job.pk)
    assert asked.state == "Running"
    set_queue("failed")
    asked = cancel_bulk(reseller_id=north.pk, actor=OWNER, job_id=job.pk)
    assert asked.state == "Cancelled"


def test_a_failed_job_is_dismissed_by_cancel(north: Reseller, tmp_path: Path) -> None:
    job = bulk_job(north, tmp_path)
    set_queue("failed")
    assert swept(job)[0] == "Failed"
    assert cancel_bulk(reseller_id=north.pk, actor=OWNER, job_id=job.pk).state == "Cancelled"


def test_a_job_that_was_asked_to_stop_ends_as_cancelled(north: Reseller, tmp_path: Path) -> None:
    job = bulk_job(north, tmp_path)
    BulkJob.objects.update(cancel_asked=True)
    set_queue("failed")
    assert swept(job)[0] == "Cancelled"


def test_a_run_whose_worker_failed_for_good_ends_with_the_reason(
    north: Reseller, tmp_path: Path
) -> None:
    give_usage(north, tmp_path, rows_of("0001"))
    run = start_run(reseller_id=north.pk, actor=OWNER, month=SEPTEMBER, in_background=True)
    assert sweep_jobs(reseller_id=north.pk) == 0
    set_queue("failed")
    assert sweep_jobs(reseller_id=north.pk) == 1
    found = BillingRun.objects.get()
    assert (found.state, "tried 5 times" in found.reason) == ("Failed", True)
    assert run_generation(reseller_id=north.pk, run_id=run.pk).state == "Done"


def test_what_ended_is_left_as_it_is(north: Reseller, tmp_path: Path) -> None:
    job = bulk_job(north, tmp_path)
    set_queue("failed")
    for state in (BulkJob.DONE, BulkJob.CANCELLED):
        BulkJob.objects.update(state=state)
        assert swept(job) == (state, "")
    assert module.PATIENCE < LONG_AGO
