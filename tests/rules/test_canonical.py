"""Canonical text and hashes."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearbill.rules.canonical import GENESIS, canonical_json, content_hash, event_hash, plain


def test_the_order_of_keys_does_not_matter() -> None:
    assert canonical_json({"b": 1, "a": "é"}) == '{"a":"é","b":1}'
    assert canonical_json({"a": "é", "b": 1}) == canonical_json({"b": 1, "a": "é"})


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(TypeError, match="must be text"):
        canonical_json({"total": Decimal("1.00")})


@given(st.text(), st.text())
def test_other_content_has_another_hash(one: str, other: str) -> None:
    assert (content_hash(one) == content_hash(other)) == (one == other)


def test_an_event_hash_covers_the_one_before() -> None:
    event = {"seq": 1, "what": "generated"}
    assert event_hash(GENESIS, event) != event_hash("1" * 64, event)


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=18, min_value=-(10**9), max_value=10**9
    )
)
def test_plain_text_keeps_the_amount(amount: Decimal) -> None:
    text = plain(amount)
    assert Decimal(text) == amount
    assert "E" not in text
    assert not (text.endswith("0") and "." in text)
    assert text != "-0"
