"""`clearbill mails`, and the e-mails of one document."""

from datetime import timedelta

import pytest

from clearbill.records import clock, tenancy
from clearbill.records.models import Delivery, Letter, Reseller
from cli.test_answers import Run, attempt, run, usage

__all__ = ["run", "usage"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mailed(run: Run, usage: str) -> str:
    """A published document whose e-mail waits for a worker."""
    run("import", usage)
    run("accounts", "assign", "--all")
    run("generate", "--period", "2024-09")
    customer = str(run("documents", "show", "D-000001")["customer_id"])
    run("customers", "set", customer, "--recipient", "a@one.example")
    run("documents", "status", "D-000001", "--to", "open", "--notify")
    return "D-000001"


def set_delivery(**values: object) -> None:
    with tenancy.using(Reseller.objects.get().pk):
        Delivery.objects.update(**values)


def test_mails_are_listed_with_their_state(run: Run, mailed: str) -> None:
    run("users", "invite", "bo@north.example", "--role", "sales")
    listed = run("mails", "list")["mails"]
    assert [(m["kind"], m["document"]) for m in listed] == [
        ("invitation", None),
        ("document", mailed),
    ]
    assert run("mails", "list", "--unsent")["mails"] == []


def test_a_mail_that_failed_or_waits_too_long_is_unsent(run: Run, mailed: str) -> None:
    set_delivery(created_at=clock.now() - timedelta(hours=1))
    assert [m["state"] for m in run("mails", "list", "--unsent")["mails"]] == ["Queued"]
    set_delivery(state=Delivery.FAILED, last_error="550 no such user")
    unsent = run("mails", "list", "--unsent")["mails"]
    assert [(m["recipient"], m["error"]) for m in unsent] == [("a@one.example", "550 no such user")]


def test_sales_see_mails_about_documents_alone(run: Run, mailed: str) -> None:
    run("users", "add", "sal@north.example", "--role", "sales")
    run("users", "invite", "bo@north.example", "--role", "sales")
    listed = run("mails", "list", "--as", "sal@north.example")["mails"]
    assert [m["document"] for m in listed] == [mailed]


def test_a_document_shows_its_mails_and_what_replaced_it(run: Run, mailed: str) -> None:
    shown = run("documents", "show", mailed)
    assert [(m["recipient"], m["state"]) for m in shown["mails"]] == [("a@one.example", "Queued")]
    run("documents", "status", mailed, "--to", "voided", "--reason", "wrong")
    made = run("generate", "--period", "2024-09")["documents"]
    assert run("documents", "show", mailed)["replaced_by"] == [made[0]["id"]]


def test_a_letter_that_failed_is_sent_again_or_dismissed(run: Run) -> None:
    run("users", "invite", "bo@north.example", "--role", "sales")
    with tenancy.using(Reseller.objects.get().pk):
        Letter.objects.update(state=Letter.FAILED, last_error="550 no such user")
    letter = str(run("mails", "list", "--unsent")["mails"][0]["letter"])
    assert run("mails", "again", letter)["state"] == "Queued"
    assert run("mails", "dismiss", letter)["state"] == "Withdrawn"
    assert run("mails", "list", "--unsent")["mails"] == []
    refused = attempt("mails", "again", letter, "--reseller", "north")
    assert (refused.exit_code, "it is Withdrawn" in refused.output) == (1, True)
