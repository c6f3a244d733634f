"""What a letter says, written from the rows it is about at the moment it is sent."""

from collections.abc import Callable
from typing import NamedTuple

from clearbill.paper import invitation_mail
from clearbill.records.models import Letter


class Text(NamedTuple):
    """What goes out to one recipient; without HTML it is plain text."""

    subject: str
    text: str
    html: str = ""


# A writer gives subject, text and HTML, or None where its cause is gone.
_WRITERS: dict[str, Callable[[Letter], tuple[str, str, str] | None]] = {
    "invitation": invitation_mail.invitation,
    "reset": invitation_mail.reset,
}


def written(letter: Letter) -> Text | None:
    """Subject, text and HTML of a letter; None where what it was about no longer asks for it."""
    if letter.kind == "plain":
        return Text(letter.subject, letter.text, letter.html)
    parts = _WRITERS[letter.kind](letter)
    return None if parts is None else Text(*parts)
