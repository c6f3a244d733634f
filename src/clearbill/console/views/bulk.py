"""Work on many documents: chosen in a table, confirmed once, carried out as a job."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from clearbill.actions.bulk import MOST, VERBS, cancel_bulk, must_type_count, start_bulk
from clearbill.actions.common import Refused
from clearbill.console.views.lists import chosen_by, csv_answer
from clearbill.paper.bundle import pdfs
from clearbill.paper.table import csv_line
from clearbill.queries import bulk as reading
from clearbill.queries import documents as documents_of
from clearbill.queries import listing as lists
from clearbill.queries.documents import Documents
from clearbill.records import clock, tenancy
from clearbill.records.models import BulkJob
from clearbill.rules import payments
from clearbill.rules.access import require
from clearbill.rules.lifecycle import Status
from clearbill.web.actor import actor_of
from clearbill.web.answers import as_file
from clearbill.web.forms import number
from clearbill.web.jinja import said
from clearbill.web.jinja import translated as _
from clearbill.web.permissions import TenantRequest, permission
from clearbill.web.zipping import zipped

TO = [s.value for s in (Status.OPEN, Status.CLOSED, Status.PAST_DUE, Status.VOIDED)]
MOST_PDFS = 5_000
LARGEST_FILE = 1_000_000


@require_POST
@permission("documents.read")
def choose(request: TenantRequest, slug: str) -> HttpResponseBase:
    """What the bulk bar asks for: a download at once, or a confirmation."""
    what, (documents, sort) = request.POST.get("what", ""), _chosen(request)
    count = documents.count()
    if not count:
        messages.error(request, _("Tick at least one document first."))
        return redirect(_back(request))
    if what == "csv":
        return csv_answer(request, documents, sort)
    if what == "zip":
        return _zip(request, documents)
    _require(request, what)
    if request.POST.get("all") and count > MOST:
        messages.error(
            request,
            _("A job takes %(most)s documents: choose fewer by a filter.", most=f"{MOST:,}"),
        )
        return redirect(_back(request))
    summary = _summary(request, documents)
    # What a page before this one showed stays what was seen.
    seen = {code: at for code, at in _seen(request).items() if code in summary.versions}
    return _confirmation(request, what, summary, summary.versions | seen)


def _summary(request: TenantRequest, documents: Documents) -> reading.Chosen:
    return reading.chosen(
        documents,
        request.reseller.pk,
        clock.today(request.reseller.time_zone),
        as_it_stands="as_it_stands" in request.POST,
    )


def _require(request: TenantRequest, what: str) -> None:
    if what not in VERBS:
        raise Http404("no such bulk verb")
    require(request.membership.role, VERBS[what])


def _chosen(request: TenantRequest) -> tuple[Documents, str]:
    """The documents that were ticked, or listed by a file of payments, or all that match the
    table's query as it stands now; and the table's order."""
    query = QueryDict(request.POST.get("query", ""))
    if request.POST.get("all"):
        documents, shown = chosen_by(request, query, number(request.POST, "of"))
        return documents, shown.sort
    codes = [*request.POST.getlist("code"), *_seen(request)]
    return lists.named(documents_of.visible(request.reseller.pk), codes), query.get("sort", "")


_SEEN = re.compile(r"([^:,]{1,20}):([0-9]{1,9})")


def _seen(request: TenantRequest) -> dict[str, int]:
    """Document IDs with the version that the confirmation showed, as its form hands them on."""
    found = (_SEEN.fullmatch(each) for each in request.POST.get("seen", "").split(","))
    return {each[1]: int(each[2]) for each in found if each}


def _back(request: TenantRequest) -> str:
    """The table that one came from."""
    slug, of = request.reseller.slug, number(request.POST, "of")
    address = (
        reverse("console:documents", args=[slug])
        if of is None
        else reverse("console:customer-invoices", args=[slug, of])
    )
    query = request.POST.get("query", "")
    return f"{address}?{query}" if query else address


def _confirmation(
    request: TenantRequest,
    what: str,
    summary: reading.Chosen,
    seen: dict[str, int],
    error: Refused | None = None,
) -> HttpResponse:
    context = {
        "what": what,
        "count": len(seen),
        "summary": summary,
        "seen": ",".join(f"{code}:{version}" for code, version in seen.items()),
        "each": request.POST.get("each", ""),
        "query": request.POST.get("query", ""),
        "of": request.POST.get("of", ""),
        "back": _back(request),
        "statuses": TO,
        "form": request.POST,
        "today": clock.today(request.reseller.time_zone),
        "error": error,
    }
    status = 422 if error else 200
    return render(request, "console/bulk_confirm.html", context, status=status)


@require_POST
@permission("documents.read")
def start(request: TenantRequest, slug: str) -> HttpResponse:
    """The confirmation's answer: what it showed becomes a job, and nothing else does."""
    what, seen = request.POST.get("what", ""), _seen(request)
    _require(request, what)
    documents = lists.named(documents_of.visible(request.reseller.pk), list(seen))
    try:
        _refuse_untyped(request, len(seen), reading.mailed_customers(documents))
        job = start_bulk(
            reseller_id=request.reseller.pk,
            actor=actor_of(request),
            verb=what,
            codes=list(seen),
            versions=seen,
            arguments=_arguments(request) if what == BulkJob.STATUS else {},
        )
    except Refused as error:
        return _confirmation(request, what, _summary(request, documents), seen, error)
    return redirect("console:bulk-job", slug, job.pk)


