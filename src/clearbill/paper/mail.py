"""The e-mail that tells a customer about a document: one link, never the document itself."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Any, NamedTuple

from clearbill.paper import logo as logos
from clearbill.paper.language import Language, known
from clearbill.paper.text import lines, one_line
from clearbill.paper.words import mail_bodies, mail_words, words
from clearbill.rules import colour
from clearbill.rules.lifecycle import Status
from clearbill.rules.templates import filled

LOGO_ID = "logo"
"""Content-ID of the part that a mail's logo is in."""

LOGO_PLACE = (180, 64)
"""Greatest width and height of the logo, in pixels of a mail program."""

_SUBJECT_LENGTH = 200


class Mail(NamedTuple):
    """What goes out to one recipient."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Wording:
    """A reseller's own subject and body, with parameters; empty ones are the built-in."""

    subject: str = ""
    body: str = ""


BUILT_IN = Wording()


@dataclass(frozen=True)
class Content:
    """What a mail says, before it becomes text or HTML: all on one line each, nothing escaped."""

    language: str
    subject: str
    paragraphs: list[str]
    facts: list[tuple[str, str]]
    link: str
    signature: str
    recipient: str


def published_mail(
    document: Mapping[str, Any],
    *,
    recipient: str,
    link: str,
    status: str,
    due_extended_to: date | None = None,
    wording: Wording = BUILT_IN,
    logo: bytes | None = None,
) -> Mail:
    """The mail about a document's new status, for one recipient alone.

    As `content`, written out. With a `logo` the HTML shows the part that has the id `LOGO_ID`.
    """
    said = content(
        document,
        recipient=recipient,
        link=link,
        status=status,
        due_extended_to=due_extended_to,
        wording=wording,
    )
    return written(said, document["seller"], logo)


def written(said: Content, seller: Mapping[str, Any], logo: bytes | None) -> Mail:
    """A mail's content as text and as HTML in the seller's colour."""
    return Mail(said.subject, _text(said), _html(said, seller, logo))


def content(
    document: Mapping[str, Any],
    *,
    recipient: str,
    link: str,
    status: str,
    due_extended_to: date | None = None,
    wording: Wording = BUILT_IN,
) -> Content:
    """What the mail about a document's new status says.

    `status` is the new status (`Open`, `Past Due`, `Closed`, `Voided`); a draft or a discarded
    document raises ValueError, as does a `link` that is not http(s). `due_extended_to` stands in
    for the frozen due date. The facts and the link are there whatever the wording says. Names
    are put on one line first, so none can end a header.
    """
    body = mail_bodies(document["language"]).get(Status(status))
    if body is None:
        raise ValueError(f"a document that is {status} is never announced to a customer")
    if not link.startswith(("https://", "http://")) or link != one_line(link) or " " in link:
        raise ValueError(f"{link!r} is no web address for a mail")
    values = _values(document, status, due_extended_to, link)
    own = filled(wording.body, values) if wording.body.strip() else body
    return Content(
        language=known(document["language"]),
        subject=_subject(document, wording, values),
        paragraphs=_paragraphs(own),
        facts=_facts(document, values),
        link=link,
        signature=values["reseller"],
        recipient=one_line(recipient),
    )


def message_id(delivery_key: str, domain: str) -> str:
    """The Message-ID of a delivery: the same on every try, so that a repeat is recognised."""
    digest = hashlib.sha256(delivery_key.encode()).hexdigest()[:40]
    host = "".join(char for char in domain if char.isascii() and (char.isalnum() or char in "-."))
    return f"<{digest}@{host or 'localhost'}>"


def _values(
    document: Mapping[str, Any], status: str, due_extended_to: date | None, link: str
) -> dict[str, str]:
    """The parameters of a template, in the document's language."""
    language = Language(known(document["language"]))
    frozen_due = document["due_date"]
    due = due_extended_to or (date.fromisoformat(frozen_due) if frozen_due else None)
    start, end = (date.fromisoformat(document[name]) for name in ("period_start", "period_end"))
    values = {
        "customer": document["buyer"]["legal_name"] or document["buyer"]["name"],
        "provider": document["provider"]["name"],
        "number": document["invoice_number"] or document["document_id"],
        "period": language.period(start, end),
        "total": f"{document['currency']} "
        f"{language.amount(document['total'], document['currency'])}",
        "due_date": language.day(due) if due else "",
        "status": mail_words(document["language"])[status],
        "link": link,
        "reseller": document["seller"]["name"],
    }
    return {name: one_line(value) for name, value in values.items()}


