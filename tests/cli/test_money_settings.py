"""Rates, taxes and custom fields by command."""

from pathlib import Path

import pytest

from cli.test_answers import Run, attempt, run, usage

__all__ = ["run", "usage"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def draft(run: Run, usage: str) -> str:
    run("import", usage)
    run("accounts", "assign", "--all")
    run("generate", "--period", "2024-09")
    return "D-000001"


def test_rates_are_set_listed_and_taken_in(run: Run, tmp_path: Path) -> None:
    run("rates", "set", "USD", "EUR", "0.9", "--month", "2024-09")
    file = tmp_path / "rates.csv"
    file.write_text("base,quote,date,rate\nUSD,GBP,2024-09-30,0.75\n")
    assert run("rates", "import", str(file))["added"] == 1
    assert [r["rate"] for r in run("rates", "list")["rates"]] == ["0.9", "0.75"]
    assert run("rates", "show-in", "EUR", "GBP")["currencies"] == ["EUR", "GBP"]


def test_a_bad_rate_file_is_refused_with_its_place(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "rates.csv"
    file.write_text("base,quote,date,rate\nUSD,GBP,2024-09-30,nothing\n")
    done = attempt("rates", "import", str(file), "--reseller", "north")
    assert done.exit_code == 1
    assert "rates.csv, line 2, column rate" in done.output


def test_a_tax_is_given_and_the_draft_follows(run: Run, draft: str) -> None:
    run("taxes", "add", "VAT", "--percent", "20")
    customer = run("documents", "show", draft)["customer"]
    assert run("taxes", "give", customer, "VAT")["drafts"] == [draft]
    assert run("documents", "show", draft)["total"] == "12.01"
    refused = attempt("taxes", "retire", "VAT", "--reseller", "north")
    assert refused.exit_code == 1
    run("taxes", "give", customer)
    assert run("taxes", "retire", "VAT")["active"] is False
    assert run("taxes", "restore", "VAT")["active"] is True


def test_fields_are_added_given_and_set(run: Run, draft: str) -> None:
    run("fields", "add", "Cost centre", "--required")
    run("fields", "set", draft, "Cost centre=4711")
    customer = run("documents", "show", draft)["customer"]
    run("fields", "default", customer, "Cost centre=4712")
    run("fields", "change", "Cost centre", "--optional", "--rename", "Centre")
    listed = run("fields", "list")["fields"]
    assert [(f["name"], f["required"]) for f in listed] == [("Centre", False)]
    assert attempt("fields", "set", draft, "Nothing=1", "--reseller", "north").exit_code == 1


def test_a_rates_history_names_every_version_and_who_gave_it(run: Run) -> None:
    for rate in ("0.9", "0.8"):
        run("rates", "set", "USD", "EUR", rate, "--month", "2024-09")
    assert [r["rate"] for r in run("rates", "list")["rates"]] == ["0.8"]
    history = run("rates", "list", "--history")["rates"]
    assert [(r["rate"], r["version"]) for r in history] == [("0.8", 2), ("0.9", 1)]
    assert history[0]["who"].startswith("cli:")


def test_currencies_that_are_switched_on_are_listed_and_all_switched_off(run: Run) -> None:
    run("rates", "show-in", "EUR", "CHF")
    assert run("rates", "show-in")["currencies"] == ["EUR", "CHF"]
    assert run("rates", "show-in", "--none")["currencies"] == []
    assert run("rates", "show-in")["currencies"] == []


def test_a_fields_choices_and_position_change(run: Run) -> None:
    run("fields", "add", "Site", "--kind", "choice", "--choice", "Bonn", "--choice", "Kiel")
    run("fields", "add", "Project")
    run("fields", "change", "Site", "--choice", "Bonn", "--choice", "Ulm", "--position", "9")
    listed = run("fields", "list")["fields"]
    assert [f["name"] for f in listed] == ["Project", "Site"]
    assert (listed[1]["choices"], listed[1]["position"]) == (["Bonn", "Ulm"], 9)


def test_a_document_shows_its_taxes_rates_and_fields(run: Run, draft: str) -> None:
    run("fields", "add", "Cost centre")
    run("fields", "set", draft, "Cost centre=42")
    run("taxes", "add", "VAT", "--percent", "20")
    run("taxes", "give", run("documents", "show", draft)["customer"], "VAT")
    shown = run("documents", "show", draft)
    assert [(t["name"], t["amount"]) for t in shown["taxes"]] == [("VAT", "2.00")]
    assert [(f["name"], f["value"]) for f in shown["custom_fields"]] == [("Cost centre", "42")]
    assert shown["rates"] == []
    words = attempt("documents", "show", draft, "--reseller", "north").output
    assert "Cost centre: 42" in words
    assert "VAT 20 %: 2.00" in words
