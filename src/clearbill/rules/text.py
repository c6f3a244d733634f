"""Words from elsewhere on one line: what a terminal or a table may be handed."""

import unicodedata

# Marks that turn the direction of what follows, so that a name can pretend to be another one.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def is_hostile(char: str) -> bool:
    """Whether a character of one line acts rather than shows: controls, turning marks, halves."""
    return char in _TURNING or unicodedata.category(char) in {"Cc", "Cs"}


def harmless(text: str) -> str:
    """The text with U+FFFD for each character that acts on a terminal, line feeds too."""
    return "".join("\ufffd" if is_hostile(char) else char for char in text)


def counted(number: int, thing: str) -> str:
    """`1 draft`, `2 drafts`: for words that get an s, in English."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def capital(words: str) -> str:
    """With a capital letter first, as a sentence begins."""
    return words[:1].upper() + words[1:]


def tidy(text: str) -> str:
    """A name as it is kept: single blanks, none at the ends, nothing that acts.

    Empty where there is nothing to see: a link of invisible signs is one that nobody finds.
    """
    kept = harmless(" ".join(text.split()))
    seen = any(unicodedata.category(char) not in {"Cf", "Zs"} for char in kept)
    return kept if seen else ""
