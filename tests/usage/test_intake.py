"""Usage in: what is taken, how it is read, and that a refusal leaves nothing."""

import gzip
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from clearbill.usage import intake
from clearbill.usage.feeds.focus import MANDATORY
from clearbill.usage.intake import take_in
from clearbill.usage.types import BadFile, Delivery
from focus_files import ROW, csv_text, row, rows_taken, store_in, taken, text_taken, write_csv
from samples import sample


def stored(folder: Path, delivery: Delivery, column: str) -> list[object]:
    table = pq.read_table(store_in(folder).path(delivery.path), columns=[column])
    return list(table.column(column).to_pylist())


def test_the_real_sample_adds_up_to_what_its_source_says(tmp_path: Path) -> None:
    delivery = taken(tmp_path, sample("focus-sample-1.0", "focus_sample.csv"))
    sums: dict[str, Decimal] = {}
    for statement in delivery.statements:
        sums[statement.provider] = sums.get(statement.provider, Decimal(0)) + statement.stored_sum
    assert sums == {
        "aws": Decimal("18.006638618400"),
        "microsoft-csp": Decimal("1.976514185860"),
        "oracle": Decimal("0.537073924730"),
    }
    assert all(s.file_sum == s.stored_sum for s in delivery.statements)


def test_the_real_sample_has_two_months_73_accounts_and_a_stray_column(tmp_path: Path) -> None:
    delivery = taken(tmp_path, sample("focus-sample-1.0", "focus_sample.csv"))
    assert {s.period_start for s in delivery.statements} == {date(2024, 9, 1), date(2024, 10, 1)}
    assert delivery.rows == sum(s.rows for s in delivery.slices) == 1000
    assert len({(s.provider, s.account) for s in delivery.slices}) == 73
    assert delivery.unknown_columns == ("Id",)
    assert delivery.providers["aws"] == "AWS"


def test_the_word_null_and_an_empty_cell_are_both_null(tmp_path: Path) -> None:
    delivery = rows_taken(tmp_path, [row(Tags="NULL", SkuId=""), row(Tags="", SkuId="NULL")])
    assert stored(tmp_path, delivery, "Tags") == [None, None]
    assert stored(tmp_path, delivery, "cb_sku") == ["", ""]


def test_original_columns_stay_as_text_in_their_order_before_our_own(tmp_path: Path) -> None:
    delivery = rows_taken(tmp_path, [row(x_own="007")])
    table = pq.read_table(store_in(tmp_path).path(delivery.path))
    names = table.schema.names
    assert tuple(names[: len(ROW) + 1]) == delivery.columns == (*ROW, "x_own")
    assert all(name.startswith("cb_") for name in names[len(ROW) + 1 :])
    assert table.column("BilledCost").to_pylist() == ["1.50"]
    assert table.column("x_own").to_pylist() == ["007"]


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1.5E-7", "0.00000015"),
        ("2e3", "2000"),
        ("-.5", "-0.5"),
        ("0.0000000000000000005", "0.000000000000000001"),
        ("-0.0000000000000000005", "-0.000000000000000001"),
        ("0.00000000000000000049999999999999999999", "0"),
        ("99999999999999999999.999999999999999999", "99999999999999999999.999999999999999999"),
    ],
)
def test_a_cost_is_read_at_18_decimals_and_rounded_once(
    tmp_path: Path, text: str, amount: str
) -> None:
    statement = rows_taken(tmp_path, [row(BilledCost=text)]).statements[0]
    assert statement.stored_sum == Decimal(amount)
    assert statement.file_sum == Decimal(text)


def test_the_sum_of_the_file_keeps_the_digits_that_the_door_rounds(tmp_path: Path) -> None:
    rows = [row(BilledCost="0.1234567890123456785", SkuId=str(n)) for n in range(10)]
    statement = rows_taken(tmp_path, rows).statements[0]
    assert statement.file_sum == Decimal("1.234567890123456785")
    assert statement.stored_sum == Decimal("1.234567890123456790")


