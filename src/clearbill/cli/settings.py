"""`clearbill settings`: how documents, portal and e-mails look, what e-mails say, and numbers."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from clearbill.actions.branding import remove_logo, set_branding, set_logo
from clearbill.actions.mail_templates import WORDINGS, change_template, reset_template, send_test
from clearbill.actions.number_series import change_series
from clearbill.cli.common import Here, for_reseller, portal_address, refuse, say
from clearbill.paper import mail_preview
from clearbill.paper.logo import MOST_BYTES
from clearbill.paper.mail import Wording
from clearbill.queries.branding import brand
from clearbill.queries.mail_templates import LANGUAGES, all_kinds, of_kind
from clearbill.records.models import MailTemplate, NumberSeries
from clearbill.rules.numbering import invoice_number

_KIND = click.Choice(list(MailTemplate.KINDS))


@click.group("settings")
def group() -> None:
    """Branding, e-mails and numbers; legal name and address are in `clearbill resellers set`."""


def _branding(here: Here) -> dict[str, str]:
    shown = brand(here.id)
    return {
        "colour": shown.colour,
        "accent_colour": shown.accent_colour,
        "footer": shown.footer,
        "logo": shown.logo,
    }


def _mail(template: MailTemplate) -> dict[str, Any]:
    """A kind of mail; words that are empty are the built-in ones."""
    return {
        "enabled": template.enabled,
        "reply_to": template.reply_to,
        "bcc": list(template.bcc),
        **{name: getattr(template, name) for name in WORDINGS},
    }


def _series(here: Here) -> dict[str, Any]:
    row = NumberSeries.objects.get(reseller_id=here.id, name=NumberSeries.INVOICES)
    following = invoice_number(row.prefix, row.last_number + 1)
    return {"prefix": row.prefix, "start": row.start, "next": following}


def _lines(value: dict[str, Any]) -> list[str]:
    return [f"{name}: {shown}" for name, shown in value.items() if shown not in ("", [])]


@group.command("show")
@for_reseller
def show(here: Here, as_json: bool) -> None:
    """Show the portal's address, branding, both e-mails and the number series."""
    here.actor.require("settings.read")
    value: dict[str, Any] = {
        "portal": portal_address(here),
        "branding": _branding(here),
        "mails": {kind: _mail(template) for kind, template in all_kinds(here.id).items()},
        "series": _series(here),
    }
    say(
        value,
        as_json,
        lambda: [
            f"portal: {value['portal']}",
            *_lines(_branding(here)),
            *(f"{kind}: {'on' if m['enabled'] else 'off'}" for kind, m in value["mails"].items()),
            f"next number: {value['series']['next']}",
        ],
    )


