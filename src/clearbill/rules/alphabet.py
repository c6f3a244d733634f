"""The order of names for readers: Łęcka beside Lamm, Öl beside Ode, whatever the case.

One order for all languages: marks fall away, and letters that are no letter with a mark stand
with the one that they look like. A database's own order depends on how it was set up, and the
embedded server knows none but that of the bytes.
"""

import re
import unicodedata

MARKS = "[\u0300-\u036f]"
"""What a letter carries once it is taken apart."""

LIKE = dict(zip("ŁłØøĐđÐðĦħŦŧŊŋıßÆæŒœÞþ", "LlOoDdDdHhTtNnisAaOoTt", strict=True))
"""Letters that cannot be taken apart, and where a reader looks for them."""

_LIKE = str.maketrans(LIKE)


def sort_key(name: str) -> tuple[str, str]:
    """What names are sorted by; two that differ never compare equal."""
    apart = re.sub(MARKS, "", unicodedata.normalize("NFKD", name))
    return apart.translate(_LIKE).lower(), name
