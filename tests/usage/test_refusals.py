"""What a file is refused for: each time with the line, the column, the value and the reason."""

import gzip
from pathlib import Path

import pytest

from clearbill.usage.engines.duckdb import Limits
from clearbill.usage.intake import take_in
from clearbill.usage.types import BadFile, RowError
from focus_files import csv_text, row, rows_taken, store_in, taken, text_taken, write_csv
from samples import sample


def refused(folder: Path, text: str | bytes) -> BadFile:
    folder.mkdir(exist_ok=True)
    with pytest.raises(BadFile) as caught:
        text_taken(folder, text)
    assert not list((folder / "store").rglob("*.parquet"))
    return caught.value


def only(bad: BadFile) -> RowError:
    assert bad.total_errors == len(bad.errors) == 1, bad.errors
    return bad.errors[0]


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("BilledCost", "1,5", "comma"),
        ("BilledCost", "1.234,56", "comma"),
        ("BilledCost", "NaN", "not a finite"),
        ("BilledCost", "inf", "not a finite"),
        ("BilledCost", "1e309", "more than 20 digits"),
        ("BilledCost", "1e9999", "not a finite"),
        ("BilledCost", "1_000", "not a finite"),
        ("BilledCost", "$1", "not a finite"),
        ("BilledCost", "123456789012345678901", "more than 20 digits"),
        ("BilledCost", "99999999999999999999.9999999999999999999", "more than 20 digits"),
        ("BilledCost", "\N{ARABIC-INDIC DIGIT ONE}", "not a finite"),
        ("BilledCost", "", "is empty"),
        ("ListCost", "abc", "not a finite"),
        ("PricingQuantity", "1 000", "not a finite"),
        ("BillingAccountId", "", "is empty"),
        ("ProviderName", "", "is empty"),
        ("ProviderName", "--", "names no provider"),
        ("BillingCurrency", "usd", "no currency code"),
        ("BillingCurrency", "", "no currency code"),
        ("BillingPeriodStart", "9/1/24", "is no date"),
        ("BillingPeriodStart", "2024-02-30", "is no date"),
        ("BillingPeriodStart", "", "is no date"),
        ("BillingPeriodEnd", "2024-09-01", "is not after the period's start"),
        ("ChargePeriodStart", "yesterday", "is no date and time"),
        ("ChargePeriodEnd", "2024-09-01T25:00:00Z", "is no date and time"),
    ],
)
def test_a_wrong_cell_is_named(tmp_path: Path, column: str, value: str, reason: str) -> None:
    error = only(refused(tmp_path, csv_text([row(), row(**{column: value})])))
    assert (error.file, error.line, error.column, error.value) == ("usage.csv", 3, column, value)
    assert reason in error.reason


@pytest.mark.parametrize(
    ("column", "most"), [("ProviderName", 60), ("BillingAccountId", 500), ("SubAccountId", 500)]
)
def test_a_word_too_long_to_be_kept_is_named(tmp_path: Path, column: str, most: int) -> None:
    assert text_taken(tmp_path, csv_text([row(**{column: "W" * most})])).rows == 1
    error = only(refused(tmp_path / "long", csv_text([row(**{column: "W" * (most + 1)})])))
    assert (error.line, error.column) == (2, column)
    assert "is longer than" in error.reason


def test_the_line_is_right_behind_quoted_line_breaks_and_empty_lines(tmp_path: Path) -> None:
    text = csv_text([row(Tags="a\nb\r\nc"), row(), row(BilledCost="x", Tags="a\nb")])
    head, rest = text.split("\n", 1)
    assert only(refused(tmp_path, f"{head}\n\n{rest}")).line == 7


def test_the_first_hundred_errors_come_with_the_total(tmp_path: Path) -> None:
    bad = refused(tmp_path, csv_text([row(BilledCost="x", ListCost="y") for _ in range(300)]))
    assert (len(bad.errors), bad.total_errors) == (100, 600)
    assert bad.errors[99].line == 51


def test_errors_of_all_files_of_a_delivery_are_counted(tmp_path: Path) -> None:
    one = write_csv(tmp_path / "1.csv", [row(BilledCost="x")])
    two = write_csv(tmp_path / "2.csv", [row()])
    three = write_csv(tmp_path / "3.csv", [row(BilledCost="y")])
    with pytest.raises(BadFile) as caught:
        taken(tmp_path, one, two, three)
    assert [error.file for error in caught.value.errors] == ["1.csv", "3.csv"]


def test_each_missing_column_is_named(tmp_path: Path) -> None:
    bad = refused(tmp_path, "BilledCost,ProviderName\n1,AWS\n")
    assert {error.column for error in bad.errors} == {
        "BillingAccountId",
        "BillingCurrency",
        "BillingPeriodEnd",
        "BillingPeriodStart",
        "ChargeCategory",
    }
    assert all("is missing: export" in error.reason for error in bad.errors)


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_another_delimiter_is_named(tmp_path: Path, mark: str) -> None:
    error = only(refused(tmp_path, csv_text([row()]).replace(",", mark)))
    assert "separated by" in error.reason


def test_a_column_that_stands_there_twice_is_refused(tmp_path: Path) -> None:
    text = csv_text([row(x="1")]).replace(",x\n", ",tags\n")
    assert only(refused(tmp_path, text)).column == "tags"


def test_a_column_without_a_name_and_a_reserved_one_are_refused(tmp_path: Path) -> None:
    assert "has no name" in only(refused(tmp_path, csv_text([{**row(), "": "1"}]))).reason
    assert "begins with cb_" in only(refused(tmp_path, csv_text([row(CB_cost="1")]))).reason


