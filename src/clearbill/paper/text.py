"""Text as it may be printed: control characters go, letters that no font has become code points.

A PDF/A file must name a glyph for every character, so the renderer refuses text that the fonts
cannot draw. Whatever a customer or a provider typed is brought into shape here first.
"""

import re
import struct
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from fontTools.ttLib import TTCollection, TTFont

FONT_FOLDERS = tuple(
    Path(str(files(package))) / "files"
    for package in ("fontpkg_noto_sans", "fontpkg_noto_sans_arabic")
)
"""The fonts that travel with the package; what they cover does not depend on the machine."""

# Platform and encoding of a table that may reach beyond 65,535, in fontTools' order.
_FULL_UNICODE = ((3, 10), (0, 6), (0, 4))
_FONT_SUFFIXES = {".ttf", ".otf", ".ttc", ".otc"}
# Non-joiners change how Arabic and Persian words look; every other invisible sign is dropped,
# above all the ones that turn the direction of what follows.
_KEPT_FORMAT = {"\u200c"}
_BREAK = "\u200b"
_SIGNS = re.escape("/-_.:,;|\\")


@lru_cache(maxsize=8)
def coverage(folders: tuple[Path, ...] = FONT_FOLDERS) -> frozenset[int]:
    """The code points that at least one font in the folders can draw."""
    covered: set[int] = set()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() in _FONT_SUFFIXES:
                for points in _points(path):
                    covered.update(points)
    return frozenset(covered)


def _points(path: Path) -> Iterator[Iterable[int]]:
    """What each font of a file draws, in pieces."""
    if path.suffix.lower() in {".ttc", ".otc"}:
        with TTCollection(str(path), lazy=True) as collection:
            for font in collection.fonts:
                yield from _points_of(font)
    else:
        with TTFont(str(path), lazy=True) as font:
            yield from _points_of(font)


def _points_of(font: TTFont) -> Iterator[Iterable[int]]:
    """The ranges of the font's full table of letters, else what fontTools reads of another one.

    A CJK font has such a table; fontTools would name each of its 65,535 glyphs, in each of the ten
    fonts of a file, which takes seconds and a gigabyte.
    """
    table = font.reader["cmap"]
    (count,) = struct.unpack_from(">H", table, 2)
    offsets = {
        (platform, encoding): offset
        for platform, encoding, offset in struct.iter_unpack(">HHL", table[4 : 4 + 8 * count])
    }
    offset = next((offsets[kind] for kind in _FULL_UNICODE if kind in offsets), None)
    if offset is None or struct.unpack_from(">H", table, offset) != (12,):
        yield font.getBestCmap() or ()
        return
    (groups,) = struct.unpack_from(">L", table, offset + 12)
    ranges = table[offset + 16 : offset + 16 + 12 * groups]
    for first, last, _ in struct.iter_unpack(">LLL", ranges):
        yield range(first, last + 1)


def one_line(text: str) -> str:
    """The text without control and invisible signs, its white space drawn together."""
    if text.isascii() and text.isprintable():
        # Nearly every text, and nothing in it is to be taken out.
        return " ".join(text.split())
    kept = "".join(" " if _is_space(char) else char for char in text if not _is_invisible(char))
    return " ".join(kept.split())


def lines(text: str) -> str:
    """As `one_line`, but the line breaks of an address stay (as `\\n`); empty lines go."""
    cleaned = (one_line(line) for line in text.splitlines())
    return "\n".join(line for line in cleaned if line)


def _is_space(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) in {"Cc", "Zl", "Zp"}


def _is_invisible(char: str) -> bool:
    variation_selector = "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"
    return variation_selector or (
        unicodedata.category(char) in {"Cf", "Cs"} and char not in _KEPT_FORMAT
    )


def printable(text: str, covered: frozenset[int]) -> str:
    """NFC text in which each letter that no font has is its code point: `[U+4E2D]`."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(
        char if char == "\n" or ord(char) in covered else f"[U+{ord(char):04X}]"
        for char in composed
    )


PLAIN_LETTERS = frozenset(
    {*range(0x20, 0x7F), *range(0xA1, 0x180), *range(0x2010, 0x2027), ord(_BREAK)}
)
"""Latin letters, digits and common signs: the last resort where the shaping of others fails."""


def breakable(text: str, every: int = 24) -> str:
    """Lets a long word, such as a resource path, break instead of running out of its column.

    Words of 25 letters and more may break after their signs, and after each `every` letters.
    """
    long_word = re.compile(rf"[^\s{_BREAK}]{{25,}}")
    part = re.compile(rf"[^{_SIGNS}]{{0,{every}}}[{_SIGNS}]+|[^{_SIGNS}]{{1,{every}}}")
    return long_word.sub(lambda word: _BREAK.join(part.findall(word[0])), text)
