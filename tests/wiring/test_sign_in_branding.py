"""Sign-in and invitations in the reseller's looks, where the address says whose portal it is."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from actions.test_branding import picture
from clearbill.actions.branding import set_branding, set_logo
from clearbill.actions.invitations import invite
from clearbill.queries.people import invitation_token
from clearbill.records import tenancy
from clearbill.records.models import Reseller
from makers import OWNER, make_reseller

pytestmark = pytest.mark.django_db(transaction=True)

SHEET = 'href="/brand/north/brand.css"'
PORTAL = "/portal/north/invoices/D-000001/"


@pytest.fixture
def north(transactional_db: None) -> Reseller:
    """In purple, with a logo."""
    made = make_reseller()
    with tenancy.using(made.pk):
        set_branding(reseller_id=made.pk, actor=OWNER, colour="#7c3aed", accent_colour="#1f5aa6",
                     footer="")  # fmt: skip
        set_logo(reseller_id=made.pk, actor=OWNER, data=picture(at=(400, 100)))
    return made


def page(address: str, **data: str) -> str:
    answer: Any = Client().post(address, data) if data else Client().get(address)
    return str(answer.content.decode())


def test_the_way_to_a_portal_leads_through_its_resellers_sign_in(north: Reseller) -> None:
    answer: Any = Client().get(PORTAL, follow=True)
    shown = answer.content.decode()
    assert SHEET in shown
    assert '<p class="brand"><span>North</span></p>' in shown
    assert "<title>Sign in · North</title>" in shown
    assert f'href="/accounts/password/reset/?next={PORTAL.replace("/", "%2F")}"' in shown


def test_it_stays_after_a_wrong_password_and_on_the_way_to_a_reset(north: Reseller) -> None:
    wrong = page("/accounts/login/", login="a@b.example", password="x", next=PORTAL)
    assert SHEET in wrong
    assert SHEET in page(f"/accounts/password/reset/?next={PORTAL}")


@pytest.mark.parametrize("target", ["", "/console/north/", "/portal/unknown/", "//portal/north/"])
def test_elsewhere_sign_in_is_nobodys(north: Reseller, target: str) -> None:
    shown = page(f"/accounts/login/?next={target}")
    assert "brand.css" not in shown
    assert "North" not in shown
    assert "<title>Sign in · Clearbill</title>" in shown


def test_the_sheet_has_colours_and_logo_for_everybody(north: Reseller) -> None:
    sheet = Client().get("/brand/north/brand.css")
    assert sheet.headers["Content-Type"] == "text/css; charset=utf-8"
    assert "#7c3aed" in sheet.content.decode()
    assert 'url("logo.png?' in sheet.content.decode()
    logo = Client().get("/brand/north/logo.png")
    assert (logo.status_code, logo.headers["Content-Type"]) == (200, "image/png")
    assert logo.content.startswith(b"\x89PNG")


def test_an_unknown_reseller_has_an_empty_sheet_and_no_logo(north: Reseller) -> None:
    assert Client().get("/brand/unknown/brand.css").content == b""
    assert Client().get("/brand/unknown/logo.png").status_code == 404


def test_a_reseller_without_a_logo_has_none(transactional_db: None) -> None:
    make_reseller("plain")
    assert Client().get("/brand/plain/brand.css").content.strip() == b""
    assert Client().get("/brand/plain/logo.png").status_code == 404


def test_an_invitation_opens_in_the_resellers_looks(north: Reseller) -> None:
    with tenancy.using(north.pk):
        made = invite(reseller_id=north.pk, actor=OWNER, email="a@b.example", role="sales")
        token = invitation_token(made)
    shown = page(f"/join/north/{token}/")
    assert SHEET in shown
    assert '<p class="brand"><span>North</span></p>' in shown
    assert "in the billing of North as Sales" in shown


def test_sign_in_loads_nothing_that_its_policy_forbids(north: Reseller) -> None:
    answer = Client().get(f"/accounts/login/?next={PORTAL}")
    assert "style=" not in answer.content.decode()
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


def test_the_error_pages_and_sign_in_speak_german(north: Reseller, tmp_path: Path) -> None:
    german = {"Accept-Language": "de"}
    for address, words in (
        ("/accounts/login/", "Passwort vergessen?"),
        ("/accounts/password/reset/", "Link senden"),
        ("/no-such-page/", "Nicht gefunden"),
    ):
        assert words in Client(headers=german).get(address).content.decode()


def test_who_asks_for_a_new_password_on_the_way_in_is_told_to_look_into_the_mail(
    north: Reseller,
) -> None:
    form = page(f"/accounts/password/reset/?next={PORTAL}")
    assert '<form method="post" action="/accounts/password/reset/">' in form
    answer: Any = Client().post(
        "/accounts/password/reset/", {"email": "nobody@contoso.example"}, follow=True
    )
    assert "Look into your mail" in answer.content.decode()
