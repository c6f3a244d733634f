"""Taxes in settings and on customers: added, refused, retired, and on drafts at once."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from clearbill.actions.common import Actor, Refused
from clearbill.actions.taxes import add_tax, restore_tax, retire_tax, set_customer_taxes
from clearbill.queries.taxes import with_customers
from clearbill.queries.verify import verify
from clearbill.records.models import Document, Event, ProfileTax, Reseller, TaxRate
from clearbill.rules.access import Forbidden
from clearbill.rules.lifecycle import Status
from makers import OWNER, another_draft, change, make_drafts, make_reseller

VAT = {"name": "VAT", "percent": "20"}
REVERSE = {"name": "Reverse charge", "category": "AE", "reason": "Article 196"}


def tax(reseller: Reseller, **values: str) -> TaxRate:
    return add_tax(reseller_id=reseller.pk, actor=OWNER, **{**VAT, **values})


def give(reseller: Reseller, document: Document, *taxes: TaxRate) -> list[str]:
    return set_customer_taxes(
        reseller_id=reseller.pk,
        actor=OWNER,
        customer_id=document.customer_id,
        tax_ids=[each.pk for each in taxes],
    )


@pytest.fixture
def draft(north: Reseller, tmp_path: Path) -> Document:
    """A draft of USD 10.00."""
    return make_drafts(north, tmp_path)[0]


def test_a_tax_is_added_as_it_is_printed(north: Reseller) -> None:
    made = tax(north, name="  QST  Quebec ", percent="9.975")
    assert (made.name, made.percent, made.category, made.active) == (
        "QST Quebec", Decimal("9.975"), "S", True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("name", {"name": " "}),
        ("name", {"name": "x" * 101}),
        ("category", {"category": "XX"}),
        *(("percent", {"percent": bad}) for bad in ("a", "-1", "100.1", "1.00001", "NaN", "1_0")),
        ("percent", {"percent": "0"}),
        ("percent", {**REVERSE, "percent": "5"}),
        ("reason", {**REVERSE, "percent": "0", "reason": " "}),
        ("reason", {"reason": "x" * 301}),
    ],
)
def test_a_bad_tax_is_refused_by_field(north: Reseller, field: str, values: dict[str, str]) -> None:
    with pytest.raises(Refused) as caught:
        tax(north, **values)
    assert caught.value.field == field
    assert not TaxRate.objects.exists()


def test_a_zero_rate_needs_no_reason(north: Reseller) -> None:
    assert tax(north, name="Zero", category="Z", percent="").percent == 0


def test_a_name_is_taken_by_retired_taxes_too(north: Reseller) -> None:
    made = tax(north)
    with pytest.raises(Refused, match="take another name"):
        tax(north)
    retire_tax(reseller_id=north.pk, actor=OWNER, tax_id=made.pk)
    with pytest.raises(Refused, match="restore it") as caught:
        tax(north, percent="21")
    assert caught.value.field == "name"


def test_a_customers_new_taxes_are_on_its_drafts_at_once(north: Reseller, draft: Document) -> None:
    assert give(north, draft, tax(north), tax(north, name="City", percent="2.5")) == [draft.code]
    draft.refresh_from_db()
    assert [(t["name"], t["amount"]) for t in draft.taxes] == [("VAT", "2.00"), ("City", "0.25")]
    assert (draft.tax, draft.total, draft.version) == (Decimal("2.25"), Decimal("12.25"), 2)
    event = Event.objects.filter(document=draft).latest("seq")
    assert (event.what, event.data) == (
        "taxes", {"taxes": ["VAT 20 %", "City 2.5 %"], "total": "12.25"},
    )  # fmt: skip


def test_the_order_is_the_one_that_was_given(north: Reseller, draft: Document) -> None:
    one, two = tax(north), tax(north, name="City", percent="2.5")
    give(north, draft, one, two)
    assert give(north, draft, two, one) == [draft.code]
    draft.refresh_from_db()
    assert [t["name"] for t in draft.taxes] == ["City", "VAT"]


def test_the_same_taxes_again_change_nothing(north: Reseller, draft: Document) -> None:
    made = tax(north)
    give(north, draft, made)
    assert give(north, draft, made) == []
    draft.refresh_from_db()
    assert draft.version == 2


def test_taxes_are_taken_away_again(north: Reseller, draft: Document) -> None:
    give(north, draft, tax(north))
    assert give(north, draft) == [draft.code]
    draft.refresh_from_db()
    assert (draft.taxes, draft.total) == ([], Decimal(10))
    assert not ProfileTax.objects.exists()


def test_a_published_document_keeps_its_taxes(north: Reseller, draft: Document) -> None:
    give(north, draft, tax(north))
    change(north, draft.code, to=Status.OPEN)
    assert give(north, draft) == []
    draft.refresh_from_db()
    assert draft.total == Decimal(12)
    assert json.loads(draft.frozen or "")["taxes"][0]["amount"] == "2.00"
    assert list(verify(north.pk)) == []


def test_other_customers_are_left_alone_and_later_drafts_are_taxed(
    north: Reseller, tmp_path: Path
) -> None:
    first, second = make_drafts(north, tmp_path, 2)
    give(north, first, tax(north))
    second.refresh_from_db()
    assert second.taxes == []
    later = another_draft(north, tmp_path, first.customer_id)
    assert (later.tax, later.total) == (Decimal(2), Decimal(12))


@pytest.mark.parametrize("case", ["unknown", "foreign", "retired", "twice", "together", "many"])
def test_what_cannot_be_given_is_refused_and_changes_nothing(
    north: Reseller, draft: Document, case: str
) -> None:
    made, reverse = tax(north), tax(north, **{**REVERSE, "percent": "0"})
    retired = tax(north, name="Old")
    retire_tax(reseller_id=north.pk, actor=OWNER, tax_id=retired.pk)
    many = [tax(north, name=f"T{n}").pk for n in range(11)] if case == "many" else []
    ids = {"unknown": [10**9], "foreign": [], "retired": [retired.pk], "many": many,
           "twice": [made.pk] * 2, "together": [made.pk, reverse.pk]}[case]  # fmt: skip
    customer = draft.customer_id if case != "foreign" else 10**9
    with pytest.raises(Refused) as caught:
        set_customer_taxes(reseller_id=north.pk, actor=OWNER, customer_id=customer, tax_ids=ids)
    assert caught.value.field == ("customer" if case == "foreign" else "taxes")
    draft.refresh_from_db()
    assert (draft.taxes, draft.version, ProfileTax.objects.count()) == ([], 1, 0)


def test_another_resellers_tax_is_unknown(north: Reseller, draft: Document) -> None:
    south = make_reseller("south")
    foreign = tax(south)
    with pytest.raises(Refused, match="no tax"):
        give(north, draft, foreign)
    with pytest.raises(Refused, match="no tax"):
        retire_tax(reseller_id=north.pk, actor=OWNER, tax_id=foreign.pk)


def test_a_tax_that_customers_have_is_not_retired(north: Reseller, tmp_path: Path) -> None:
    first, second = make_drafts(north, tmp_path, 2)
    made = tax(north)
    for draft in (first, second):
        give(north, draft, made)
    with pytest.raises(Refused, match=r"^2 customers have VAT, such as Customer 0001"):
        retire_tax(reseller_id=north.pk, actor=OWNER, tax_id=made.pk)
    assert [t.customers for t in with_customers(north.pk)] == [2]
    give(north, first)
    with pytest.raises(Refused, match=r"^1 customer has VAT"):
        retire_tax(reseller_id=north.pk, actor=OWNER, tax_id=made.pk)
    give(north, second)
    retire_tax(reseller_id=north.pk, actor=OWNER, tax_id=made.pk)
    assert [(t.active, t.customers) for t in with_customers(north.pk)] == [(False, 0)]


def test_a_retired_tax_is_restored(north: Reseller, draft: Document) -> None:
    made = tax(north)
    for _ in range(2):
        retire_tax(reseller_id=north.pk, actor=OWNER, tax_id=made.pk)
        restore_tax(reseller_id=north.pk, actor=OWNER, tax_id=made.pk)
    assert give(north, draft, made) == [draft.code]


@pytest.mark.parametrize("role", ["sales", "auditor", "portal"])
def test_only_owner_and_billing_set_taxes(north: Reseller, role: str) -> None:
    made, actor = tax(north), Actor("x", role)
    for verb in (retire_tax, restore_tax):
        with pytest.raises(Forbidden):
            verb(reseller_id=north.pk, actor=actor, tax_id=made.pk)
    with pytest.raises(Forbidden):
        add_tax(reseller_id=north.pk, actor=actor, name="GST", percent="5")
    with pytest.raises(Forbidden):
        set_customer_taxes(reseller_id=north.pk, actor=actor, customer_id=1, tax_ids=[])
