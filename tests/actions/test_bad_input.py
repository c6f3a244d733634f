"""What people type is refused with its field and a remedy, before the database has to."""

import pytest

from clearbill.actions.common import Refused
from clearbill.actions.customers import add_customer
from clearbill.actions.resellers import add_reseller, change_reseller
from clearbill.actions.users import add_user
from clearbill.records.models import Customer, Reseller
from makers import OWNER

LONG = "x" * 400


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("name", {"name": LONG}),
        ("name", {"name": "  "}),
        ("name", {"name": "a\0b"}),
        ("tax_id", {"name": "A", "tax_id": LONG}),
        ("recipients", {"name": "A", "recipients": ["nobody"]}),
        ("terms_days", {"name": "A", "terms_days": 9999}),
        ("currency", {"name": "A", "currency": "usd"}),
        ("currency", {"name": "A", "currency": "XQZ"}),
    ],
)
def test_a_customer_is_refused_by_field(
    north: Reseller, field: str, values: dict[str, object]
) -> None:
    with pytest.raises(Refused) as caught:
        add_customer(reseller_id=north.pk, actor=OWNER, **values)  # type: ignore[arg-type]
    assert caught.value.field == field
    assert Customer.objects.count() == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("slug", "Bad Slug"),
        ("slug", "north"),
        ("name", LONG),
        ("currency", "Euro"),
        ("kind", "bill"),
        ("time_zone", "Mars/Olympus"),
        ("percent", "1e9"),
    ],
)
def test_a_reseller_is_refused_by_field(north: Reseller, field: str, value: str) -> None:
    given = {"slug": "south", "name": "South", "currency": "EUR", "kind": "statement"}
    key = "markup" if field == "percent" else field
    with pytest.raises(Refused) as caught:
        add_reseller(actor=OWNER, **{**given, key: value})
    assert caught.value.field == field
    assert Reseller.objects.count() == 1


def test_settings_are_refused_by_field(north: Reseller) -> None:
    with pytest.raises(Refused, match="at most 60 characters"):
        change_reseller(reseller_id=north.pk, actor=OWNER, tax_id=LONG)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("email", {"email": "nobody", "role": "owner"}),
        ("role", {"email": "a@example.com", "role": "king"}),
        ("customer", {"email": "a@example.com", "role": "portal"}),
        ("password", {"email": "a@example.com", "role": "owner", "password": "short"}),
    ],
)
def test_a_user_is_refused_by_field(north: Reseller, field: str, values: dict[str, str]) -> None:
    with pytest.raises(Refused) as caught:
        add_user(reseller_id=north.pk, actor=OWNER, **values)  # type: ignore[arg-type]
    assert caught.value.field == field
