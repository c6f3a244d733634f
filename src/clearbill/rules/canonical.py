"""Canonical text and hashes: what is frozen, and the chain that the trail of events forms."""

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

GENESIS = "0" * 64
"""The hash that the first event of a reseller's chain builds on."""


def canonical_json(value: Mapping[str, Any]) -> str:
    """One text per value: sorted keys, no spaces, letters as themselves.

    Floats, dates and Decimals are refused: amounts and dates are strings by the time they freeze.
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_refuse
    )


def _refuse(value: object) -> Any:
    raise TypeError(f"{value!r} must be text before it is frozen")


def content_hash(text: str) -> str:
    """SHA-256, in hex, over the text's UTF-8 bytes."""
    return hashlib.sha256(text.encode()).hexdigest()


def event_hash(previous: str, event: Mapping[str, Any]) -> str:
    """The hash of one event: over the hash before it and its own canonical text."""
    return content_hash(previous + "\n" + canonical_json(event))


def plain(amount: Decimal) -> str:
    """An exact amount as text, without exponent or trailing zeros: `0.0000004`, `12`, `0`."""
    text = f"{amount:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
