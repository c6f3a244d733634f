"""A document's life: the table of arrows and what follows from it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearbill.rules.lifecycle import (
    ARROWS,
    LIVE,
    SEEN_BY_CUSTOMER,
    Kind,
    Status,
    already,
    arrow,
    may_discard,
    next_statuses,
    parse_status,
    why_no_change,
    why_no_discard,
)


@given(st.lists(st.sampled_from(ARROWS), max_size=12), st.sampled_from(Kind))
def test_no_walk_along_the_arrows_returns_to_draft(walk: list[object], kind: Kind) -> None:
    status = Status.DRAFT
    for step in walk:
        taken = arrow(status, step.end, kind)  # type: ignore[attr-defined]
        if taken:
            status = taken.end
            assert status is not Status.DRAFT


@pytest.mark.parametrize("kind", Kind)
def test_nothing_follows_voided_and_discarded(kind: Kind) -> None:
    for start in (Status.VOIDED, Status.DISCARDED):
        assert next_statuses(start, kind) == []
        assert not may_discard(start, kind)
        assert why_no_change(start)


def test_the_select_offers_what_the_reference_lists() -> None:
    offered = {s: next_statuses(s, Kind.TAX_INVOICE) for s in Status}
    assert offered[Status.DRAFT] == [Status.OPEN, Status.CLOSED, Status.PAST_DUE]
    assert offered[Status.OPEN] == [Status.CLOSED, Status.PAST_DUE, Status.VOIDED]
    assert offered[Status.PAST_DUE] == [Status.OPEN, Status.CLOSED, Status.VOIDED]
    assert offered[Status.CLOSED] == [Status.OPEN]


def test_a_reason_is_asked_for_voiding_and_reopening() -> None:
    asked = {(a.start, a.end) for a in ARROWS if a.needs_reason}
    assert asked == {
        (Status.OPEN, Status.VOIDED),
        (Status.PAST_DUE, Status.VOIDED),
        (Status.CLOSED, Status.OPEN),
    }


def test_statements_alone_are_discarded_once_published() -> None:
    assert may_discard(Status.OPEN, Kind.STATEMENT)
    assert not may_discard(Status.OPEN, Kind.TAX_INVOICE)
    assert may_discard(Status.DRAFT, Kind.TAX_INVOICE)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("status", Status)
def test_a_disabled_discard_always_says_why(status: Status, kind: Kind) -> None:
    assert bool(why_no_discard(status, kind)) != may_discard(status, kind)


def test_a_published_tax_invoice_is_voided_instead() -> None:
    assert why_no_discard(Status.OPEN, Kind.TAX_INVOICE) == "Published tax invoice: void it"


def test_customers_never_see_drafts_and_discarded_documents() -> None:
    assert set(Status) - SEEN_BY_CUSTOMER == {Status.DRAFT, Status.DISCARDED}


def test_usage_is_released_by_what_is_no_longer_live() -> None:
    assert {a.end for a in ARROWS if a.releases_usage} == set(Status) - LIVE


@pytest.mark.parametrize(
    ("word", "status"),
    [("open", Status.OPEN), ("past-due", Status.PAST_DUE), ("Past Due", Status.PAST_DUE)],
)
def test_statuses_are_read_as_people_write_them(word: str, status: Status) -> None:
    assert parse_status(word) is status


def test_a_word_that_is_no_status_names_those_that_are() -> None:
    with pytest.raises(ValueError, match="use open, past-due, closed or voided"):
        parse_status("paid")


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (Status.DRAFT, "it is Draft already: choose Open to publish it, Closed or Past Due"),
        (Status.OPEN, "it is Open already: choose Closed once it is paid, Past Due or Voided"),
        (
            Status.PAST_DUE,
            "it is Past Due already: choose Open to extend its due date, Closed or Voided",
        ),
        (Status.CLOSED, "it is Closed already: choose Open if the payment came back"),
        (Status.VOIDED, "it is Voided already: nothing follows"),
    ],
)
def test_the_same_status_again_says_what_to_choose(status: Status, said: str) -> None:
    assert already(status, Kind.TAX_INVOICE) == said
