"""The e-mails about a ticket: to those who answer it, and to the one who asked."""

from clearbill.paper.language import known
from clearbill.paper.text import one_line

_SUBJECT = {
    "en": {"new": "New ticket", "reply": "More on ticket", "answer": "Answer to your ticket"},
    "de": {"new": "Neue Anfrage", "reply": "Mehr zu Anfrage", "answer": "Antwort auf Ihre Anfrage"},
}
_SEE = {"en": "Read and reply:", "de": "Lesen und antworten:"}


def written(
    what: str, *, code: str, subject: str, text: str, link: str, seller: str, language: str
) -> tuple[str, str]:
    """Subject and text of a mail; `what` is `new`, `reply` or `answer`.

    The subject is one line whatever it holds; the text says what was said, and where to reply.
    """
    language = known(language)
    head = one_line(f"{_SUBJECT[language][what]} {code}: {subject}")[:200]
    return head, f"{text.strip()}\n\n{_SEE[language]}\n{link}\n\n{one_line(seller)}\n"
