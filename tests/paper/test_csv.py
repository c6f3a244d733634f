"""The CSV of the shown lines: its columns, its sum, and the guard of its text cells."""

import csv
import io
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clearbill.paper.csv import COLUMNS, shown_csv
from clearbill.paper.guard import DANGEROUS, guarded, guarded_sql, unguarded
from paper.documents import STAFF_MARKER, a_document, a_line, a_section, a_taxed_document

TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))


def rows(document: Mapping[str, Any], *, raw: bool = False) -> list[dict[str, str]]:
    text = shown_csv(document, raw=raw).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_row_names_the_document_the_account_and_the_line() -> None:
    (row,) = rows(a_document())
    assert row == dict(
        zip(
            COLUMNS,
            ("D-000123", "INV-000042", "Microsoft CSP", "2024-09-01", "2024-09-30", "'0001",
             "Contoso Production", "Compute", "SKU-1", "Virtual machine 1", "744", "Hours",
             "Usage", "599.00", "", "USD", "PO-4711"),
            strict=True,
        )
    )  # fmt: skip


def test_the_file_is_utf8_with_bom_comma_and_crlf() -> None:
    content = shown_csv(a_document())
    assert content.startswith(b"\xef\xbb\xbfDocument ID,Invoice number,")
    assert content.count(b"\r\n") == content.count(b"\n") == 2


def test_the_rows_add_up_to_the_total_with_the_tax_as_a_row_of_its_own() -> None:
    document = a_taxed_document()
    made = rows(document)
    assert sum(Decimal(row["Price"]) for row in made) == Decimal(document["total"])
    assert (made[-1]["Charge Type"], made[-1]["Description"]) == ("Tax", "VAT 19%")


def test_lines_of_nothing_are_in_the_file() -> None:
    made = rows(a_document([a_section([a_line(1), a_line(2, "0.00")])]))
    assert [row["Price"] for row in made] == ["599.00", "0.00"]


def test_numbers_stay_numbers_and_texts_are_guarded_unless_raw() -> None:
    line = a_line(1, "-5.00", description="=cmd()", sku="00012", qty="-3.5")
    document = a_document([a_section([line], account="12345678901234567")])
    (row,) = rows(document)
    assert (row["Price"], row["Qty"]) == ("-5.00", "-3.5")
    assert (row["Description"], row["SKU"], row["Account"]) == (
        "'=cmd()", "'00012", "'12345678901234567",
    )  # fmt: skip
    (row,) = rows(document, raw=True)
    assert (row["Description"], row["SKU"]) == ("=cmd()", "00012")


def test_a_draft_has_no_number_and_no_cost_is_in_the_file() -> None:
    content = shown_csv(a_document(invoice_number=None)).decode()
    assert ",," in content
    assert STAFF_MARKER not in content
    assert "987654321" not in content


@given(TEXTS)
@example("=1+1")
@example("'already")
@example("\r\n=x")
def test_any_text_survives_the_file_and_never_starts_dangerously(text: str) -> None:
    document = a_document([a_section([a_line(description=text)])])
    (row,) = rows(document)
    cell = row["Description"]
    assert not cell or cell[0] not in DANGEROUS - {"'"}
    assert unguarded(cell) == text
    (row,) = rows(document, raw=True)
    assert row["Description"] == text


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("0123", "'0123"), ("0", "0"), ("123456789012345", "123456789012345"), ("", ""),
        ("1234567890123456", "'1234567890123456"), ("12E4", "'12E4"), ("0.5", "0.5"),
        ("a=1", "a=1"),
        ("\uff1d1", "'\uff1d1"), ("\uff0b1", "'\uff0b1"), ("\uff0d1", "'\uff0d1"),
        ("\uff20x", "'\uff20x"),
        ("a;=1+1", "a;'=1+1"), ("a\t-1;b", "a\t'-1;b"), ("a\r\n=1", "a\r\n'=1"), ("a;b", "a;b"),
        ("a,=1", "a,=1"), ("a;'b", "a;''b"), (";=1", ";'=1"), ("=1;=2", "'=1;'=2"),
        (';"=1', ";'\"=1"),
        ("@x", "'@x"), ("\tx", "'\tx"), ("-1", "'-1"), ("+1", "'+1"), ("'x", "''x"),
    ],
)  # fmt: skip
def test_the_guard_as_worked_examples(text: str, cell: str) -> None:
    assert guarded(text) == cell


@given(st.text(alphabet="a=+-@';,\t\r\n\"\uff1d", max_size=12))
def test_no_cell_runs_where_a_semicolon_separates_and_each_comes_back(text: str) -> None:
    line = a_line(1, "1.00", description=text)
    written = shown_csv(a_document([a_section([line])])).decode("utf-8-sig")
    for cells in csv.reader(io.StringIO(written, newline=""), delimiter=";"):
        assert not any(cell.startswith(("=", "+", "-", "@", "\uff1d")) for cell in cells[1:])
    (row,) = rows(a_document([a_section([line])]))
    assert unguarded(row["Description"]) == text


STARTS = ";\"0123456789eE+-=@\uff1d\uff0b\uff0d\uff20'\t\r\n"


@given(st.lists(TEXTS | st.text(alphabet=STARTS, max_size=20), max_size=50))
def test_the_engine_guards_as_python_does(texts: list[str]) -> None:
    texts = [text.replace("\x00", "") for text in texts]
    with duckdb.connect() as engine:
        query = f"SELECT {guarded_sql('x')} FROM (SELECT unnest($1::VARCHAR[]) AS x)"
        found = engine.execute(query, [texts]).fetchall()
    assert [cell for (cell,) in found] == [guarded(text) for text in texts]
