"""Background entry points: each loads nothing, decides nothing, and calls one verb.

Arguments are ids alone. A tenant's job names its reseller; a periodic one defers a job per
reseller, since no role sees the rows of all.
"""

from procrastinate import BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.contrib.django import app
from procrastinate.jobs import Job

from clearbill.actions import (
    bulk,
    generate_documents,
    past_due,
    send_letter,
    send_mail,
    store_published,
    sweep_jobs,
    sweep_mails,
)
from clearbill.actions.mail_server import MOST_ATTEMPTS
from clearbill.records import tenancy
from clearbill.records.models import Reseller


class BackOff(BaseRetryStrategy):
    """Tries again after 2, 4, 8 … seconds, at most two hours apart; `attempts` times in all."""

    def __init__(self, attempts: int) -> None:
        self.attempts = attempts

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        # The job counts the tries before this one.
        if job.attempts + 1 >= self.attempts:
            return None
        return RetryDecision(retry_in={"seconds": min(2 ** (job.attempts + 1), 7200)})


@app.task(name="generate", retry=BackOff(5))
def generate(reseller_id: int, run_id: int) -> None:
    with tenancy.using(reseller_id):
        generate_documents.run_generation(reseller_id=reseller_id, run_id=run_id)


@app.task(name="bulk", retry=BackOff(5))
def carry_out(reseller_id: int, job_id: int) -> None:
    with tenancy.using(reseller_id):
        bulk.run_bulk(reseller_id=reseller_id, job_id=job_id)


@app.task(name="store_published", retry=BackOff(5))
def store(reseller_id: int, document_id: int) -> None:
    with tenancy.using(reseller_id):
        store_published.store_published(reseller_id=reseller_id, document_id=document_id)


@app.task(name="send_mail", retry=BackOff(MOST_ATTEMPTS))
def send(reseller_id: int, delivery_id: int) -> None:
    with tenancy.using(reseller_id):
        send_mail.send_mail(reseller_id=reseller_id, delivery_id=delivery_id)


@app.task(name="send_letter", retry=BackOff(MOST_ATTEMPTS))
def send_a_letter(reseller_id: int, letter_id: int) -> None:
    with tenancy.using(reseller_id):
        send_letter.send_letter(reseller_id=reseller_id, letter_id=letter_id)


@app.task(name="mark_past_due", retry=BackOff(5))
def mark(reseller_id: int) -> None:
    with tenancy.using(reseller_id):
        past_due.mark_past_due(reseller_id=reseller_id)


@app.periodic(cron="7 * * * *")
@app.task(name="mark_past_due_everywhere", pass_context=True)
def mark_everywhere(context: JobContext, timestamp: int) -> None:
    for reseller_id in Reseller.objects.values_list("pk", flat=True):
        mark.defer(reseller_id=reseller_id)


@app.task(name="sweep_mails", retry=BackOff(5))
def sweep(reseller_id: int) -> None:
    with tenancy.using(reseller_id):
        sweep_mails.sweep_mails(reseller_id=reseller_id)


@app.periodic(cron="*/10 * * * *")
@app.task(name="sweep_mails_everywhere", pass_context=True)
def sweep_everywhere(context: JobContext, timestamp: int) -> None:
    for reseller_id in Reseller.objects.values_list("pk", flat=True):
        sweep.defer(reseller_id=reseller_id)


@app.task(name="sweep_jobs", retry=BackOff(5))
def sweep_work(reseller_id: int) -> None:
    with tenancy.using(reseller_id):
        sweep_jobs.sweep_jobs(reseller_id=reseller_id)


@app.periodic(cron="*/10 * * * *")
@app.task(name="sweep_jobs_everywhere", pass_context=True)
def sweep_work_everywhere(context: JobContext, timestamp: int) -> None:
    for reseller_id in Reseller.objects.values_list("pk", flat=True):
        sweep_work.defer(reseller_id=reseller_id)
