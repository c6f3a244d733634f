"""The demo's mailbox as pages: what it sent, so that its links can be followed."""

from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

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
    """One mail, as text: its HTML says the same and would bring styles that pages forbid."""
    found = mailbox.letter(Path(settings.CLEARBILL_MAILBOX), number)
    if found is None:
        raise Http404(f"no mail {number} in the mailbox")
    return render(request, "mailbox/letter.html", {"letter": found})
