"""Markups: how cost becomes price."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from clearbill.actions.common import Refused
from clearbill.actions.prices import set_markup
from clearbill.queries.alphabet import by_name
from clearbill.queries.generation import months
from clearbill.queries.prices import markups
from clearbill.records.models import Customer, Provider
from clearbill.rules.access import allowed
from clearbill.rules.periods import month
from clearbill.web.actor import actor_of
from clearbill.web.forms import number
from clearbill.web.jinja import translated as _
from clearbill.web.messages import say_stale
from clearbill.web.permissions import TenantRequest, permission


@permission("prices.read")
def index(request: TenantRequest, slug: str) -> HttpResponse:
    """Every version of every markup, and the form that adds one."""
    error: Refused | None = None
    if request.method == "POST":
        try:
            _set(request)
        except Refused as refused:
            error = refused
        else:
            return redirect("console:markups", slug)
    context = {
        "markups": markups(request.reseller.pk),
        "providers": Provider.objects.filter(reseller=request.reseller).order_by("name"),
        "customers": by_name(Customer.objects.filter(reseller=request.reseller)),
        "months": months(request.reseller.pk),
        "may_edit": allowed(request.membership.role, "prices.edit"),
        "error": error,
        "form": request.POST,
    }
    return render(request, "console/markups.html", context, status=422 if error else 200)


def _set(request: TenantRequest) -> None:
    form = request.POST
    try:
        valid_from = month(form.get("valid_from", ""))
    except ValueError as error:
        raise Refused(str(error), field="valid_from") from None
    # What names no customer must not come to mean all of them.
    customer = number(form, "customer") or 0 if form.get("customer") else None
    done = set_markup(
        reseller_id=request.reseller.pk,
        actor=actor_of(request),
        percent=form.get("percent", ""),
        valid_from=valid_from,
        provider=form.get("provider") or None,
        customer_id=customer,
    )
    if done.rule.percent <= -100:
        messages.warning(request, _("At -100 % everything of this scope is free."))
    messages.success(
        request,
        _(
            "%(percent)s %% from %(month)s, for %(provider)s and %(customer)s.",
            percent=f"{done.rule.percent.normalize():f}",
            provider=done.rule.provider.name if done.rule.provider else _("all providers"),
            customer=done.rule.customer.name if done.rule.customer else _("all customers"),
            month=f"{valid_from:%Y-%m}",
        ),
    )
    say_stale(request, done.stale)
