"""Many rows in one statement, as arrays that the server takes as they are.

Django quotes values into the text of a statement, and procrastinate makes objects of each job:
for a thousand documents that took longer than to store them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from django.db import connection
from procrastinate.jobs import JobDeferrer


def with_rows(
    statement: str, kinds: Mapping[str, str], rows: Sequence[Sequence[Any]], **given: Any
) -> list[tuple[Any, ...]]:
    """Run a statement that has `{rows}` where it reads from them, and give back its own rows.

    `kinds` are the types of the columns by their names; `given` are other values, `%(name)s`.
    """
    arrays = ", ".join(f"%({name})b::{kind}[]" for name, kind in kinds.items())
    text = statement.format(rows=f"unnest({arrays}) AS n({', '.join(kinds)})")
    columns = dict(zip(kinds, map(list, zip(*rows, strict=True)), strict=True))
    # The connection's own cursor quotes; this one binds at the server.
    raw: Any = psycopg.Cursor(connection.connection)
    with connection.make_cursor(raw) as cursor:
        cursor.execute(text, {**columns, **given})
        return cursor.fetchall() if cursor.description else []


_DEFER = """
SELECT procrastinate_defer_jobs_v1(array_agg(ROW(
        %(queue)s, %(task)s, %(priority)s, NULL, NULL,
        jsonb_build_object('reseller_id', %(reseller)s::bigint, %(argument)s::text, id), NULL
    )::procrastinate_job_to_defer_v1 ORDER BY id))
  FROM {rows}
"""


def defer_each(task: JobDeferrer, reseller_id: int, argument: str, ids: Sequence[int]) -> None:
    """Defer a job for each of the ids, in the caller's transaction; with other locks than none,
    `batch_defer` does it."""
    if ids:
        with_rows(
            _DEFER,
            {"id": "bigint"},
            [(each,) for each in ids],
            queue=task.job.queue,
            task=task.job.task_name,
            priority=task.job.priority,
            reseller=reseller_id,
            argument=argument,
        )
