"""The page that every e-mail stands on: the reseller's logo above, its colour on the one button.

Styles stand at each tag and the logo is a part of the mail, since mail programs load nothing.
"""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple
from urllib.parse import urlsplit

from clearbill.paper import logo as logos
from clearbill.paper.text import one_line
from clearbill.rules import colour

LOGO_ID = "logo"
"""Content-ID of the part that a mail's logo is in."""

LOGO_PLACE = (180, 64)
"""Greatest width and height of the logo, in pixels of a mail program."""


class Mail(NamedTuple):
    """What goes out to one recipient. With a `logo` the HTML shows the part `LOGO_ID`."""

    subject: str
    text: str
    html: str
    logo: bytes | None = None


class Look(NamedTuple):
    """Whose mail it is: the reseller's name, its colour as `#rrggbb`, its logo if it has one."""

    name: str
    colour: str
    logo: bytes | None = None


def shown_address(address: str) -> str:
    """An address to be read and typed, not clicked: decision 19 says why."""
    found = urlsplit(address)
    return f"{found.netloc}{found.path}"


_PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{title}</title>
</head>
<body style="margin:0;padding:24px;font:16px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif">
{parts}
</body>
</html>
"""
# Both colours are set where one is, so that a mail program's dark mode cannot hide the words.
_BUTTON = (
    "display:inline-block;padding:10px 20px;border-radius:4px;"
    "background:{colour};color:{ink};text-decoration:none"
)
# White behind it: a logo is made for paper, and a dark one would be lost in a dark mail program.
_LOGO = (
    '<p style="margin:0 0 24px"><img src="cid:{id}" alt="{alt}" width="{width}" height="{height}"'
    ' style="display:block;border:0;padding:6px;background:#ffffff"></p>'
)
_CELL = "padding:4px 16px 4px 0;vertical-align:top"


def page(parts: Sequence[str], look: Look, *, title: str, language: str) -> str:
    """The whole HTML: the logo, then the parts, which are HTML from the functions below."""
    above = [] if look.logo is None else [_logo(look.name, look.logo)]
    return _PAGE.format(language=language, title=escape(title), parts="\n".join([*above, *parts]))


def paragraph(text: str, *, below: int = 16) -> str:
    """Text as one paragraph; its line feeds stay. `below` is the space in pixels."""
    return f'<p style="margin:0 0 {below}px">{_lines(text)}</p>'


def small(*texts: str) -> str:
    """The last lines of a mail, each on its own."""
    told = "<br>\n".join(_lines(text) for text in texts)
    return f'<p style="margin:0;font-size:13px">{told}</p>'


def button(words: str, link: str, look: Look) -> str:
    """The mail's one link."""
    style = _BUTTON.format(colour=look.colour, ink=colour.text_on(look.colour))
    return (
        f'<p style="margin:0 0 24px"><a href="{escape(link, quote=True)}" style="{style}">'
        f"{escape(words)}</a></p>"
    )


def facts(rows: Sequence[tuple[str, str]]) -> str:
    """Labels with their values, as a table."""
    told = "\n".join(
        f'<tr><td style="{_CELL}">{escape(label)}</td>'
        f'<td style="{_CELL}"><strong>{escape(value)}</strong></td></tr>'
        for label, value in rows
    )
    return (
        '<table role="presentation" style="border-collapse:collapse;margin:0 0 24px">\n'
        f"{told}\n</table>"
    )


def _lines(text: str) -> str:
    return escape(text).replace("\n", "<br>")


def _logo(name: str, png: bytes) -> str:
    width, height = logos.fitted(logos.size(png), LOGO_PLACE)
    alt = escape(one_line(name), quote=True)
    return _LOGO.format(id=LOGO_ID, alt=alt, width=width, height=height)
