"""Whether somebody works on a job: the queue has it, or a process holds its sign of life.

A job is carried out by a worker, which took it from the queue, or at once by a command, of which
the queue knows nothing. A sign of life ends with its process, however that ends.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection

BULK, GENERATE = "bulk", "generate"
"""Tasks whose jobs a command may carry out itself, too."""

_CLASSES = {BULK: 0x6C627764, GENERATE: 0x6C677764}
"""Classes of advisory locks, apart from those of others."""

_LAST = """
SELECT DISTINCT ON (1) (args->>%(argument)s)::bigint, status::text, attempts
FROM procrastinate_jobs
WHERE task_name = %(task)s AND (args->>'reseller_id')::bigint = %(reseller)s
  AND (args->>%(argument)s)::bigint = ANY(%(ids)s)
ORDER BY 1, status IN ('todo', 'doing') DESC, id DESC
"""


@dataclass(frozen=True)
class Job:
    """The queue's last job of a row: whether it is still to be done, and how often it was tried."""

    in_hand: bool
    attempts: int


def last_jobs(reseller_id: int, task: str, argument: str, ids: Iterable[int]) -> Mapping[int, Job]:
    """The jobs that name rows by `argument`, by the rows' ids; a row without one is absent."""
    wanted = list(ids)
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            _LAST,
            {"task": task, "argument": argument, "reseller": reseller_id, "ids": wanted},
        )
        rows = cursor.fetchall()
    return {pk: Job(status in ("todo", "doing"), attempts) for pk, status, attempts in rows}


@contextmanager
def working_on(task: str, pk: int) -> Iterator[None]:
    """Hold the sign of life of a row's job. It keeps no other worker out: it is shared."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock_shared(%s, %s)", _key(task, pk))
    try:
        yield
    finally:
        if connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock_shared(%s, %s)", _key(task, pk))


def is_held(task: str, pk: int) -> bool:
    """Whether another connection holds the sign; inside a transaction, which keeps it away then."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", _key(task, pk))
        row = cursor.fetchone()
    return not row[0]


def _key(task: str, pk: int) -> list[int]:
    return [_CLASSES[task], pk % 2**31]
