"""Our own middleware: health, content security policy, tenant."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import resolve_url

from clearbill.records import tenancy
from clearbill.records.models import Membership
from clearbill.rules.access import STAFF, Role
from clearbill.web.permissions import TenantRequest

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


class TenantMiddleware:
    """Which reseller's rows this request may see.

    The connection outlives requests, so its reseller is reset on every one of them, anonymous
    ones too; else they would see the tenant of the request before. An unknown slug and one
    without an active membership give the same 404; before sign-in both lead to it.
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
        membership = (
            Membership.objects.filter(
                user_id=request.user.pk,
                reseller__slug=keywords["slug"],
                state=Membership.ACTIVE,
                role__in=_ROLES_OF_DOOR[door],
            )
            .select_related("reseller")
            .first()
        )
        if membership is None:
            raise Http404("no such reseller for this user")
        tenant = cast(TenantRequest, request)
        tenant.reseller, tenant.membership = membership.reseller, membership
        tenancy.set_session(membership.reseller_id)
        return None
