"""The e-mails about a ticket: to those who answer it, and to the one who asked."""

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


def about_ticket(letter: Letter) -> Mail | None:
    """The mail of a letter whose `text` was said on a ticket; `data` names it, and `what` it is.

    None where its recipient may not read the ticket any more. An answer to a customer leads to the
    portal and is in its language; all else is for staff or the operator, in English.
    """
    ticket = (
        Ticket.objects.filter(reseller_id=letter.reseller_id, pk=letter.data["ticket"])
        .select_related("reseller", "customer")
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
        subject=ticket.subject,
        text=letter.text,
        link=f"{portal}support/{ticket.code}/" if to_customer else f"{desk}{ticket.code}/",
        portal=frame.shown_address(portal) if to_customer else "",
        look=look_of(ticket.reseller),
        language=language_of(ticket) if to_customer else "en",
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
) -> Mail:
    """The mail; `what` is `new`, `reply` or `answer`, `portal` its address to be read.

    The subject is one line whatever it holds; the text says what was said, and where to reply.
    """
    language = known(language)
    head = one_line(f"{_SUBJECT[language][what]} {code}: {subject}")[:200]
    said, seller, see = text.strip(), one_line(look.name), _SEE[language]
    below = [mail_words(language)["portal"].format(address=portal)] if portal else []
    parts = [
        frame.paragraph(said, below=24),
        frame.button(see, link, look),
        frame.paragraph(seller),
        *(frame.small(each) for each in below),
    ]
    return Mail(
        head,
        "\n\n".join([said, f"{see}:\n{link}", seller, *below]) + "\n",
        frame.page(parts, look, title=head, language=language),
        look.logo,
    )
