"""What every verb takes and raises: who acts, and why something was refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from babel.numbers import list_currencies
from django.db import models

from clearbill.rules import access
from clearbill.rules.money import minor_unit
from clearbill.rules.text import is_hostile


@dataclass(frozen=True)
class Actor:
    """Who acts: the name that the trail shows (an e-mail, `cli:USER`, `System`) and the role."""

    name: str
    role: str = access.Role.OWNER.value

    def require(self, verb: str) -> None:
        """Raise `access.Forbidden` unless this role may take the verb."""
        access.require(self.role, verb)


SYSTEM = Actor("System")


class Refused(Exception):
    """The verb was not carried out and nothing changed; the message says why and what to do.

    `field` names the input at fault where there is one, for a form to show the message beside;
    `also` has further inputs at fault, each with its message.
    """

    def __init__(
        self, message: str, *, field: str = "", also: Sequence[tuple[str, str]] = ()
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.also = list(also)


def check_texts(model: type[models.Model], values: Mapping[str, Any]) -> None:
    """Raise `Refused` for text that its column does not take, or that is no text to print.

    A column with a greatest length is one line: it takes no control characters and no marks that
    turn the direction of writing. Longer texts may have line feeds.
    """
    for name, value in values.items():
        if not isinstance(value, str):
            continue
        most = getattr(model._meta.get_field(name), "max_length", None)
        label = name.replace("_", " ")
        if most is not None and len(value) > most:
            raise Refused(f"the {label} is at most {most} characters long", field=name)
        if most is not None and any(is_hostile(char) for char in value):
            raise Refused(
                f"the {label} is one line of text, without control characters", field=name
            )
        if "\0" in value or any("\ud800" <= char <= "\udfff" for char in value):
            raise Refused(f"the {label} has a character that is no text", field=name)


def check_words(name: str, text: str, *, most: int = 2000) -> None:
    """Raise `Refused` for free text that no column takes: too long, a NUL, or half a character."""
    label = name.replace("_", " ")
    if len(text) > most:
        raise Refused(f"the {label} is at most {most} characters long", field=name)
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise Refused(f"the {label} has a character that is no text", field=name)


def check_currency(currency: str) -> None:
    """Raise `Refused` for what is no ISO 4217 code; `usd` and `US$` are none."""
    try:
        minor_unit(currency)
    except ValueError as error:
        raise Refused(str(error), field="currency") from None
    if currency not in list_currencies():
        raise Refused(f"{currency} is no currency that ISO 4217 knows", field="currency")