_ASKED = ("to", "reason", "issued", "due_extended_to", "paid_on", "comment")


def _arguments(request: TenantRequest) -> dict[str, Any]:
    form = request.POST
    return {
        **{name: form.get(name, "") for name in _ASKED},
        "notify": "notify" in form,
        "as_it_stands": "as_it_stands" in form,
        "each": _each(form.get("each", "")),
    }


def _each(text: str) -> dict[str, dict[str, str]]:
    """Document ID → payment date and comment of its own, as the page of payments handed it on."""
    try:
        given = json.loads(text) if text else {}
        return {
            str(code): {name: str(own.get(name, "")) for name in ("paid_on", "comment")}
            for code, own in given.items()
        }
    except (ValueError, AttributeError, RecursionError):
        raise Refused("the payments of the file were lost: give the file again") from None


def _refuse_untyped(request: TenantRequest, count: int, mailed_customers: int) -> None:
    """Above 50 documents, or mail to more than 10 customers, the count is typed."""
    notify = "notify" in request.POST or request.POST.get("what") == BulkJob.RESEND
    typed = request.POST.get("count", "").strip().replace(",", "")
    if must_type_count(count, mailed_customers, notify=notify) and typed != str(count):
        raise Refused("type %(count)s to confirm so many documents", field="count", count=count)


@permission("documents.read")
def jobs(request: TenantRequest, slug: str) -> HttpResponse:
    """The jobs that were started last, so that one finds back to them."""
    return render(
        request, "console/bulk_jobs.html", {"jobs": reading.latest_jobs(request.reseller.pk)}
    )


@permission("documents.read")
def job(request: TenantRequest, slug: str, job_id: int) -> HttpResponse:
    """How far a job is, and what became of each document; asked again every two seconds."""
    progress = _progress(request, job_id)
    template = (
        "console/bulk_progress.html" if "HX-Request" in request.headers else "console/bulk_job.html"
    )
    left = None if progress.left is None else lasting(progress.left)
    return render(request, template, {"progress": progress, "left": left})


def lasting(span: timedelta) -> str:
    """How long something takes, for the eye: `40 s`, `3 min`, `2 h`."""
    seconds = max(1, round(span.total_seconds()))
    if seconds < 90:
        return f"{seconds} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{round(seconds / 3600)} h"


def _progress(request: TenantRequest, job_id: int) -> reading.Progress:
    try:
        return reading.progress(request.reseller.pk, job_id, clock.now())
    except BulkJob.DoesNotExist:
        raise Http404("no such job") from None


