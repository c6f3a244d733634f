"""Settings, E-mails: what the two mails about documents say, seen on a real one before they go."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_noop as N_

from clearbill.actions.common import Refused
from clearbill.actions.mail_templates import (
    WORDINGS,
    change_template,
    check_wording,
    reset_template,
    send_test,
)
from clearbill.paper import mail_preview
from clearbill.paper.mail import Wording, built_in_subject
from clearbill.paper.words import mail_bodies, mail_words
from clearbill.queries.mail_templates import KIND_NAMES, LANGUAGES, all_kinds
from clearbill.records.models import MailTemplate
from clearbill.rules.access import allowed, require
from clearbill.rules.colour import text_on
from clearbill.rules.lifecycle import Status
from clearbill.rules.templates import PARAMETERS
from clearbill.web.actor import actor_of
from clearbill.web.forms import lines
from clearbill.web.jinja import translated as _
from clearbill.web.permissions import TenantRequest, permission

LANGUAGE_NAMES = {"en": N_("English"), "de": N_("German")}


@permission("settings.read")
def index(request: TenantRequest, slug: str) -> HttpResponse:
    """One kind of mail (`?kind=`) with its preview.

    `do=preview` shows what was typed, `do=test` sends it to oneself: both save nothing.
    """
    if request.method != "POST":
        return _page(request)
    require(request.membership.role, "settings.edit")
    do = request.POST.get("do", "")
    try:
        if do in _TRIES:
            _TRIES[do](request)
            return _page(request, typed=True)
        _DOES.get(do, _save)(request)
    except Refused as error:
        return _page(request, typed=True, error=error)
    return redirect(f"{reverse('console:settings-mails', args=[slug])}?kind={_kind(request)}")


def _save(request: TenantRequest) -> None:
    change_template(
        reseller_id=request.reseller.pk,
        actor=actor_of(request),
        kind=_kind(request),
        enabled="enabled" in request.POST,
        reply_to=request.POST.get("reply_to", ""),
        bcc=lines(request.POST, "bcc").split("\n"),
        words=_words(request),
    )
    messages.success(request, _("Saved. E-mails that go out from now on say this."))


def _reset(request: TenantRequest) -> None:
    reset_template(reseller_id=request.reseller.pk, actor=actor_of(request), kind=_kind(request))
    messages.success(request, _("The built-in words are back, in both languages."))


def _test(request: TenantRequest) -> None:
    actor = actor_of(request)
    send_test(
        reseller_id=request.reseller.pk,
        actor=actor,
        recipient=actor.name,
        kind=_kind(request),
        language=_language(request),
        wording=_wording(_words(request), _language(request)),
        document=_code(request),
    )
    messages.success(
        request,
        _(
            "A test is on its way to %(recipient)s. What is typed is saved by Save.",
            recipient=actor.name,
        ),
    )


def _preview(request: TenantRequest) -> None:
    check_wording(_words(request))


_TRIES = {"preview": _preview, "test": _test}
_DOES = {"reset": _reset}


def _kind(request: TenantRequest) -> str:
    asked = request.POST.get("kind") or request.GET.get("kind", "")
    return asked if asked in MailTemplate.KINDS else MailTemplate.PUBLISHED


def _language(request: TenantRequest) -> str:
    asked = request.POST.get("language") or request.GET.get("language", "")
    return asked if asked in LANGUAGES else LANGUAGES[0]


def _code(request: TenantRequest) -> str:
    return (request.POST.get("document") or request.GET.get("document", "")).strip()


def _words(request: TenantRequest) -> dict[str, str]:
    return {name: lines(request.POST, name) for name in WORDINGS}


def _wording(words: dict[str, str], language: str) -> Wording:
    return Wording(words[f"subject_{language}"], words[f"body_{language}"])


def _page(
    request: TenantRequest, *, typed: bool = False, error: Refused | None = None
) -> HttpResponse:
    kind, language = _kind(request), _language(request)
    stored = all_kinds(request.reseller.pk)[kind]
    saved = {name: getattr(stored, name) for name in WORDINGS}
    form: dict[str, Any] = {
        **saved,
        "enabled": stored.enabled,
        "reply_to": stored.reply_to,
        "bcc": "\n".join(stored.bcc),
    }
    if typed:
        form = {**form, **request.POST.dict(), "enabled": "enabled" in request.POST}
    # Words that were refused cannot be shown: what is saved stands in the preview.
    words = _words(request) if typed and error is None else saved
    shown = mail_preview.preview(
        request.reseller.pk,
        kind,
        language,
        _wording(words, language),
        code=_code(request),
        recipient=request.user.email,  # type: ignore[union-attr]
    )
    context = {
        "kind": kind,
        "kinds": KIND_NAMES,
        "languages": {code: _(name) for code, name in LANGUAGE_NAMES.items()},
        "language": language,
        "code": _code(request),
        "form": form,
        "own_words": any(saved.values()),
        "unsaved": words != saved,
        "preview": shown,
        "button_ink": text_on(shown.seller["colour"]) if shown else "",
        "mail_words": mail_words(language),
        "built_in": {each: _built_in(kind, each) for each in LANGUAGES},
        "parameters": PARAMETERS,
        "error": error,
        "may_edit": allowed(request.membership.role, "settings.edit"),
    }
    # A preview of what cannot be saved is an answer, not an error: it is asked for while one types.
    refused = error is not None and request.POST.get("do") != "preview"
    return render(request, "console/mail_templates.html", context, status=422 if refused else 200)


def _built_in(kind: str, language: str) -> Wording:
    """What goes out where nothing is typed; a changed status has a sentence for each."""
    bodies = mail_bodies(language)
    some = [Status.OPEN] if kind == MailTemplate.PUBLISHED else [Status.PAST_DUE, Status.CLOSED]
    body = " / ".join(bodies[status] for status in some)
    return Wording(built_in_subject(language, some[0]), body)
