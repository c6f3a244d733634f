"""An invitation's life: asked, sent again, taken back, accepted once, or over with time."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from clearbill.actions import invitations
from clearbill.actions.common import Actor, Refused
from clearbill.actions.customers import add_customer
from clearbill.actions.people import set_administrator, suspend
from clearbill.actions.users import add_user
from clearbill.paper.letters import written
from clearbill.queries.people import invitation_token
from clearbill.records import clock, tenancy
from clearbill.records.models import Invitation, Letter, Membership, Reseller, User
from clearbill.rules.access import Forbidden
from console.reading import words
from makers import OWNER

EMAIL = "ap@contoso.example"
PASSWORD = "a long enough sentence"
ADMINISTRATOR = Actor("admin@contoso.example", "portal")


@pytest.fixture
def contoso(north: Reseller) -> int:
    return add_customer(reseller_id=north.pk, actor=OWNER, name="Contoso").pk


@pytest.fixture
def administrator(north: Reseller, contoso: int) -> int:
    add_user(reseller_id=north.pk, actor=OWNER, email=ADMINISTRATOR.name, role="portal",
             customer_id=contoso)  # fmt: skip
    member = Membership.objects.get(user__email=ADMINISTRATOR.name)
    set_administrator(reseller_id=north.pk, actor=OWNER, membership_id=member.pk, is_admin=True)
    return member.pk


def invite(reseller: Reseller, actor: Actor = OWNER, email: str = EMAIL, **more: object) -> str:
    """Invite, and return the token of the link."""
    made = invitations.invite(reseller_id=reseller.pk, actor=actor, email=email, **more)  # type: ignore[arg-type]
    return invitation_token(made)


def accept(reseller: Reseller, token: str, password: str = PASSWORD, **more: object) -> User:
    return invitations.accept(reseller_id=reseller.pk, token=token, password=password, **more)  # type: ignore[arg-type]


def gone(reseller: Reseller, token: str) -> bool:
    """Whether a link opens nothing: by the verb, and by the page, as every such link does."""
    with pytest.raises(Refused, match=re.escape(invitations.GONE)):
        accept(reseller, token)
    with tenancy.using(reseller.pk):
        answer = Client().get(f"/join/{reseller.slug}/{token}/")
    tenancy.set_session(reseller.pk)
    return answer.status_code == 404 and EMAIL not in words(answer)


def test_an_invitation_becomes_access_once(north: Reseller, contoso: int) -> None:
    token = invite(north, customer_id=contoso, is_admin=True)
    user = accept(north, token, name=" Ana ")
    member = Membership.objects.get(user=user)
    assert (member.role, member.customer_id, member.is_admin) == ("portal", contoso, True)
    assert (user.email, user.name, user.check_password(PASSWORD)) == (EMAIL, "Ana", True)
    assert gone(north, token)


def test_the_link_is_made_when_the_mail_is_written(north: Reseller, contoso: int) -> None:
    token = invite(north, customer_id=contoso)
    letter = Letter.objects.get()
    text = written(letter)
    assert text is not None
    assert f"/join/north/{token}/" in text.text
    assert token not in str(letter.data)


def test_sending_again_ends_the_link_before(north: Reseller, contoso: int) -> None:
    first = invite(north, customer_id=contoso)
    again = invitations.resend(
        reseller_id=north.pk, actor=OWNER, invitation_id=Invitation.objects.get().pk
    )
    assert gone(north, first)
    assert accept(north, invitation_token(again)).email == EMAIL


def test_what_was_taken_back_opens_nothing_and_is_not_mailed(north: Reseller, contoso: int) -> None:
    token = invite(north, customer_id=contoso)
    found = Invitation.objects.get().pk
    invitations.revoke(reseller_id=north.pk, actor=OWNER, invitation_id=found)
    assert gone(north, token)
    assert written(Letter.objects.get()) is None
    with pytest.raises(Refused, match="no longer open"):
        invitations.revoke(reseller_id=north.pk, actor=OWNER, invitation_id=found)


def test_a_link_is_over_after_seven_days(
    north: Reseller, contoso: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = invite(north, customer_id=contoso)
    over = clock.now() + timedelta(days=7, seconds=1)
    monkeypatch.setattr(clock, "now", lambda: over)
    assert gone(north, token)


@pytest.mark.parametrize("token", ["", "x", "x.y", "WzEsImEiXQ.abc"])
def test_a_forged_link_looks_like_one_that_is_over(north: Reseller, token: str) -> None:
    with pytest.raises(Refused, match=re.escape(invitations.GONE)):
        accept(north, token)


def test_a_link_opens_its_own_reseller_alone(
    north: Reseller, statements: Reseller, contoso: int
) -> None:
    token = invite(north, customer_id=contoso)
    with tenancy.using(statements.pk):
        assert gone(statements, token)
    assert not Membership.objects.filter(reseller=statements).exists()


def test_a_weak_password_is_refused_and_the_link_stays(north: Reseller, contoso: int) -> None:
    token = invite(north, customer_id=contoso)
    with pytest.raises(Refused) as refused:
        accept(north, token, password="12345678")
    assert refused.value.field == "password"
    assert not User.objects.filter(email=EMAIL).exists()
    assert accept(north, token).email == EMAIL


def test_who_has_a_password_signs_in_first_and_keeps_it(
    north: Reseller, statements: Reseller, contoso: int
) -> None:
    add_user(reseller_id=statements.pk, actor=OWNER, email=EMAIL, role="sales", password=PASSWORD)
    token = invite(north, customer_id=contoso)
    with pytest.raises(Refused, match="sign in as"):
        accept(north, token, password="stolen by a link that leaked")
    user = User.objects.get(email=EMAIL)
    assert accept(north, token, signed_in=user, password="").check_password(PASSWORD)
    assert Membership.objects.filter(user=user).count() == 2


def test_an_invitation_is_for_its_own_address(north: Reseller, contoso: int) -> None:
    token = invite(north, customer_id=contoso)
    add_user(reseller_id=north.pk, actor=OWNER, email="x@north.example", role="sales")
    other = User.objects.get(email="x@north.example")
    with pytest.raises(Refused, match=f"this invitation is for {EMAIL}"):
        accept(north, token, signed_in=other)


@pytest.mark.parametrize("email", ["", "no address", "a@b", "a\r\nBcc: x@y.example", "x" * 300])
def test_what_is_no_address_is_refused(north: Reseller, email: str) -> None:
    with pytest.raises(Refused) as refused:
        invite(north, email=email, role="sales")
    assert refused.value.field == "email"


def test_members_are_not_invited_again(north: Reseller, contoso: int) -> None:
    accept(north, invite(north, customer_id=contoso))
    with pytest.raises(Refused, match="has access already"):
        invite(north, email=EMAIL.upper(), customer_id=contoso)
    member = Membership.objects.get(user__email=EMAIL)
    suspend(reseller_id=north.pk, actor=OWNER, membership_id=member.pk)
    with pytest.raises(Refused, match="reactivate it instead"):
        invite(north, customer_id=contoso)


def test_who_may_invite_whom(north: Reseller, contoso: int, administrator: int) -> None:
    billing, sales = Actor("b@north.example", "billing"), Actor("s@north.example", "sales")
    invite(north, billing, "one@contoso.example", customer_id=contoso)
    invite(north, ADMINISTRATOR, "two@contoso.example", customer_id=contoso)
    for actor, more in (
        (billing, {"role": "billing"}),
        (sales, {"customer_id": contoso}),
        (ADMINISTRATOR, {"role": "owner"}),
        (Actor("nobody@contoso.example", "portal"), {"customer_id": contoso}),
    ):
        with pytest.raises(Forbidden):
            invite(north, actor, "three@contoso.example", **more)


def test_an_administrator_learns_nothing_about_others(
    north: Reseller, contoso: int, administrator: int
) -> None:
    other = add_customer(reseller_id=north.pk, actor=OWNER, name="Fabrikam").pk
    invite(north, email="asked@fabrikam.example", customer_id=other)
    add_user(reseller_id=north.pk, actor=OWNER, email="staff@north.example", role="sales")
    answers = set()
    for email in ("asked@fabrikam.example", "staff@north.example"):
        with pytest.raises(Refused) as refused:
            invite(north, ADMINISTRATOR, email, customer_id=contoso)
        answers.add(refused.value.message.replace(email, "…"))
    assert answers == {"… cannot be invited from here; ask North"}


def test_one_person_invites_thirty_in_an_hour(
    north: Reseller, contoso: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitations, "ACTORS_AN_HOUR", 2)
    for number in range(2):
        invite(north, email=f"{number}@contoso.example", customer_id=contoso)
    with pytest.raises(Refused, match="too many invitations"):
        invite(north, email="late@contoso.example", customer_id=contoso)
    invite(north, Actor("else@north.example"), "other@contoso.example", customer_id=contoso)
