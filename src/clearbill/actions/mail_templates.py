"""How a reseller words its e-mails about documents, and a test of it to oneself."""

from collections.abc import Mapping, Sequence

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from clearbill.actions.common import Actor, Refused, check_texts, check_words
from clearbill.actions.letters import queue_letter
from clearbill.paper import mail_preview
from clearbill.paper.mail import Wording, written
from clearbill.queries.branding import logo_file
from clearbill.queries.mail_templates import LANGUAGES, is_staff
from clearbill.records import tenancy
from clearbill.records.models import MailTemplate
from clearbill.rules.templates import UnknownParameter, check

WORDINGS = tuple(f"{part}_{language}" for language in LANGUAGES for part in ("subject", "body"))
"""The columns that hold words: `subject_en`, `body_en` and so on."""

MOST_COPIES = 5
MOST_BODY = 5_000


def change_template(
    *,
    reseller_id: int,
    actor: Actor,
    kind: str,
    enabled: bool | None = None,
    reply_to: str | None = None,
    bcc: Sequence[str] | None = None,
    words: Mapping[str, str] | None = None,
) -> MailTemplate:
    """Change what is given of one kind of mail (`MailTemplate.KINDS`); `words` has `WORDINGS`.

    An empty subject or body is the built-in one. A kind that is off queues no mails from now on;
    those that are owed already go out. Raises `Refused` by field, for an unknown parameter too.
    """
    actor.require("settings.edit")
    _check_kind(kind)
    words = words or {}
    unknown = set(words) - set(WORDINGS)
    if unknown:
        raise TypeError(f"no such words: {sorted(unknown)}")
    changes: dict[str, object] = {**check_wording(words)}
    if enabled is not None:
        changes["enabled"] = enabled
    if reply_to is not None:
        changes["reply_to"] = _address(reply_to, "reply_to") if reply_to.strip() else ""
    if bcc is not None:
        changes["bcc"] = _copies(bcc)
    with tenancy.transaction(reseller_id):
        made, _ = MailTemplate.objects.update_or_create(
            reseller_id=reseller_id, kind=kind, defaults=changes
        )
    return made


def reset_template(*, reseller_id: int, actor: Actor, kind: str) -> None:
    """Return to the built-in words, in every language; whether it is on, and to whom, stays."""
    change_template(
        reseller_id=reseller_id, actor=actor, kind=kind, words=dict.fromkeys(WORDINGS, "")
    )


def send_test(
    *,
    reseller_id: int,
    actor: Actor,
    recipient: str,
    kind: str,
    language: str,
    wording: Wording,
    document: str = "",
) -> None:
    """Queue the mail as it would be written, to a member of staff and nobody else.

    `wording` need not be saved; `document` as in `mail_preview.preview`. Raises `Refused` for an
    address that is not staff's, for an unknown parameter, and for a document that is not there.
    """
    actor.require("settings.edit")
    _check_kind(kind)
    check_wording({f"subject_{language}": wording.subject, f"body_{language}": wording.body})
    with tenancy.transaction(reseller_id):
        if not is_staff(reseller_id, recipient):
            raise Refused(
                "%(recipient)s is no member of your staff: tests go to staff alone",
                recipient=recipient,
            )
        shown = mail_preview.preview(
            reseller_id, kind, language, wording, code=document, recipient=recipient
        )
        if shown is None:
            raise Refused("no document %(document)s here", field="document", document=document)
        mail = written(shown.content, shown.seller, logo_file(reseller_id, shown.logo))
        queue_letter(
            reseller_id=reseller_id,
            kind="plain",
            recipient=recipient,
            subject=f"Test: {mail.subject}",
            text=mail.text,
            html=mail.html,
            data={"logo": shown.logo} if mail.logo else {},
        )


def check_wording(words: Mapping[str, str]) -> dict[str, str]:
    """The words as they are kept. Raises `Refused` for what is no subject, body or parameter."""
    kept = {name: text.replace("\r\n", "\n").strip() for name, text in words.items()}
    check_texts(MailTemplate, kept)
    for name, text in kept.items():
        check_words(name, text, most=MOST_BODY)
        try:
            check(text)
        except UnknownParameter as error:
            raise Refused(str(error), field=name) from None
    return kept


def _check_kind(kind: str) -> None:
    if kind not in MailTemplate.KINDS:
        raise Refused(
            "%(kind)r is no kind of e-mail; use %(first)s or %(second)s",
            kind=kind,
            first=MailTemplate.PUBLISHED,
            second=MailTemplate.STATUS_CHANGED,
        )


def _copies(addresses: Sequence[str]) -> list[str]:
    kept = list(dict.fromkeys(_address(each, "bcc") for each in addresses if each.strip()))
    if len(kept) > MOST_COPIES:
        raise Refused("copies go to at most %(most)s addresses", field="bcc", most=MOST_COPIES)
    return kept


def _address(text: str, field: str) -> str:
    address = text.strip()
    try:
        validate_email(address)
    except ValidationError:
        raise Refused("%(email)r is no e-mail address", field=field, email=address[:80]) from None
    if len(address) > 254:
        raise Refused("an address is at most 254 characters long", field=field)
    return address
