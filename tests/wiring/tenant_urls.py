"""Two doors with one page each, which tells what a view behind the middleware would see."""

from typing import cast

from django.db import connection
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.urls import include, path

from clearbill.web.permissions import TenantRequest

handler500 = "clearbill.wiring.errors.server_error"


def _reseller_of_the_connection() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('clearbill.reseller', true)")
        return str(cursor.fetchone()[0])


def behind_a_door(request: HttpRequest, slug: str) -> HttpResponseBase:
    tenant = cast(TenantRequest, request)
    return JsonResponse(
        {
            "reseller": tenant.reseller.slug,
            "role": tenant.membership.role,
            "rows_of": _reseller_of_the_connection(),
        }
    )


def outside(request: HttpRequest) -> HttpResponseBase:
    return JsonResponse({"rows_of": _reseller_of_the_connection()})


def away(request: HttpRequest) -> HttpResponseBase:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    return JsonResponse({})


_page = [path("", behind_a_door, name="page")]
urlpatterns = [
    path("outside/", outside),
    path("away/", away),
    path("second-factor/", outside, name="second-factor"),
    path("accounts/", include("allauth.urls")),
    path("console/<slug:slug>/", include((_page, "console"))),
    path("portal/<slug:slug>/", include((_page, "portal"))),
]