def test_the_period_is_the_date_in_the_file_whatever_zone_follows(tmp_path: Path) -> None:
    september = row(
        BillingPeriodStart="2024-09-01T00:00:00+09:00", BillingPeriodEnd="2024-10-01 00:00:00-11"
    )
    statement = rows_taken(tmp_path, [september]).statements[0]
    assert (statement.period_start, statement.period_end) == (date(2024, 9, 1), date(2024, 10, 1))


def test_a_charge_time_is_kept_as_written_and_its_last_day_is_inclusive(tmp_path: Path) -> None:
    rows = [
        row(ChargePeriodStart="2024-09-01T00:00:00.25+05:30", ChargePeriodEnd="2024-10-01T00:00Z"),
        row(ChargePeriodStart="2024-09-07", ChargePeriodEnd=""),
    ]
    delivery = rows_taken(tmp_path, rows)
    assert stored(tmp_path, delivery, "cb_charge_start") == [
        datetime(2024, 9, 1, 0, 0, 0, 250_000),  # noqa: DTZ001 - as written, without a zone
        datetime(2024, 9, 7),  # noqa: DTZ001
    ]
    piece = delivery.slices[0]
    assert (piece.first_charge, piece.last_charge) == (date(2024, 9, 1), date(2024, 9, 30))


def test_an_unknown_charge_word_becomes_an_adjustment_and_is_counted(tmp_path: Path) -> None:
    rows = [row(ChargeCategory="Surcharge"), row(ChargeCategory="Surcharge"), row()]
    delivery = rows_taken(tmp_path, rows)
    assert delivery.charge_words == {"Surcharge": 2}
    kinds = stored(tmp_path, delivery, "cb_charge_type")
    assert sorted(map(str, kinds)) == ["Adjustment", "Adjustment", "Usage"]


def test_a_row_without_sub_account_belongs_to_the_payer(tmp_path: Path) -> None:
    delivery = rows_taken(tmp_path, [row(SubAccountId="", SubAccountName="")])
    assert delivery.slices[0].account == "payer-1"
    assert delivery.slices[0].account_name == "Payer One"


def test_leading_zeros_of_ids_stay(tmp_path: Path) -> None:
    delivery = rows_taken(tmp_path, [row(SubAccountId="0099999999999", BillingAccountId="007")])
    assert (delivery.slices[0].account, delivery.slices[0].payer) == ("0099999999999", "007")


def test_a_file_without_the_optional_columns_is_taken(tmp_path: Path) -> None:
    mandatory = {name: text for name, text in ROW.items() if name in MANDATORY}
    delivery = rows_taken(tmp_path, [mandatory])
    assert delivery.slices[0].account == "payer-1"
    assert delivery.slices[0].first_charge is None


def test_a_compressed_file_is_known_by_its_content(tmp_path: Path) -> None:
    plain = rows_taken(tmp_path, [row()])
    zipped = taken(tmp_path, write_csv(tmp_path / "usage.txt", [row()], zipped=True))
    assert zipped.content_hash == plain.content_hash
    assert zipped.files[0].sha256 != plain.files[0].sha256


def test_content_is_the_same_in_another_order_of_rows_and_columns(tmp_path: Path) -> None:
    rows = [row(SkuId=str(n), BilledCost=f"{n}.5") for n in range(5)]
    turned = [dict(reversed(r.items())) for r in reversed(rows)]
    first = rows_taken(tmp_path, rows)
    assert rows_taken(tmp_path, turned).content_hash == first.content_hash


def test_content_differs_when_one_cell_does(tmp_path: Path) -> None:
    first = rows_taken(tmp_path, [row(), row()])
    assert rows_taken(tmp_path, [row(), row(Tags="x")]).content_hash != first.content_hash
    assert rows_taken(tmp_path, [row(), row(), row()]).content_hash != first.content_hash


def test_files_of_one_delivery_may_differ_in_their_columns(tmp_path: Path) -> None:
    one = write_csv(tmp_path / "1.csv", [row(x_one="1")])
    two = write_csv(tmp_path / "2.csv", [row(x_two="2")])
    delivery = taken(tmp_path, one, two)
    assert delivery.rows == 2
    assert delivery.columns == (*ROW, "x_one", "x_two")
    assert sorted(map(str, stored(tmp_path, delivery, "x_two"))) == ["2", "None"]


