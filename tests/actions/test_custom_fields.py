"""Custom fields from configuration through defaults and drafts to what is frozen."""

import json
from pathlib import Path

import pytest

from clearbill.actions.common import Actor, Refused
from clearbill.actions.custom_fields import add_field, change_field, set_customer_defaults
from clearbill.actions.edit_draft import change_draft
from clearbill.queries import canonical, custom_fields
from clearbill.records.models import BillingProfile, CustomField, Document, Event, Reseller
from clearbill.rules.access import Forbidden
from clearbill.rules.lifecycle import Status
from makers import OWNER, another_draft, change, edit, make_drafts, make_reseller


def field(reseller: Reseller, name: str = "Cost centre", kind: str = "text", **v: object) -> int:
    made = add_field(reseller_id=reseller.pk, actor=OWNER, name=name, kind=kind, **v)  # type: ignore[arg-type]
    return made.pk


def alter(reseller: Reseller, field_id: int, **values: object) -> CustomField:
    return change_field(reseller_id=reseller.pk, actor=OWNER, field_id=field_id, **values)  # type: ignore[arg-type]


def write(reseller: Reseller, document: Document, values: dict[int, str], **more: int) -> None:
    edit(reseller, document, fields=values, **more)
    document.refresh_from_db()


def default(reseller: Reseller, customer: int, values: dict[int, str]) -> dict[str, str]:
    set_customer_defaults(reseller_id=reseller.pk, actor=OWNER, customer_id=customer, values=values)
    found: dict[str, str] = BillingProfile.objects.get(customer=customer).custom_fields
    return found


@pytest.fixture
def draft(north: Reseller, tmp_path: Path) -> Document:
    return make_drafts(north, tmp_path)[0]


def test_fields_stand_in_the_order_they_were_added_until_it_is_changed(north: Reseller) -> None:
    one, two = field(north), field(north, "Region", "choice", choices=["North", "South"])
    assert [f.pk for f in custom_fields.active(north.pk)] == [one, two]
    alter(north, one, position=9)
    assert [f.pk for f in custom_fields.active(north.pk)] == [two, one]
    alter(north, two, active=False)
    assert [f.pk for f in custom_fields.active(north.pk)] == [one]


@pytest.mark.parametrize(
    ("at", "values"),
    [
        ("name", {"name": " "}),
        ("name", {"name": "x" * 61}),
        ("name", {"name": "purchase ORDER"}),
        ("name", {"name": "region"}),
        ("kind", {"kind": "money"}),
        ("choices", {"kind": "choice"}),
        ("choices", {"choices": ["A"]}),
        ("printed", {"visible": False}),
    ],
)
def test_a_bad_field_is_refused_by_field(
    north: Reseller, at: str, values: dict[str, object]
) -> None:
    field(north, "Region")
    with pytest.raises(Refused) as caught:
        field(north, **values)  # type: ignore[arg-type]
    assert caught.value.field == at
    assert CustomField.objects.count() == 1


def test_a_field_changes_in_everything_but_its_kind(north: Reseller) -> None:
    pk = field(north)
    alter(north, pk, name="Centre", required=True, printed=False, visible=False, active=False)
    found = CustomField.objects.get(pk=pk)
    assert (found.name, found.kind, found.required, found.printed, found.visible, found.active) == (
        "Centre", "text", True, False, False, False,
    )  # fmt: skip
    with pytest.raises(TypeError):
        alter(north, pk, kind="number")
    for bad in ({"position": 1000}, {"printed": True}, {"name": ""}, {"choices": ["A"]}):
        with pytest.raises(Refused):
            alter(north, pk, **bad)
    with pytest.raises(Refused, match="no custom field"):
        alter(north, 10**9, name="X")


def test_fifty_fields_are_enough(north: Reseller) -> None:
    for number in range(50):
        field(north, f"F{number}")
    with pytest.raises(Refused, match="at most 50"):
        field(north)


def test_a_customers_default_is_on_its_next_draft(north: Reseller, tmp_path: Path) -> None:
    centre, amount = field(north), field(north, "Budget", "number")
    draft = make_drafts(north, tmp_path)[0]
    assert default(north, draft.customer_id, {centre: " 4711 ", amount: "007.50"}) == {
        str(centre): "4711", str(amount): "007.50",
    }  # fmt: skip
    later = another_draft(north, tmp_path, draft.customer_id)
    draft.refresh_from_db()
    assert draft.custom_fields == {}
    assert later.custom_fields == {str(centre): "4711", str(amount): "007.50"}
    assert set(later.custom_words.split("\n")) == {"4711", "007.50"}


def test_a_default_is_taken_away_and_others_stay(north: Reseller, draft: Document) -> None:
    centre, amount = field(north), field(north, "Budget", "number")
    default(north, draft.customer_id, {centre: "4711", amount: "1"})
    assert default(north, draft.customer_id, {amount: ""}) == {str(centre): "4711"}


def test_a_bad_default_is_refused_at_its_field(north: Reseller, draft: Document) -> None:
    amount = field(north, "Budget", "number")
    with pytest.raises(Refused, match=r"^Budget: 'much' is no number") as caught:
        default(north, draft.customer_id, {amount: "much"})
    assert caught.value.field == f"field_{amount}"
    with pytest.raises(Refused, match="no customer"):
        set_customer_defaults(reseller_id=north.pk, actor=OWNER, customer_id=10**9, values={})


