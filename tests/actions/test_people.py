"""Whose access one may touch, and what becomes of it: suspended, changed, reset, signed out."""

from typing import Any

import pytest
from django.test import Client

from clearbill.actions import people
from clearbill.actions.common import Actor, Refused
from clearbill.actions.customers import add_customer
from clearbill.actions.users import add_user
from clearbill.paper.letters import written
from clearbill.queries.people import sessions
from clearbill.records import tenancy
from clearbill.records.models import AccessEvent, Letter, Membership, Reseller, User
from clearbill.rules.access import Forbidden, Role
from makers import OWNER

BILLING = Actor("billing@north.example", "billing")
SALES = Actor("sales@north.example", "sales")
ADMINISTRATOR = Actor("admin@contoso.example", "portal")
PASSWORD = "a long enough sentence"


def add(reseller: Reseller, actor: Actor, customer_id: int | None = None) -> int:
    """The membership of a new person with the actor's address and role."""
    add_user(
        reseller_id=reseller.pk,
        actor=OWNER,
        email=actor.name,
        role=actor.role,
        customer_id=customer_id,
        password=PASSWORD,
    )
    return Membership.objects.get(reseller=reseller, user__email=actor.name).pk


@pytest.fixture
def contoso(north: Reseller) -> int:
    return add_customer(reseller_id=north.pk, actor=OWNER, name="Contoso").pk


@pytest.fixture
def user(north: Reseller, contoso: int) -> int:
    return add(north, Actor("ap@contoso.example", "portal"), contoso)


@pytest.fixture
def administrator(north: Reseller, contoso: int) -> int:
    added = add(north, ADMINISTRATOR, contoso)
    people.set_administrator(reseller_id=north.pk, actor=OWNER, membership_id=added, is_admin=True)
    return added


def trail(reseller: Reseller) -> list[tuple[str, str, str]]:
    events = AccessEvent.objects.filter(reseller=reseller).order_by("pk")
    return list(events.values_list("what", "subject", "who"))


def signed_in(membership_id: int) -> Client:
    """Through the form: the sign-in library notes a session that began there."""
    client, person = Client(), User.objects.get(memberships=membership_id)
    client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    tenancy.set_session(Reseller.objects.get(slug="north").pk)
    return client


def opens(client: Client, address: str = "/portal/north/") -> int:
    """The status of an address; a request leaves the connection without a reseller."""
    try:
        return client.get(address).status_code
    finally:
        tenancy.set_session(Reseller.objects.get(slug="north").pk)


def test_a_suspended_person_is_signed_out_and_kept_out(north: Reseller, user: int) -> None:
    client = signed_in(user)
    assert opens(client) == 200
    member = people.suspend(reseller_id=north.pk, actor=BILLING, membership_id=user)
    assert member.state == Membership.SUSPENDED
    assert opens(client) == 302
    assert opens(signed_in(user)) == 404
    people.reactivate(reseller_id=north.pk, actor=BILLING, membership_id=user)
    assert opens(signed_in(user)) == 200
    assert [what for what, _, _ in trail(north)][-2:] == ["suspended", "reactivated"]


def test_suspending_twice_is_written_once(north: Reseller, user: int) -> None:
    for _ in range(2):
        people.suspend(reseller_id=north.pk, actor=OWNER, membership_id=user)
    told = ("suspended", "ap@contoso.example", OWNER.name)
    assert trail(north).count(told) == 1


def test_the_last_active_owner_stays(north: Reseller) -> None:
    only = add(north, Actor("first@north.example", "owner"))
    another = Actor("second@north.example", "owner")
    for verb in (people.suspend, lambda **given: people.set_role(role="sales", **given)):
        with pytest.raises(Refused, match="last active owner"):
            verb(reseller_id=north.pk, actor=another, membership_id=only)
    add(north, another)
    assert people.suspend(reseller_id=north.pk, actor=another, membership_id=only).state != "Active"


