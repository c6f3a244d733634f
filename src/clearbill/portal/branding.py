"""The portal in the reseller's colours: a style sheet, as nothing is styled inline, and a logo."""

from django.http import HttpResponse

from clearbill.queries.branding import brand, logo_file
from clearbill.web.branding import logo_answer, style_sheet
from clearbill.web.permissions import TenantRequest, permission


@permission("portal.read")
def css(request: TenantRequest, slug: str) -> HttpResponse:
    """The colours and the place of the logo. A change shows within a minute."""
    found = brand(request.reseller.pk)
    sheet = style_sheet(found, logo_file(request.reseller.pk, found.logo))
    answer = HttpResponse(sheet, "text/css; charset=utf-8")
    answer["Cache-Control"] = "private, max-age=60"
    return answer


@permission("portal.read")
def logo(request: TenantRequest, slug: str, sha256: str) -> HttpResponse:
    return logo_answer(request, sha256)
