"""A page has as many rows as it was asked for, and no more."""

import pytest

from clearbill.actions.customers import add_customer
from clearbill.records import tenancy
from clearbill.records.models import Customer
from clearbill.web.paging import page_of
from makers import OWNER, make_reseller

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_page_ends_after_its_last_row() -> None:
    reseller = make_reseller()
    with tenancy.using(reseller.pk):
        for name in ("A", "B", "C"):
            add_customer(reseller_id=reseller.pk, actor=OWNER, name=name)
        rows = Customer.objects.filter(reseller=reseller)
        first = page_of(rows, ("name", "id"), None, size=2)
        second = page_of(rows, ("name", "id"), first.following, size=2)
    assert [[each.name for each in page.rows] for page in (first, second)] == [["A", "B"], ["C"]]
