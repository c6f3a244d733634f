"""What people type is refused with its field and a remedy, before the database has to."""

from datetime import date

import pytest

from clearbill.actions.common import Refused
from clearbill.actions.customers import add_customer
from clearbill.actions.prices import set_markup
from clearbill.actions.resellers import add_reseller, change_reseller
from clearbill.actions.users import add_user
from clearbill.records.models import BillingProfile, Customer, Reseller
from makers import OWNER

LONG = "x" * 400


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("name", {"name": LONG}),
        ("name", {"name": "  "}),
        ("name", {"name": "a\0b"}),
        ("tax_id", {"name": "A", "tax_id": LONG}),
        ("name", {"name": "a\nb"}),
        ("name", {"name": "a\x1b[2Jb"}),
        ("name", {"name": "a\u202eb"}),
        ("name", {"name": "a\udcffb"}),
        ("address", {"name": "A", "address": "a\udcffb"}),
        ("recipients", {"name": "A", "recipients": ["nobody"]}),
        ("recipients", {"name": "A", "recipients": [f"a@{'b' * 60}.{'c.' * 100}com"]}),
        ("recipients", {"name": "A", "recipients": [f"a{n}@example.com" for n in range(51)]}),
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


def test_an_address_of_several_lines_is_taken(north: Reseller) -> None:
    add_customer(reseller_id=north.pk, actor=OWNER, name="A", address="1 Road\n2 Town")
    assert BillingProfile.objects.get().address == "1 Road\n2 Town"


def test_a_recipient_is_kept_once_whatever_its_case(north: Reseller) -> None:
    add_customer(
        reseller_id=north.pk,
        actor=OWNER,
        name="A",
        recipients=["A@example.com", "b@example.com", "a@EXAMPLE.com"],
    )
    assert BillingProfile.objects.get().recipients == ["A@example.com", "b@example.com"]


def test_a_customers_name_is_taken_once_whatever_its_blanks(north: Reseller) -> None:
    add_customer(reseller_id=north.pk, actor=OWNER, name="Big  Corp ")
    with pytest.raises(Refused, match="'Big Corp' exists already") as caught:
        add_customer(reseller_id=north.pk, actor=OWNER, name="Big Corp")
    assert caught.value.field == "name"


@pytest.mark.parametrize("percent", ["1_0", "1e1", "NaN", "-100.1", "0.00001", "\u0661\u0660", ""])
def test_a_markup_is_written_plainly(north: Reseller, percent: str) -> None:
    with pytest.raises(Refused, match="is no markup") as caught:
        set_markup(reseller_id=north.pk, actor=OWNER, percent=percent, valid_from=date(2024, 9, 1))
    assert caught.value.field == "percent"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("slug", "Bad Slug"),
        ("slug", "north"),
        ("name", LONG),
        ("name", "X\nY"),
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
