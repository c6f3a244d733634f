"""Settings, Branding: logo, two colours and a footer, seen on a document before they are saved."""

from typing import NamedTuple

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode

from clearbill.actions.branding import remove_logo, set_branding, set_logo
from clearbill.actions.common import Refused
from clearbill.paper.fonts import more_folders
from clearbill.paper.logo import MOST_BYTES
from clearbill.paper.sample import sample
from clearbill.paper.worker import render_picture_isolated
from clearbill.queries.branding import brand, logo_file
from clearbill.queries.canonical import Parties
from clearbill.rules import colour
from clearbill.rules.access import allowed, require
from clearbill.web.actor import actor_of
from clearbill.web.branding import logo_answer
from clearbill.web.forms import lines
from clearbill.web.jinja import translated as _
from clearbill.web.permissions import TenantRequest, permission


class Look(NamedTuple):
    """What is tried: two colours (`#rrggbb`) and a footer."""

    colour: str
    accent_colour: str
    footer: str


@permission("settings.read")
def index(request: TenantRequest, slug: str) -> HttpResponse:
    """The branding and how it looks; `do=preview` shows what was typed and saves nothing."""
    if request.method != "POST":
        return _page(request)
    require(request.membership.role, "settings.edit")
    try:
        if request.POST.get("do") == "preview":
            return _page(request, tried=_typed(request))
        _DOES.get(request.POST.get("do", ""), _save)(request)
    except Refused as error:
        return _page(request, error=error)
    return redirect("console:settings-branding", slug)


@permission("settings.read")
def preview(request: TenantRequest, slug: str) -> HttpResponse:
    """The first page of a made-up document as a picture, in the colours of the address.

    What is no usable colour there is the saved one.
    """
    content = sample(Parties.of(request.reseller.pk))
    seller = content["seller"]
    tried = {name: _usable(request.GET.get(name, ""), seller[name]) for name in _COLOURS}
    footer = request.GET.get("footer", seller["footer"])[:500]
    picture = render_picture_isolated(
        {**content, "seller": {**seller, **tried, "footer": footer}},
        font_folders=more_folders(),
        logo=logo_file(request.reseller.pk, seller["logo"]["sha256"]) if seller["logo"] else None,
    )
    answer = HttpResponse(picture, "image/png")
    answer["Cache-Control"] = "private, max-age=60"
    return answer


@permission("settings.read")
def logo(request: TenantRequest, slug: str, sha256: str) -> HttpResponse:
    return logo_answer(request, sha256)


_COLOURS = ("colour", "accent_colour")


def _usable(text: str, otherwise: str) -> str:
    try:
        return colour.checked(text) if text else otherwise
    except colour.BadColour:
        return otherwise


def _typed(request: TenantRequest) -> Look:
    chosen = {}
    for name in _COLOURS:
        try:
            chosen[name] = colour.checked(request.POST.get(name, ""))
        except colour.BadColour as error:
            raise Refused(str(error), field=name) from None
    return Look(**chosen, footer=lines(request.POST, "footer"))


def _save(request: TenantRequest) -> None:
    set_branding(
        reseller_id=request.reseller.pk,
        actor=actor_of(request),
        colour=request.POST.get("colour", ""),
        accent_colour=request.POST.get("accent_colour", ""),
        footer=lines(request.POST, "footer"),
    )
    messages.success(request, _("Saved. Published documents keep what they froze."))


def _logo(request: TenantRequest) -> None:
    given = request.FILES.get("logo")
    if given is None:
        raise Refused("Choose a PNG or JPEG first.", field="logo")
    if (given.size or 0) > MOST_BYTES:
        raise Refused("A logo has at most 2 MB: give a smaller file.", field="logo")
    set_logo(reseller_id=request.reseller.pk, actor=actor_of(request), data=given.read())
    messages.success(request, _("This is the logo on documents, portal and e-mails from now on."))


def _remove(request: TenantRequest) -> None:
    remove_logo(reseller_id=request.reseller.pk, actor=actor_of(request))
    messages.success(request, _("Documents to come have your name in the logo's place."))


_DOES = {"logo": _logo, "remove-logo": _remove}


def _page(
    request: TenantRequest, *, tried: Look | None = None, error: Refused | None = None
) -> HttpResponse:
    stored = brand(request.reseller.pk)
    saved = Look(stored.colour, stored.accent_colour, stored.footer)
    shown = tried or saved
    # The logo's hash is there so that another logo is another address, which no browser has.
    query = urlencode({**shown._asdict(), "logo": stored.logo[:12]})
    address = reverse("console:settings-branding-preview", args=[request.reseller.slug])
    context = {
        "typed": {**shown._asdict(), **(request.POST.dict() if error else {})},
        "saved": saved,
        "unsaved": shown != saved,
        "logo": stored.logo,
        "picture": f"{address}?{query}",
        "contrasts": [_contrast(name, getattr(shown, name)) for name in _COLOURS],
        "error": error,
        "may_edit": allowed(request.membership.role, "settings.edit"),
    }
    # A preview of what cannot be saved is an answer, not an error: it is asked for while one types.
    refused = error is not None and request.POST.get("do") != "preview"
    return render(request, "console/branding.html", context, status=422 if refused else 200)


def _contrast(name: str, chosen: str) -> dict[str, str]:
    """What the page says of a colour: how it stands on white, and what is written on it."""
    chosen = colour.colour(chosen)
    ink = colour.text_on(chosen)
    return {
        "name": _("Headings and buttons") if name == "colour" else _("Section bars"),
        "colour": chosen,
        "on_page": f"{colour.contrast(chosen, colour.WHITE):.1f}",
        "ink": _("white") if ink == colour.WHITE else _("black"),
        "on_it": f"{colour.contrast(chosen, ink):.1f}",
    }
