"""Another prefix begins a series of its own; none is ever used twice."""

from pathlib import Path

import pytest

from clearbill.actions.common import Refused
from clearbill.actions.number_series import change_series
from clearbill.actions.resellers import change_reseller
from clearbill.queries.verify import verify
from clearbill.records.models import Document, Reseller
from clearbill.rules.lifecycle import Status
from makers import OWNER, change, make_drafts


def series(reseller: Reseller, prefix: str, start: int = 1) -> None:
    change_series(reseller_id=reseller.pk, actor=OWNER, prefix=prefix, start=start)


def test_the_first_number_of_a_prefix_is_the_one_that_was_set(
    north: Reseller, tmp_path: Path
) -> None:
    first, second, third = make_drafts(north, tmp_path, 3)
    assert change(north, first.code, to=Status.OPEN)[0].invoice_number == "INV-000001"
    series(north, "2026/", 500)
    results = change(north, second.code, third.code, to=Status.OPEN)
    assert [r.invoice_number for r in results] == ["2026/000500", "2026/000501"]
    assert list(verify(north.pk)) == []


def test_a_prefix_that_was_used_is_refused_and_the_same_again_changes_nothing(
    north: Reseller, tmp_path: Path
) -> None:
    first, second = make_drafts(north, tmp_path, 2)
    change(north, first.code, to=Status.OPEN)
    series(north, "INV-")
    series(north, "R-")
    with pytest.raises(Refused, match="exist already"):
        series(north, "INV-")
    assert change(north, second.code, to=Status.OPEN)[0].invoice_number == "R-000001"


@pytest.mark.parametrize(
    ("prefix", "start", "field"),
    [
        ("", 1, "prefix"),
        ("INV", 1, "prefix"),
        ("2026", 1, "prefix"),
        ("x" * 30 + "-", 1, "prefix"),
        ("A B-", 1, "prefix"),
        ("R-", 0, "start"),
        ("R-", 10**9, "start"),
    ],
)
def test_what_is_no_series_is_refused_by_field(
    north: Reseller, prefix: str, start: int, field: str
) -> None:
    with pytest.raises(Refused) as caught:
        series(north, prefix, start)
    assert caught.value.field == field


def test_another_kind_is_for_documents_to_come(north: Reseller, tmp_path: Path) -> None:
    draft = make_drafts(north, tmp_path)[0]
    change_reseller(reseller_id=north.pk, actor=OWNER, kind="statement")
    assert Document.objects.get(pk=draft.pk).kind == "tax-invoice"
    with pytest.raises(Refused, match="no kind of document"):
        change_reseller(reseller_id=north.pk, actor=OWNER, kind="receipt")
