"""Light, dark, or as the system has it: a cookie that `base.html` reads, so that nothing flashes.

The script sets the same cookie without a request; this is for those who have none.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from clearbill.web.permissions import public

THEMES = ("light", "dark")
_A_YEAR = 365 * 24 * 3600


@public("it sets the colours of one's own browser and reads nothing")
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Remember a theme; any word but light and dark forgets it, and the system decides again."""
    target = request.POST.get("next", "")
    # A word without a slash would be looked up as the name of a page.
    inside = target.startswith("/") and url_has_allowed_host_and_scheme(
        target, {request.get_host()}, require_https=request.is_secure()
    )
    answer = redirect(target if inside else "home")
    chosen = request.POST.get("theme", "")
    if chosen in THEMES:
        answer.set_cookie(
            "theme", chosen, max_age=_A_YEAR, samesite="Lax", secure=request.is_secure()
        )
    else:
        answer.delete_cookie("theme", samesite="Lax")
    return answer
