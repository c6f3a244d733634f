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

    @property
    def is_command_line(self) -> bool:
        """Whether it is the operator of the installation, who is no member of a reseller."""
        return self.name.startswith("cli:")

    def require(self, verb: str) -> None:
        """Raise `access.Forbidden` unless this role may take the verb."""
        access.require(self.role, verb)


SYSTEM = Actor("System")


class Words(str):
    """English words that know how they were put together, so that a page can say them otherwise.

    `template` is an entry of the catalogue with `%(name)s` for `values`. A value that is `Words`
    is said in the reader's language too; a tuple of texts is a list, each of them in it.
    """

    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str, /, **values: object) -> "Words":
        english = {name: _english(each) for name, each in values.items()}
        made = super().__new__(cls, template % english if values else template)
        made.template, made.values = template, values
        return made


def _english(value: object) -> object:
    return ", ".join(value) if isinstance(value, tuple) else value


class Refused(Exception):
    """The verb was not carried out and nothing changed; the message says why and what to do.

    `message` is English, put together of a template and its values: `make messages` gathers the
    template, and a page says it in its reader's language (`web.jinja.said`). `field` names the
    input at fault where there is one, for a form to show the message beside; `also` has further
    inputs at fault, each with its message.
    """

    def __init__(
        self,
        template: str,
        *,
        field: str = "",
        also: Sequence[tuple[str, str]] = (),
        **values: object,
    ) -> None:
        message = template if isinstance(template, Words) else Words(template, **values)
        super().__init__(message)
        self.message: str = message
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
        if most is not None and len(value) > most:
            raise _too_long(name, most)
        if most is not None and any(is_hostile(char) for char in value):
            raise Refused(
                "the %(label)s is one line of text, without control characters",
                field=name,
                label=_label(name),
            )
        _check_characters(name, value)


def check_words(name: str, text: str, *, most: int = 2000) -> None:
    """Raise `Refused` for free text that no column takes: too long, a NUL, or half a character."""
    if len(text) > most:
        raise _too_long(name, most)
    _check_characters(name, text)


def _check_characters(name: str, text: str) -> None:
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise Refused(
            "the %(label)s has a character that is no text", field=name, label=_label(name)
        )


def _too_long(name: str, most: int) -> Refused:
    return Refused(
        "the %(label)s is at most %(most)s characters long",
        field=name,
        label=_label(name),
        most=most,
    )


def _label(name: str) -> Words:
    return Words(name.replace("_", " "))


def check_currency(currency: str) -> None:
    """Raise `Refused` for what is no ISO 4217 code; `usd` and `US$` are none."""
    try:
        minor_unit(currency)
    except ValueError as error:
        raise Refused(str(error), field="currency") from None
    if currency not in list_currencies():
        raise Refused(
            "%(currency)s is no currency that ISO 4217 knows", field="currency", currency=currency
        )
