"""Recipients of e-mails whom their link opens nothing for: who they are, and what helps."""

import re

import pytest
from django.test import Client

from clearbill.actions.customers import change_customer
from clearbill.actions.invitations import invite
from clearbill.actions.people import suspend
from clearbill.queries.people import Unreached, recipients_without_access
from clearbill.records import tenancy
from clearbill.records.models import Membership, User
from console.reading import read
from doors.two_resellers import OPERATOR, Month, member

pytestmark = pytest.mark.django_db(transaction=True)

RECIPIENTS = ["in@contoso.example", "Out@contoso.example", "asked@contoso.example", "x@y.example"]


@pytest.fixture
def out(month: Month) -> int:
    """The membership of a suspended recipient; others are active, invited and nobody."""
    given = {"reseller_id": month.reseller.pk, "actor": OPERATOR}
    contoso = month.customers["Contoso"]
    member(month, "portal", "Contoso")
    with tenancy.using(month.reseller.pk):
        change_customer(customer_id=contoso, recipients=RECIPIENTS, **given)  # type: ignore[arg-type]
        people = Membership.objects.filter(customer_id=contoso)
        User.objects.filter(memberships__in=people).update(email="out@contoso.example")
        invite(email="asked@contoso.example", customer_id=contoso, **given)  # type: ignore[arg-type]
        suspend(membership_id=people.get().pk, **given)  # type: ignore[arg-type]
        return int(people.get().pk)


def test_suspended_people_count_as_without_access(month: Month, out: int) -> None:
    with tenancy.using(month.reseller.pk):
        found = recipients_without_access(month.reseller.pk, month.customers["Contoso"])
    assert found == [
        Unreached("in@contoso.example"),
        Unreached("Out@contoso.example", out),
        Unreached("x@y.example"),
    ]


def test_who_is_suspended_is_reactivated_instead_of_invited(
    month: Month, owner: Client, out: int
) -> None:
    address = f"/console/north/customers/{month.customers['Contoso']}/"
    assert "Out@contoso.example – suspended: reactivate" in read(owner, address)
    page = owner.get(address).content.decode()
    card = page[page.index("no portal access") :]
    forms = re.findall(r'name="do" value="(\w+)"><input type="hidden" name="(\w+)" value="([^"]+)"',
                       card)[:3]  # fmt: skip
    assert forms == [
        ("invite", "email", "in@contoso.example"),
        ("reactivate", "id", str(out)),
        ("invite", "email", "x@y.example"),
    ]
    owner.post(f"{address}users/", {"do": "reactivate", "id": str(out)})
    assert "suspended: reactivate" not in read(owner, address)
