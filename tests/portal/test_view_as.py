"""Staff who look at the portal as a customer read there, and write nothing."""

import pytest
from django.test import Client

from clearbill.records import tenancy
from clearbill.records.models import Ticket
from doors.two_resellers import Month, member

pytestmark = pytest.mark.django_db(transaction=True)
TICKET = {"subject": "Why?", "category": "Invoice", "priority": "Normal", "text": "Too much."}


@pytest.fixture
def looking(month: Month) -> Client:
    """The owner, who looks at the portal as Contoso."""
    client = member(month, "owner")
    client.post(f"/console/north/customers/{month.customers['Contoso']}/portal/")
    return client


def test_who_looks_as_a_customer_writes_nothing(month: Month, looking: Client) -> None:
    assert looking.get("/portal/north/").status_code == 200
    answer = looking.post("/portal/north/support/new/", TICKET)
    assert (answer.status_code, "Nothing was changed" in answer.content.decode()) == (403, True)
    with tenancy.using(month.reseller.pk):
        assert not Ticket.objects.exists()
