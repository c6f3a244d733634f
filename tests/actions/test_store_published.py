"""What is stored after publication, with lines of staff's own among the usage."""

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from clearbill.actions.accounts import assign_account, unassign_account
from clearbill.actions.own_lines import add_own_line
from clearbill.actions.refresh import refresh_drafts
from clearbill.actions.store_published import store_published
from clearbill.paper import downloads
from clearbill.paper.detailed_csv import Audience
from clearbill.queries import canonical
from clearbill.queries.verify import verify
from clearbill.records.models import Document, DocumentLine, Reseller
from clearbill.rules.lifecycle import Status
from makers import OWNER, change, make_drafts


@pytest.fixture
def draft(north: Reseller, tmp_path: Path) -> Document:
    """USD 10.00 of usage, a fee of USD 450.00 and a discount of USD 2.50."""
    made = make_drafts(north, tmp_path)[0]
    for text, amount, kind in (("Workshop", "450", "One-time"), ("=Goodwill", "-2.50", "Discount")):
        add_own_line(reseller_id=north.pk, actor=OWNER, document=made.code, text=text,
                     amount=amount, charge_type=kind)  # fmt: skip
    return Document.objects.get(pk=made.pk)


def publish(reseller: Reseller, document: Document) -> Document:
    """Publish and store; the document as it is then."""
    assert change(reseller, document.code, to=Status.OPEN)[0].changed
    store_published(reseller_id=reseller.pk, document_id=document.pk)
    return Document.objects.select_related("provider", "billing_period").get(pk=document.pk)


def detailed(document: Document, audience: Audience = "customer") -> list[dict[str, str]]:
    text = b"".join(downloads.detailed_csv(document, audience=audience)).decode("utf-8-sig")
    return list(csv.DictReader(text.splitlines()))


def exact(document: Document) -> Decimal:
    return sum((line.exact for line in DocumentLine.objects.filter(document=document)), Decimal(0))


def test_files_are_stored_beside_own_lines(north: Reseller, draft: Document) -> None:
    stored = publish(north, draft)
    assert stored.pdf_path
    assert stored.rated_path
    assert list(verify(north.pk)) == []


@pytest.mark.parametrize("published", [False, True])
def test_the_detailed_csv_adds_up_to_all_lines(
    north: Reseller, draft: Document, published: bool
) -> None:
    document = publish(north, draft) if published else draft
    for audience in ("customer", "staff"):
        rows = detailed(document, audience)
        assert sum(Decimal(row["Price"]) for row in rows) == exact(document) == Decimal("457.5")
    rows = detailed(document)
    assert [row["ChargeDescription"] for row in rows][1:] == ["Workshop", "'=Goodwill"]
    assert {row["Currency"] for row in rows} == {"USD"}
    assert rows[1]["BillingPeriodStart"] == rows[0]["BillingPeriodStart"]


def test_a_document_of_own_lines_alone_has_a_pdf_and_no_detail(
    north: Reseller, draft: Document
) -> None:
    unassign_account(reseller_id=north.pk, actor=OWNER, provider="aws", account="0001")
    assert refresh_drafts(reseller_id=north.pk, actor=OWNER, documents=[draft.code])[0].changed
    stored = publish(north, draft)
    assert (bool(stored.pdf_path), stored.rated_path) == (True, "")
    assert not downloads.has_usage_rows(stored, canonical.of(stored))
    assert list(verify(north.pk)) == []


def test_a_pdf_is_stored_although_the_rows_cannot_be(
    north: Reseller, draft: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(document: Document, key: str) -> str:
        raise FileNotFoundError(key)

    monkeypatch.setattr(downloads, "store_rated", broken)
    assert change(north, draft.code, to=Status.OPEN)[0].changed
    with pytest.raises(FileNotFoundError):
        store_published(reseller_id=north.pk, document_id=draft.pk)
    assert Document.objects.get(pk=draft.pk).pdf_path


def test_usage_given_back_is_no_part_of_the_stored_rows(north: Reseller, draft: Document) -> None:
    given = {"reseller_id": north.pk, "actor": OWNER, "provider": "aws", "account": "0001"}
    unassign_account(**given)  # type: ignore[arg-type]
    refresh_drafts(reseller_id=north.pk, actor=OWNER, documents=[draft.code])
    assign_account(customer_id=draft.customer_id, **given)  # type: ignore[arg-type]
    assert refresh_drafts(reseller_id=north.pk, actor=OWNER, documents=[draft.code])[0].changed
    assert sum(Decimal(row["Price"]) for row in detailed(publish(north, draft))) == exact(draft)
