"""`clearbill tickets`: the operator reads and answers."""

import pytest

from clearbill.actions.tickets import open_ticket
from clearbill.actions.users import add_user
from clearbill.records import tenancy
from clearbill.records.models import Reseller, Ticket, User
from cli.test_answers import Run, attempt, run
from makers import OWNER

__all__ = ["run"]

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_operator_answers_staff(run: Run) -> None:
    reseller = Reseller.objects.get()
    with tenancy.using(reseller.pk):
        add_user(reseller_id=reseller.pk, actor=OWNER, email="a@north.example", role="owner")
        open_ticket(
            reseller_id=reseller.pk,
            actor=OWNER,
            user_id=User.objects.get().pk,
            subject="Slow",
            category="Other",
            priority="High",
            text="Why?",
        )
    assert [t["state"] for t in run("tickets", "list")["tickets"]] == ["Open"]
    run("tickets", "answer", "T-000001", "--text", "A disk was full.")
    thread = run("tickets", "show", "T-000001")["thread"]
    assert [m["text"] for m in thread] == ["Why?", "A disk was full."]
    assert run("tickets", "close", "T-000001")["state"] == "Closed"
    assert run("tickets", "reopen", "T-000001")["state"] == "Open"
    with tenancy.using(reseller.pk):
        assert Ticket.objects.get().queue == "operator"


def test_a_ticket_that_is_none_is_refused(run: Run) -> None:
    assert attempt("tickets", "show", "T-9", "--reseller", "north").exit_code == 1
    done = attempt("tickets", "answer", "T-9", "--text", "x", "--reseller", "north")
    assert done.exit_code == 1
