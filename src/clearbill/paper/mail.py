"""The e-mail that tells a customer about a document: one link, never the document itself."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urljoin

from clearbill.paper import mail_frame as frame
from clearbill.paper.language import Language, known
from clearbill.paper.mail_frame import Look, Mail
from clearbill.paper.text import lines, one_line
from clearbill.paper.words import mail_bodies, mail_words, words
from clearbill.rules.lifecycle import Status
from clearbill.rules.templates import filled

_SUBJECT_LENGTH = 200


@dataclass(frozen=True)
class Wording:
    """A reseller's own subject and body, with parameters; empty ones are the built-in."""

    subject: str = ""
    body: str = ""


BUILT_IN = Wording()


@dataclass(frozen=True)
class Content:
    """What a mail says, before it becomes text or HTML: all on one line each, nothing escaped.

    `portal` is the portal's address to be read, beside the one link.
    """

    language: str
    subject: str
    paragraphs: list[str]
    facts: list[tuple[str, str]]
    link: str
    portal: str
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

    As `content`, written out, with the reseller's logo where one is given.
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
    look = Look(seller["name"], seller["colour"], logo)
    return Mail(said.subject, _text(said), _html(said, look), logo)


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
        subject=_subject(document, status, wording, values),
        paragraphs=_paragraphs(own),
        facts=_facts(document, values, owed=status in (Status.OPEN, Status.PAST_DUE)),
        link=link,
        portal=frame.shown_address(urljoin(link, f"/portal/{document['seller']['slug']}/")),
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


def built_in_subject(language: str, status: str) -> str:
    """The subject where a reseller words none: it names every status but Open."""
    return mail_words(language)["subject" if status == Status.OPEN else "subject_changed"]


def _subject(
    document: Mapping[str, Any], status: str, wording: Wording, values: Mapping[str, str]
) -> str:
    """One line of at most 200 letters, whatever the names hold."""
    template = wording.subject.strip() or built_in_subject(document["language"], status)
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


def _facts(
    document: Mapping[str, Any], values: Mapping[str, str], *, owed: bool
) -> list[tuple[str, str]]:
    word, own = words(document["language"]), mail_words(document["language"])
    number = "invoice_number" if document["invoice_number"] else "document_id"
    facts = [
        (own["from"], values["reseller"]),
        (word["provider"], values["provider"]),
        (word[number], values["number"]),
        (word["period"], values["period"]),
        (word["total"], values["total"]),
        (word["due_date"], values["due_date"] if owed else ""),
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
        f"{word['portal'].format(address=said.portal)}\n"
        f"{word['sent_to'].format(recipient=said.recipient)}",
    ]
    return "\n\n".join(parts) + "\n"


def _html(said: Content, look: Look) -> str:
    word = mail_words(said.language)
    parts = [
        *(frame.paragraph(part) for part in said.paragraphs),
        frame.facts(said.facts),
        frame.button(word["see"], said.link, look),
        frame.paragraph(said.signature),
        frame.small(
            word["sign_in"],
            word["portal"].format(address=said.portal),
            word["sent_to"].format(recipient=said.recipient),
        ),
    ]
    return frame.page(parts, look, title=said.subject, language=said.language)
