"""Customers: who is billed, and how."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from clearbill.actions.common import Refused
from clearbill.actions.customers import add_customer, change_customer
from clearbill.console import customer_charts
from clearbill.paper.language import known
from clearbill.queries import people
from clearbill.queries.alphabet import letters
from clearbill.records.models import BillingProfile, Customer
from clearbill.rules.access import allowed, require
from clearbill.web.actor import actor_of
from clearbill.web.forms import lines, number_of_days
from clearbill.web.jinja import translated as _
from clearbill.web.loaders import customer_or_404
from clearbill.web.paging import page_of
from clearbill.web.permissions import TenantRequest, permission

TEXTS = ("legal_name", "address", "tax_id", "purchase_order", "language")


@permission("customers.read")
def index(request: TenantRequest, slug: str) -> HttpResponse:
    """The customers, by name."""
    words = request.GET.get("q", "").strip()
    profiles = BillingProfile.objects.filter(
        reseller=request.reseller, is_default=True
    ).select_related("customer")
    if words:
        profiles = profiles.filter(customer__name__icontains=words)
    page = page_of(
        profiles.annotate(letters=letters("customer__name")),
        ("letters", "customer__name", "id"),
        request.GET.get("after"),
    )
    return render(request, "console/customers.html", {"page": page, "q": words})


@permission("customers.edit")
def new(request: TenantRequest, slug: str) -> HttpResponse:
    """A new customer with its default billing profile."""
    if request.method != "POST":
        return _form(request, None, {"language": "en"})
    try:
        customer = add_customer(
            reseller_id=request.reseller.pk,
            actor=actor_of(request),
            name=request.POST.get("name", ""),
            currency=_currency(request) or None,
            **_profile(request),
        )
    except Refused as error:
        return _form(request, None, request.POST, error)
    messages.success(request, _("%(name)s is a customer now.", name=customer.name))
    return redirect("console:customer", slug, customer.pk)


@permission("customers.read")
def edit(request: TenantRequest, slug: str, customer_id: int) -> HttpResponse:
    """A customer's page: its billing profile, portal users and portal address."""
    customer = customer_or_404(request, customer_id)
    if request.method != "POST":
        return _form(request, customer, _values(customer))
    require(request.membership.role, "customers.edit")
    try:
        change_customer(
            reseller_id=request.reseller.pk,
            actor=actor_of(request),
            customer_id=customer.pk,
            name=request.POST.get("name", ""),
            currency=_currency(request),
            **_profile(request),
        )
    except Refused as error:
        return _form(request, customer, request.POST, error)
    messages.success(request, _("Saved. Published documents keep what they froze."))
    return redirect("console:customer", slug, customer.pk)


def _currency(request: TenantRequest) -> str | None:
    """The code as it was typed, in capitals; None where the form has no such field."""
    given = request.POST.get("currency")
    return None if given is None else given.strip().upper()


def _profile(request: TenantRequest) -> dict[str, Any]:
    form = request.POST
    return {
        **{name: lines(form, name) for name in TEXTS},
        "terms_days": number_of_days(form, "terms_days"),
        "recipients": form.get("recipients", "").replace(",", "\n").split(),
    }


def _values(customer: Customer) -> dict[str, Any]:
    profile = BillingProfile.objects.get(
        reseller_id=customer.reseller_id, customer=customer, is_default=True
    )
    return {
        "name": customer.name,
        "currency": profile.currency,
        **{name: getattr(profile, name) for name in TEXTS},
        "terms_days": "" if profile.terms_days is None else str(profile.terms_days),
        "recipients": "\n".join(profile.recipients),
    }


def _form(
    request: TenantRequest,
    customer: Customer | None,
    values: Any,
    error: Refused | None = None,
) -> HttpResponse:
    context = {
        "customer": customer,
        "values": values,
        "written_in": known(values.get("language", "")),
        "languages": settings.LANGUAGES,
        "error": error,
        **(_people(request, customer, values) if customer else {}),
        **(customer_charts.context(request, customer) if customer else {}),
        "portal_url": f"{settings.CLEARBILL_URL}/portal/{request.reseller.slug}/",
        "may_edit": allowed(request.membership.role, "customers.edit"),
    }
    return render(request, "console/customer.html", context, status=422 if error else 200)


def _people(request: TenantRequest, customer: Customer, values: Any) -> dict[str, Any]:
    """The card of portal users; addresses typed into a refused form count as recipients too."""
    listed = people.people(request.reseller.pk, customer.pk)
    recipients = values.get("recipients", "").replace(",", "\n").split()
    return {
        "people": listed,
        "without_access": people.without_access(recipients, listed),
        "may_edit_people": allowed(request.membership.role, "portal_users.edit"),
        "may_look": allowed(request.membership.role, "portal.view_as_customer"),
        "invited": "",
        "people_error": None,
    }
