"""The worker: runs the jobs that verbs have deferred, and takes up those of dead workers."""

import asyncio
import contextlib
import json
import logging
import os
import signal

import structlog
from procrastinate import App
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector

log = structlog.get_logger(__name__)

HEARTBEAT_SECONDS = 2
STALLED_AFTER_SECONDS = 6
SWEEP_EVERY_SECONDS = 3
MOST_ATTEMPTS = 5

# One statement, with the rows locked: two sweepers at once retry a job once. Procrastinate's
# own list and retry are two statements, between which another worker may have begun it anew.
_TAKE_UP = """
WITH stalled AS (
    SELECT job.id, job.attempts, (%(limits)s::jsonb ->> job.task_name)::int AS own
      FROM procrastinate_jobs job
     WHERE job.status = 'doing' AND NOT EXISTS (
         SELECT 1 FROM procrastinate_workers worker WHERE worker.id = job.worker_id
            AND worker.last_heartbeat >= now() - make_interval(secs => %(stalled)s))
     FOR UPDATE SKIP LOCKED)
SELECT id, CASE WHEN attempts + 1 >= coalesce(own, %(most)s)
    THEN procrastinate_finish_job_v1(id, 'failed', false)
    ELSE procrastinate_retry_job_v2(id, now(), NULL, NULL, NULL) END::text AS done
  FROM stalled
"""


def run(concurrency: int = 2) -> None:
    """Work until SIGINT or SIGTERM; jobs that run then are finished first.

    A restart of PostgreSQL ends a worker, sometimes without an error: it is started again on
    any return that nobody asked for.
    """
    logging.getLogger().setLevel((os.environ.get("CLEARBILL_LOG") or "INFO").upper())
    asyncio.run(_until_stopped(concurrency))


async def _until_stopped(concurrency: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    while not stop.is_set():
        try:
            await _one_life(stop, concurrency)
        except Exception:
            log.exception("worker ended")
        if not stop.is_set():
            log.warning("worker starts again")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), timeout=1)


async def _one_life(stop: asyncio.Event, concurrency: int) -> None:
    connector = app.connector
    if not isinstance(connector, DjangoConnector):
        raise TypeError("a worker begins from Django's connection")
    with app.replace_connector(connector.get_worker_connector()) as working:
        async with working.open_async():
            worker = asyncio.create_task(
                working.run_worker_async(
                    concurrency=concurrency,
                    install_signal_handlers=False,
                    update_heartbeat_interval=HEARTBEAT_SECONDS,
                    stalled_worker_timeout=STALLED_AFTER_SECONDS,
                    fetch_job_polling_interval=2,
                )
            )
            sweeper = asyncio.create_task(_sweep(working))
            asked = asyncio.create_task(stop.wait())
            await asyncio.wait({worker, asked}, return_when=asyncio.FIRST_COMPLETED)
            sweeper.cancel()
            asked.cancel()
            # Procrastinate takes a cancelled worker as asked to stop: it finishes its jobs.
            worker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await worker


async def _sweep(working: App) -> None:
    """Give the jobs of dead workers back to the living.

    Beside the worker rather than as a periodic job: a worker whose slots are all taken by long
    jobs would not come to run it.
    """
    while True:
        await asyncio.sleep(SWEEP_EVERY_SECONDS)
        try:
            taken_up = await take_up_stalled_jobs(working)
        except Exception as error:
            # The worker meets the same fault and is started again; the sweep goes on.
            log.warning("sweep failed", error=repr(error))
            continue
        for job in taken_up:
            log.warning("job of a dead worker taken up", job=job)


async def take_up_stalled_jobs(working: App) -> list[int]:
    """Retry the jobs whose worker is gone; those that were tried too often end as failed.

    Too often is what the task says of itself (mail waits for days), else MOST_ATTEMPTS.
    """
    rows = await working.connector.execute_query_all_async(
        _TAKE_UP,
        stalled=STALLED_AFTER_SECONDS,
        most=MOST_ATTEMPTS,
        limits=json.dumps(_own_limits(working)),
    )
    return [row["id"] for row in rows]


def _own_limits(working: App) -> dict[str, int]:
    strategies = {name: task.retry_strategy for name, task in working.tasks.items()}
    return {
        name: limit
        for name, strategy in strategies.items()
        if (limit := getattr(strategy, "attempts", getattr(strategy, "max_attempts", None)))
    }
