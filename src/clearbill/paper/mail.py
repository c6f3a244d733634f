"""The e-mail that tells a customer about a document: one link, never the document itself."""

import hashlib
from collections.abc import Mapping
from datetime import date
from html import escape
from typing import Any, NamedTuple

from clearbill.paper import amounts
from clearbill.paper.text import one_line
from clearbill.paper.words import words
from clearbill.rules import periods
from clearbill.rules.lifecycle import Status

_SUBJECT_LENGTH = 200
_SENTENCES = {
    Status.OPEN: "A new document is ready for you.",
    Status.PAST_DUE: "This document is past due. Please settle it, or tell us if you already did.",
    Status.CLOSED: "This document is closed: it counts as settled.",
    Status.VOIDED: "This document was voided: nothing is to be paid on it.",
}


class Mail(NamedTuple):
    """What goes out to one recipient."""

    subject: str
    text: str
    html: str


def published_mail(
    document: Mapping[str, Any],
    *,
    recipient: str,
    link: str,
    status: str,
    due_extended_to: date | None = None,
    sender: str = "",
) -> Mail:
    """The mail about a document's new status, for one recipient alone.

    `status` is the new status (`Open`, `Past Due`, `Closed`, `Voided`); a draft or a discarded
    document raises ValueError, as does a `link` that is not http(s). `sender` signs the mail
    (the reseller's name where it is empty). `due_extended_to` stands in for the frozen due date.
    Names are put on one line first, so none can end a header; in HTML they are escaped.
    """
    sentence = _SENTENCES.get(Status(status))
    if sentence is None:
        raise ValueError(f"a document that is {status} is never announced to a customer")
    if not link.startswith(("https://", "http://")) or link != one_line(link) or " " in link:
        raise ValueError(f"{link!r} is no web address for a mail")
    facts = _facts(document, status, due_extended_to)
    signature = one_line(sender or document["seller"]["name"])
    return Mail(
        subject(document),
        _text(facts, sentence, one_line(recipient), link, signature),
        _html(facts, sentence, one_line(recipient), link, signature),
    )


def subject(document: Mapping[str, Any]) -> str:
    """`{Reseller}: {Provider} invoice {number}, {period}`; the Document ID where it has no number.

    Always one line of at most 200 letters, whatever the names hold.
    """
    text = (
        f"{document['seller']['name']}: {document['provider']['name']} invoice"
        f" {_reference(document)}, {_period(document)}"
    )
    cleaned = one_line(text)
    if len(cleaned) <= _SUBJECT_LENGTH:
        return cleaned
    # The number and the period are what a reader searches for: the front gives way.
    tail = one_line(f" {_reference(document)}, {_period(document)}")
    return f"{cleaned[: _SUBJECT_LENGTH - len(tail) - 2].rstrip()}… {tail}"


def message_id(delivery_key: str, domain: str) -> str:
    """The Message-ID of a delivery: the same on every try, so that a repeat is recognised."""
    digest = hashlib.sha256(delivery_key.encode()).hexdigest()[:40]
    host = "".join(char for char in domain if char.isascii() and (char.isalnum() or char in "-."))
    return f"<{digest}@{host or 'localhost'}>"


def _reference(document: Mapping[str, Any]) -> str:
    return str(document["invoice_number"] or document["document_id"])


def _period(document: Mapping[str, Any]) -> str:
    start, end = (date.fromisoformat(document[name]) for name in ("period_start", "period_end"))
    return periods.shown(start, end)


def _facts(
    document: Mapping[str, Any], status: str, due_extended_to: date | None
) -> list[tuple[str, str]]:
    word = words(document["language"])
    frozen_due = document["due_date"]
    due = due_extended_to or (date.fromisoformat(frozen_due) if frozen_due else None)
    total = amounts.amount(document["total"], document["currency"])
    number = document["invoice_number"]
    facts = [
        ("From", document["seller"]["name"]),
        (word["provider"], document["provider"]["name"]),
        (word["invoice_number"] if number else word["document_id"], _reference(document)),
        (word["period"], _period(document)),
        (word["total"], f"{document['currency']} {total}"),
        (word["due_date"], periods.shown_date(due) if due else ""),
        ("Status", status),
    ]
    return [(label, one_line(value)) for label, value in facts if value]


def _text(
    facts: list[tuple[str, str]], sentence: str, recipient: str, link: str, signature: str
) -> str:
    width = max(len(label) for label, _ in facts) + 2
    rows = "\n".join(f"{label + ':':<{width}}{value}" for label, value in facts)
    return (
        f"{sentence}\n\n{rows}\n\nSee the document (you will be asked to sign in):\n{link}\n\n"
        f"{signature}\n\nThis message was sent to {recipient}.\n"
    )


_CELL = "padding:4px 16px 4px 0;vertical-align:top"
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{title}</title>
</head>
<body style="margin:0;padding:24px;font:16px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif">
<p style="margin:0 0 16px">{sentence}</p>
<table role="presentation" style="border-collapse:collapse;margin:0 0 24px">
{rows}
</table>
<p style="margin:0 0 24px"><a href="{link}" style="{button}">See the document</a></p>
<p style="margin:0 0 16px">{signature}</p>
<p style="margin:0;font-size:13px">You will be asked to sign in.
This message was sent to {recipient}.</p>
</body>
</html>
"""
# Both colours are set where one is, so that a mail program's dark mode cannot hide the words.
_BUTTON = (
    "display:inline-block;padding:10px 20px;border-radius:4px;"
    "background:#1d4f91;color:#ffffff;text-decoration:none"
)


def _html(
    facts: list[tuple[str, str]], sentence: str, recipient: str, link: str, signature: str
) -> str:
    rows = "\n".join(
        f'<tr><td style="{_CELL}">{escape(label)}</td>'
        f'<td style="{_CELL}"><strong>{escape(value)}</strong></td></tr>'
        for label, value in facts
    )
    return _PAGE.format(
        title=escape(f"{facts[0][1]}: {sentence}"),
        sentence=escape(sentence),
        rows=rows,
        link=escape(link, quote=True),
        button=_BUTTON,
        signature=escape(signature),
        recipient=escape(recipient),
    )
