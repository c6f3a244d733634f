"""The worker: runs the jobs that verbs have deferred, and takes up those of dead workers."""

import asyncio
import contextlib
import functools
import json
import logging
import os
import signal
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import structlog
from procrastinate import App
from procrastinate.contrib.django import app

from clearbill.wiring.queue import HeldJobs, WorkerConnector

log = structlog.get_logger(__name__)

HEARTBEAT_SECONDS = 2
STALLED_AFTER_SECONDS = 6
SWEEP_EVERY_SECONDS = 3
MOST_ATTEMPTS = 5
STOP_WITHIN_SECONDS = 30.0

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


def run(concurrency: int = 2) -> bool:
    """Work until SIGINT or SIGTERM, then finish what is in hand; whether that came to its end.

    What takes longer than `CLEARBILL_STOP_WITHIN` seconds is given back to the queue. The threads
    that carry it out cannot be stopped: on False the process must end without waiting for them.

    A restart of PostgreSQL ends a worker, sometimes without an error: it is started again on
    any return that nobody asked for.
    """
    logging.getLogger().setLevel((os.environ.get("CLEARBILL_LOG") or "INFO").upper())
    within = float(os.environ.get("CLEARBILL_STOP_WITHIN") or STOP_WITHIN_SECONDS)
    return asyncio.run(_until_stopped(concurrency, within))


async def _until_stopped(concurrency: int, within: float) -> bool:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    ended = True
    while not stop.is_set():
        try:
            ended = await _one_life(stop, concurrency, within)
        except Exception:
            log.exception("worker ended")
        if not stop.is_set():
            log.warning("worker starts again")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), timeout=1)
    return ended


async def _one_life(stop: asyncio.Event, concurrency: int, within: float) -> bool:
    with app.replace_connector(WorkerConnector()) as working:
        held = working.job_manager = HeldJobs(working.connector)
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
            # Beside procrastinate's own, which ends before the jobs in hand do: others would take
            # them up.
            heart = asyncio.create_task(_every(HEARTBEAT_SECONDS, held.beat))
            sweeper = asyncio.create_task(
                _every(SWEEP_EVERY_SECONDS, functools.partial(_sweep, working, held))
            )
            asked = asyncio.create_task(stop.wait())
            await asyncio.wait({worker, asked}, return_when=asyncio.FIRST_COMPLETED)
            sweeper.cancel()
            asked.cancel()
            # Procrastinate takes a cancelled worker as asked to stop: it finishes its jobs.
            worker.cancel()
            await asyncio.wait({worker}, timeout=within)
            heart.cancel()
            if not worker.done():
                await _abandon(held)
                return False
            with contextlib.suppress(asyncio.CancelledError):
                await worker
            return True


async def _abandon(held: HeldJobs) -> None:
    """Leave what is in hand to other workers."""
    try:
        jobs = await asyncio.wait_for(held.give_back(), timeout=HEARTBEAT_SECONDS)
        log.warning("jobs given back to the queue", jobs=jobs)
    except Exception as error:
        # They are taken up all the same, once this worker has been silent for long enough.
        log.warning("jobs not given back", error=repr(error))
    # The loop's end waits for the threads of its executor: that of an idle one takes no time.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())


async def _every(seconds: float, act: Callable[[], Awaitable[None]]) -> None:
    """Act again and again. A failure ends nothing: where the database is away, the worker meets
    the same and is started again."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await act()
        except Exception as error:
            log.warning("failed beside the worker", error=repr(error))


async def _sweep(working: App, held: HeldJobs) -> None:
    """Give the jobs of dead workers back to the living.

    Beside the worker rather than as a periodic job: a worker whose slots are all taken by long
    jobs would not come to run it.
    """
    # First, or a worker that was frozen would take its own jobs for those of a dead one.
    await held.beat()
    for job in await take_up_stalled_jobs(working):
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
