"""`clearbill bulk`: one verb over many documents, as a job with a result for each."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import click

from clearbill.actions.bulk import cancel_bulk, run_bulk, start_bulk
from clearbill.actions.common import Refused
from clearbill.cli.common import DAY, Here, for_reseller, refuse, say, table
from clearbill.cli.lists import StatusWord, check_target, filtered, picked
from clearbill.paper.bundle import pdfs
from clearbill.queries import bulk as reading
from clearbill.queries import documents as documents_of
from clearbill.queries import listing
from clearbill.queries.documents import Documents
from clearbill.queries.listing import Filters
from clearbill.records import clock
from clearbill.records.models import BulkJob
from clearbill.rules import payments
from clearbill.rules.lifecycle import Status
from clearbill.rules.text import counted
from clearbill.store.whole import write_whole
from clearbill.web.zipping import zipped

Command = Callable[..., Any]


@click.group("bulk")
def group() -> None:
    """Change, discard, mail or print many documents at once.

    Documents are named, or picked by filters; `status` reads them from a CSV too.
    """


def _codes_argument(command: Command) -> Command:
    return click.argument("codes", nargs=-1, metavar="[ID]...")(command)


def _waits(command: Command) -> Command:
    return click.option(
        "--background", is_flag=True, help="Leave it to the worker; `bulk show` tells how far."
    )(command)


def _chosen(here: Here, codes: Sequence[str], filters: Filters) -> Documents:
    """Documents by name or by filters, never both: neither would be all there are."""
    if bool(codes) == (filters != Filters()):
        raise click.UsageError("name documents, or pick them by filters, not both")
    if codes:
        return listing.named(documents_of.visible(here.id), codes)
    return picked(here, filters)


def _start(
    here: Here,
    verb: str,
    codes: Sequence[str],
    versions: dict[str, int],
    arguments: dict[str, Any],
    background: bool,
) -> BulkJob:
    job = start_bulk(
        reseller_id=here.id,
        actor=here.actor,
        verb=verb,
        codes=codes,
        versions=versions,
        arguments=arguments,
        in_background=background,
    )
    return job if background else run_bulk(reseller_id=here.id, job_id=job.pk)


def _report(here: Here, job: BulkJob, as_json: bool) -> None:
    """What became of a job; exit status 1 where a document was refused."""
    found = reading.progress(here.id, job.pk, clock.now())
    say(_described(here, found), as_json, lambda: _words(here, found))
    if found.failures:
        refuse(f"{found.failures} of {found.total} were refused")


def _described(here: Here, found: reading.Progress) -> dict[str, Any]:
    return {
        "job": found.job.pk,
        "verb": found.job.verb,
        "state": found.job.state,
        "reason": found.job.reason or None,
        "documents": found.total,
        "done": found.changed,
        "unchanged": found.unchanged,
        "refused": found.failures,
        "results": [
            {
                "id": each.code,
                "invoice_number": each.invoice_number,
                "customer": each.customer,
                "outcome": each.outcome,
                "why": each.message,
            }
            for each in reading.results_of(here.id, found.job.pk)
        ],
    }


def _words(here: Here, found: reading.Progress) -> Iterator[str]:
    reason = f" ({found.job.reason})" if found.job.reason else ""
    yield f"Job {found.job.pk}: {found.job.state}{reason}, {found.done} of {found.total}"
    yield f"{found.changed} done, {found.unchanged} so already, {found.failures} refused"
    rows = [
        (each.code, each.invoice_number or "", each.customer or "", each.outcome, each.message)
        for each in reading.results_of(here.id, found.job.pk)
    ]
    if rows:
        yield from table(rows, ("id", "number", "customer", "outcome", "why"))


@group.command("status")
@_codes_argument
@click.option("--from", "source", type=click.File("rb"), help="A CSV of numbers; - is stdin.")
@click.option("--to", required=True, type=StatusWord(), help="open, closed, past-due or voided.")
@click.option("--reason", default="", help="Required for voided, and to reopen.")
@click.option("--notify/--no-notify", default=False, help="Mail the recipients.")
@click.option("--issued", type=DAY, help="Drafts: issue date instead of today.")
@click.option("--extend-due", type=DAY, help="Past due to open: the new due date.")
@click.option("--paid-on", type=DAY, help="Closed: the payment's date, where a line has none.")
@click.option("--comment", default="", help="Closed: a word on the payment.")
@click.option("--as-it-stands", is_flag=True, help="Publish stale drafts as they are.")
@click.option("--leave-out", is_flag=True, help="Go on without the lines that have a fault.")
@click.option("--dry-run", is_flag=True, help="Show what each line is recognised as, no more.")
@_waits
@for_reseller
@filtered
def status(
    here: Here,
    codes: tuple[str, ...],
    source: Any,
    filters: Filters,
    to: Status,
    leave_out: bool,
    dry_run: bool,
    background: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Change the status of many documents.

    A CSV has an invoice number or Document ID a line, then perhaps a payment date and a comment.
    """
    here.actor.require("documents.change_status")
    arguments = {
        "to": to.value,
        "reason": given["reason"],
        "notify": given["notify"],
        "as_it_stands": given["as_it_stands"],
        "comment": given["comment"],
        "issued": _iso(given["issued"]),
        "due_extended_to": _iso(given["extend_due"]),
        "paid_on": _iso(given["paid_on"]),
    }
    if source is None:
        if dry_run or leave_out:
            raise click.UsageError("--dry-run and --leave-out go with --from")
        versions = reading.codes_and_versions(_chosen(here, codes, filters))
        job = _start(here, BulkJob.STATUS, codes or list(versions), versions, arguments, background)
        _report(here, job, as_json)
        return
    if codes or filters != Filters():
        raise click.UsageError("give a file, or name documents, not both")
    lines = _recognised(here, source, to)
    if dry_run:
        _show_lines(lines, as_json)
        return
    _change_lines(here, lines, arguments, leave_out, background, as_json)


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def _recognised(here: Here, source: Any, to: Status) -> list[reading.Recognised]:
    try:
        given = payments.read(source.read().decode("utf-8-sig"))
    except UnicodeDecodeError:
        refuse("the file is no text in UTF-8: save it as CSV UTF-8")
    except ValueError as error:
        refuse(str(error))
    return reading.recognise(here.id, given, clock.today(here.reseller.time_zone), to)


