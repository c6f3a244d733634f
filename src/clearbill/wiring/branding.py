"""Sign-in and invitations in a reseller's colours, where the address says which reseller's.

Open to everybody, so it tells no more than the reseller's mails do: name, colours and logo.
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from clearbill.queries.branding import brand, logo_file
from clearbill.queries.people import reseller_of
from clearbill.records import tenancy
from clearbill.web.branding import style_sheet
from clearbill.web.permissions import public

_DOOR = re.compile(r"/(?:portal|join)/([-\w]+)/")


@dataclass(frozen=True)
class Door:
    """The reseller whose portal or invitation one signs in for; `query` leads on to it, which is
    at `target`."""

    slug: str
    name: str
    target: str

    @property
    def query(self) -> str:
        return f"?{urlencode({'next': self.target})}"


def door(request: HttpRequest) -> dict[str, Any]:
    """A context processor: `door` in templates of sign-in, empty without such a reseller."""
    return {"door": SimpleLazyObject(lambda: _door(request))}


def _door(request: HttpRequest) -> Door | None:
    given = (data.get(name) for name in ("next", "way") for data in (request.POST, request.GET))
    return door_of(next(filter(None, given), ""))


def door_of(target: str) -> Door | None:
    """Whose portal or invitation an address is; None where it is nobody's."""
    found = _DOOR.match(target)
    reseller = reseller_of(found[1]) if found else None
    return Door(reseller.slug, reseller.name, target) if reseller else None


@public("it tells no more of a reseller than its mails do")
def css(request: HttpRequest, slug: str) -> HttpResponse:
    """The colours and the place of the logo; nothing for an unknown reseller."""
    reseller = reseller_of(slug)
    sheet = ""
    if reseller is not None:
        with tenancy.using(reseller.pk):
            found = brand(reseller.pk)
            sheet = style_sheet(
                found, logo_file(reseller.pk, found.logo), f"logo.png?{found.logo[:12]}"
            )
    answer = HttpResponse(sheet, "text/css; charset=utf-8")
    answer["Cache-Control"] = "public, max-age=60"
    return answer


@public("it is on every mail of the reseller")
def logo(request: HttpRequest, slug: str) -> HttpResponse:
    """The logo that the reseller has now."""
    reseller = reseller_of(slug)
    content = None
    if reseller is not None:
        with tenancy.using(reseller.pk):
            content = logo_file(reseller.pk, brand(reseller.pk).logo)
    if content is None:
        raise Http404("no logo")
    answer = HttpResponse(content, "image/png")
    answer["Cache-Control"] = "public, max-age=60"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
