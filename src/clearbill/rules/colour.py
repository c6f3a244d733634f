"""Colours that a reseller may choose: what can be read on them, and where they can be seen.

Contrast is WCAG 2.2's, from 1 (the same) to 21 (black on white). Black or white always reaches
4.58 on any colour, so text on a colour is never the problem; a colour that hardly differs from
the white page is.
"""

import re

WHITE, BLACK = "#ffffff", "#000000"
ON_PAGE = 3.0
"""Least contrast of a bar or a heading's colour with the white page (WCAG 1.4.11)."""

TEXT = 4.5
"""Least contrast of text with what lies behind it (WCAG 1.4.3)."""

_HEX = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})")
_STEPS = 50


class BadColour(ValueError):
    """What was given is no colour, or one that would not be seen; the message has the figures."""


def colour(text: str) -> str:
    """`#rrggbb` in small letters, from `#1D4F91` or `#abc`. Raises `BadColour` for other text."""
    given = text.strip().lower()
    if not _HEX.fullmatch(given):
        raise BadColour(f"{text.strip()[:20]!r} is no colour; write #rrggbb, such as #1d4f91")
    if len(given) == 4:
        given = "#" + "".join(2 * digit for digit in given[1:])
    return given


def contrast(one: str, other: str) -> float:
    """How far two colours (`#rrggbb`) are apart, from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def text_on(background: str) -> str:
    """White where white can be read on the colour, else black."""
    return WHITE if contrast(background, WHITE) >= TEXT else BLACK


def checked(text: str) -> str:
    """A colour fit for bars and headings on a white page, as `colour` writes it.

    Raises `BadColour` with the contrast found and the least one.
    """
    chosen = colour(text)
    found = contrast(chosen, WHITE)
    if found < ON_PAGE:
        raise BadColour(
            f"{chosen} hardly differs from the white page: its contrast is {_shown(found)}:1, at"
            f" least {ON_PAGE:.0f}:1 is needed; choose a darker colour"
        )
    return chosen


def readable(chosen: str, *backgrounds: str) -> str:
    """The colour as text: itself, or as little darker or lighter as all `backgrounds` ask for.

    The backgrounds must lie on the same side, all light or all dark.
    """
    towards = BLACK if contrast(backgrounds[0], BLACK) > contrast(backgrounds[0], WHITE) else WHITE
    for step in range(_STEPS):
        mixed = _mixed(chosen, towards, step / _STEPS)
        if all(contrast(mixed, behind) >= TEXT for behind in backgrounds):
            return mixed
    return towards


def tint(chosen: str, background: str, share: float) -> str:
    """The background with a `share` (0 to 1) of the colour in it."""
    return _mixed(background, chosen, share)


def _shown(figure: float) -> str:
    # Cut off, not rounded: 2.97 must not be told as the 3.0 that it misses.
    return f"{int(figure * 10) / 10:.1f}"


def _luminance(hexed: str) -> float:
    red, green, blue = (_linear(part / 255) for part in _parts(hexed))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    # Powers are typed as Any, since a negative base would give a complex number.
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def _parts(hexed: str) -> tuple[int, int, int]:
    return int(hexed[1:3], 16), int(hexed[3:5], 16), int(hexed[5:7], 16)


def _mixed(start: str, end: str, share: float) -> str:
    pairs = zip(_parts(start), _parts(end), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)