def test_nobody_suspends_oneself_or_makes_oneself_administrator(
    north: Reseller, administrator: int
) -> None:
    given: dict[str, Any] = {
        "reseller_id": north.pk,
        "actor": ADMINISTRATOR,
        "membership_id": administrator,
    }
    with pytest.raises(Refused, match="oneself"):
        people.suspend(**given)
    with pytest.raises(Refused, match="oneself"):
        people.set_administrator(is_admin=False, **given)


@pytest.mark.parametrize("actor", [SALES, Actor("x@north.example", "auditor")])
def test_those_who_only_read_change_nobody(north: Reseller, user: int, actor: Actor) -> None:
    for verb in (people.suspend, people.reactivate, people.send_reset, people.end_sessions):
        with pytest.raises(Forbidden):
            verb(reseller_id=north.pk, actor=actor, membership_id=user)


def test_billing_staff_manage_portal_users_and_no_staff(north: Reseller, user: int) -> None:
    colleague = add(north, SALES)
    people.suspend(reseller_id=north.pk, actor=BILLING, membership_id=user)
    with pytest.raises(Forbidden):
        people.suspend(reseller_id=north.pk, actor=BILLING, membership_id=colleague)


def test_an_administrator_manages_its_own_customers_people_alone(
    north: Reseller, administrator: int, user: int
) -> None:
    other = add_customer(reseller_id=north.pk, actor=OWNER, name="Fabrikam").pk
    stranger = add(north, Actor("x@fabrikam.example", "portal"), other)
    staff = add(north, SALES)
    people.suspend(reseller_id=north.pk, actor=ADMINISTRATOR, membership_id=user)
    for hidden in (stranger, staff, 10**9):
        with pytest.raises(Refused, match="no such person here"):
            people.suspend(reseller_id=north.pk, actor=ADMINISTRATOR, membership_id=hidden)


def test_one_who_is_no_administrator_manages_nobody(north: Reseller, contoso: int) -> None:
    mine = add(north, Actor("plain@contoso.example", "portal"), contoso)
    colleague = add(north, Actor("other@contoso.example", "portal"), contoso)
    actor = Actor("plain@contoso.example", "portal")
    for member in (mine, colleague):
        with pytest.raises(Forbidden):
            people.send_reset(reseller_id=north.pk, actor=actor, membership_id=member)


def test_anothers_reseller_has_no_such_person(
    north: Reseller, statements: Reseller, user: int
) -> None:
    with pytest.raises(Refused, match="no such person here"):
        people.suspend(reseller_id=statements.pk, actor=OWNER, membership_id=user)
    assert Membership.objects.get(pk=user).state == Membership.ACTIVE


def test_a_role_holds_from_the_next_request(north: Reseller) -> None:
    colleague = add(north, SALES)
    client = signed_in(colleague)
    assert opens(client, "/console/north/imports/") == 403
    people.set_role(reseller_id=north.pk, actor=OWNER, membership_id=colleague, role="billing")
    assert opens(client, "/console/north/imports/") == 200
    event = AccessEvent.objects.get(what="role-changed")
    assert (event.data["before"], event.data["role"]) == ("sales", "billing")


def test_portal_users_have_no_other_role_and_staff_are_no_administrators(
    north: Reseller, user: int
) -> None:
    staff = add(north, SALES)
    with pytest.raises(Refused, match="no other role"):
        people.set_role(reseller_id=north.pk, actor=OWNER, membership_id=user, role="owner")
    with pytest.raises(Refused, match="only portal users"):
        people.set_administrator(
            reseller_id=north.pk, actor=OWNER, membership_id=staff, is_admin=True
        )
    with pytest.raises(Refused, match="is no role"):
        people.set_role(reseller_id=north.pk, actor=OWNER, membership_id=staff, role="portal")


