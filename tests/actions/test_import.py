"""Taking usage in: whole or not at all, once, and never over what is billed."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

import focus_files
from clearbill.actions import import_usage as module
from clearbill.actions.common import Refused
from clearbill.records import tenancy
from clearbill.records.files import file_store
from clearbill.records.models import (
    Event,
    ImportStatement,
    Reseller,
    UsageImport,
    UsageSlice,
)
from clearbill.rules.lifecycle import Status
from clearbill.usage.types import BadFile
from makers import change, give_usage, make_drafts, rows_of


def imports_on_disk() -> set[Path]:
    """Whatever lies in the store, of earlier tests too: compare before and after."""
    return set(Path(file_store().path("imports")).glob("**/*.*"))


def test_a_delivery_becomes_statements_and_slices(north: Reseller, tmp_path: Path) -> None:
    done = give_usage(north, tmp_path, rows_of("0001", "0002"))
    assert (done.already, done.rows) == (False, 2)
    assert [s.stored_sum for s in done.statements] == [Decimal("20.00")]
    assert sorted(account for _, account, _ in done.new_accounts) == ["0001", "0002"]
    assert UsageSlice.objects.count() == 2


def test_the_same_rows_under_another_name_and_order_change_nothing(
    north: Reseller, tmp_path: Path
) -> None:
    first = give_usage(north, tmp_path, rows_of("0001", "0002"))
    before = imports_on_disk()
    again = give_usage(north, tmp_path, rows_of("0002", "0001"))
    assert (again.already, again.import_id) == (True, first.import_id)
    assert UsageImport.objects.count() == 1
    assert imports_on_disk() == before


def test_another_delivery_replaces_what_is_unbilled(north: Reseller, tmp_path: Path) -> None:
    give_usage(north, tmp_path, rows_of("0001"))
    done = give_usage(north, tmp_path, rows_of("0001", "0002", cost="12.00"))
    assert [(r.sum_before, r.sum_after) for r in done.replaced] == [(Decimal(10), Decimal(24))]
    assert ImportStatement.objects.filter(superseded_by=done.import_id).count() == 1


def test_a_superseded_delivery_given_again_is_a_new_one(north: Reseller, tmp_path: Path) -> None:
    give_usage(north, tmp_path, rows_of("0001"))
    give_usage(north, tmp_path, rows_of("0001", cost="12.00"))
    assert not give_usage(north, tmp_path, rows_of("0001")).already


def test_a_delivery_without_an_account_is_refused_unless_it_is_whole(
    north: Reseller, tmp_path: Path
) -> None:
    give_usage(north, tmp_path, rows_of("0001", "0002"))
    with pytest.raises(Refused, match="--whole"):
        give_usage(north, tmp_path, rows_of("0001", cost="12.00"))
    assert give_usage(north, tmp_path, rows_of("0001", cost="12.00"), whole=True).replaced


def test_what_a_published_document_bills_is_not_replaced(north: Reseller, tmp_path: Path) -> None:
    draft = make_drafts(north, tmp_path)[0]
    change(north, draft.code, to=Status.OPEN)
    with pytest.raises(Refused, match=draft.code):
        give_usage(north, tmp_path, rows_of("0001", cost="12.00"))
    assert UsageImport.objects.count() == 1


def test_drafts_that_a_delivery_touches_are_stale(north: Reseller, tmp_path: Path) -> None:
    first, second = make_drafts(north, tmp_path, 2)
    done = give_usage(north, tmp_path, rows_of("0003", BillingAccountId="payer-2"))
    assert done.stale == ()
    done = give_usage(north, tmp_path, rows_of("0001", BillingAccountId="payer-3"))
    assert done.stale == (first.code,)
    done = give_usage(north, tmp_path, rows_of("0001", "0002", cost="12.00"))
    assert done.stale == (second.code,)
    assert Event.objects.filter(what="stale").count() == 2


def test_a_file_that_a_row_names_outlives_an_error_after_the_commit(
    north: Reseller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = tenancy.transaction

    @contextmanager
    def breaks_after(reseller_id: int) -> Iterator[None]:
        with whole(reseller_id):
            yield
        if UsageImport.objects.exists() and not broken:
            broken.append(True)
            raise ConnectionError

    broken: list[bool] = []
    monkeypatch.setattr(tenancy, "transaction", breaks_after)
    with pytest.raises(ConnectionError):
        give_usage(north, tmp_path, rows_of("0001"))
    assert file_store().exists(UsageImport.objects.get().path)


def test_one_payers_delivery_leaves_the_others_alone(north: Reseller, tmp_path: Path) -> None:
    give_usage(north, tmp_path, rows_of("0001"))
    done = give_usage(north, tmp_path, rows_of("0002", BillingAccountId="payer-2"))
    assert not done.replaced
    assert ImportStatement.objects.filter(superseded_by__isnull=True).count() == 2


def test_an_import_that_dies_before_its_commit_leaves_nothing(
    north: Reseller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "_store_statement", dies)
    before = imports_on_disk()
    with pytest.raises(KeyboardInterrupt):
        give_usage(north, tmp_path, rows_of("0001"))
    assert UsageImport.objects.count() == 0
    assert imports_on_disk() == before


def test_a_bad_row_refuses_the_whole_delivery(north: Reseller, tmp_path: Path) -> None:
    rows = [*rows_of("0001"), focus_files.row(BilledCost="1,50")]
    with pytest.raises(BadFile) as caught:
        give_usage(north, tmp_path, rows)
    error = caught.value.errors[0]
    assert (error.line, error.column, error.value) == (3, "BilledCost", "1,50")
    assert UsageImport.objects.count() == 0
