"""The words printed on a document and written in its e-mails, one file a language."""

from collections.abc import Mapping

from clearbill.paper.language import known
from clearbill.paper.words import english, german
from clearbill.rules.lifecycle import Status

_DOCUMENT = {"en": english.DOCUMENT, "de": german.DOCUMENT}
_MAIL = {"en": english.MAIL, "de": german.MAIL}
_BODIES = {"en": english.BODIES, "de": german.BODIES}


def words(language: str) -> Mapping[str, str]:
    """The words on a document in a language (`en`, `de-AT`); English where it has none."""
    return _DOCUMENT[known(language)]


def mail_words(language: str) -> Mapping[str, str]:
    """The words around a mail's text, and what it calls each status."""
    return _MAIL[known(language)]


def mail_bodies(language: str) -> Mapping[Status, str]:
    """What a mail says about a document's new status; nothing is ever said about a draft."""
    return _BODIES[known(language)]
