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