def test_the_same_file_twice_is_refused_even_compressed(tmp_path: Path) -> None:
    one = write_csv(tmp_path / "1.csv", [row()])
    two = write_csv(tmp_path / "2.csv.gz", [row()], zipped=True)
    with pytest.raises(BadFile, match=r"the same file as 1\.csv"):
        taken(tmp_path, one, two)


def test_a_reseller_names_its_providers_by_its_own_aliases(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "usage.csv", [row(ProviderName="Acme  Resale")])
    delivery = take_in(
        [path], feed="focus", aliases={"ACME resale": "aws"}, store=store_in(tmp_path), key="u"
    )
    assert delivery.providers == {"aws": "AWS"}


def test_a_files_name_is_kept_without_what_acts(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "usage.csv", [row()])
    store = store_in(tmp_path)
    # The bytes that no encoding explains come as halves of characters, which nothing can write.
    delivery = take_in(
        [path], feed="focus", aliases={}, store=store, key="u", names=["a\n\udcff.csv"]
    )
    assert delivery.files[0].name == "a\ufffd\ufffd.csv"


def test_line_and_file_of_each_row_are_kept(tmp_path: Path) -> None:
    rows = [row(SkuId="1", Tags="a\nb\nc"), row(SkuId="2"), row(SkuId="3")]
    delivery = rows_taken(tmp_path, rows)
    assert stored(tmp_path, delivery, "cb_line") == [2, 5, 6]
    assert stored(tmp_path, delivery, "cb_file") == [1, 1, 1]


def test_the_import_is_sorted_by_provider_account_and_period(tmp_path: Path) -> None:
    rows = [row(SubAccountId=str(n % 7), SkuId=str(n % 3)) for n in range(50)]
    delivery = rows_taken(tmp_path, rows)
    accounts = [str(a) for a in stored(tmp_path, delivery, "cb_account")]
    assert accounts == sorted(accounts)


def test_mixed_line_breaks_are_taken(tmp_path: Path) -> None:
    lines = csv_text([row(SkuId=str(n)) for n in range(4)]).splitlines()
    text = "".join(line + ("\r\n" if n % 2 else "\n") for n, line in enumerate(lines))
    assert text_taken(tmp_path, text).rows == 4


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    delivery = text_taken(tmp_path, b"\xef\xbb\xbf" + csv_text([row()]).encode())
    assert delivery.columns[0] == "BilledCost"


def test_a_file_may_be_called_by_letters_that_are_patterns(tmp_path: Path) -> None:
    delivery = taken(tmp_path, write_csv(tmp_path / "usage [1]*?.csv", [row()]))
    assert delivery.files[0].name == "usage [1]*?.csv"


def test_an_import_that_dies_before_its_end_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(intake, "_described", killed)
    with pytest.raises(KeyboardInterrupt):
        rows_taken(tmp_path, [row()])
    assert [path for path in (tmp_path / "store").rglob("*") if path.is_file()] == []


def test_a_refused_import_keeps_the_file_that_was_there(tmp_path: Path) -> None:
    rows_taken(tmp_path, [row()])
    with pytest.raises(BadFile):
        rows_taken(tmp_path, [row(BilledCost="x")])
    assert pq.read_metadata(store_in(tmp_path).path("usage/1.parquet")).num_rows == 1


def test_no_extension_is_ever_fetched(tmp_path: Path) -> None:
    from clearbill.usage.engines.duckdb import connected

    with connected(tmp_path) as connection, pytest.raises(duckdb.Error):
        connection.execute("SELECT * FROM read_xlsx('x.xlsx')").fetchall()


def test_a_feed_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'cur' is no feed"):
        take_in([tmp_path], feed="cur", aliases={}, store=store_in(tmp_path), key="k")


def test_two_gzip_members_are_one_file(tmp_path: Path) -> None:
    text = csv_text([row(SkuId="1"), row(SkuId="2")]).encode()
    data = gzip.compress(text[:300]) + gzip.compress(text[300:])
    assert text_taken(tmp_path, data).rows == 2
