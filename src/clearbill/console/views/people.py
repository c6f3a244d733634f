"""People: staff and their access, a customer's portal users, the trail, and the portal as seen."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from clearbill.actions import people as actions
from clearbill.actions.common import Refused
from clearbill.queries import people as reading
from clearbill.records.models import Membership
from clearbill.rules.access import STAFF, allowed
from clearbill.web import view_as
from clearbill.web.actor import actor_of
from clearbill.web.jinja import translated as _
from clearbill.web.loaders import customer_or_404
from clearbill.web.paging import page_of
from clearbill.web.people import act
from clearbill.web.permissions import TenantRequest, permission


@permission("users.read")
def staff(request: TenantRequest, slug: str) -> HttpResponse:
    """Settings > People: who works here, and who is invited to."""
    error: Refused | None = None
    if request.method == "POST":
        try:
            messages.success(request, act(request, None))
            return redirect("console:settings-people", slug)
        except Refused as refused:
            error = refused
    context = {
        "people": reading.people(request.reseller.pk, None),
        "roles": STAFF,
        "may_edit": allowed(request.membership.role, "users.edit"),
        "values": request.POST,
        "error": error,
    }
    return render(request, "console/people.html", context, status=422 if error else 200)


@permission("users.read")
def person(request: TenantRequest, slug: str, membership_id: int) -> HttpResponse:
    """One of the staff: role, state, and where the person is signed in."""
    member = (
        Membership.objects.filter(
            reseller=request.reseller, pk=membership_id, customer__isnull=True
        )
        .select_related("user")
        .first()
    )
    if member is None:
        raise Http404("no such person among the staff")
    error: Refused | None = None
    if request.method == "POST":
        try:
            messages.success(request, act(request, None))
            return redirect("console:person", slug, membership_id)
        except Refused as refused:
            error = refused
    context = {
        "member": member,
        "sessions": reading.sessions(member.user_id),
        "roles": STAFF,
        "may_edit": allowed(request.membership.role, "users.edit"),
        "is_oneself": member.user_id == request.user.pk,
        "error": error,
    }
    return render(request, "console/people_one.html", context, status=422 if error else 200)


@require_POST
@permission("users.edit")
def require_mfa(request: TenantRequest, slug: str) -> HttpResponse:
    """Ask staff for a second factor, or no longer."""
    required = request.POST.get("required") == "1"
    actions.set_mfa_required(
        reseller_id=request.reseller.pk, actor=actor_of(request), required=required
    )
    messages.success(
        request,
        _("Saved. Staff without a second factor must set one up before their next page.")
        if required
        else _("Saved. Staff without a second factor are no longer asked for one."),
    )
    return redirect("console:settings-people", slug)


@permission("access.read_trail")
def access_trail(request: TenantRequest, slug: str) -> HttpResponse:
    """Who changed whose access, the latest first."""
    words = request.GET.get("q", "").strip()
    events = reading.trail(request.reseller.pk, subject=words)
    page = page_of(events, ("-at", "-id"), request.GET.get("after"))
    context = {"page": page, "words": reading.EVENTS, "q": words}
    return render(request, "console/people_trail.html", context)


@permission("portal_users.read")
def portal_users(request: TenantRequest, slug: str, customer_id: int) -> HttpResponse:
    """A customer's portal users; the card on the customer's page sends its forms here."""
    customer = customer_or_404(request, customer_id)
    error: Refused | None = None
    if request.method == "POST":
        try:
            messages.success(request, act(request, customer.pk))
            return redirect(f"{reverse('console:customer', args=[slug, customer.pk])}#portal-users")
        except Refused as refused:
            error = refused
    listed = reading.people(request.reseller.pk, customer.pk)
    context = {
        "customer": customer,
        "people": listed,
        "without_access": reading.recipients_without_access(request.reseller.pk, customer.pk),
        "may_edit_people": allowed(request.membership.role, "portal_users.edit"),
        "invited": request.POST.get("email", "") or request.GET.get("email", ""),
        "people_error": error,
    }
    return render(request, "console/people_portal.html", context, status=422 if error else 200)


@require_POST
@permission("portal.view_as_customer")
def look_as_customer(request: TenantRequest, slug: str, customer_id: int) -> HttpResponse:
    """Open the portal as the customer sees it, reading only; it is written down."""
    customer = customer_or_404(request, customer_id)
    actions.view_as_customer(
        reseller_id=request.reseller.pk, actor=actor_of(request), customer_id=customer.pk
    )
    view_as.begin(request, request.reseller, customer)
    return redirect("portal:overview", slug)


@require_POST
@permission("customers.read")
def leave_portal(request: TenantRequest, slug: str) -> HttpResponse:
    """Back from the portal to the customer's page."""
    seen = view_as.viewing(request, slug)
    view_as.leave(request)
    if seen is None:
        return redirect("console:customers", slug)
    return redirect("console:customer", slug, seen.customer)
