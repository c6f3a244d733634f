"""`clearbill customers`: how each is billed, and where its people sign in."""

import pytest

from cli.test_answers import Run, attempt, run, usage

__all__ = ["run", "usage"]

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_customers_currency_is_set_and_changed(run: Run) -> None:
    assert run("customers", "add", "--name", "One", "--currency", "EUR")["currency"] == "EUR"
    assert run("customers", "set", "One", "--currency", "CHF")["currency"] == "CHF"
    assert [c["currency"] for c in run("customers", "list")["customers"]] == ["CHF"]


def test_a_currency_stays_while_a_draft_is_in_it(run: Run, usage: str) -> None:
    run("import", usage)
    run("accounts", "assign", "--all")
    run("generate", "--period", "2024-09")
    customer = str(run("documents", "list")["documents"][0]["customer_id"])
    done = attempt("customers", "set", customer, "--currency", "EUR", "--reseller", "north")
    assert done.exit_code == 1
    assert "D-000001 is a draft in another currency than EUR" in done.stderr
    run("documents", "discard", "D-000001")
    assert run("customers", "set", customer, "--currency", "EUR")["currency"] == "EUR"


def test_a_customer_is_shown_with_taxes_fields_and_its_portal(run: Run) -> None:
    run("customers", "add", "--name", "One", "--purchase-order", "PO-1")
    run("taxes", "add", "VAT", "--percent", "19")
    run("taxes", "give", "One", "VAT")
    run("fields", "add", "Cost centre")
    run("fields", "default", "One", "Cost centre=42")
    shown = run("customers", "show", "One")
    assert (shown["purchase_order"], shown["taxes"]) == ("PO-1", ["VAT"])
    assert shown["custom_fields"] == {"Cost centre": "42"}
    assert shown["portal"].endswith("/portal/north/")
    words = attempt("customers", "show", "One", "--reseller", "north").output
    assert "taxes: VAT" in words
    assert "custom fields: Cost centre 42" in words
