"""Every address × two resellers × every role: nothing beyond one's own."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern
from pypdf import PdfReader

from clearbill.console import urls as console
from clearbill.portal import urls as portal
from clearbill.rules.access import STAFF, allowed
from clearbill.web.permissions import undeclared
from doors.two_resellers import MARKERS, Month, make_month, member

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def north(month: Month) -> Month:
    return month


@pytest.fixture
def south(month: Month, tmp_path: Path) -> Month:
    return make_month("south", tmp_path)


def addresses(
    door: str, patterns: list[URLPattern], at: Month, of: Month
) -> Iterator[tuple[str, str, bool]]:
    """Address, verb, and whether it names a row: below reseller `at`, with ids of month `of`."""
    known = of.ids()
    for pattern in patterns:
        names = list(pattern.pattern.converters)
        values = {key: value for name in names for key, value in known[name].items()}
        path = str(pattern.pattern)
        for name, value in values.items():
            texts = dict.fromkeys(("code", "ticket", "sha256"), "str")
            kind = {**texts, "article": "slug"}.get(name, "int")
            path = path.replace(f"<{kind}:{name}>", str(value))
        verb: str = pattern.callback.permission  # type: ignore[attr-defined]
        yield f"/{door}/{at.reseller.slug}/{path}", verb, bool(set(names) - {"article"})


def body(answer: Any) -> str:
    content: bytes = b"".join(answer) if answer.streaming else answer.content
    if answer.headers.get("Content-Type") == "application/pdf":
        content = "".join(
            page.extract_text() for page in PdfReader(BytesIO(content)).pages
        ).encode()
    # A picture has no words; the text of what it was made from is looked at elsewhere.
    return "" if answer.headers.get("Content-Type") == "image/png" else content.decode()


def marked(text: str) -> list[str]:
    return [marker for marker in MARKERS if marker in text]


def test_every_view_declares_its_permission() -> None:
    assert undeclared() == []


@pytest.mark.parametrize("role", STAFF)
def test_staff_open_what_their_role_may_and_nothing_else(north: Month, role: str) -> None:
    client = member(north, role)
    for address, verb, _ in addresses("console", console.urlpatterns, north, north):
        status = client.get(address).status_code
        expected = {200, 302, 405} if allowed(role, verb) else {403, 405}
        assert status in expected, f"{role} at {address} ({verb}): {status}"


def test_anonymous_people_are_sent_to_sign_in(north: Month) -> None:
    for door, patterns in (("console", console.urlpatterns), ("portal", portal.urlpatterns)):
        for address, _, _ in addresses(door, patterns, north, north):
            answer = Client().get(address)
            assert answer.status_code == 302, address
            assert answer.headers["Location"].startswith("/accounts/login/"), address


@pytest.mark.parametrize("door", ["console", "portal"])
def test_a_stranger_sees_nothing_of_another_reseller(north: Month, south: Month, door: str) -> None:
    patterns = console.urlpatterns if door == "console" else portal.urlpatterns
    stranger = member(south, "owner") if door == "console" else member(south, "portal", "Contoso")
    for address, _, _ in addresses(door, patterns, north, north):
        assert stranger.get(address).status_code == 404, address
        assert stranger.post(address).status_code == 404, address


def test_ids_of_another_reseller_are_not_found_at_ones_own(north: Month, south: Month) -> None:
    owner = member(south, "owner")
    for address, _, names_a_row in addresses("console", console.urlpatterns, south, north):
        # Document IDs count from one at each reseller, so a code names one's own document.
        if names_a_row and "/documents/" not in address:
            assert owner.get(address).status_code in (404, 405), address


def test_the_two_doors_do_not_open_for_each_others_people(north: Month) -> None:
    owner, customer = member(north, "owner"), member(north, "portal", "Contoso")
    for address, _, _ in addresses("console", console.urlpatterns, north, north):
        assert customer.get(address).status_code == 404, address
    for address, _, _ in addresses("portal", portal.urlpatterns, north, north):
        assert owner.get(address).status_code == 404, address


def test_a_draft_and_anothers_document_are_behind_no_address(north: Month) -> None:
    customer = member(north, "portal", "Contoso")
    listed = body(customer.get("/portal/north/invoices/"))
    assert north.documents["open"] in listed
    for hidden in (north.documents["draft"], north.documents["other"], "D-999999"):
        assert hidden not in listed
        for part in ("", "print/", "pdf/", "csv/", "detailed-csv/"):
            address = f"/portal/north/invoices/{hidden}/{part}"
            assert customer.get(address).status_code == 404, address


def test_no_cost_reaches_the_customer(north: Month) -> None:
    customer = member(north, "portal", "Contoso")
    for address, _, _ in addresses("portal", portal.urlpatterns, north, north):
        answer = customer.get(address, follow=True)
        text = body(answer)
        assert answer.status_code == 200, address
        assert marked(text) == [], address
        if address.endswith("/csv/"):
            assert "1554.26" in text


def test_no_cost_reaches_sales(north: Month) -> None:
    sales = member(north, "sales")
    for address, verb, _ in addresses("console", console.urlpatterns, north, north):
        answer = sales.get(address)
        if answer.status_code == 200:
            assert marked(body(answer)) == [], f"{address} ({verb})"


def test_owners_do_see_cost_so_the_markers_mean_something(north: Month) -> None:
    owner = member(north, "owner")
    code = north.documents["open"]
    assert marked(body(owner.get(f"/console/north/documents/{code}/")))
    detailed = owner.get(f"/console/north/documents/{code}/detailed-csv/")
    assert len(marked(body(detailed))) == len(MARKERS)
