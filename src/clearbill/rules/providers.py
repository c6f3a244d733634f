"""Providers: one code and one name for what files call by many."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from clearbill.rules.text import tidy

LONGEST_CODE, LONGEST_NAME = 60, 200

_NAMES = {"aws": "AWS", "microsoft-csp": "Microsoft CSP", "google-cloud": "Google Cloud"}

ALIASES: Mapping[str, str] = {
    "aws": "aws",
    "amazon web services": "aws",
    "amazon web services, inc.": "aws",
    "amazon web services inc.": "aws",
    "amazon web services, llc": "aws",
    "amazon web services emea sarl": "aws",
    "amazon": "aws",
    "microsoft": "microsoft-csp",
    "microsoft csp": "microsoft-csp",
    "microsoft-csp": "microsoft-csp",
    "microsoft corporation": "microsoft-csp",
    "microsoft azure": "microsoft-csp",
    "azure": "microsoft-csp",
    "google": "google-cloud",
    "google cloud": "google-cloud",
    "google cloud platform": "google-cloud",
    "google-cloud": "google-cloud",
    "google llc": "google-cloud",
    "gcp": "google-cloud",
}
"""What files call the providers that are known from the start (lower case) → code."""


@dataclass(frozen=True)
class Provider:
    """A provider's code, which is stored, and the name that people read."""

    code: str
    name: str


def provider_of(word: str, aliases: Mapping[str, str] | None = None) -> Provider:
    """The provider that a file's word names.

    A reseller's own `aliases` (any letter case → code) come before the built-in ones; a word that
    nobody knows makes a provider of its own: `Oracle` → `oracle`. Raises ValueError on a word
    without a letter or digit, and on one that is too long to be kept.
    """
    said = tidy(word)
    key = said.lower()
    own = {" ".join(alias.split()).lower(): code for alias, code in (aliases or {}).items()}
    code = own.get(key) or ALIASES.get(key) or slug(said)
    if not code:
        raise ValueError("names no provider")
    if len(code) > LONGEST_CODE or len(said) > LONGEST_NAME:
        raise ValueError(f"is longer than a provider's name, {LONGEST_CODE} letters and digits")
    if code in _NAMES:
        return Provider(code, _NAMES[code])
    return Provider(code, said if code == slug(said) else provider_name(code))


def provider_name(code: str) -> str:
    """The name of a provider by its code alone: `aws` → `AWS`, `oracle` → `Oracle`."""
    return _NAMES.get(code) or code.replace("-", " ").title()


def slug(word: str) -> str:
    """Lower case letters and digits with single hyphens: `Oracle Cloud, Inc.` → oracle-cloud-inc.

    Letters beyond a to z are kept where they have no plain form, so that no name comes out empty.
    """
    plain = unicodedata.normalize("NFKD", word).casefold()
    marked = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.sub(r"[\W_]+", "-", marked).strip("-")
