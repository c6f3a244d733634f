"""`clearbill drafts`: the same verbs as the page beside a draft."""

from pathlib import Path

import pytest

from cli.test_answers import Run, attempt, run, usage
from focus_files import write_csv
from makers import rows_of

__all__ = ["run", "usage"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stale(run: Run, usage: str, tmp_path: Path) -> str:
    """A draft whose customer's usage is another by now."""
    run("import", usage)
    run("accounts", "assign", "--all")
    run("generate", "--period", "2024-09")
    newer = write_csv(tmp_path / "newer.csv", rows_of("0001", "0002", cost="12"))
    assert run("import", str(newer))["replaced"]
    return "D-000001"


def test_stale_drafts_are_listed_compared_and_refreshed(run: Run, stale: str) -> None:
    assert [d["id"] for d in run("drafts", "stale")["drafts"]] == [stale, "D-000002"]
    difference = run("drafts", "difference", stale)
    assert (difference["before"], difference["after"]) == ("10.01", "12")
    done = run("drafts", "refresh", "--all-stale")["drafts"]
    assert [d["refreshed"] for d in done] == [True, True]
    assert run("drafts", "stale")["drafts"] == []
    assert run("documents", "show", stale)["total"] == "12.00"


def test_a_stale_draft_is_published_as_it_stands(run: Run, stale: str) -> None:
    refused = attempt("documents", "status", stale, "--to", "open", "--reseller", "north")
    assert refused.exit_code == 1
    assert "refresh it" in refused.output
    done = run("documents", "status", stale, "--to", "open", "--as-it-stands")
    assert done["documents"][0]["changed"]


def test_own_lines_and_what_is_set_beside_them(run: Run, stale: str) -> None:
    line = run("drafts", "add-line", stale, "--text", "Setup", "--amount", "-2.50")["line"]
    assert run("documents", "show", stale)["total"] == "7.51"
    run("drafts", "remove-line", stale, str(line))
    run("drafts", "set", stale, "--purchase-order", "PO-7", "--note", "Thanks", "--printed")
    assert run("documents", "show", stale)["purchase_order"] == "PO-7"


def note_of(run: Run, code: str) -> tuple[str, bool]:
    shown = run("documents", "show", code)
    return shown["note"], shown["note_printed"]


def test_a_note_and_its_printing_are_set_one_without_the_other(run: Run, stale: str) -> None:
    run("drafts", "set", stale, "--note", "Thanks", "--printed")
    run("drafts", "set", stale, "--note", "Thank you")
    assert note_of(run, stale) == ("Thank you", True)
    run("drafts", "set", stale, "--not-printed")
    assert note_of(run, stale) == ("Thank you", False)


def test_a_due_date_is_set_and_left_to_the_terms_again(run: Run, stale: str) -> None:
    run("drafts", "set", stale, "--due", "2099-01-31")
    assert run("documents", "show", stale)["due"] == "2099-01-31"
    run("drafts", "set", stale, "--no-due")
    assert run("documents", "show", stale)["due"] is None
    both = attempt("drafts", "set", stale, "--due", "2099-01-31", "--no-due", "--reseller", "north")
    assert both.exit_code == 2


def test_a_stale_draft_says_why_and_names_its_own_lines(run: Run, stale: str) -> None:
    run("drafts", "add-line", stale, "--text", "Setup", "--amount", "5")
    shown = run("documents", "show", stale)
    assert shown["stale"] == "newer usage was imported"
    assert [section["own"] for section in shown["sections"]] == [False, True]
    assert "stale: newer usage was imported" in words_of(stale)


def words_of(code: str) -> str:
    done = attempt("documents", "show", code, "--reseller", "north")
    assert done.exit_code == 0, done.output
    return done.output


def test_what_is_no_draft_is_refused(run: Run, stale: str) -> None:
    assert attempt("drafts", "difference", "D-9", "--reseller", "north").exit_code == 1
    assert attempt("drafts", "refresh", "--reseller", "north").exit_code == 2
    assert attempt("drafts", "set", stale, "--reseller", "north").exit_code == 2
