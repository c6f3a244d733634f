"""Who may open a view: declared on each one, checked before it runs.

`@permission("verb")` asks `rules.access` for the role of the request's membership. `@public` says
why a view needs none. A test walks all addresses and fails on a view that declares nothing.
"""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, get_resolver

from clearbill.records.models import Membership, Reseller
from clearbill.rules.access import VERBS, Forbidden, allowed

P = ParamSpec("P")


class TenantRequest(HttpRequest):
    """A request below /console/<slug>/ or /portal/<slug>/; the middleware sets all three.

    `viewing_as` is the customer's name where staff look at the portal as that customer.
    """

    reseller: Reseller
    membership: Membership
    viewing_as: str


def permission(
    verb: str,
) -> Callable[
    [Callable[Concatenate[TenantRequest, P], HttpResponseBase]],
    Callable[Concatenate[HttpRequest, P], HttpResponseBase],
]:
    """Let the view run for roles that may take the verb; others get a 403 that names the role.

    So do those whom an action inside the view refuses: some pages are read by more roles than may
    write on them.
    """
    if verb not in VERBS:
        raise KeyError(f"no verb {verb!r} in rules/access.py")

    def declare(
        view: Callable[Concatenate[TenantRequest, P], HttpResponseBase],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
        @wraps(view)
        def checked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            tenant = cast(TenantRequest, request)
            _refuse_nul(request)
            if not allowed(tenant.membership.role, verb):
                return _not_for(tenant)
            try:
                return view(tenant, *args, **kwargs)
            except Forbidden:
                return _not_for(tenant)

        checked.permission = verb  # type: ignore[attr-defined]
        return checked

    return declare


def _not_for(request: TenantRequest) -> HttpResponse:
    return render(request, "403.html", {"role": request.membership.role}, status=403)


def _refuse_nul(request: HttpRequest) -> None:
    """PostgreSQL's text holds no NUL: nobody types one, and a query with it is an error of ours."""
    given = (each for data in (request.GET, request.POST) for _, each in data.lists())
    if "\0" in request.path or any("\0" in text for texts in given for text in texts):
        raise BadRequest("a NUL character in an address or a form")


def public(reason: str) -> Callable[[Callable[P, Any]], Callable[P, Any]]:
    """Declare a view that asks for no role, and say why."""

    def declare(view: Callable[P, Any]) -> Callable[P, Any]:
        view.permission = f"public: {reason}"  # type: ignore[attr-defined]
        return view

    return declare


EXEMPT = {
    "allauth.": "signs people in and out; it asks for a session itself where it needs one",
}
"""Modules of views that are not ours, with the reason that they need no declaration."""


def views(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every address of the URL configuration with its view."""
    for pattern in (resolver or get_resolver()).url_patterns:
        address = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from views(pattern, address)
        elif isinstance(pattern, URLPattern):
            yield address, pattern.callback


def undeclared() -> list[str]:
    """Addresses whose view declares no permission."""
    return [
        address
        for address, view in views()
        if not hasattr(view, "permission") and not view.__module__.startswith(tuple(EXEMPT))
    ]