def _subject(document: Mapping[str, Any], wording: Wording, values: Mapping[str, str]) -> str:
    """One line of at most 200 letters, whatever the names hold."""
    template = wording.subject.strip() or mail_words(document["language"])["subject"]
    text = one_line(filled(template, values))
    if len(text) <= _SUBJECT_LENGTH:
        return text
    # The number and the period are what a reader searches for: the front gives way.
    tail = f" {values['number']}, {values['period']}"
    return f"{text[: _SUBJECT_LENGTH - len(tail) - 2].rstrip()}… {tail}"


def _paragraphs(body: str) -> list[str]:
    """The body's paragraphs, which empty lines part; the line breaks inside them stay."""
    parts = "\n".join(one_line(line) for line in body.strip().splitlines()).split("\n\n")
    return [shown for part in parts if (shown := lines(part))]


def _facts(document: Mapping[str, Any], values: Mapping[str, str]) -> list[tuple[str, str]]:
    word, own = words(document["language"]), mail_words(document["language"])
    number = "invoice_number" if document["invoice_number"] else "document_id"
    facts = [
        (own["from"], values["reseller"]),
        (word["provider"], values["provider"]),
        (word[number], values["number"]),
        (word["period"], values["period"]),
        (word["total"], values["total"]),
        (word["due_date"], values["due_date"]),
        (own["status"], values["status"]),
    ]
    return [(label, value) for label, value in facts if value]


def _text(said: Content) -> str:
    word = mail_words(said.language)
    width = max(len(label) for label, _ in said.facts) + 2
    rows = "\n".join(f"{label + ':':<{width}}{value}" for label, value in said.facts)
    parts = [
        *said.paragraphs,
        rows,
        f"{word['see']}: {said.link}\n{word['sign_in']}",
        said.signature,
        word["sent_to"].format(recipient=said.recipient),
    ]
    return "\n\n".join(parts) + "\n"


_CELL = "padding:4px 16px 4px 0;vertical-align:top"
_PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{title}</title>
</head>
<body style="margin:0;padding:24px;font:16px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif">
{logo}{paragraphs}
<table role="presentation" style="border-collapse:collapse;margin:0 0 24px">
{rows}
</table>
<p style="margin:0 0 24px"><a href="{link}" style="{button}">{see}</a></p>
<p style="margin:0 0 16px">{signature}</p>
<p style="margin:0;font-size:13px">{sign_in}
{sent_to}</p>
</body>
</html>
"""
# Both colours are set where one is, so that a mail program's dark mode cannot hide the words.
_BUTTON = (
    "display:inline-block;padding:10px 20px;border-radius:4px;"
    "background:{colour};color:{ink};text-decoration:none"
)
# White behind it: a logo is made for paper, and a dark one would be lost in a dark mail program.
_LOGO = (
    '<p style="margin:0 0 24px"><img src="cid:{id}" alt="{alt}" width="{width}" height="{height}"'
    ' style="display:block;border:0;padding:6px;background:#ffffff"></p>\n'
)


def _html(said: Content, seller: Mapping[str, Any], logo: bytes | None) -> str:
    word = mail_words(said.language)
    return _PAGE.format(
        language=said.language,
        logo=_logo(seller, logo),
        title=escape(said.subject),
        paragraphs="\n".join(
            f'<p style="margin:0 0 16px">{escape(part).replace(chr(10), "<br>")}</p>'
            for part in said.paragraphs
        ),
        rows="\n".join(
            f'<tr><td style="{_CELL}">{escape(label)}</td>'
            f'<td style="{_CELL}"><strong>{escape(value)}</strong></td></tr>'
            for label, value in said.facts
        ),
        link=escape(said.link, quote=True),
        button=_BUTTON.format(colour=seller["colour"], ink=colour.text_on(seller["colour"])),
        see=word["see"],
        signature=escape(said.signature),
        sign_in=word["sign_in"],
        sent_to=word["sent_to"].format(recipient=escape(said.recipient)),
    )


def _logo(seller: Mapping[str, Any], png: bytes | None) -> str:
    if png is None:
        return ""
    width, height = logos.fitted(logos.size(png), LOGO_PLACE)
    alt = escape(one_line(seller["name"]), quote=True)
    return _LOGO.format(id=LOGO_ID, alt=alt, width=width, height=height)
