"""The queue as a worker sees it: it defers on Django's connection, and ends what it still holds."""

import asyncio
from datetime import datetime
from typing import Any, LiteralString

import psycopg
import structlog
from procrastinate.connector import BaseConnector
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.contrib.django.utils import connector_params
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager
from procrastinate.psycopg_connector import PsycopgConnector

log = structlog.get_logger(__name__)

AGAIN_AFTER_SECONDS = 1

# Each time that a job is taken from a worker, the worker or the attempt is another one. A worker
# that was deleted for its silence still holds what nobody has taken up.
_HELD: LiteralString = """
WITH held AS (
    SELECT id FROM procrastinate_jobs
     WHERE id = %(job)s AND status = 'doing' AND attempts = %(attempts)s
       AND (worker_id = %(worker)s OR worker_id IS NULL)
       FOR UPDATE)
"""
_FINISH: LiteralString = (
    _HELD  # noqa: S608 - put together from constants
    + "SELECT id, procrastinate_finish_job_v1(id, %(status)s, %(delete)s)::text AS done FROM held"
)
_RETRY: LiteralString = (
    _HELD  # noqa: S608 - put together from constants
    + "SELECT id, procrastinate_retry_job_v2(id, %(at)s, %(priority)s, %(queue)s, %(lock)s)::text"
    " AS done FROM held"
)
# Not by procrastinate's retry, which counts a try: nothing is wrong with these jobs.
_GIVE_BACK: LiteralString = """
UPDATE procrastinate_jobs
   SET status = 'todo', scheduled_at = NULL, abort_requested = false
 WHERE worker_id = %(worker)s AND status = 'doing' RETURNING id
"""


class WorkerConnector(PsycopgConnector):
    """A pool for the worker itself; what a job defers goes by the connection of its own thread.

    By the pool it would be committed at once: done before the job's transaction is seen, and
    still there after that was rolled back.
    """

    def __init__(self) -> None:
        super().__init__(kwargs=connector_params())
        self._of_the_thread = DjangoConnector()

    def get_sync_connector(self) -> BaseConnector:
        connector: BaseConnector = self._of_the_thread
        return connector


class HeldJobs(JobManager):
    """Procrastinate's own lets a worker that was thought dead end its successor's job."""

    worker: int | None = None

    async def register_worker(self) -> int:
        self.worker = await super().register_worker()
        return self.worker

    async def beat(self) -> None:
        """Say that the worker lives, if there is one yet."""
        if self.worker is not None:
            await self.update_heartbeat(self.worker)

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        await self._end(job, _FINISH, status=status.value, delete=delete_job)

    async def retry_job(
        self,
        job: Job,
        retry_at: datetime | None = None,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        await self._end(job, _RETRY, at=retry_at, priority=priority, queue=queue, lock=lock)

    async def _end(self, job: Job, statement: LiteralString, **values: Any) -> None:
        """Do it to a job that is still ours; however long the database is away meanwhile.

        A job that ended without that being written would stay in hand while its worker lives.
        """
        values |= {"job": job.id, "attempts": job.attempts, "worker": job.worker_id}
        while True:
            try:
                held = await self.connector.execute_query_all_async(statement, **values)
                break
            except ConnectorException as error:
                if not isinstance(error.__cause__, psycopg.OperationalError):
                    raise
                await asyncio.sleep(AGAIN_AFTER_SECONDS)
        if not held:
            log.warning("job is another worker's by now", job=job.id)

    async def give_back(self) -> list[int]:
        """Put what the worker holds back into the queue, for others to begin at once."""
        rows = await self.connector.execute_query_all_async(_GIVE_BACK, worker=self.worker)
        return [row["id"] for row in rows]
