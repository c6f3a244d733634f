"""Tickets: whose they are, who is mailed, and what becomes of a file."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core import mail
from django.db import InterfaceError

from clearbill.actions import tickets as module
from clearbill.actions.common import Actor, Refused
from clearbill.actions.customers import add_customer
from clearbill.actions.people import suspend
from clearbill.actions.send_letter import send_letter
from clearbill.actions.tickets import (
    Upload,
    answer_ticket,
    close_ticket,
    open_ticket,
    reopen_ticket,
    reply_to_ticket,
)
from clearbill.actions.users import add_user
from clearbill.records import tenancy
from clearbill.records.files import file_store
from clearbill.records.models import Letter, Membership, Reseller, Ticket, TicketMessage
from makers import OWNER

ASKER = Actor("asker@contoso.example", "portal")
STRANGER = Actor("stranger@fabrikam.example", "portal")
OPERATOR = Actor("cli:operator")
STAFF, COLLEAGUE = Actor("staff@north.example", "sales"), Actor("other@north.example", "owner")
SAID = {"subject": "Why?", "category": "Invoice", "priority": "Normal", "text": "Too much."}


@pytest.fixture
def people(north: Reseller) -> dict[str, Membership]:
    for actor, name in ((ASKER, "Contoso"), (STRANGER, "Fabrikam")):
        customer = add_customer(reseller_id=north.pk, actor=OWNER, name=name)
        add_user(
            reseller_id=north.pk, actor=OWNER, email=actor.name, role="", customer_id=customer.pk
        )
    for actor in (STAFF, COLLEAGUE):
        add_user(reseller_id=north.pk, actor=OWNER, email=actor.name, role=actor.role)
    return {each.user.email: each for each in Membership.objects.select_related("user")}


def ask(member: Membership, **more: Any) -> str:
    return open_ticket(
        reseller_id=member.reseller_id, actor=Actor(member.user.email, member.role),
        user_id=member.user_id, customer_id=member.customer_id, **{**SAID, **more},
    ).code  # fmt: skip


def answer(ticket: str, **more: Any) -> list[str]:
    reseller_id = Ticket.objects.get().reseller_id
    return answer_ticket(
        reseller_id=reseller_id, actor=OPERATOR, ticket=ticket, text="Because.", **more
    )


def mailed() -> list[str]:
    answers = Letter.objects.filter(data__what="answer")
    return list(answers.values_list("recipient", flat=True))


def test_an_answer_is_mailed_to_who_asked(people: dict[str, Membership]) -> None:
    assert answer(ask(people[ASKER.name])) == [ASKER.name] == mailed()


def test_who_was_suspended_gets_no_mail_and_the_answer_stands(
    north: Reseller, people: dict[str, Membership]
) -> None:
    ticket = ask(people[ASKER.name])
    suspend(reseller_id=north.pk, actor=OWNER, membership_id=people[ASKER.name].pk)
    assert answer(ticket) == [] == mailed()
    assert TicketMessage.objects.latest("pk").text == "Because."
    assert Ticket.objects.get().state == "Answered"


def test_staff_who_were_suspended_get_no_mail_of_the_operator(
    north: Reseller, people: dict[str, Membership]
) -> None:
    ticket = ask(people[STAFF.name])
    assert answer(ticket, as_operator=True) == [STAFF.name]
    suspend(reseller_id=north.pk, actor=OWNER, membership_id=people[STAFF.name].pk)
    assert answer(ticket, as_operator=True) == []


def test_an_answer_that_waits_is_withdrawn_from_who_is_suspended(
    north: Reseller, people: dict[str, Membership]
) -> None:
    answer(ask(people[ASKER.name]))
    letter = Letter.objects.get(recipient=ASKER.name)
    suspend(reseller_id=north.pk, actor=OWNER, membership_id=people[ASKER.name].pk)
    send_letter(reseller_id=north.pk, letter_id=letter.pk)
    letter.refresh_from_db()
    assert (letter.state, mail.outbox) == ("Withdrawn", [])


def _reply(**given: Any) -> None:
    reply_to_ticket(text="More.", **given)


VERBS: list[Callable[..., None]] = [_reply, close_ticket, reopen_ticket]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(("owner", "other"), [(ASKER, STRANGER), (STAFF, COLLEAGUE)])
def test_a_ticket_of_others_is_none_to_the_verbs_too(
    north: Reseller,
    people: dict[str, Membership],
    verb: Callable[..., None],
    owner: Actor,
    other: Actor,
) -> None:
    ticket = ask(people[owner.name])
    with pytest.raises(Refused, match=f"no ticket {ticket} here"):
        verb(reseller_id=north.pk, actor=other, ticket=ticket)
    verb(reseller_id=north.pk, actor=owner, ticket=ticket)


def test_a_file_stays_whose_message_was_committed(
    people: dict[str, Membership], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = tenancy.transaction

    @contextmanager
    def breaks_after_commit(reseller_id: int) -> Iterator[None]:
        with real(reseller_id):
            yield
        monkeypatch.setattr(tenancy, "transaction", real)
        raise InterfaceError("connection already closed")

    monkeypatch.setattr(tenancy, "transaction", breaks_after_commit)
    with pytest.raises(InterfaceError):
        ask(people[ASKER.name], upload=Upload("a.txt", b"words"))
    assert file_store().read_bytes(TicketMessage.objects.get().file_path) == b"words"


def test_a_file_goes_whose_message_was_not(
    people: dict[str, Membership], monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []

    def fails(*given: Any) -> None:
        written.append(TicketMessage.objects.get().file_path)
        raise ZeroDivisionError

    monkeypatch.setattr(module, "_tell", fails)
    with pytest.raises(ZeroDivisionError):
        ask(people[ASKER.name], upload=Upload("a.txt", b"words"))
    assert [file_store().exists(path) for path in written] == [False]
