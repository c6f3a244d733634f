"""No text on a customer's page is outside the catalogue: found by marking all that is inside.

Every string with a German translation comes as ⟦string⟧. What is left on a page without the marks
is data (names, numbers, days), or a string that nobody marked for translation.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.template import engines
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.translation import trans_real

from addresses import every_address
from clearbill.actions.invitations import invite
from clearbill.actions.people import set_administrator
from clearbill.actions.users import add_user
from clearbill.queries.people import invitation_token
from clearbill.records import tenancy
from clearbill.records.models import Invitation, Membership, User
from clearbill.web.kept import Kept
from clearbill.web.view_as import Viewing
from doors.two_resellers import OPERATOR, Month, member

pytestmark = pytest.mark.django_db(transaction=True)

DATA = re.compile(
    r"""[\w.+-]+@[\w.-]+|https?://\S+|\b(
    North|Contoso|Fabrikam|AWS|Oracle|Compute|Hours(\ of\ a\ machine)?|SKU-1|USD|UTC|Clearbill
    |English|Deutsch|portal-contoso|PDF|CSV|MB|Esc|note\.txt|Why\?|Too\ much\.
    |[DT]-\d+|INV-\d+                               # document, ticket and invoice numbers
    |\d{1,2}(–\d{1,2})?\ [A-Z][a-z]{2}\ \d{4}       # 1–30 Sep 2024
    |[A-Z][a-z]{2}\ \d{2,4}|September\ 2024         # months
    |\d+\ B
    )(?!\w)""",
    re.VERBOSE,
)
LETTERS = re.compile(r"[^\W\d_]{2,}")
SHOWN = ("title", "aria-label", "placeholder", "alt")


def marks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Say everything that has a translation in marks, whatever the language."""
    catalog: Any = trans_real.translation("de")._catalog  # type: ignore[attr-defined]

    def mark(text: str, context: str = "") -> str:
        key = f"{context}\x04{text}" if context else text.replace("\r\n", "\n")
        return f"⟦{text}⟧" if key and catalog.get(key) else text

    def plural(one: str, many: str, number: int) -> str:
        text = one if number == 1 else many
        return f"⟦{text}⟧" if catalog.get((one, 0)) or catalog.get(one) else text

    trans: Any = translation._trans  # type: ignore[attr-defined]
    monkeypatch.setattr(trans, "gettext", mark, raising=False)
    monkeypatch.setattr(trans, "pgettext", lambda context, text: mark(text, context), raising=False)
    monkeypatch.setattr(trans, "ngettext", plural, raising=False)
    # What was kept before is without the marks, and what is kept now has them.
    pages: Any = engines["jinja2"]
    monkeypatch.setitem(pages.env.globals, "kept", Kept())


class Texts(HTMLParser):
    """What a page says: its text, and the attributes that are read out or shown."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self.silent = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in ("script", "style", "textarea")
        self.said += [value or "" for name, value in attrs if name in SHOWN]

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in ("script", "style", "textarea")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.said.append(data)


def unmarked(page: str) -> list[str]:
    """Texts with letters outside all marks that are no data. Marks may hold tags."""
    before, text = "", "\n".join(Texts(page).said)
    while before != text:
        before, text = text, re.sub(r"⟦[^⟦⟧]*⟧", " ", text)
    lines = [" ".join(DATA.sub(" ", line).split()) for line in text.split("\n")]
    return [line for line in lines if LETTERS.search(line)]


def test_a_string_that_nobody_marked_is_found() -> None:
    assert unmarked("<p>⟦Total <b>⟦of⟧</b> a@b.example⟧: USD 1.00, 1–30 Sep 2024</p>") == []
    found = unmarked('<p>⟦Total⟧: none yet</p><i title="Hidden"></i>')
    assert found == [": none yet", "Hidden"]


@pytest.fixture
def month(month: Month) -> Month:
    """North with a ticket, a logo and an invitation; Contoso's administrator may sign in."""
    with tenancy.using(month.reseller.pk):
        contoso = month.customers["Contoso"]
        invite(reseller_id=month.reseller.pk, actor=OPERATOR, email="new@contoso.example",
               customer_id=contoso)  # fmt: skip
    return month


def known(month: Month) -> dict[str, object]:
    given = {name: value for each in month.ids().values() for name, value in each.items()}
    return {"slug": "north", **given}


def administrator(month: Month) -> Client:
    client = member(month, "portal", "Contoso")
    with tenancy.using(month.reseller.pk):
        mine = Membership.objects.get(user__email="portal-contoso@north.example")
        set_administrator(
            reseller_id=month.reseller.pk, actor=OPERATOR, membership_id=mine.pk, is_admin=True
        )
    return client


def wrong(client: Client, address: str, form: dict[str, str] | None = None) -> list[str]:
    """The texts of a page that are outside the catalogue, each with its address."""
    answer: Any = client.get(address) if form is None else client.post(address, form, follow=True)
    if not answer.headers.get("Content-Type", "").startswith("text/html"):
        return []
    # The provider's own word for a charge, which happens to be one of ours.
    page = answer.content.decode().replace("<dd>Usage</dd>", "")
    return [f"{address}: {text}" for text in unmarked(page)]


