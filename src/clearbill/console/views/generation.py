"""Generate: choose, preview, run, watch."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from clearbill.actions.common import Refused
from clearbill.actions.generate_documents import start_run
from clearbill.queries import documents as reading
from clearbill.queries import runs
from clearbill.queries.alphabet import by_name
from clearbill.queries.generation import months
from clearbill.queries.preview import preview
from clearbill.records import clock
from clearbill.records.models import Customer, Provider
from clearbill.rules.periods import month as parse_month
from clearbill.web.actor import actor_of
from clearbill.web.forms import whole
from clearbill.web.jinja import said
from clearbill.web.jinja import translated as _
from clearbill.web.loaders import report_or_404
from clearbill.web.permissions import TenantRequest, permission


@permission("documents.generate")
def form(request: TenantRequest, slug: str) -> HttpResponse:
    """Period, providers and customers; with a period chosen, what would be billed."""
    known = months(request.reseller.pk)
    context: dict[str, Any] = {
        "months": known,
        "providers": Provider.objects.filter(reseller=request.reseller, periods__isnull=False)
        .order_by("name")
        .distinct(),
        "customers": by_name(Customer.objects.filter(reseller=request.reseller)),
        "recent": runs.recent(request.reseller.pk, 5),
        "preview": None,
        **_choice(request, known),
    }
    nothing = _ticked_nothing(request, context)
    if nothing:
        messages.error(request, nothing)
    elif "period" in request.GET and context["period"]:
        context["preview"] = preview(
            request.reseller.pk,
            context["period"],
            today=clock.today(request.reseller.time_zone),
            providers=context["chosen_providers"],
            customers=context["chosen_customers"],
        )
    return render(request, "console/generate.html", context)


def _choice(request: TenantRequest, known: list[date]) -> dict[str, Any]:
    """What was chosen. Ticks of customers count only where `some` is; else all are meant."""
    data = request.POST if request.method == "POST" else request.GET
    try:
        period = parse_month(data["period"]) if data.get("period") else None
    except ValueError as error:
        messages.error(request, str(error))
        period = None
    ids = [number for each in data.getlist("customer") if (number := whole(each)) is not None]
    return {
        "period": period or (known[0] if known and "period" not in data else None),
        "chosen_providers": data.getlist("provider"),
        "chosen_customers": ids if data.get("some") == "1" else None,
    }


def _ticked_nothing(request: TenantRequest, choice: dict[str, Any]) -> str:
    """What to say where the form came with nothing ticked, which must never come to mean all."""
    if choice["chosen_customers"] == []:
        return _("Tick at least one customer, or choose all of them.")
    if "some" in request.GET and not choice["chosen_providers"]:
        return _("Tick at least one provider.")
    return ""


@require_POST
@permission("documents.generate")
def start(request: TenantRequest, slug: str) -> HttpResponse:
    """Hand the run to the worker and show its progress."""
    choice = _choice(request, [])
    if choice["period"] is None:
        messages.error(request, _("Choose a period first."))
        return redirect("console:generate", slug)
    nothing = _ticked_nothing(request, choice)
    if nothing:
        messages.error(request, nothing)
        return redirect("console:generate", slug)
    try:
        run = start_run(
            reseller_id=request.reseller.pk,
            actor=actor_of(request),
            month=choice["period"],
            providers=choice["chosen_providers"],
            customers=choice["chosen_customers"],
            in_background=True,
        )
    except Refused as error:
        messages.error(request, said(error.message))
        return redirect("console:generate", slug)
    return redirect("console:run", slug, run.pk)


@permission("usage.read")
def run(request: TenantRequest, slug: str, run_id: int) -> HttpResponse:
    """A run's progress and results; the page asks again every two seconds until it is done."""
    report = report_or_404(request, run_id)
    context = {"report": report, "before": reading.previous_totals(report.documents)}
    template = (
        "console/run_progress.html" if request.headers.get("HX-Request") else "console/run.html"
    )
    return render(request, template, context)
