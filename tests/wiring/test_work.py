"""Jobs of a worker that is gone are taken up once, and not for ever."""

import asyncio

import pytest
from django.db import connection
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector

from clearbill.wiring import work

pytestmark = pytest.mark.django_db(transaction=True)


def _worker(seconds_since_heartbeat: int) -> int:
    return _insert(
        "INSERT INTO procrastinate_workers (last_heartbeat)"
        " VALUES (now() - make_interval(secs => %s)) RETURNING id",
        [seconds_since_heartbeat],
    )


def _job_of(worker: int | None, attempts: int = 0) -> int:
    return _insert(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, status, worker_id, attempts)"
        " VALUES ('default', 'some.task', 'doing', %s, %s) RETURNING id",
        [worker, attempts],
    )


def _insert(statement: str, values: list[int | None]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.fetchone()[0])


def _state_of(job: int) -> tuple[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT status, attempts FROM procrastinate_jobs WHERE id = %s", [job])
        status, attempts = cursor.fetchone()
    return status, attempts


async def _sweep(times: int) -> list[list[int]]:
    assert isinstance(app.connector, DjangoConnector)
    with app.replace_connector(app.connector.get_worker_connector()) as working:
        async with working.open_async():
            sweeps = [work.take_up_stalled_jobs(working) for _ in range(times)]
            return list(await asyncio.gather(*sweeps))


def test_a_job_of_a_silent_worker_is_taken_up() -> None:
    job = _job_of(_worker(work.STALLED_AFTER_SECONDS + 1))
    assert asyncio.run(_sweep(1)) == [[job]]
    assert _state_of(job) == ("todo", 1)


def test_a_job_whose_worker_was_pruned_is_taken_up() -> None:
    job = _job_of(None)
    assert asyncio.run(_sweep(1)) == [[job]]


def test_a_job_of_a_living_worker_is_left_alone() -> None:
    job = _job_of(_worker(1))
    assert asyncio.run(_sweep(1)) == [[]]
    assert _state_of(job) == ("doing", 0)


def test_sweepers_at_once_take_a_job_up_once() -> None:
    jobs = [_job_of(None) for _ in range(50)]
    taken = [job for sweep in asyncio.run(_sweep(4)) for job in sweep]
    assert sorted(taken) == jobs
    assert {_state_of(job) for job in jobs} == {("todo", 1)}


def test_a_task_that_may_try_longer_is_given_its_own_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(work, "_own_limits", lambda working: {"some.task": 20})
    job = _job_of(None, attempts=work.MOST_ATTEMPTS)
    asyncio.run(_sweep(1))
    assert _state_of(job)[0] == "todo"


def test_a_job_that_kills_its_workers_ends_as_failed() -> None:
    job = _job_of(None, attempts=work.MOST_ATTEMPTS - 1)
    assert asyncio.run(_sweep(1)) == [[job]]
    assert _state_of(job) == ("failed", work.MOST_ATTEMPTS)