def addresses(door: str, known: dict[str, object]) -> Iterator[str]:
    for each in every_address():
        if each.door == door:
            yield each.filled(known)


def test_the_portal_says_nothing_outside_the_catalogue(
    month: Month, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = administrator(month)
    given = known(month)
    marks(monkeypatch)
    found = [text for page in addresses("portal", given) for text in wrong(client, page)]
    assert found == [], "\n".join(found)


REFUSED: tuple[tuple[str, dict[str, str] | None], ...] = (
    ("support/new/", {}),
    ("support/new/", {"subject": "x" * 300, "category": "Invoice", "priority": "Low", "text": "a"}),
    ("support/new/", {"subject": "a\tb", "category": "Invoice", "priority": "Low", "text": "a"}),
    ("support/new/", {"document": "D-999999", "subject": "a", "category": "Other",
                      "priority": "Low", "text": "a"}),
    ("users/", {"do": "invite", "email": "no address"}),
    ("users/", {"do": "invite", "email": "portal-contoso@north.example"}),
    ("users/", {"do": "invite", "email": "colleague@north.example"}),
    ("users/", {"do": "dance"}),
    ("users/", {"do": "revoke", "id": "999"}),
    ("profile/", {"name": "x" * 300}),
    ("invoices/?status=Open&q=nothing&first=never", None),
    ("invoices/?sort=-due&range=this-year", None),
    ("users/", {"do": "invite", "email": "b@contoso.example", "is_admin": "1"}),
)  # fmt: skip


DONE = ("reset", "administrator", "end-sessions", "suspend", "reset", "reactivate")


def colleague(month: Month) -> int:
    with tenancy.using(month.reseller.pk):
        add_user(reseller_id=month.reseller.pk, actor=OPERATOR, email="c@contoso.example",
                 role="", customer_id=month.customers["Contoso"])  # fmt: skip
        return Membership.objects.get(user__email="c@contoso.example").pk


def test_refusals_and_answers_of_the_portal_are_in_the_catalogue(
    month: Month, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, person = administrator(month), colleague(month)
    marks(monkeypatch)
    forms = [(f"/portal/north/{page}", form) for page, form in REFUSED]
    forms += [("/portal/north/users/", {"do": what, "id": str(person)}) for what in DONE]
    found = [text for page, form in forms for text in wrong(client, page, form)]
    assert found == [], "\n".join(found)


def with_factors(month: Month) -> Client:
    """Contoso's administrator, signed in through the form, with an app and recovery codes."""
    administrator(month)
    user = User.objects.get(email="portal-contoso@north.example")
    client = Client()
    client.post(
        reverse("account_login"), {"login": user.email, "password": "a long enough sentence"}
    )
    totp.TOTP.activate(user, totp.generate_totp_secret())
    RecoveryCodes.activate(user)
    # What signing in said was said before the marks.
    client.get(reverse("mfa_index"))
    return client


def sign_in_pages(month: Month) -> dict[str, object]:
    user = User.objects.get(email="colleague@north.example")
    with tenancy.using(month.reseller.pk):
        token = invitation_token(Invitation.objects.get())
    return {
        **known(month),
        "token": token,
        "pk": 1,
        "uidb36": user_pk_to_url_str(user),
        "key": default_token_generator.make_token(user),
        "number": 1,
    }


@pytest.mark.parametrize("signed_in", [False, True])
def test_sign_in_says_nothing_outside_the_catalogue(
    month: Month, monkeypatch: pytest.MonkeyPatch, signed_in: bool
) -> None:
    client = with_factors(month) if signed_in else Client()
    given = sign_in_pages(month)
    marks(monkeypatch)
    found = [
        text
        for page in addresses("", given)
        if "logout" not in page
        for text in wrong(client, page)
    ]
    assert found == [], "\n".join(found)


def test_an_invitation_refuses_in_the_catalogue(
    month: Month, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = sign_in_pages(month)
    page = reverse("join", kwargs={"slug": "north", "token": given["token"]})
    with tenancy.using(month.reseller.pk):
        invite(reseller_id=month.reseller.pk, actor=OPERATOR, email="s@north.example", role="sales")
        staff = invitation_token(Invitation.objects.latest("pk"))
    marks(monkeypatch)
    asked = Client(), administrator(month)
    found = wrong(asked[0], page, {"password": "12345", "name": "x"})
    found += wrong(asked[0], page, {"password": "a long enough one", "name": "x" * 300})
    found += wrong(asked[1], page) + wrong(asked[1], page, {}) + wrong(asked[0], f"{page}x")
    found += wrong(asked[0], reverse("join", kwargs={"slug": "north", "token": staff}))
    assert found == [], "\n".join(found)


SAYS_NO = (
    "400.html", "403.html", "404.html", "429.html", "500.html", "503.html", "reading_only.html",
    "second_factor.html",
)  # fmt: skip


def test_a_page_that_says_no_is_in_the_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    marks(monkeypatch)
    for template in SAYS_NO:
        for role in ("owner", "portal"):
            context = {"role": role, "names": ["North"], "viewing": Viewing("north", 1, "Contoso")}
            page = render_to_string(template, {**context, "csrf_input": ""})
            assert unmarked(page) == [], (template, role)