def test_bytes_that_are_not_utf8_are_named_with_their_line(tmp_path: Path) -> None:
    data = csv_text([row(), row(Tags="caf?"), row()]).encode().replace(b"caf?", b"caf\xe9")
    error = only(refused(tmp_path, data))
    assert (error.line, error.reason) == (3, "is not UTF-8 (byte 0xe9)")


def test_a_nul_byte_is_named_with_its_line(tmp_path: Path) -> None:
    data = csv_text([row(), row(Tags="caf?")]).encode().replace(b"caf?", b"caf\0")
    assert only(refused(tmp_path, data)).line == 3


def test_utf16_is_named(tmp_path: Path) -> None:
    assert "UTF-16" in only(refused(tmp_path, csv_text([row()]).encode("utf-16"))).reason


def test_a_row_with_too_few_fields_is_named(tmp_path: Path) -> None:
    error = only(refused(tmp_path, csv_text([row(), row()]) + "1,2,3\n"))
    assert (error.line, error.reason) == (4, "has 3 fields, the header has 20")


def test_a_quote_that_does_not_close_is_named_with_the_line_it_begins_on(tmp_path: Path) -> None:
    text = csv_text([row(), row(), row()])
    broken = text.replace('"{""env"": ""prod""}"', '"{""env', 2).replace('"{""env', "x", 1)
    assert only(refused(tmp_path, broken)).line == 3


def test_a_file_cut_anywhere_but_between_rows_is_refused(tmp_path: Path) -> None:
    data = csv_text([row(SkuId="1"), row(SkuId="2", Tags="a\nb")]).encode()
    ends = {position + 1 for position, byte in enumerate(data) if byte == ord("\n")}
    for length in range(0, len(data), 7):
        if length in ends:
            continue
        error = refused(tmp_path, data[:length]).errors[0]
        assert error.reason


def test_a_compressed_file_cut_anywhere_is_refused(tmp_path: Path) -> None:
    data = gzip.compress(csv_text([row(SkuId=str(n)) for n in range(50)]).encode())
    for length in range(1, len(data), 40):
        refused(tmp_path, data[:length])


def test_a_compressed_file_with_a_flipped_byte_is_refused(tmp_path: Path) -> None:
    data = bytearray(gzip.compress(csv_text([row()]).encode()))
    data[len(data) // 2] ^= 0xFF
    refused(tmp_path, bytes(data))


def test_a_bomb_is_refused_by_the_bytes_that_come_out(tmp_path: Path) -> None:
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(csv_text([row(), row()]).encode() * 1000))
    with pytest.raises(BadFile, match="unpacks to more than 100000 bytes"):
        take_in(
            [path],
            feed="focus",
            aliases={},
            store=store_in(tmp_path),
            key="u",
            limits=Limits(max_bytes=100_000),
        )


def test_an_endless_field_is_refused_with_its_line(tmp_path: Path) -> None:
    error = only(refused(tmp_path, csv_text([row(), row(Tags="x" * (5 << 20))])))
    assert error.line == 3
    wrapped = csv_text([row(), row(Tags="x\n" * (3 << 20))])
    assert only(refused(tmp_path, wrapped)).line == 3


def test_a_million_columns_are_refused(tmp_path: Path) -> None:
    header = ",".join(f"c{n}" for n in range(100_000))
    assert "has 100000 columns" in only(refused(tmp_path, f"{header}\n1\n")).reason
    endless = ",".join(f"c{n}" for n in range(1_000_000))
    refused(tmp_path, f"{endless}\n1\n")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (gzip.compress(b"", mtime=0), "is empty"),
        (gzip.compress(gzip.compress(b"x", mtime=0), mtime=0), "compressed twice"),
        (b"PK\x03\x04rest", "ZIP archive"),
        (b"PAR1nonsense", "no whole Parquet file"),
        (b"\n\n", "has no header"),
    ],
)
def test_what_is_no_usage_file_is_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    assert reason in only(refused(tmp_path, data)).reason


def test_a_header_without_rows_is_refused(tmp_path: Path) -> None:
    assert only(refused(tmp_path, csv_text([row()]).split("\n")[0] + "\n")).reason


def test_amounts_that_add_up_to_more_than_is_kept_are_refused(tmp_path: Path) -> None:
    rows = [row(BilledCost="99999999999999999999", SkuId=str(n)) for n in range(3)]
    with pytest.raises(BadFile, match="add up to more than is kept"):
        rows_taken(tmp_path, rows)


def test_files_of_other_providers_formats_are_refused_with_the_missing_columns(
    tmp_path: Path,
) -> None:
    for name in ("gcp-2026-09.csv.gz", "azure-2026-09.csv.gz", "aws-2026-09.csv.gz"):
        with pytest.raises(BadFile) as caught:
            taken(tmp_path, sample("nise", name))
        assert "BilledCost" in {error.column for error in caught.value.errors}


def test_every_example_of_the_specification_is_taken_or_refused_with_a_reason(
    tmp_path: Path,
) -> None:
    files = [
        *sample("focus_spec_examples").glob("*.csv"),
        *sample("focus_validator").glob("*.csv"),
        *sample("focus_validator").glob("*.parquet"),
    ]
    assert len(files) > 15
    for number, path in enumerate(sorted(files)):
        try:
            assert taken(tmp_path, path, key=f"usage/{number}.parquet").rows
        except BadFile as bad:
            assert all(error.reason and error.file == path.name for error in bad.errors)
