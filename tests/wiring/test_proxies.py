"""Behind a proxy each client has rate limits of its own, and no client makes its address up."""

import runpy

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client, override_settings

from clearbill.actions.users import add_user
from clearbill.records import tenancy
from clearbill.wiring import settings
from clearbill.wiring.addresses import proxies
from makers import OWNER, make_reseller

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "a long enough sentence"


def sign_in(email: str, password: str, forwarded: str) -> bool:
    client = Client(headers={"X-Forwarded-For": forwarded})
    answer = client.post("/accounts/login/", {"login": email, "password": password})
    return answer.status_code == 302


@pytest.fixture
def person() -> str:
    reseller = make_reseller()
    with tenancy.using(reseller.pk):
        add_user(
            reseller_id=reseller.pk, actor=OWNER, email="a@north.example", role="owner",
            password=PASSWORD,
        )  # fmt: skip
    return "a@north.example"


@pytest.mark.parametrize(("count", "gets_in"), [(0, False), (1, True)])
def test_one_clients_tries_lock_no_other_out(person: str, count: int, gets_in: bool) -> None:
    with override_settings(ALLAUTH_TRUSTED_PROXY_COUNT=count):
        for number in range(11):
            sign_in(f"{number}@nowhere.example", "x", "198.51.100.1")
        assert sign_in(person, PASSWORD, "198.51.100.2") is gets_in


def test_a_client_does_not_make_its_address_up(person: str) -> None:
    with override_settings(ALLAUTH_TRUSTED_PROXY_COUNT=1):
        for number in range(11):
            sign_in(f"{number}@nowhere.example", "x", f"203.0.113.{number}, 198.51.100.1")
        assert not sign_in(person, PASSWORD, "203.0.113.99, 198.51.100.1")


@pytest.mark.parametrize(("text", "count"), [("", 0), ("0", 0), ("2", 2)])
def test_the_environment_says_how_many_there_are(
    monkeypatch: pytest.MonkeyPatch, text: str, count: int
) -> None:
    monkeypatch.setenv("CLEARBILL_PROXIES", text)
    assert runpy.run_path(settings.__file__)["ALLAUTH_TRUSTED_PROXY_COUNT"] == count


@pytest.mark.parametrize("text", ["one", "-1", "1.0", "٣", "100"])
def test_what_is_no_number_of_proxies_is_refused(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="CLEARBILL_PROXIES"):
        proxies(text)
