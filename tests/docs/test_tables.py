"""The tables in the documentation are executed: page and code say the same."""

from decimal import Decimal
from pathlib import Path

from clearbill.rules.access import VERBS, Role
from clearbill.rules.lifecycle import ARROWS, Kind
from clearbill.rules.money import allot

DOCS = Path(__file__).parents[2] / "docs"


def table(page: str, head: str) -> list[list[str]]:
    """The rows of the table in a page whose head begins with `head`."""
    lines = (DOCS / page).read_text().splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith(f"| {head}"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def arrows_of_the_page() -> set[tuple[str, str, bool, bool]]:
    return {
        (start, end, kinds == "statements", reason == "yes")
        for start, end, kinds, reason, _ in table("lifecycle.md", "from")
    }


def test_the_lifecycle_page_lists_the_arrows() -> None:
    assert arrows_of_the_page() == {
        (a.start.value, a.end.value, a.kinds == {Kind.STATEMENT}, a.needs_reason) for a in ARROWS
    }


def test_the_access_page_lists_every_verb_and_role() -> None:
    page = {
        verb.strip("`"): {role for role, mark in zip(Role, marks, strict=True) if mark == "yes"}
        for verb, _, *marks in table("access.md", "verb")
    }
    assert page == {verb: set(roles) for verb, roles in VERBS.items()}


def test_the_allotment_example_of_the_rating_page_comes_out() -> None:
    rows = [row for row in table("rating.md", "line") if not row[0].startswith("**")]
    shown = allot([(key, Decimal(exact)) for key, exact, *_ in rows], "USD")
    assert [f"{price:f}" for price in shown] == [row[4] for row in rows]
