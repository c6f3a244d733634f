"""What a mail would say about a real document, before anybody is sent it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.conf import settings

from clearbill.paper.mail import Content, Wording, content
from clearbill.paper.sample import sample
from clearbill.queries import canonical
from clearbill.queries.branding import brand
from clearbill.queries.canonical import Parties
from clearbill.queries.mail_templates import example
from clearbill.records.models import MailTemplate
from clearbill.rules.lifecycle import Status

_CHANGED = (Status.PAST_DUE, Status.CLOSED, Status.VOIDED)


class Preview(NamedTuple):
    """A mail that nobody was sent: what it says, whose it is, and about which document.

    `seller` looks as mails will from now on, whatever the document was frozen with; `logo` is the
    hash of its logo, empty without one.
    """

    content: Content
    seller: Mapping[str, Any]
    logo: str
    code: str
    made_up: bool


def portal_link(slug: str, code: str) -> str:
    """Where the customer reads the document, after signing in."""
    return f"{settings.CLEARBILL_URL}/portal/{slug}/invoices/{code}/"


def preview(
    reseller_id: int,
    kind: str,
    language: str,
    wording: Wording,
    *,
    code: str = "",
    recipient: str,
) -> Preview | None:
    """The mail about the document `code`, else the newest published, else about a made-up one.

    It is in `language`, whatever the customer's is. None where there is no document `code`.
    Raises `UnknownParameter` for a wording that has one.
    """
    document = example(reseller_id, code)
    if document is None and code:
        return None
    shown = canonical.of(document) if document else sample(Parties.of(reseller_id))
    said = content(
        {**shown, "language": language},
        recipient=recipient,
        link=portal_link(shown["seller"]["slug"], shown["document_id"]),
        status=_status(kind, document.status if document else ""),
        due_extended_to=document.due_extended_to if document else None,
        wording=wording,
    )
    now = brand(reseller_id)
    seller = {**shown["seller"], "colour": now.colour}
    return Preview(said, seller, now.logo, shown["document_id"], document is None)


def _status(kind: str, of_document: str) -> str:
    """The document's own status where this kind of mail tells of such, else the likeliest."""
    if kind == MailTemplate.PUBLISHED:
        return Status.OPEN.value
    return of_document if of_document in _CHANGED else Status.PAST_DUE.value
