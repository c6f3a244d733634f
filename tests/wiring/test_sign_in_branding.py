"""Sign-in and invitations in the reseller's looks, where the address says whose portal it is."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from actions.test_branding import picture
from clearbill.actions.branding import set_branding, set_logo
from clearbill.actions.customers import add_customer
from clearbill.actions.invitations import invite
from clearbill.actions.people import ask_for_reset
from clearbill.actions.users import add_user
from clearbill.paper.letters import written
from clearbill.queries.people import invitation_token
from clearbill.records import tenancy
from clearbill.records.models import Letter, Reseller, User
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
    assert "brand.css" not in answer.content.decode()


def test_a_reset_keeps_the_portals_looks_to_its_end(north: Reseller) -> None:
    """From *Forgot your password?* over the mail's link to the sign-in with the new password."""
    assert f'name="way" value="{PORTAL}"' in page(f"/accounts/password/reset/?next={PORTAL}")
    given = {"email": "ap@contoso.example", "way": PORTAL}
    asked: Any = Client().post("/accounts/password/reset/", given, follow=True)
    assert "Look into your mail" in asked.content.decode()
    assert SHEET in asked.content.decode()
    client, link = Client(), reset_link(north)
    form: Any = client.get(link, follow=True)
    assert SHEET in form.content.decode()
    new = {"password1": "a-new-Passw0rd", "password2": "a-new-Passw0rd"}
    action = re.findall(r'<form method="post" action="([^"]+)"', form.content.decode())[0]
    done: Any = client.post(action, new, follow=True)
    assert done.redirect_chain[-1][0].startswith("/accounts/login/?next=/portal/north/")
    assert SHEET in done.content.decode()
    used: Any = Client().get(link, follow=True)
    assert SHEET in used.content.decode()
    assert 'href="/accounts/password/reset/?next=%2Fportal%2Fnorth%2F">Ask for another' in (
        used.content.decode()
    )


def reset_link(north: Reseller) -> str:
    """The link that a portal user of Contoso is mailed."""
    with tenancy.using(north.pk):
        customer = add_customer(reseller_id=north.pk, actor=OWNER, name="Contoso")
        email = "ap@contoso.example"
        add_user(reseller_id=north.pk, actor=OWNER, email=email, role="", customer_id=customer.pk)
        ask_for_reset(user_id=User.objects.get(email=email).pk)
        written_mail = written(Letter.objects.latest("pk"))
        assert written_mail is not None
    found = re.search(r"https?://[^/]+(/accounts/\S+)", written_mail.text)
    assert found is not None
    return found[1]


def test_a_wrong_password_leads_on_and_tells_nobody_who_is_known(north: Reseller) -> None:
    with tenancy.using(north.pk):
        add_user(reseller_id=north.pk, actor=OWNER, email="o@north.example", role="owner")
    answers = {
        re.sub(r"[a-z]+@north.example|csrf\S+ value=\S+", "", page("/accounts/login/", **given))
        for given in (
            {"login": "o@north.example", "password": "wrong"},
            {"login": "nobody@north.example", "password": "wrong"},
        )
    }
    assert len(answers) == 1
    assert "Address and password do not fit together." in answers.pop()
