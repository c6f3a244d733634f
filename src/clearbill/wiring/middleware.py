"""Our own middleware: health, content security policy, tenant and who may go in."""

import threading
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, cast

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db import DatabaseError, connection
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import redirect, render, resolve_url

from clearbill.paper import downloads
from clearbill.queries.people import second_factor
from clearbill.queries.prepared import Given, Prepared
from clearbill.records import tenancy
from clearbill.records.models import Membership
from clearbill.rules.access import STAFF, Role, allowed
from clearbill.web.permissions import TenantRequest
from clearbill.web.view_as import Viewing, viewing

Answer = Callable[[HttpRequest], HttpResponseBase]


class HealthMiddleware:
    """`/healthz`: this process answers. `/readyz`: so does the database.

    First of all, since probes come by address and under no host name that we would allow.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path == "/healthz":
            return JsonResponse({"status": "ok"})
        if request.path == "/readyz":
            return _readiness()
        return self.get_response(request)


def _readiness() -> HttpResponse:
    try:
        connection.close_if_unusable_or_obsolete()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"status": "database"}, status=503, headers={"Retry-After": "5"})
    return JsonResponse({"status": "ok"})


class StreamsMiddleware:
    """So many streams at once that readers who are slow, or who do not read at all, never take the
    last threads: pages go on, and one download more is asked to come back.
    """

    MOST = 48

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response
        self.free = threading.BoundedSemaphore(self.MOST)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        # A file of our own, such as a style sheet, is small enough to be sent at one go.
        if not isinstance(response, StreamingHttpResponse) or isinstance(response, FileResponse):
            return response
        if not self.free.acquire(blocking=False):
            response.close()
            return _busy(request)
        pieces = response.streaming_content
        response.streaming_content = _Releasing(cast(Iterator[bytes], pieces), self.free.release)
        return response

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponseBase | None:
        """A file that would have to wait for others is asked for again as well."""
        return _busy(request) if isinstance(exception, downloads.Busy) else None


def _busy(request: HttpRequest) -> HttpResponse:
    answer = render(request, "busy.html", status=503)
    answer["Retry-After"] = "60"
    return answer


class _Releasing:
    """The same pieces; that they are closed, or that nobody wants them any more, is said once."""

    def __init__(self, pieces: Iterator[bytes], release: Callable[[], None]) -> None:
        self._pieces, self._releases = pieces, [release]

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        if self._releases:
            self._releases.pop()()

    __del__ = close


class ContentSecurityPolicyMiddleware:
    """Scripts and styles only from our own files: nothing inline, nothing from elsewhere."""

    # data: images are the QR codes of the second factor.
    POLICY = "; ".join(
        (
            "default-src 'self'",
            "img-src 'self' data:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", self.POLICY)
        return response


_ROLES_OF_DOOR: dict[str, frozenset[Role]] = {
    "console": frozenset(STAFF),
    "portal": frozenset({Role.PORTAL}),
}
_VIEWERS = frozenset(role for role in STAFF if allowed(role, "portal.view_as_customer"))


class TenantMiddleware:
    """Which reseller's rows this request may see.

    The connection outlives requests, so its reseller is reset on every one of them, anonymous
    ones too; else they would see the tenant of the request before. An unknown slug and one
    without an active membership give the same 404; before sign-in both lead to it. Staff without
    a second factor are led to set one up, where the reseller asks for it; staff who look at the
    portal as a customer read there, and nothing else.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        tenancy.set_session(None)
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponseBase],
        arguments: tuple[Any, ...],
        keywords: Mapping[str, Any],
    ) -> HttpResponseBase | None:
        """Open the door of the address, or not; views below never see an unchecked slug."""
        match = request.resolver_match
        door = match.namespaces[0] if match and match.namespaces else ""
        if door not in _ROLES_OF_DOOR:
            return None
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path(), resolve_url(settings.LOGIN_URL))
        as_customer = viewing(request, keywords["slug"]) if door == "portal" else None
        roles = _VIEWERS if as_customer else _ROLES_OF_DOOR[door]
        membership = _membership(request, keywords["slug"], roles)
        if membership is None:
            raise Http404("no such reseller for this user")
        tenant = cast(TenantRequest, request)
        tenant.reseller, tenant.membership = membership.reseller, membership
        tenant.viewing_as = as_customer.name if as_customer else ""
        if _lacks_second_factor(membership):
            return redirect("second-factor")
        if as_customer:
            if request.method not in ("GET", "HEAD"):
                return render(request, "reading_only.html", {"viewing": as_customer}, status=403)
            tenant.membership = _as_customer(membership, as_customer)
        tenancy.set_session(membership.reseller_id)
        return None


def _membership(request: HttpRequest, slug: str, roles: frozenset[Role]) -> Membership | None:
    """The person's active membership, and with it, in one query, whether it has a second factor."""
    return _memberships(roles).row(user=request.user.pk or 0, slug=slug)


@cache
def _memberships(roles: frozenset[Role]) -> Prepared[Membership]:
    return Prepared(
        lambda: (
            Membership.objects.filter(
                user_id=Given("user"),
                reseller__slug=Given("slug"),
                state=Membership.ACTIVE,
                role__in=roles,
            )
            .annotate(has_second_factor=second_factor("user_id"))
            .select_related("reseller")
            .order_by("pk")
        )
    )


def _lacks_second_factor(membership: Membership) -> bool:
    """Staff alone are asked for one: customers are never forced."""
    return (
        membership.role in STAFF
        and membership.reseller.mfa_required
        and not getattr(membership, "has_second_factor", False)
    )


def _as_customer(membership: Membership, viewing: Viewing) -> Membership:
    """What a portal page takes for a member: never saved, administrator of nothing."""
    return Membership(
        user_id=membership.user_id,
        reseller=membership.reseller,
        role=Role.PORTAL.value,
        customer_id=viewing.customer,
        state=Membership.ACTIVE,
    )
