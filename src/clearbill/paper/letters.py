"""What a letter says, written from the rows it is about at the moment it is sent."""

from collections.abc import Callable
from typing import NamedTuple

from clearbill.records.models import Letter


class Text(NamedTuple):
    """What goes out to one recipient; without HTML it is plain text."""

    subject: str
    text: str
    html: str = ""


_WRITERS: dict[str, Callable[[Letter], Text | None]] = {}


def written(letter: Letter) -> Text | None:
    """Subject, text and HTML of a letter; None where what it was about no longer asks for it."""
    if letter.kind == "plain":
        return Text(letter.subject, letter.text, letter.html)
    return _WRITERS[letter.kind](letter)
