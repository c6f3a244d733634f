"""The question mark: help for the page one is on, and a ticket about the document one looks at."""

import html
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from addresses import every_address
from clearbill.actions.discard_documents import discard_documents
from clearbill.actions.invitations import invite
from clearbill.console.views import help_pages
from clearbill.portal import help as portal_help
from clearbill.records import tenancy
from console.reading import read
from doors.two_resellers import OPERATOR, Month, member

pytestmark = pytest.mark.django_db(transaction=True)

HELP = re.compile(r'<a href="([^"]*)">Help for this page</a>')


def pages(client: Client, month: Month, door: str) -> Iterator[tuple[str, str]]:
    """Every page of a door with the address that its question mark leads to."""
    given = {name: value for each in month.ids().values() for name, value in each.items()}
    for each in every_address():
        if each.door != door:
            continue
        address = each.filled({"slug": "north", **given})
        answer: Any = client.get(address)
        is_page = answer.headers.get("Content-Type", "").startswith("text/html")
        if answer.status_code == 200 and is_page and not each.name.endswith(":print"):
            found = HELP.search(answer.content.decode())
            yield address, found[1] if found else ""


def opens(client: Client, address: str) -> bool:
    """Whether an article is there, and the part of it that the address names."""
    page, _, part = address.partition("#")
    answer = client.get(page)
    return answer.status_code == 200 and (not part or f'id="{part}"' in answer.content.decode())


@pytest.mark.parametrize("door", ["console", "portal"])
def test_every_page_has_help_of_its_own(month: Month, door: str) -> None:
    client = member(month, "owner") if door == "console" else member(month, "portal", "Contoso")
    found = dict(pages(client, month, door))
    assert len(found) >= 10
    article = re.compile(rf"/{door}/north/help/[a-z-]+/(#[a-z]+)?")
    assert [page for page, link in found.items() if not article.fullmatch(link)] == []
    assert [link for link in set(found.values()) if not opens(client, link)] == []


def test_every_article_ends_with_submit_a_ticket(month: Month) -> None:
    doors = (
        ("console", help_pages.ARTICLES, "tickets", member(month, "owner")),
        ("portal", portal_help.ARTICLES, "support", member(month, "portal", "Contoso")),
    )
    for door, articles, room, client in doors:
        for article in articles:
            page = client.get(f"/{door}/north/help/{article}/").content.decode()
            body = page[page.index('class="article"') :]
            assert f'href="/{door}/north/{room}/new/">Submit a ticket</a>' in body, article


def test_an_article_that_is_none_is_not_found(month: Month) -> None:
    client = member(month, "portal", "Contoso")
    assert client.get("/portal/north/help/generate/").status_code == 404


def test_the_article_on_access_names_the_buttons_that_there_are(month: Month) -> None:
    owner, contoso = member(month, "owner"), month.customers["Contoso"]
    member(month, "portal", "Contoso")
    given: dict[str, Any] = {"reseller_id": month.reseller.pk, "actor": OPERATOR}
    invite(email="new@contoso.example", customer_id=contoso, **given)
    page = owner.get(f"/console/north/customers/{contoso}/").content.decode()
    told = read(owner, "/console/north/help/end-users/")
    card = page[page.index('id="portal-users"') :]
    buttons = {" ".join(each.split()) for each in re.findall(r"<button[^>]*>([^<]+)", card)}
    assert {"Invite", "Send again", "Revoke", "Suspend", "Send password reset"} <= buttons
    assert [each for each in buttons - {"Close"} if each not in told] == []


def ticket_links(client: Client, address: str) -> list[str]:
    page = html.unescape(client.get(address).content.decode())
    return re.findall(r'href="([^"]*/new/[^"]*)">(?:Submit a ticket|Ask about this line)<', page)


def test_the_question_mark_on_a_document_asks_about_it_and_each_line_about_itself(
    month: Month,
) -> None:
    code = month.documents["open"]
    for client, address, room in (
        (member(month, "owner"), f"/console/north/documents/{code}/", "/console/north/tickets"),
        (member(month, "portal", "Contoso"), f"/portal/north/invoices/{code}/",
         "/portal/north/support"),
    ):  # fmt: skip
        about = f"{room}/new/?document={code}"
        assert ticket_links(client, address) == [about, f"{about}&line=1"]
        assert "About INV-000001: Compute Hours of a machine." in read(client, f"{about}&line=1")


def test_staffs_question_about_a_line_reaches_the_operators_queue_with_it(month: Month) -> None:
    owner, code = member(month, "owner"), month.documents["draft"]
    form = {"subject": "Why?", "category": "Usage", "priority": "Low", "text": "Hm.",
            "document": code, "line": "1"}  # fmt: skip
    owner.post("/console/north/tickets/new/", form)
    shown = read(owner, "/console/north/tickets/T-000001/")
    assert "About this line" in shown
    assert code in shown


def test_nobody_is_asked_about_a_document_that_is_gone(month: Month) -> None:
    owner, code = member(month, "owner"), month.documents["draft"]
    with tenancy.using(month.reseller.pk):
        discard_documents(reseller_id=month.reseller.pk, actor=OPERATOR, documents=[code])
    links = ticket_links(owner, f"/console/north/documents/{code}/")
    assert links == ["/console/north/tickets/new/"]
