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


@pytest.fixture
def people(run: Run) -> tuple[str, str, str]:
    """Two of the staff, and a portal user of the customer One."""
    ann, bo, cy = "ann@north.example", "bo@north.example", "cy@one.example"
    run("customers", "add", "--name", "One")
    run("users", "add", ann, "--role", "owner")
    run("users", "add", bo, "--role", "billing")
    run("users", "add", cy, "--customer", "One")
    return ann, bo, cy


ASKED = ("--subject", "Slow", "--category", "Usage", "--text", "Why?")


def test_staff_ask_and_say_more_as_themselves(run: Run, people: tuple[str, str, str]) -> None:
    ann, *_ = people
    code = run("tickets", "new", *ASKED, "--as", ann)["ticket"]
    run("tickets", "answer", code, "--text", "A disk was full.")
    assert run("tickets", "reply", code, "--text", "And now?", "--as", ann)["state"] == "Open"
    shown = run("tickets", "show", code, "--as", ann)
    assert (shown["who"], shown["for"]) == (ann, "operator")
    assert [m["text"] for m in shown["thread"]] == ["Why?", "A disk was full.", "And now?"]


def test_a_question_needs_somebody_who_asks(run: Run, people: tuple[str, str, str]) -> None:
    for words in (("new", *ASKED), ("reply", "T-000001", "--text", "x")):
        done = attempt("tickets", *words, "--reseller", "north")
        assert (done.exit_code, "say --as EMAIL" in done.stderr) == (2, True)


def test_staff_neither_see_nor_answer_what_others_ask_the_operator(
    run: Run, people: tuple[str, str, str]
) -> None:
    ann, bo, _ = people
    code = run("tickets", "new", *ASKED, "--as", ann)["ticket"]
    assert run("tickets", "list", "--as", bo)["tickets"] == []
    for words in (
        ("show", code), ("answer", code, "--text", "x"), ("reply", code, "--text", "x"),
        ("close", code), ("reopen", code),
    ):  # fmt: skip
        done = attempt("tickets", *words, "--as", bo, "--reseller", "north")
        assert (done.exit_code, f"no ticket '{code}' here" in done.stderr) == (1, True), words
    own = attempt("tickets", "answer", code, "--text", "x", "--as", ann, "--reseller", "north")
    assert "for the operator of this installation to answer" in own.stderr


def test_a_customers_question_is_answered_by_staff(run: Run, people: tuple[str, str, str]) -> None:
    _, bo, cy = people
    code = run("tickets", "new", *ASKED, "--as", cy)["ticket"]
    done = attempt("tickets", "reply", code, "--text", "x", "--as", bo, "--reseller", "north")
    assert "answer it by `clearbill tickets answer`" in done.stderr
    run("tickets", "answer", code, "--text", "So.", "--as", bo)
    assert [t["state"] for t in run("tickets", "list", "--as", cy)["tickets"]] == ["Answered"]
    assert run("tickets", "reply", code, "--text", "Thanks", "--as", cy)["state"] == "Open"


def test_a_ticket_that_is_none_is_refused(run: Run) -> None:
    assert attempt("tickets", "show", "T-9", "--reseller", "north").exit_code == 1
    done = attempt("tickets", "answer", "T-9", "--text", "x", "--reseller", "north")
    assert done.exit_code == 1
