"""The life of a ticket, and what a file with it may be."""

import re
import unicodedata

OPEN, ANSWERED, CLOSED = "Open", "Answered", "Closed"

AFTER_ASKER, AFTER_ANSWER = OPEN, ANSWERED
"""What a message makes of a ticket, closed ones too: whoever asks back reopens it."""

MOST_TEXT = 10_000
MOST_BYTES = 10 * 1024 * 1024

_UNSAFE = re.compile(r"[^A-Za-z0-9._ -]+")


def file_name(given: str) -> str:
    """A name under which any system keeps the file: ASCII, no path, at most 100 letters.

    Never empty, and never one that begins with a dot.
    """
    last = re.split(r"[/\\]", given)[-1]
    plain = unicodedata.normalize("NFKD", last).encode("ascii", "ignore").decode()
    safe = _UNSAFE.sub("_", plain).strip(" .") or "file"
    stem, dot, ending = safe.rpartition(".")
    if dot and 0 < len(ending) <= 10:
        return f"{stem[: 99 - len(ending)]}.{ending}"
    return safe[:100]
