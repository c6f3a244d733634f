"""The life of a document, as data: which status may follow which, and what each change needs.

The same table stands in the database as a trigger (`records/migrations/0002_law.py`) and in
`docs/lifecycle.md`; tests keep the three together.
"""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    DRAFT = "Draft"
    OPEN = "Open"
    PAST_DUE = "Past Due"
    CLOSED = "Closed"
    VOIDED = "Voided"
    DISCARDED = "Discarded"


class Kind(StrEnum):
    TAX_INVOICE = "tax-invoice"
    STATEMENT = "statement"


KIND_NAMES = {Kind.TAX_INVOICE: "Tax invoice", Kind.STATEMENT: "Billing statement"}


@dataclass(frozen=True)
class Arrow:
    """One allowed change. `kinds` names the kinds of document that may take it."""

    start: Status
    end: Status
    needs_reason: bool = False
    kinds: frozenset[Kind] = frozenset(Kind)

    @property
    def publishes(self) -> bool:
        return self.start is Status.DRAFT and self.end is not Status.DISCARDED

    @property
    def releases_usage(self) -> bool:
        return self.end in (Status.VOIDED, Status.DISCARDED)


_STATEMENT_ONLY = frozenset({Kind.STATEMENT})

ARROWS = (
    Arrow(Status.DRAFT, Status.OPEN),
    Arrow(Status.DRAFT, Status.CLOSED),
    Arrow(Status.DRAFT, Status.PAST_DUE),
    Arrow(Status.DRAFT, Status.DISCARDED),
    Arrow(Status.OPEN, Status.CLOSED),
    Arrow(Status.OPEN, Status.PAST_DUE),
    Arrow(Status.OPEN, Status.VOIDED, needs_reason=True),
    Arrow(Status.OPEN, Status.DISCARDED, kinds=_STATEMENT_ONLY),
    Arrow(Status.PAST_DUE, Status.OPEN),
    Arrow(Status.PAST_DUE, Status.CLOSED),
    Arrow(Status.PAST_DUE, Status.VOIDED, needs_reason=True),
    Arrow(Status.PAST_DUE, Status.DISCARDED, kinds=_STATEMENT_ONLY),
    Arrow(Status.CLOSED, Status.OPEN, needs_reason=True),
)

LIVE = frozenset(Status) - {Status.VOIDED, Status.DISCARDED}
"""A live document claims its usage; at most one per customer, profile, provider and period."""

SEEN_BY_CUSTOMER = frozenset({Status.OPEN, Status.PAST_DUE, Status.CLOSED, Status.VOIDED})

_BY_ENDS = {(arrow.start, arrow.end): arrow for arrow in ARROWS}


def arrow(start: Status, end: Status, kind: Kind) -> Arrow | None:
    """The allowed change between two states of a document of that kind, or None."""
    found = _BY_ENDS.get((start, end))
    return found if found and kind in found.kinds else None


def next_statuses(status: Status, kind: Kind) -> list[Status]:
    """What the status select offers after the current status, in its order; never Discarded."""
    return [
        each.end
        for each in ARROWS
        if each.start is status and each.end is not Status.DISCARDED and kind in each.kinds
    ]


_TO_DO = {
    (Status.DRAFT, Status.OPEN): " to publish it",
    (Status.OPEN, Status.CLOSED): " once it is paid",
    (Status.PAST_DUE, Status.OPEN): " to extend its due date",
    (Status.CLOSED, Status.OPEN): " if the payment came back",
}
"""What the first of the statuses that may follow is chosen for."""


def already(status: Status, kind: Kind) -> str:
    """What somebody should do who chose the status that a document has."""
    ends = next_statuses(status, kind)
    if not ends:
        return f"it is {status.value} already: nothing follows"
    words = [f"{end.value}{_TO_DO.get((status, end), '')}" for end in ends]
    chosen = f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]
    return f"it is {status.value} already: choose {chosen}"


def why_not_become(start: Status, end: Status, kind: Kind) -> str:
    """Why a document of a status does not take another; empty where it may."""
    if end is Status.DISCARDED or arrow(start, end, kind) is None:
        return f"{start.value} does not become {end.value}"
    return ""


def may_discard(status: Status, kind: Kind) -> bool:
    return arrow(status, Status.DISCARDED, kind) is not None


def why_no_discard(status: Status, kind: Kind) -> str:
    """The reason that a disabled DISCARD shows; empty where it is allowed."""
    if may_discard(status, kind):
        return ""
    if status is Status.VOIDED:
        return "Voided: it keeps its place"
    if status is Status.DISCARDED:
        return "Already discarded"
    if kind is Kind.TAX_INVOICE:
        return (
            "Published tax invoice: void it"
            if status is not Status.CLOSED
            else "Settled tax invoice: reopen it first, then void it"
        )
    return "Settled statement: reopen it first"


def why_no_change(status: Status) -> str:
    """The reason that a disabled UPDATE INVOICE STATUS shows; empty where it is allowed."""
    if status in (Status.VOIDED, Status.DISCARDED):
        return f"{status.value}: nothing follows"
    return ""


def parse_status(word: str) -> Status:
    """`open`, `past-due`, `Past Due` … as a Status. Raises ValueError that lists the words."""
    wanted = word.strip().casefold().replace("-", " ").replace("_", " ")
    for status in Status:
        if status.value.casefold() == wanted:
            return status
    raise ValueError(f"{word!r} is no status; use open, past-due, closed or voided")
