"""The e-mails about a ticket: to those who answer it, and to the one who asked."""

from dataclasses import dataclass

from django.conf import settings

from clearbill.paper import mail_frame as frame
from clearbill.paper.language import known
from clearbill.paper.looks import look_of
from clearbill.paper.mail_frame import Look, Mail
from clearbill.paper.text import one_line
from clearbill.paper.words import mail_words
from clearbill.queries.tickets import language_of, may_read
from clearbill.records.models import Letter, Ticket

_SUBJECT = {
    "en": {"new": "New ticket", "reply": "More on ticket", "answer": "Answer to your ticket"},
    "de": {"new": "Neue Anfrage", "reply": "Mehr zu Anfrage", "answer": "Antwort auf Ihre Anfrage"},
}
_SEE = {"en": "Read and reply", "de": "Lesen und antworten"}
_LINE = {"en": "{document}, line {line}", "de": "{document}, Zeile {line}"}


@dataclass(frozen=True)
class About:
    """What a ticket is about: a document's number, and perhaps one of its lines in words."""

    document: str
    line: int | None = None
    words: str = ""


def about_ticket(letter: Letter) -> Mail | None:
    """The mail of a letter whose `text` was said on a ticket; `data` names it, and `what` it is.

    None where its recipient may not read the ticket any more. An answer to a customer leads to the
    portal and is in its language; all else is for staff or the operator, in English.
    """
    ticket = (
        Ticket.objects.filter(reseller_id=letter.reseller_id, pk=letter.data["ticket"])
        .select_related("reseller", "customer", "document")
        .defer("document__frozen")
        .first()
    )
    if ticket is None or not _may_read(ticket, letter):
        return None
    what, slug = letter.data["what"], ticket.reseller.slug
    to_customer = what == "answer" and ticket.customer_id is not None
    portal = f"{settings.CLEARBILL_URL}/portal/{slug}/"
    desk = f"{settings.CLEARBILL_URL}/console/{slug}/tickets/"
    return written(
        what,
        code=ticket.code,
        about=_about(ticket),
        customer="" if to_customer or not ticket.customer else ticket.customer.name,
        subject=ticket.subject,
        text=letter.text,
        link=f"{portal}support/{ticket.code}/" if to_customer else f"{desk}{ticket.code}/",
        portal=frame.shown_address(portal) if to_customer else "",
        look=look_of(ticket.reseller),
        language=language_of(ticket) if to_customer else "en",
    )


def _about(ticket: Ticket) -> About | None:
    """The document by the number that a customer knows, and the line that was asked about."""
    if ticket.document is None:
        return None
    words = (ticket.about.get("service"), ticket.about.get("description"))
    return About(
        ticket.document.invoice_number or ticket.document.code,
        ticket.line,
        " ".join(word for word in words if word),
    )


def _may_read(ticket: Ticket, letter: Letter) -> bool:
    """Who was suspended while the mail waited is not told. The operator is no member."""
    if ticket.queue == Ticket.OPERATOR and letter.data["what"] != "answer":
        return True
    return may_read(ticket, letter.recipient)


def written(
    what: str,
    *,
    code: str,
    subject: str,
    text: str,
    link: str,
    look: Look,
    language: str,
    portal: str = "",
    customer: str = "",
    about: About | None = None,
) -> Mail:
    """The mail; `what` is `new`, `reply` or `answer`, `portal` its address to be read.

    The subject is one line whatever it holds, and names who asks (`customer`, for staff) and about
    what; the text says both again, what was said, and where to reply.
    """
    language = known(language)
    which = ", ".join(filter(None, (customer, about.document if about else "")))
    head = _SUBJECT[language][what] + f" {code}" + (f" ({which})" if which else "")
    head = one_line(f"{head}: {subject}")[:200]
    said, seller, see = text.strip(), one_line(look.name), _SEE[language]
    top = [one_line(each) for each in (customer, _words(about, language)) if each]
    below = [mail_words(language)["portal"].format(address=portal)] if portal else []
    parts = [
        *(frame.paragraph(each) for each in top),
        frame.paragraph(said, below=24),
        frame.button(see, link, look),
        frame.paragraph(seller),
        *(frame.small(each) for each in below),
    ]
    return Mail(
        head,
        "\n\n".join([*top, said, f"{see}:\n{link}", seller, *below]) + "\n",
        frame.page(parts, look, title=head, language=language),
        look.logo,
    )


def _words(about: About | None, language: str) -> str:
    if about is None or about.line is None:
        return about.document if about else ""
    where = _LINE[language].format(document=about.document, line=about.line)
    return f"{where}: {about.words}" if about.words else where
