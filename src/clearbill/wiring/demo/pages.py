"""The demo's mailbox as pages: what it sent, so that its links can be followed."""

from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin

from clearbill.web.permissions import public
from clearbill.wiring.demo import mailbox

_NOBODYS = "the demo alone keeps mails, and there nobody's: its people are made up"


@public(_NOBODYS)
def inbox(request: HttpRequest) -> HttpResponse:
    """The latest mails, newest first."""
    letters = mailbox.letters(Path(settings.CLEARBILL_MAILBOX))
    return render(request, "mailbox/inbox.html", {"letters": letters})


@public(_NOBODYS)
def letter(request: HttpRequest, number: int) -> HttpResponse:
    """One mail, as text or (`?part=html`) as most people see it, in a frame of its own."""
    context = {"letter": _found(number), "as_html": request.GET.get("part") == "html"}
    return render(request, "mailbox/letter.html", context)


_FRAMED = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self';"
    " sandbox allow-top-navigation-by-user-activation"
)
"""A mail brings styles of its own, which our pages forbid, and nothing else: no script, no host."""


@public(_NOBODYS)
@xframe_options_sameorigin
def letter_html(request: HttpRequest, number: int) -> HttpResponse:
    """The HTML of a mail for the frame; its links open in the whole window."""
    answer = HttpResponse(f'<base target="_top">{_found(number).html}')
    answer["Content-Security-Policy"] = _FRAMED
    return answer


def _found(number: int) -> mailbox.Letter:
    found = mailbox.letter(Path(settings.CLEARBILL_MAILBOX), number)
    if found is None:
        raise Http404(f"no mail {number} in the mailbox")
    return found