@group.command("branding")
@click.option("--colour", help="Of headings and buttons, such as #1d4f91.")
@click.option("--accent-colour", help="Of section bars.")
@click.option("--footer", help="Several lines are separated by \\n.")
@click.option("--logo", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--no-logo", is_flag=True, help="Print the name instead.")
@for_reseller
def branding(
    here: Here,
    colour: str | None,
    accent_colour: str | None,
    footer: str | None,
    logo: Path | None,
    no_logo: bool,
    as_json: bool,
) -> None:
    """Change colours, footer and logo (PNG or JPEG, at most 2 MB); what is not given stays."""
    if logo is not None and no_logo:
        raise click.UsageError("give --logo or --no-logo, not both")
    if any(each is not None for each in (colour, accent_colour, footer)):
        now = brand(here.id)
        set_branding(
            reseller_id=here.id,
            actor=here.actor,
            colour=now.colour if colour is None else colour,
            accent_colour=now.accent_colour if accent_colour is None else accent_colour,
            footer=now.footer if footer is None else footer.replace("\\n", "\n"),
        )
    if logo is not None:
        # One byte more than a logo may have is enough to have it refused.
        with logo.open("rb") as file:
            set_logo(reseller_id=here.id, actor=here.actor, data=file.read(MOST_BYTES + 1))
    if no_logo:
        remove_logo(reseller_id=here.id, actor=here.actor)
    here.actor.require("settings.read")
    value = _branding(here)
    say(value, as_json, lambda: _lines(value))


@group.command("mail")
@click.argument("kind", type=_KIND)
@click.option("--on/--off", "enabled", default=None, help="Whether it is sent at all.")
@click.option("--reply-to", help="Where answers go; empty: the sender.")
@click.option("--bcc", multiple=True, help="A copy to this address; can be given again.")
@click.option("--no-bcc", is_flag=True, help="No copies.")
@click.option("--subject-en")
@click.option("--body-en", help="Several lines are separated by \\n.")
@click.option("--subject-de")
@click.option("--body-de")
@click.option("--reset", is_flag=True, help="Return to the built-in words first.")
@for_reseller
def mail(here: Here, kind: str, as_json: bool, **given: Any) -> None:
    """Change one of the two e-mails about documents; what is not given stays."""
    if given["bcc"] and given["no_bcc"]:
        raise click.UsageError("give --bcc or --no-bcc, not both")
    if given["reset"]:
        reset_template(reseller_id=here.id, actor=here.actor, kind=kind)
    words = {name: given[name].replace("\\n", "\n") for name in WORDINGS if given[name] is not None}
    made = change_template(
        reseller_id=here.id,
        actor=here.actor,
        kind=kind,
        enabled=given["enabled"],
        reply_to=given["reply_to"],
        bcc=given["bcc"] or ([] if given["no_bcc"] else None),
        words=words,
    )
    say(_mail(made), as_json, lambda: _lines(_mail(made)))


def _wording(here: Here, kind: str, language: str) -> Wording:
    stored = of_kind(here.id, kind)
    return Wording(getattr(stored, f"subject_{language}"), getattr(stored, f"body_{language}"))


@group.command("preview-mail")
@click.argument("kind", type=_KIND)
@click.option("--language", type=click.Choice(list(LANGUAGES)), default="en", show_default=True)
@click.option("--document", default="", help="A Document ID; without it the newest published.")
@click.option("--to", "recipient", default="somebody@example.com", metavar="EMAIL")
@for_reseller
def preview_mail(
    here: Here, kind: str, language: str, document: str, recipient: str, as_json: bool
) -> None:
    """Show what one of the two e-mails would say about a document; nobody is sent it."""
    here.actor.require("settings.read")
    wording = _wording(here, kind, language)
    shown = mail_preview.preview(
        here.id, kind, language, wording, code=document, recipient=recipient
    )
    if shown is None:
        refuse(f"no document {document!r} here")
    value = {"document": shown.code, "made_up": shown.made_up, **asdict(shown.content)}
    say(value, as_json, lambda: _mail_words(value))


def _mail_words(value: dict[str, Any]) -> list[str]:
    made_up = " (made up: there is none yet)" if value["made_up"] else ""
    return [
        f"About {value['document']}{made_up}, to {value['recipient']}",
        f"Subject: {value['subject']}",
        "",
        *value["paragraphs"],
        "",
        *(f"{name}: {fact}" for name, fact in value["facts"]),
        "",
        value["link"],
        value["signature"],
    ]


@group.command("test-mail")
@click.argument("kind", type=_KIND)
@click.option("--to", "recipient", required=True, metavar="EMAIL", help="A member of staff.")
@click.option("--language", type=click.Choice(list(LANGUAGES)), default="en", show_default=True)
@click.option("--document", default="", help="A Document ID; without it the newest published.")
@for_reseller
def test_mail(
    here: Here, kind: str, recipient: str, language: str, document: str, as_json: bool
) -> None:
    """Send one of the two e-mails, as it is now, to a member of staff."""
    send_test(
        reseller_id=here.id,
        actor=here.actor,
        recipient=recipient,
        kind=kind,
        language=language,
        wording=_wording(here, kind, language),
        document=document,
    )
    say({"to": recipient, "kind": kind}, as_json, lambda: [f"on its way to {recipient}"])


@group.command("series")
@click.option("--prefix", help="Never used before, such as INV-2026-.")
@click.option("--start", type=int, default=1, show_default=True, help="The first number of it.")
@for_reseller
def series(here: Here, prefix: str | None, start: int, as_json: bool) -> None:
    """Show how invoices are numbered, or begin another series with --prefix."""
    here.actor.require("settings.read")
    if prefix is not None:
        change_series(reseller_id=here.id, actor=here.actor, prefix=prefix, start=start)
    value = _series(here)
    say(value, as_json, lambda: [f"the next number is {value['next']}"])
