"""What a custom field takes: values are text in one form, whatever their kind."""

import re
from collections.abc import Sequence
from datetime import date

from clearbill.rules.text import is_hostile, tidy

TEXT, NUMBER, DATE, CHOICE = "text", "number", "date", "choice"
KINDS = {TEXT: "Text", NUMBER: "Number", DATE: "Date", CHOICE: "Choice"}

MOST_TEXT = 500
MOST_CHOICES = 100
MOST_CHOICE = 100

STANDARD = frozenset({"purchase order"})
"""Names of fields that every document has already, lower case."""

_NUMBER = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,10})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class BadValue(ValueError):
    """The text is no value of the field, or the field itself cannot be; says what would do."""


def value(kind: str, choices: Sequence[str], text: str) -> str:
    """The text as a document keeps it; empty stays empty. Raises `BadValue`.

    A number keeps the digits that were typed: 007.50 is a number too, and prints as it is.
    """
    kept = one_line(text)
    if not kept:
        return ""
    if kind == NUMBER:
        return _number(kept)
    if kind == DATE:
        return _date(kept)
    if kind == CHOICE and kept not in choices:
        raise BadValue(f"{kept!r} is none of the choices: {', '.join(choices)}")
    if len(kept) > MOST_TEXT:
        raise BadValue(f"a value is at most {MOST_TEXT} characters long, this has {len(kept)}")
    return kept


def one_line(text: str) -> str:
    """The text on one line, single spaces between words. Raises `BadValue` for what acts on it."""
    kept = " ".join(text.split())
    if any(is_hostile(sign) for sign in kept):
        raise BadValue("the text has a character that nobody sees (a control sign): type it anew")
    return kept


def _number(text: str) -> str:
    if not _NUMBER.fullmatch(text):
        raise BadValue(
            f"{text!r} is no number; write it as -1234.50, with at most 20 digits before the point"
            " and 10 after it"
        )
    return text


def _date(text: str) -> str:
    try:
        if not _DATE.fullmatch(text):
            raise ValueError
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise BadValue(f"{text!r} is no date; write YYYY-MM-DD") from None


def choices(kind: str, given: Sequence[str]) -> list[str]:
    """The choices that a field of the kind offers, in their order. Raises `BadValue`."""
    kept = [each for each in (one_line(text) for text in given) if each]
    if kind != CHOICE:
        if kept:
            raise BadValue(f"only a field of kind choice has choices, this is a {kind}")
        return []
    if not kept:
        raise BadValue("a choice needs something to choose from: give one choice a line")
    twice = sorted({each for each in kept if kept.count(each) > 1})
    if twice:
        raise BadValue(f"{twice[0]!r} stands there twice: keep one")
    if len(kept) > MOST_CHOICES:
        raise BadValue(f"a field has at most {MOST_CHOICES} choices")
    if max(map(len, kept)) > MOST_CHOICE:
        raise BadValue(f"a choice is at most {MOST_CHOICE} characters long")
    return kept


def name(text: str, most: int) -> str:
    """A field's name. Raises `BadValue` for none, and for one that documents have anyway."""
    kept = one_line(text)
    if not tidy(kept):
        raise BadValue("a field needs a name, as it is printed")
    if len(kept) > most:
        raise BadValue(f"a field's name is at most {most} characters long")
    if kept.casefold() in STANDARD:
        raise BadValue(f"every document has a {kept.casefold()} already: use that one")
    return kept
