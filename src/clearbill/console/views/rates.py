"""Settings, Currencies: exchange rates by hand and from files, and what documents are shown in."""

from datetime import date

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from clearbill.actions.common import Refused
from clearbill.actions.rates import MOST_BYTES, import_rates, set_rate, show_in
from clearbill.queries import rates as reading
from clearbill.records.models import ResellerSettings
from clearbill.rules.access import allowed, require
from clearbill.rules.canonical import plain
from clearbill.rules.periods import month
from clearbill.usage.types import BadFile
from clearbill.web.actor import actor_of
from clearbill.web.jinja import translated as _
from clearbill.web.messages import say_stale
from clearbill.web.permissions import TenantRequest, permission


@permission("settings.read")
def index(request: TenantRequest, slug: str) -> HttpResponse:
    """The rates by pair and month, and the forms that add to them."""
    if request.method != "POST":
        return _page(request)
    require(request.membership.role, "settings.edit")
    forms = {"rate": _set, "file": _import, "shown": _show}
    try:
        forms.get(request.POST.get("form", ""), _set)(request)
    except Refused as error:
        return _page(request, 422, error=error)
    except BadFile as bad:
        return _page(request, 422, bad=bad)
    return redirect("console:settings-currencies", slug)


def _set(request: TenantRequest) -> None:
    form = request.POST
    done = set_rate(
        reseller_id=request.reseller.pk,
        actor=actor_of(request),
        base=form.get("base", "").strip().upper(),
        quote=form.get("quote", "").strip().upper(),
        month=_month(form.get("month", "")),
        rate=form.get("rate", ""),
        source=form.get("source", ""),
    )
    made = done.rate
    messages.success(
        request,
        _(
            "1 %(base)s is %(rate)s %(quote)s in %(month)s.",
            base=made.base,
            rate=plain(made.rate),
            quote=made.quote,
            month=f"{made.day:%b %Y}",
        ),
    )
    say_stale(request, done.stale)


def _month(text: str) -> date:
    try:
        return month(text.strip())
    except ValueError as error:
        raise Refused(str(error), field="month") from None


def _import(request: TenantRequest) -> None:
    file = request.FILES.get("file")
    if file is None:
        raise Refused("Choose a file of rates.", field="file")
    if (file.size or 0) > MOST_BYTES:
        raise Refused("A file has at most %(most)s MB.", field="file", most=MOST_BYTES // 1_000_000)
    done = import_rates(
        reseller_id=request.reseller.pk,
        actor=actor_of(request),
        data=file.read(),
        name=file.name or "file",
    )
    messages.success(
        request,
        _(
            "%(file)s: %(rows)s rates, %(added)s new, %(corrected)s corrected, %(known)s known"
            " already.",
            file=done.name,
            rows=f"{done.rows:,}",
            added=f"{done.added:,}",
            corrected=f"{done.corrected:,}",
            known=f"{done.known:,}",
        ),
    )
    say_stale(request, done.stale)


def _show(request: TenantRequest) -> None:
    on = show_in(
        reseller_id=request.reseller.pk,
        actor=actor_of(request),
        currencies=[*request.POST.getlist("currency"), request.POST.get("another", "")],
    )
    messages.success(
        request,
        _("Documents can be shown in %(codes)s.", codes=", ".join(on))
        if on
        else _("No currency is switched on."),
    )


def _page(
    request: TenantRequest,
    status: int = 200,
    error: Refused | None = None,
    bad: BadFile | None = None,
) -> HttpResponse:
    reseller_id = request.reseller.pk
    stored = ResellerSettings.objects.only("currencies", "currency").get(reseller=request.reseller)
    pairs = reading.pairs(reseller_id)
    pair = _pair(request, pairs)
    shown = _shown_month(request) if pair else None
    context = {
        "stored": stored,
        "candidates": sorted({*stored.currencies, *(code for each in pairs for code in each)}),
        "pairs": pairs,
        "pair": pair,
        "shown_month": shown,
        "error": error,
        "bad": bad,
        "form": request.POST,
        "may_edit": allowed(request.membership.role, "settings.edit"),
        "versions": [],
        "rows": [],
        "following": "",
        "first": not request.GET.get("after"),
    }
    if pair and shown:
        context["versions"] = reading.versions(reseller_id, *pair, shown)
    else:
        after = request.GET.get("after", "")
        context["rows"], context["following"] = reading.months(reseller_id, pair, after)
    return render(request, "console/currencies.html", context, status=status)


def _pair(request: TenantRequest, pairs: list[tuple[str, str]]) -> tuple[str, str] | None:
    """The pair that the address filters by, if it is one of those that there are."""
    base, _, quote = request.GET.get("pair", "").partition("-")
    return (base, quote) if (base, quote) in pairs else None


def _shown_month(request: TenantRequest) -> date | None:
    try:
        return month(request.GET.get("month", ""))
    except ValueError:
        return None