def _show_lines(lines: Sequence[reading.Recognised], as_json: bool) -> None:
    rows = [
        {
            "line": each.payment.line,
            "number": each.payment.number,
            "id": each.document.code if each.document else None,
            "status": each.document.status if each.document else None,
            "paid_on": each.payment.paid_on or None,
            "wrong": each.wrong or None,
        }
        for each in lines
    ]
    head = ("line", "number", "id", "status", "paid_on", "wrong")
    say(
        {"lines": rows},
        as_json,
        lambda: table([[str(row[name] or "") for name in head] for row in rows], head),
    )


def _change_lines(
    here: Here,
    lines: Sequence[reading.Recognised],
    arguments: dict[str, Any],
    leave_out: bool,
    background: bool,
    as_json: bool,
) -> None:
    faults = [f"line {each.payment.line}: {each.wrong}" for each in lines if each.wrong]
    if faults and not leave_out:
        refuse("\n".join([*faults, "nothing was changed: mend them, or add --leave-out"]))
    usable = [(each.document, each.payment) for each in lines if each.document and not each.wrong]
    each = {
        document.code: {"paid_on": payment.paid_on, "comment": payment.comment}
        for document, payment in usable
        if payment.paid_on or payment.comment
    }
    versions = {document.code: document.version for document, _ in usable}
    job = _start(
        here,
        BulkJob.STATUS,
        list(versions),
        versions,
        {**arguments, "each": each},
        background,
    )
    _report(here, job, as_json)


@group.command("discard")
@_codes_argument
@_waits
@for_reseller
@filtered
def discard(
    here: Here, codes: tuple[str, ...], filters: Filters, background: bool, as_json: bool
) -> None:
    """Discard drafts; published tax invoices are refused."""
    versions = reading.codes_and_versions(_chosen(here, codes, filters))
    job = _start(here, BulkJob.DISCARD, codes or list(versions), versions, {}, background)
    _report(here, job, as_json)


@group.command("resend")
@_codes_argument
@_waits
@for_reseller
@filtered
def resend(
    here: Here, codes: tuple[str, ...], filters: Filters, background: bool, as_json: bool
) -> None:
    """Mail the recipients of published documents again."""
    versions = reading.codes_and_versions(_chosen(here, codes, filters))
    job = _start(here, BulkJob.RESEND, codes or list(versions), versions, {}, background)
    _report(here, job, as_json)


@group.command("zip")
@_codes_argument
@click.option("-o", "target", required=True, type=click.Path(path_type=Path), help="The file.")
@for_reseller
@filtered
def zip_pdfs(
    here: Here, codes: tuple[str, ...], filters: Filters, target: Path, as_json: bool
) -> None:
    """Write the PDFs of many documents as one zip."""
    here.actor.require("documents.download")
    check_target(target)
    found = list(reading.codes_and_versions(_chosen(here, codes, filters)))
    if not found:
        raise Refused("no document fits")
    size = write_whole(target, zipped(pdfs(here.id, found)))
    value = {"file": str(target), "bytes": size, "documents": len(found)}
    say(value, as_json, lambda: [f"{target}: {counted(len(found), 'document')}, {size} bytes"])


@group.command("list")
@for_reseller
def list_jobs(here: Here, as_json: bool) -> None:
    """List the jobs that were started last."""
    here.actor.require("documents.read")
    rows = [
        {
            "job": job.pk,
            "verb": job.verb,
            "state": job.state,
            "results": getattr(job, "done"),  # noqa: B009 - an annotation, which mypy cannot see
            "documents": len(job.codes),
            "who": job.who,
        }
        for job in reading.latest_jobs(here.id)
    ]
    head = ("job", "verb", "state", "results", "documents", "who")
    say({"jobs": rows}, as_json, lambda: table([[str(r[c]) for c in head] for r in rows], head))


def _job(here: Here, job_id: int) -> reading.Progress:
    try:
        return reading.progress(here.id, job_id, clock.now())
    except BulkJob.DoesNotExist:
        refuse(f"no bulk job {job_id} here; `clearbill bulk list` shows them")


@group.command("show")
@click.argument("job_id", metavar="JOB", type=int)
@for_reseller
def show(here: Here, job_id: int, as_json: bool) -> None:
    """Show how far a job is, and what became of each document."""
    here.actor.require("documents.read")
    found = _job(here, job_id)
    say(_described(here, found), as_json, lambda: _words(here, found))


@group.command("cancel")
@click.argument("job_id", metavar="JOB", type=int)
@for_reseller
def cancel(here: Here, job_id: int, as_json: bool) -> None:
    """Stop a job after the batch in hand, or dismiss one that failed; what it changed stays."""
    state = cancel_bulk(reseller_id=here.id, actor=here.actor, job_id=job_id).state
    say({"job": job_id, "state": state}, as_json, lambda: [f"Job {job_id}: {state}, asked to stop"])
