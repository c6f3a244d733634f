"""A draft is computed anew from what holds now; what staff added stays."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from clearbill.actions.accounts import assign_all
from clearbill.actions.common import Actor, Refused
from clearbill.actions.own_lines import add_own_line, remove_own_line
from clearbill.actions.prices import add_rule, set_markup
from clearbill.actions.refresh import Seen, refresh_drafts
from clearbill.actions.staleness import PRICES
from clearbill.queries.refresh import difference
from clearbill.queries.verify import verify
from clearbill.records.models import Claim, Document, DocumentLine, Event, Reseller
from clearbill.rules.access import Forbidden
from clearbill.rules.lifecycle import Status
from makers import OWNER, SEPTEMBER, change, edit, generate, give_usage, make_drafts, rows_of


def refresh(reseller: Reseller, document: Document, **values: object) -> str:
    """Refresh a draft; why it was refused, or nothing."""
    done = refresh_drafts(
        reseller_id=reseller.pk,
        actor=OWNER,
        documents=[document.code],
        **values,  # type: ignore[arg-type]
    )
    document.refresh_from_db()
    return done[0].refused


def add(reseller: Reseller, document: Document, amount: str, text: str = "Setup") -> int:
    return add_own_line(
        reseller_id=reseller.pk, actor=OWNER, document=document.code, text=text, amount=amount
    )


@pytest.fixture
def stale(north: Reseller, tmp_path: Path) -> Document:
    """A draft of USD 10.00 whose customer's usage is USD 12.00 by now."""
    draft = make_drafts(north, tmp_path)[0]
    give_usage(north, tmp_path, rows_of("0001", cost="12.00"))
    return Document.objects.get(pk=draft.pk)


def test_a_stale_draft_holds_what_it_had_until_it_is_refreshed(
    north: Reseller, stale: Document
) -> None:
    assert stale.total == Decimal(10)
    assert refresh(north, stale) == ""
    assert (stale.total, stale.stale) == (Decimal(12), "")
    assert Claim.objects.filter(released_at__isnull=True).count() == 1
    assert list(verify(north.pk)) == []


def test_a_stale_draft_is_published_only_where_one_says_so(
    north: Reseller, stale: Document
) -> None:
    assert "refresh it" in change(north, stale.code, to=Status.OPEN)[0].refused
    assert change(north, stale.code, to=Status.OPEN, as_it_stands=True)[0].changed
    assert list(verify(north.pk)) == []
    assert "late usage" in generate(north).left[0].reason


def test_the_difference_is_shown_before_anything_changes(north: Reseller, stale: Document) -> None:
    shown = difference(Document.objects.select_related().get(pk=stale.pk), SEPTEMBER)
    assert (shown.subtotal_before, shown.subtotal_after) == (Decimal(10), Decimal(12))
    assert shown.same == 0
    assert [(c.before, c.after, c.difference) for c in shown.changes] == [
        (Decimal(10), Decimal(12), Decimal(2))
    ]
    assert Document.objects.get(pk=stale.pk).stale


def test_a_cent_that_rounding_moves_is_said_to_be_one(north: Reseller, tmp_path: Path) -> None:
    first = rows_of("0001", cost="10.004", ServiceName="A")
    give_usage(north, tmp_path, first)
    assign_all(reseller_id=north.pk, actor=OWNER)
    draft = generate(north).documents[0]
    give_usage(north, tmp_path, [*first, *rows_of("0001", cost="10.001", ServiceName="B")])
    shown = difference(Document.objects.select_related().get(pk=draft.pk), SEPTEMBER)
    assert [(c.before, c.after, c.only_rounded) for c in shown.changes] == [
        (None, Decimal(10), False),
        (Decimal(10), Decimal("10.01"), True),
    ]


def test_own_lines_and_the_note_survive(north: Reseller, stale: Document) -> None:
    add(north, stale, "-2.50", "Goodwill")
    edit(north, stale, note="Thank you", note_printed=True)
    refresh(north, stale)
    assert (stale.total, stale.note) == (Decimal("9.50"), "Thank you")
    lines = DocumentLine.objects.filter(document=stale).order_by("position")
    assert [(line.own, line.price) for line in lines] == [(False, 12), (True, Decimal("-2.50"))]


def test_a_new_price_comes_with_the_refresh(north: Reseller, tmp_path: Path) -> None:
    draft = make_drafts(north, tmp_path)[0]
    add_rule(reseller_id=north.pk, actor=OWNER, percent="50", valid_from=SEPTEMBER)
    refresh(north, draft)
    assert draft.total == Decimal(15)


def test_what_was_seen_is_what_is_refreshed(north: Reseller, stale: Document) -> None:
    version = stale.version
    add(north, stale, "1")
    assert "was changed" in refresh(north, stale, seen={stale.code: Seen(version)})
    assert stale.total == Decimal(11)


def test_only_a_draft_is_refreshed(north: Reseller, tmp_path: Path) -> None:
    draft = make_drafts(north, tmp_path)[0]
    change(north, draft.code, to=Status.OPEN)
    assert "only a draft" in refresh(north, draft)


