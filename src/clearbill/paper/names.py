"""Names of the files that a person downloads: readable, and safe on every file system."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

_LATIN = {
    "ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L",
    "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "\u0131": "i", "&": " and ",
}  # fmt: skip
_CYRILLIC = """
    а a б b в v г g д d е e ё e ж zh з z и i й i к k л l м m н n о o п p р r с s т t у u ф f
    х kh ц ts ч ch ш sh щ shch ъ - ы y ь - э e ю yu я ya і i ї i є ye ґ g
"""  # noqa: RUF001
_GREEK = """
    α a β v γ g δ d ε e ζ z η i θ th ι i κ k λ l μ m ν n ξ x ο o π p ρ r σ s ς s τ t υ y φ f
    χ ch ψ ps ω o
"""  # noqa: RUF001


def _table(pairs: str) -> dict[str, str]:
    words = pairs.split()
    return {
        letter: "" if as_latin == "-" else as_latin
        for letter, as_latin in zip(words[::2], words[1::2], strict=True)
    }


_LETTERS = {**_LATIN, **_table(_CYRILLIC), **_table(_GREEK)}
_PART_LENGTH = 60


def file_name(
    document: Mapping[str, Any], ext: str, *, detailed: bool = False, with_cost: bool = False
) -> str:
    """`Contoso_Microsoft-CSP_2025-03_D-000123.pdf`, from the canonical document.

    `ext` comes without its dot; `detailed` gives the Detailed CSV's name, which ends in
    `_detailed.csv`, and `with_cost` that of staff's own, which is not to be sent on by mistake:
    `_detailed-with-cost.csv`. The name holds ASCII letters, digits, `-`, `_` and one `.` alone.
    """
    parts = [
        _part(document["buyer"].get("name") or "", otherwise="Customer"),
        _part(document["provider"].get("name") or "", otherwise="Provider"),
        document["period_start"][:7],
        _part(document["document_id"], otherwise="Document"),
    ]
    if detailed:
        parts.append("detailed-with-cost" if with_cost else "detailed")
    return "_".join(parts) + "." + re.sub(r"[^a-z0-9]", "", ext.lower())


def _part(text: str, *, otherwise: str) -> str:
    spelled = "".join(_spelled(char) for char in unicodedata.normalize("NFC", text))
    ascii_only = unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode()
    cleaned = re.sub(r"[^A-Za-z0-9]+", "-", ascii_only.replace("'", "")).strip("-")
    return cleaned[:_PART_LENGTH].rstrip("-") or otherwise


def _spelled(char: str) -> str:
    """One letter of another alphabet in Latin letters; accents are left to decomposition."""
    if char in _LETTERS:
        return _LETTERS[char]
    lower = char.lower()
    if lower != char and lower in _LETTERS:
        return _LETTERS[lower].capitalize()
    base = unicodedata.normalize("NFD", char)[0]
    if base != char and base.lower() in _LETTERS:
        return _spelled(base)
    return char
