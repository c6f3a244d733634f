"""A document of several provider accounts: a bar for each section, and what each one is."""

from pathlib import Path

import pytest
from django.test import Client

from clearbill.actions.accounts import assign_account
from clearbill.actions.customers import add_customer
from clearbill.actions.users import add_user
from clearbill.records import tenancy
from clearbill.records.models import Reseller, User
from console.reading import read
from makers import OWNER, generate, give_usage, make_reseller, rows_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def address(tmp_path: Path) -> str:
    """A draft with 30.00 of one account, 10.00 and nothing of another."""
    reseller = make_reseller("north", markup="0")
    with tenancy.using(reseller.pk):
        customer = add_customer(reseller_id=reseller.pk, actor=OWNER, name="Contoso")
        rows = [
            *rows_of("0001", cost="30.00"),
            *rows_of("0002", cost="10.00"),
            *rows_of("0002", cost="0.00", SkuId="FREE"),
        ]
        give_usage(reseller, tmp_path, rows)
        for account in ("0001", "0002"):
            assign_account(
                reseller_id=reseller.pk,
                actor=OWNER,
                provider="aws",
                account=account,
                customer_id=customer.pk,
            )
        code = generate(reseller).documents[0].code
    return f"/console/north/documents/{code}/"


@pytest.fixture
def owner(address: str) -> Client:
    reseller = Reseller.objects.get(slug="north")
    with tenancy.using(reseller.pk):
        add_user(
            reseller_id=reseller.pk,
            actor=OWNER,
            email="owner@north.example",
            role="owner",
            password="a long enough sentence",
        )
    client = Client()
    client.force_login(
        User.objects.get(email="owner@north.example"),
        "allauth.account.auth_backends.AuthenticationBackend",
    )
    return client


def test_sections_show_their_subtotal_and_share(owner: Client, address: str) -> None:
    text = read(owner, address)
    assert "Customer 0001 75 % 75 % 30.00" in text
    assert "Customer 0002 25 % 25 % 10.00" in text
    assert "Expand all Collapse all" in text


def test_lines_of_nothing_fold_away(owner: Client, address: str) -> None:
    page = owner.get(address).content.decode()
    assert "1 line of 0.00 (show)" in page
    assert page.index("10.00") < page.index("1 line of 0.00") < page.index("FREE")


def test_previous_and_following_drafts_are_absent_where_it_is_the_only_one(
    owner: Client, address: str
) -> None:
    text = read(owner, address)
    assert "1 of 1" in text
    assert "Next draft" not in text
