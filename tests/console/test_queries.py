"""At most four queries a page beyond session, user, membership and the reseller's setting."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from doors.two_resellers import Month

pytestmark = pytest.mark.django_db(transaction=True)

AT_MOST = 4
FRAME = 3
"""Session, user, membership."""


def pages(month: Month) -> Iterator[str]:
    contoso = month.customers["Contoso"]
    yield from (
        "", "documents/", "documents/?q=contoso", f"customers/{contoso}/invoices/",
        "search/?q=con", "generate/", f"runs/{month.run}/", "imports/",
        f"imports/{month.usage_import}/", "unassigned/", "unassigned/?all=1",
        "unassigned/assign/?provider=aws&account=0078", "markups/", "customers/",
        f"customers/{contoso}/", "customers/new/", "settings/", "help/",
        "documents/?customer=con&provider=aws&period=2024-09&currency=USD&least=1&most=9999",
        "documents/?sort=-notified&range=all", f"customers/{contoso}/invoices/?sort=due",
        "bulk/jobs/", "bulk/paid/",
    )  # fmt: skip
    for code in (month.documents["open"], month.documents["draft"]):
        for part in ("", "status/", "confirm/?to=Open", "discard/"):
            yield f"documents/{code}/{part}"


def test_no_page_asks_more_than_four_times(month: Month, owner: Client) -> None:
    for page in pages(month):
        with CaptureQueriesContext(connection) as asked:
            assert owner.get(f"/console/north/{page}").status_code == 200, page
        statements = [q["sql"] for q in asked if "set_config" not in q["sql"]]
        assert len(statements) <= FRAME + AT_MOST, "\n".join([page, *statements])
