"""Strings to translate: where they stand, and how they are read out of Django's own templates.

`make messages` and the tests of translation gather by the same file, babel.cfg.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg

import clearbill

PACKAGE = Path(clearbill.__file__).parent
CONFIGURATION = Path(__file__).parent.parent / "babel.cfg"
KEYWORDS = {**DEFAULT_KEYWORDS, "Refused": None, "Words": None, "_NotTaken": None}

_TRANSLATE = re.compile(r'{%\s*translate\s+("[^"]+"|\'[^\']+\')\s*%}')


def extract_template(
    file: IO[bytes], keywords: object, comment_tags: object, options: object
) -> Iterator[tuple[int, str, str, list[str]]]:
    """A method of Babel's: the texts of `{% translate %}`, which is all that ours use."""
    text = file.read().decode()
    for found in _TRANSLATE.finditer(text):
        yield text.count("\n", 0, found.start()) + 1, "gettext", found[1][1:-1], []


def gathered() -> set[tuple[str, str | None]]:
    """Every string that pages and refusals translate, with its context if it has one."""
    with CONFIGURATION.open(encoding="utf-8") as file:
        parse: Any = parse_mapping_cfg
        methods, options = parse(file)
    found: Any = extract_from_dir(PACKAGE, methods, options, keywords=KEYWORDS)
    return {(message, context) for _, _, message, _, context in found}
