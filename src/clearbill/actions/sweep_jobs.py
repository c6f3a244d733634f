"""Bulk jobs and runs that nobody works on any more: they must not look for ever as if one did."""

from collections.abc import Sequence
from datetime import timedelta

from clearbill.actions.working import BULK, GENERATE, Job, is_held, last_jobs
from clearbill.records import clock, tenancy
from clearbill.records.models import BillingRun, BulkJob

PATIENCE = timedelta(minutes=10)
"""How old a job is, of which the queue knows nothing, before its process is looked for."""


def sweep_jobs(*, reseller_id: int) -> int:
    """End bulk jobs and runs without anybody at work as Failed, with the reason; how many.

    What they did stays. One that is at work after all, unseen, ends as Done when it is done.
    """
    with tenancy.transaction(reseller_id):
        jobs = BulkJob.objects.filter(
            reseller_id=reseller_id, state__in=[BulkJob.QUEUED, BulkJob.RUNNING]
        ).defer("codes", "versions", "arguments")
        runs = BillingRun.objects.filter(
            reseller_id=reseller_id, state__in=[BillingRun.QUEUED, BillingRun.RUNNING]
        )
        # Locked ones have somebody at work.
        bulk = list(jobs.select_for_update(skip_locked=True).order_by("pk"))
        generate = list(runs.select_for_update(skip_locked=True).order_by("pk"))
        return _end(reseller_id, BULK, "job_id", bulk) + _end(
            reseller_id, GENERATE, "run_id", generate
        )


def _end(
    reseller_id: int, task: str, argument: str, rows: Sequence[BulkJob] | Sequence[BillingRun]
) -> int:
    queued = last_jobs(reseller_id, task, argument, [row.pk for row in rows])
    ended = 0
    for row in rows:
        reason = _why_nobody(task, row, queued.get(row.pk))
        if reason:
            row.state, row.reason, row.finished_at = row.FAILED, reason, clock.now()
            if isinstance(row, BulkJob) and row.cancel_asked:
                row.state = BulkJob.CANCELLED
            row.save(update_fields=["state", "reason", "finished_at"])
            ended += 1
    return ended


def _why_nobody(task: str, row: BulkJob | BillingRun, job: Job | None) -> str:
    """Why nobody works on it, or nothing where somebody does."""
    if job is not None and job.in_hand:
        return ""
    if job is None and row.created_at > clock.now() - PATIENCE:
        return ""
    if is_held(task, row.pk):
        return ""
    if job is None or not job.attempts:
        return "nobody works on it: its process or its place in the queue is gone"
    times = "once" if job.attempts == 1 else f"{job.attempts} times"
    return f"it was tried {times} and failed; the worker's log says why"
