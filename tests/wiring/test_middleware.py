"""Whose rows a request sees, and what every answer carries."""

import pytest
from django.db import close_old_connections
from django.test import Client

from clearbill.records import clock, tenancy
from clearbill.records.models import Customer, Membership, Reseller, User

pytestmark = [
    # Not within a transaction: a reseller that leaks into the next request must show.
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("wiring.tenant_urls"),
]


@pytest.fixture
def north() -> Reseller:
    return Reseller.objects.create(
        slug="north", name="North", mfa_required=False, created_at=clock.now()
    )


@pytest.fixture
def south() -> Reseller:
    return Reseller.objects.create(slug="south", name="South", created_at=clock.now())


def _signed_in(email: str) -> tuple[Client, User]:
    user = User.objects.create(email=email, created_at=clock.now())
    client = Client()
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    return client, user


def _staff(reseller: Reseller, **options: str) -> Client:
    client, user = _signed_in("billing@example.com")
    Membership.objects.create(user=user, reseller=reseller, **{"role": "billing", **options})
    return client


def test_staff_see_their_reseller_through_the_console(north: Reseller) -> None:
    seen = _staff(north).get("/console/north/").json()
    assert seen == {"reseller": "north", "role": "billing", "rows_of": str(north.pk)}


def test_a_portal_user_comes_through_the_portal_alone(north: Reseller) -> None:
    client, user = _signed_in("buyer@example.com")
    with tenancy.using(north.pk):
        customer = Customer.objects.create(reseller=north, name="Contoso", created_at=clock.now())
        Membership.objects.create(user=user, reseller=north, role="portal", customer=customer)
    assert client.get("/portal/north/").json()["role"] == "portal"
    assert client.get("/console/north/").status_code == 404


def test_staff_do_not_come_through_the_portal(north: Reseller) -> None:
    assert _staff(north).get("/portal/north/").status_code == 404


def test_anothers_reseller_and_an_unknown_one_give_the_same_answer(
    north: Reseller, south: Reseller
) -> None:
    client = _staff(north)
    foreign, unknown = client.get("/console/south/"), client.get("/console/nowhere/")
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.content == unknown.content


def test_who_is_led_to_anothers_page_is_told_who_is_signed_in(north: Reseller) -> None:
    page = _staff(north).get("/portal/north/").content.decode()
    assert "You are signed in as " in page
    assert 'href="/accounts/logout/"' in page
    assert "You are signed in" not in Client().get("/no-such-page/").content.decode()


def test_a_suspended_member_is_a_stranger(north: Reseller) -> None:
    assert _staff(north, state=Membership.SUSPENDED).get("/console/north/").status_code == 404


@pytest.mark.parametrize("slug", ["north", "nowhere"])
def test_before_sign_in_known_and_unknown_addresses_lead_to_it(north: Reseller, slug: str) -> None:
    answer = Client().get(f"/console/{slug}/?a=b")
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/accounts/login/?next=/console/{slug}/%3Fa%3Db"


def test_the_reseller_does_not_leak_into_the_next_anonymous_request(north: Reseller) -> None:
    assert _staff(north).get("/console/north/").json()["rows_of"] == str(north.pk)
    assert Client().get("/outside/").json() == {"rows_of": ""}


def test_a_refused_door_leaves_no_reseller_behind(north: Reseller, south: Reseller) -> None:
    client = _staff(north)
    client.get("/console/north/")
    client.get("/console/south/")
    assert client.get("/outside/").json() == {"rows_of": ""}


def test_a_database_that_is_away_answers_503_with_a_time_to_try_again() -> None:
    answer = Client(raise_request_exception=False).get("/away/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    close_old_connections()  # as every request of a real server begins
    assert Client().get("/outside/").status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_are_answered_under_any_host_name(path: str) -> None:
    assert Client().get(path, headers={"host": "10.0.0.7"}).json() == {"status": "ok"}


def test_pages_are_refused_under_a_foreign_host_name() -> None:
    assert Client().get("/outside/", headers={"host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("path", ["/outside/", "/nowhere/", "/accounts/login/"])
def test_every_answer_forbids_inline_and_foreign_scripts(path: str) -> None:
    policy = Client().get(path).headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