@permission("documents.read")
def job_csv(request: TenantRequest, slug: str, job_id: int) -> HttpResponseBase:
    """Every result of a job as CSV."""
    _progress(request, job_id)
    answer = StreamingHttpResponse(
        _results(request.reseller.pk, job_id), content_type="text/csv; charset=utf-8"
    )
    return as_file(answer, f"{slug}_bulk-{job_id}.csv")


def _results(reseller_id: int, job_id: int) -> Iterator[bytes]:
    yield csv_line(("Document ID", "Invoice number", "Customer", "Outcome", "Why"), first=True)
    # Runs after the view has returned, when this connection's reseller has been reset.
    with tenancy.using(reseller_id):
        for each in reading.results_of(reseller_id, job_id):
            about = (each.code, each.invoice_number or "", each.customer or "")
            yield csv_line((*about, each.outcome, each.message))


@require_POST
@permission("documents.read")
def cancel(request: TenantRequest, slug: str, job_id: int) -> HttpResponse:
    """Stop a job after the batch in hand."""
    try:
        found = cancel_bulk(reseller_id=request.reseller.pk, actor=actor_of(request), job_id=job_id)
    except Refused as error:
        raise Http404(error.message) from None
    ended = found.state == BulkJob.CANCELLED
    messages.info(
        request,
        _("It is cancelled. What was changed stays.")
        if ended
        else _("It stops after the documents in hand. What was changed stays."),
    )
    return redirect("console:bulk-job", slug, job_id)


def _zip(request: TenantRequest, documents: Documents) -> HttpResponseBase:
    require(request.membership.role, "documents.download")
    codes = list(documents.order_by("counter").values_list("code", flat=True)[: MOST_PDFS + 1])
    if len(codes) > MOST_PDFS:
        messages.error(
            request,
            _("A zip has at most %(most)s PDFs: choose fewer documents.", most=f"{MOST_PDFS:,}"),
        )
        return redirect(_back(request))
    answer = StreamingHttpResponse(
        zipped(_pdfs(request.reseller.pk, codes)), content_type="application/zip"
    )
    return as_file(answer, f"{request.reseller.slug}_{len(codes)}-documents.zip")


def _pdfs(reseller_id: int, codes: list[str]) -> Iterator[tuple[str, bytes]]:
    # Runs after the view has returned, when this connection's reseller has been reset.
    with tenancy.using(reseller_id):
        yield from pdfs(reseller_id, codes)


@permission("documents.change_status")
def paid(request: TenantRequest, slug: str) -> HttpResponse:
    """Payments that came in, as a CSV: what each line was recognised as, before anything is
    confirmed."""
    if request.method != "POST":
        return render(request, "console/paid.html", _lines([], ""))
    today = clock.today(request.reseller.time_zone)
    try:
        lines = reading.recognise(request.reseller.pk, payments.read(_text(request)), today)
    except (ValueError, Refused) as error:
        return render(request, "console/paid.html", _lines([], _told(error)), status=422)
    if not lines:
        nothing = _("The file names no document: write one a line.")
        return render(request, "console/paid.html", _lines([], nothing), status=422)
    return render(request, "console/paid.html", _lines(lines, ""))


def _told(error: ValueError | Refused) -> str:
    return said(error.message) if isinstance(error, Refused) else str(error)


def _lines(lines: list[reading.Recognised], error: str) -> dict[str, Any]:
    usable = [(each.document, each.payment) for each in lines if each.document and not each.wrong]
    own = {
        document.code: {"paid_on": payment.paid_on, "comment": payment.comment}
        for document, payment in usable
        if payment.paid_on or payment.comment
    }
    return {
        "lines": lines,
        "usable": len(usable),
        "seen": ",".join(f"{document.code}:{document.version}" for document, _ in usable),
        "each_own": json.dumps(own) if own else "",
        "error": error,
    }


def _text(request: TenantRequest) -> str:
    given = request.FILES.get("file")
    if given is None:
        raise Refused("Choose a file.")
    if (given.size or 0) > LARGEST_FILE:
        raise Refused("A file of payments has at most 1 MB: give it in parts.")
    try:
        text: str = given.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused("The file is no text in UTF-8: save it as CSV UTF-8.") from None
    return text
