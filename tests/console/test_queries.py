"""At most four queries a page beyond session, user, membership and the reseller's setting."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from addresses import every_address
from doors.two_resellers import Month, member

pytestmark = pytest.mark.django_db(transaction=True)

AT_MOST = 4
FRAME = 3
"""Session, user, membership."""

NOT_COUNTED = ("SELECT set_config", "BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")

PREVIEWED = 16
"""A preview is a run without its writing, below the form's own four: periods, usage, its
statements and imports, owners, customers and their profiles, documents and price rules are read as
a run reads them, each once for all, so that what is shown is what will be made; then the month
before, what is billed, and what was imported."""


def pages(month: Month, door: str) -> Iterator[str]:
    """Every address of a door, as the URL configuration has it."""
    known = {name: value for each in month.ids().values() for name, value in each.items()}
    for address in every_address():
        if address.door == door:
            yield address.filled({"slug": month.reseller.slug, **known})


def with_a_query(month: Month) -> Iterator[str]:
    """Pages that show something else where they are asked for it, or for another document."""
    contoso = month.customers["Contoso"]
    for page in (
        "documents/?q=contoso", "search/?q=con", "unassigned/?all=1",
        "unassigned/assign/?provider=aws&account=0078",
        "documents/?customer=con&provider=aws&period=2024-09&currency=USD&least=1&most=9999",
        "documents/?sort=-notified&range=all", f"customers/{contoso}/invoices/?sort=due",
    ):  # fmt: skip
        yield f"/console/north/{page}"
    for code in (month.documents["open"], month.documents["draft"]):
        for part in ("", "status/", "confirm/?to=Open", "discard/"):
            yield f"/console/north/documents/{code}/{part}"


def asked_by(client: Client, page: str) -> list[str] | None:
    """The statements of a page; None where the address shows none."""
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(page)
    if answer.status_code != 200 or not answer.headers["Content-Type"].startswith("text/html"):
        return None
    return [q["sql"] for q in asked if not q["sql"].startswith(NOT_COUNTED)]


def over(client: Client, page: str, most: int = AT_MOST) -> str:
    """The page and its statements where there are too many of them."""
    statements = asked_by(client, page) or []
    return "\n".join([page, *statements]) if len(statements) > FRAME + most else ""


def test_no_page_of_staff_asks_more_than_four_times(month: Month, owner: Client) -> None:
    found = [over(owner, page) for page in pages(month, "console")]
    assert len(found) > 60
    assert "".join(found) == ""


def test_no_page_of_customers_asks_more_than_four_times(month: Month) -> None:
    customer = member(month, "portal", "Contoso")
    assert "".join(over(customer, page) for page in pages(month, "portal")) == ""


def test_neither_do_filters_and_other_documents(month: Month, owner: Client) -> None:
    for page in with_a_query(month):
        assert asked_by(owner, page) is not None, page
        assert over(owner, page) == ""


def test_a_preview_asks_for_each_kind_of_row_once(month: Month, owner: Client) -> None:
    draft = f"/console/north/documents/{month.documents['draft']}/"
    assert owner.post(f"{draft}discard/", {"version": 1}).status_code == 302
    assert over(owner, "/console/north/generate/?period=2024-09", PREVIEWED) == ""