def test_a_reset_is_mailed_with_a_link_that_no_table_holds(north: Reseller, user: int) -> None:
    people.send_reset(reseller_id=north.pk, actor=BILLING, membership_id=user)
    letter = Letter.objects.get(kind="reset")
    text = written(letter)
    assert text is not None
    assert "/accounts/password/reset/key/" in text.text
    assert (letter.text, letter.recipient) == ("", "ap@contoso.example")
    assert list(letter.data) == ["membership"]


def test_resets_of_one_person_are_limited_whoever_asks(north: Reseller, user: int) -> None:
    given: dict[str, Any] = {"reseller_id": north.pk, "membership_id": user}
    for actor in (OWNER, BILLING, OWNER, BILLING, OWNER):
        people.send_reset(actor=actor, **given)
    with pytest.raises(Refused, match="5 links within an hour"):
        people.send_reset(actor=BILLING, **given)
    assert Letter.objects.filter(kind="reset").count() == people.RESETS_AN_HOUR


def test_a_suspended_person_is_sent_no_reset_from_any_door(north: Reseller, user: int) -> None:
    people.suspend(reseller_id=north.pk, actor=OWNER, membership_id=user)
    with pytest.raises(Refused, match="reactivate"):
        people.send_reset(reseller_id=north.pk, actor=OWNER, membership_id=user)
    people.ask_for_reset(user_id=User.objects.get(memberships=user).pk)
    assert not Letter.objects.filter(kind="reset").exists()


def test_one_session_or_all_are_ended(north: Reseller, user: int) -> None:
    first, second = signed_in(user), signed_in(user)
    assert [opens(client) for client in (first, second)] == [200, 200]
    newest = sessions(User.objects.get(memberships=user).pk)[0]
    given: dict[str, Any] = {"reseller_id": north.pk, "actor": OWNER, "membership_id": user}
    people.end_sessions(session_id=newest.pk, **given)
    answers = [opens(client) for client in (first, second)]
    assert sorted(answers) == [200, 302]
    with pytest.raises(Refused, match="ended already"):
        people.end_sessions(session_id=newest.pk, **given)
    people.end_sessions(**given)
    assert {opens(client) for client in (first, second)} == {302}


def test_looking_as_a_customer_is_written_down(north: Reseller, contoso: int) -> None:
    people.view_as_customer(reseller_id=north.pk, actor=BILLING, customer_id=contoso)
    assert trail(north)[-1] == ("viewed-as", "Contoso", BILLING.name)
    with pytest.raises(Forbidden):
        people.view_as_customer(reseller_id=north.pk, actor=SALES, customer_id=contoso)
    with pytest.raises(Refused, match="no customer"):
        people.view_as_customer(reseller_id=north.pk, actor=BILLING, customer_id=10**9)


def test_a_second_factor_is_asked_of_all_staff_by_the_owner_alone(north: Reseller) -> None:
    with pytest.raises(Forbidden):
        people.set_mfa_required(reseller_id=north.pk, actor=BILLING, required=True)
    client = signed_in(add(north, SALES))
    assert opens(client, "/console/north/") == 200
    people.set_mfa_required(reseller_id=north.pk, actor=OWNER, required=True)
    assert trail(north)[-1][0] == "mfa-changed"
    answer = client.get("/console/north/")
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/second-factor/")


def test_new_resellers_ask_for_a_second_factor() -> None:
    assert Reseller(slug="new", name="New").mfa_required


def test_a_portal_user_renames_itself_and_no_one_else(
    north: Reseller, user: int, administrator: int
) -> None:
    actor = Actor("ap@contoso.example", Role.PORTAL.value)
    people.rename_oneself(reseller_id=north.pk, actor=actor, name=" Ana Łuczak ")
    assert User.objects.get(memberships=user).name == "Ana Łuczak"
    assert User.objects.get(memberships=administrator).name == ""
    with pytest.raises(Refused, match="one line"):
        people.rename_oneself(reseller_id=north.pk, actor=actor, name="a\r\nb")