def test_a_draft_without_usage_left_says_so(north: Reseller, stale: Document) -> None:
    from clearbill.actions.accounts import unassign_account

    unassign_account(reseller_id=north.pk, actor=OWNER, provider="aws", account="0001")
    assert "discard the draft" in refresh(north, stale)
    add(north, stale, "5")
    assert refresh(north, stale) == ""
    assert stale.total == Decimal(5)


def test_own_lines_add_up_and_can_be_taken_off(north: Reseller, tmp_path: Path) -> None:
    draft = make_drafts(north, tmp_path)[0]
    position = add(north, draft, "99.99")
    draft.refresh_from_db()
    assert (draft.total, draft.line_count) == (Decimal("109.99"), 2)
    remove_own_line(reseller_id=north.pk, actor=OWNER, document=draft.code, position=position)
    draft.refresh_from_db()
    assert (draft.total, draft.line_count) == (Decimal("10.00"), 1)
    assert [e.what for e in Event.objects.order_by("-seq")[:2]] == ["line removed", "line added"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"amount": "1.234"}, "amount"),
        ({"amount": "0"}, "amount"),
        ({"amount": "1,50"}, "amount"),
        ({"amount": "1e999"}, "amount"),
        ({"text": "  "}, "text"),
        ({"text": "x" * 501}, "text"),
        ({"charge_type": "Gift"}, "charge_type"),
    ],
)
def test_what_is_no_line_is_refused_by_field(
    north: Reseller, tmp_path: Path, values: dict[str, str], field: str
) -> None:
    draft = make_drafts(north, tmp_path)[0]
    given: dict[str, Any] = {"text": "Setup", "amount": "1.00", **values}
    with pytest.raises(Refused) as caught:
        add_own_line(reseller_id=north.pk, actor=OWNER, document=draft.code, **given)
    assert caught.value.field == field
    assert DocumentLine.objects.count() == 1


def test_usage_is_not_taken_off_by_hand(north: Reseller, tmp_path: Path) -> None:
    draft = make_drafts(north, tmp_path)[0]
    with pytest.raises(Refused, match="no line of yours"):
        remove_own_line(reseller_id=north.pk, actor=OWNER, document=draft.code, position=1)


def test_a_published_document_takes_no_line_and_no_note(north: Reseller, tmp_path: Path) -> None:
    draft = make_drafts(north, tmp_path)[0]
    change(north, draft.code, to=Status.OPEN)
    with pytest.raises(Refused, match="frozen"):
        add(north, draft, "1")
    with pytest.raises(Refused, match="frozen"):
        edit(north, draft, note="x")


def test_sales_edits_nothing(north: Reseller, tmp_path: Path) -> None:
    draft = make_drafts(north, tmp_path)[0]
    sales = Actor("sales@north.example", "sales")
    with pytest.raises(Forbidden):
        refresh_drafts(reseller_id=north.pk, actor=sales, documents=[draft.code])
    with pytest.raises(Forbidden):
        add_own_line(reseller_id=north.pk, actor=sales, document=draft.code, text="x", amount="1")


def set_to(reseller: Reseller, percent: str, **scope: Any) -> None:
    set_markup(reseller_id=reseller.pk, actor=OWNER, percent=percent, valid_from=SEPTEMBER, **scope)


def test_a_markup_that_changes_makes_the_drafts_that_it_prices_stale(
    north: Reseller, tmp_path: Path
) -> None:
    theirs, other = make_drafts(north, tmp_path, 2)
    set_to(north, "20", customer_id=theirs.customer_id)
    assert [Document.objects.get(pk=d.pk).stale for d in (theirs, other)] == [PRICES, ""]
    assert PRICES in change(north, theirs.code, to=Status.OPEN)[0].refused
    assert refresh(north, theirs) == ""
    assert (theirs.stale, theirs.total) == ("", Decimal("12.00"))


def test_a_markup_that_prices_no_draft_otherwise_leaves_all_fresh(
    north: Reseller, tmp_path: Path
) -> None:
    draft = make_drafts(north, tmp_path)[0]
    set_to(north, "0")
    set_to(north, "0", customer_id=draft.customer_id)
    # A closer rule goes before this one.
    set_to(north, "50")
    draft.refresh_from_db()
    assert draft.stale == ""


def test_a_draft_without_priced_lines_is_not_stale_by_a_markup(
    north: Reseller, tmp_path: Path
) -> None:
    give_usage(north, tmp_path, rows_of("0001", ChargeCategory="Tax"))
    assign_all(reseller_id=north.pk, actor=OWNER)
    generate(north)
    set_to(north, "50")
    assert Document.objects.get().stale == ""


def test_what_is_published_is_not_stale_by_a_markup_of_later(
    north: Reseller, tmp_path: Path
) -> None:
    published, draft = make_drafts(north, tmp_path, 2)
    change(north, published.code, to=Status.OPEN)
    set_to(north, "20", customer_id=draft.customer_id)
    assert Document.objects.get(pk=published.pk).stale == ""