def test_a_choice_that_is_a_default_stays_a_choice(north: Reseller, draft: Document) -> None:
    region = field(north, "Region", "choice", choices=["North", "South"])
    default(north, draft.customer_id, {region: "North"})
    with pytest.raises(Refused, match="such as Customer 0001") as caught:
        alter(north, region, choices=["South"])
    assert caught.value.field == "choices"
    default(north, draft.customer_id, {region: "South"})
    assert alter(north, region, choices=["South", "East"]).choices == ["South", "East"]


def test_a_drafts_values_are_kept_as_text_and_searched(north: Reseller, draft: Document) -> None:
    centre, day = field(north), field(north, "Ordered", "date")
    write(north, draft, {centre: "4711", day: "2026-10-30"}, expected=1)
    assert draft.custom_fields == {str(centre): "4711", str(day): "2026-10-30"}
    assert set(draft.custom_words.split("\n")) == {"4711", "2026-10-30"}
    assert draft.version == 2
    event = Event.objects.filter(document=draft).latest("seq")
    assert (event.what, event.data) == ("custom fields", {"fields": ["Cost centre", "Ordered"]})


def test_what_is_not_named_stays_and_what_is_empty_goes(north: Reseller, draft: Document) -> None:
    centre, day = field(north), field(north, "Ordered", "date")
    write(north, draft, {centre: "4711", day: "2026-10-30"})
    write(north, draft, {centre: ""})
    assert (draft.custom_fields, draft.custom_words) == ({str(day): "2026-10-30"}, "2026-10-30")
    write(north, draft, {day: "2026-10-30"})
    assert draft.version == 3


@pytest.mark.parametrize(
    ("kind", "text"), [("number", "1,5"), ("date", "30.10.2026"), ("choice", "West"),
                       ("text", "x" * 501), ("text", "a\0b")],
)  # fmt: skip
def test_a_bad_value_is_refused_at_its_field(
    north: Reseller, draft: Document, kind: str, text: str
) -> None:
    pk = field(north, "F", kind, choices=["North"] if kind == "choice" else [])
    with pytest.raises(Refused) as caught:
        write(north, draft, {pk: text})
    assert caught.value.field == f"field_{pk}"
    draft.refresh_from_db()
    assert (draft.custom_fields, draft.version) == ({}, 1)


def test_a_choice_that_has_gone_since_may_stay_where_it_is(
    north: Reseller, draft: Document
) -> None:
    region, centre = field(north, "Region", "choice", choices=["North", "South"]), field(north)
    write(north, draft, {region: "North"})
    alter(north, region, choices=["South"])
    write(north, draft, {region: "North", centre: "4711"})
    assert draft.custom_fields == {str(region): "North", str(centre): "4711"}


def test_fields_that_are_off_or_anothers_are_refused(north: Reseller, draft: Document) -> None:
    off = field(north)
    alter(north, off, active=False)
    foreign = field(make_reseller("south"))
    for pk in (off, foreign, 10**9):
        with pytest.raises(Refused, match="no custom field"):
            write(north, draft, {pk: "x"})
        with pytest.raises(Refused, match="no custom field"):
            default(north, draft.customer_id, {pk: "x"})


def test_a_stale_tab_and_an_unknown_document_are_refused(north: Reseller, draft: Document) -> None:
    centre = field(north)
    write(north, draft, {centre: "1"}, expected=1)
    with pytest.raises(Refused, match="was changed"):
        write(north, draft, {centre: "2"}, expected=1)
    draft.code = "D-999999"
    with pytest.raises(Refused, match="no document"):
        write(north, draft, {centre: "2"})


def test_publication_asks_for_required_fields_and_freezes_the_others(
    north: Reseller, draft: Document
) -> None:
    centre, secret = field(north, required=True), field(north, "Own", printed=False, visible=False)
    write(north, draft, {secret: "7"})
    refused = change(north, draft.code, to=Status.OPEN)[0].refused
    assert "Cost centre" in refused
    write(north, draft, {centre: "4711"})
    assert change(north, draft.code, to=Status.OPEN)[0].changed
    draft.refresh_from_db()
    content = json.loads(draft.frozen or "")
    assert [(f["name"], f["value"]) for f in content["custom_fields"]] == [
        ("Cost centre", "4711"), ("Own", "7"),
    ]  # fmt: skip
    shown = canonical.for_customer(content)["custom_fields"]
    assert [f["name"] for f in shown] == ["Cost centre"]


def test_a_published_documents_fields_are_frozen(north: Reseller, draft: Document) -> None:
    centre = field(north)
    change(north, draft.code, to=Status.OPEN)
    with pytest.raises(Refused, match="is Open: what it says is frozen"):
        write(north, draft, {centre: "4711"})
    alter(north, centre, name="Renamed")
    draft.refresh_from_db()
    assert "Renamed" not in (draft.frozen or "")


@pytest.mark.parametrize("role", ["sales", "auditor", "portal"])
def test_only_owner_and_billing_change_fields(north: Reseller, role: str) -> None:
    actor, pk = Actor("x", role), field(north)
    with pytest.raises(Forbidden):
        add_field(reseller_id=north.pk, actor=actor, name="X", kind="text")
    with pytest.raises(Forbidden):
        change_field(reseller_id=north.pk, actor=actor, field_id=pk, name="X")
    with pytest.raises(Forbidden):
        set_customer_defaults(reseller_id=north.pk, actor=actor, customer_id=1, values={})
    with pytest.raises(Forbidden):
        change_draft(reseller_id=north.pk, actor=actor, document="D-1", fields={})
