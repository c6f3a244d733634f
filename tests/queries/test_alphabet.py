"""Names in the order that a reader looks for them, the same in Python and in the database."""

from collections.abc import Iterator

import pytest

from clearbill.actions.customers import add_customer
from clearbill.queries.alphabet import by_name
from clearbill.queries.documents import customers_with_counts
from clearbill.records import tenancy
from clearbill.records.models import Customer, Reseller
from clearbill.rules.alphabet import sort_key
from clearbill.web.paging import page_of
from makers import OWNER, make_reseller

pytestmark = pytest.mark.django_db(transaction=True)

NAMES = [
    "Äpfel & Co", "apple", "Contoso", "Łęcka Optyka", "Lindt", "Müßig", "Muster", "Öl AG", "Ole",
    "Ørsted", "Señal", "Sulz", "Wolf", "Ζήτα", "Яндекс",
]  # fmt: skip


@pytest.fixture
def north() -> Iterator[Reseller]:
    made = make_reseller("north")
    with tenancy.using(made.pk):
        for name in NAMES[::-1]:
            add_customer(reseller_id=made.pk, actor=OWNER, name=name)
        yield made


def test_a_marked_letter_stands_with_the_plain_one() -> None:
    assert sorted(NAMES, key=sort_key) == NAMES


def test_the_database_sorts_as_the_rule_does(north: Reseller) -> None:
    customers = by_name(Customer.objects.filter(reseller=north))
    assert [each.name for each in customers] == NAMES


def test_pages_neither_lose_nor_repeat_a_name(north: Reseller) -> None:
    seen: list[str] = []
    after: str | None = None
    while after != "":
        rows = customers_with_counts(north.pk)
        page = page_of(rows, ("letters", "name", "id"), after, size=4)
        seen += [each.name for each in page.rows]
        after = page.following
    assert seen == NAMES
