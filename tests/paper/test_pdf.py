"""The PDF: what is on it, that it is PDF/A-3b, and that it is the same file each time."""

import hashlib
import io
import json
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pikepdf import pdfa
from pypdf import PdfReader

from clearbill.paper import pdf
from clearbill.paper.pdf import render_pdf, unprintable
from clearbill.paper.view import DETAIL_LIMIT
from paper.documents import (
    STAFF_MARKER,
    a_buyer,
    a_document,
    a_line,
    a_section,
    a_seller,
    a_taxed_document,
)

MANY = [a_section([a_line(n, "1.10") for n in range(1, 31)]), a_section([a_line(99, "-12.50")])]


def pages(document: Mapping[str, Any], *, draft: bool = False) -> list[str]:
    """The text of each page, white space drawn together and invisible breaks taken out."""
    reader = PdfReader(io.BytesIO(render_pdf(document, draft=draft)))
    return [" ".join(page.extract_text().replace("\u200b", "").split()) for page in reader.pages]


def text(document: Mapping[str, Any], *, draft: bool = False) -> str:
    return " ".join(pages(document, draft=draft))


def test_the_pdf_carries_number_id_period_dates_parties_and_bank() -> None:
    shown = text(a_document())
    for words in (
        "Tax invoice", "INV-000042", "D-000123", "1–30 Sep 2024", "2 Oct 2024", "1 Nov 2024",
        "Northwind Cloud Services GmbH", "DE129273398", "Contoso Manufacturing Ltd.", "Dublin",
        "IE6388047V", "Microsoft CSP", "PO-4711", "30 days net", "IBAN DE02120300000000202051",
        "Amtsgericht Hamburg", "Page 1 of 1",
    ):  # fmt: skip
        assert words in shown


def test_lines_subtotal_tax_per_rate_and_total_are_read_back_from_the_pdf() -> None:
    shown = text(a_taxed_document())
    assert "Virtual machine 1" in shown
    assert "Compute · SKU SKU-1" in shown
    assert "744" in shown
    assert "Subtotal 599.00" in shown
    assert "VAT 19% on 599.00 113.81" in shown
    assert "Total USD 712.81" in shown


def test_every_line_of_a_long_document_is_printed_and_negative_amounts_are_clear() -> None:
    shown = text(a_document(MANY))
    assert all(f"Virtual machine {n} " in shown for n in range(1, 31))
    assert shown.count(" 1.10") == 30
    assert "\N{MINUS SIGN}12.50" in shown
    assert "Total USD 20.50" in shown


def test_a_long_document_has_its_whole_invoice_on_the_first_page() -> None:
    first, *rest = pages(a_document(MANY))
    assert "Summary" in first
    assert "Total USD 20.50" in first
    assert "IBAN" in first
    assert rest


def test_the_table_head_and_the_account_are_repeated_on_each_page_of_lines() -> None:
    lines = [a_line(n, "1.00") for n in range(1, 91)]
    _, *details = pages(a_document([a_section(lines)]))
    assert len(details) >= 3
    for page in details[:3]:
        assert "Contoso Production 0001 90.00 Description Qty Charge Type Price (USD)" in page


def test_lines_of_nothing_are_folded() -> None:
    lines = [a_line(1), a_line(2, "0.00"), a_line(3, "0.00")]
    shown = text(a_document([a_section(lines)]))
    assert "2 lines of 0.00 0.00" in shown
    assert "Virtual machine 2" not in shown


def test_a_draft_says_so_on_each_page_and_has_no_number() -> None:
    for page in pages(a_document(MANY), draft=True):
        assert page.count("DRAFT") >= 2
        assert "INV-000042" not in page
    assert "Not an invoice" in text(a_document(), draft=True)


def test_a_draft_without_number_dates_and_terms_prints() -> None:
    bare = a_document(invoice_number=None, issue_date=None, due_date=None, terms_days=None)
    shown = text(bare, draft=True)
    assert "Due date" not in shown
    assert "Issue date" not in shown


def test_a_published_document_does_not_say_draft_and_names_no_status() -> None:
    shown = text(a_document())
    assert not re.search(r"draft|open|past due|closed|voided", shown, re.IGNORECASE)


@pytest.mark.parametrize(
    ("currency", "price", "shown"),
    [
        ("JPY", "1234567", "1,234,567"),
        ("KWD", "1234.567", "1,234.567"),
        ("USD", "1234.50", "1,234.50"),
    ],
)  # fmt: skip
def test_amounts_have_the_decimals_of_their_currency(currency: str, price: str, shown: str) -> None:
    section = a_section([a_line(1, price)], subtotal=price)
    tax = {"JPY": "0", "KWD": "0.000", "USD": "0.00"}[currency]
    document = a_document([section], currency=currency, subtotal=price, total=price, tax=tax)
    assert f"Total {currency} {shown}" in text(document)


def test_beyond_the_limit_the_pdf_is_a_summary_that_names_its_annex() -> None:
    lines = [a_line(n, "1.00") for n in range(1, DETAIL_LIMIT + 2)]
    (only,) = pages(a_document([a_section(lines)]))
    assert "Contoso_Microsoft-CSP_2024-09_D-000123_detailed.csv" in only
    assert "Total USD 2,001.00" in only
    assert "Virtual machine" not in only


def test_no_cost_rule_or_coefficient_is_on_paper() -> None:
    raw = render_pdf(a_document(MANY), draft=False)
    shown = text(a_document(MANY))
    assert STAFF_MARKER not in shown
    assert "987,654" not in shown
    assert b"987654" not in raw


@pytest.mark.parametrize(
    "payload",
    ['#import "/etc/passwd": x', "<script>alert(1)</script>", "$x$ #{1+1}", "\\u{41} \\ \"'",
     "*b* _i_ `c` @ref <label> // gone", "]#panic()[", "{{ 1 }} %s"],
)  # fmt: skip
def test_text_is_never_code(payload: str) -> None:
    document = a_document(
        [a_section([a_line(description=payload)], account_name=payload)],
        buyer={**a_buyer(), "legal_name": payload, "address": payload},
        seller={**a_seller(), "legal_text": payload, "bank_details": payload},
    )
    assert text(document).count(payload) >= 5


def test_letters_without_a_font_become_their_code_points_and_are_reported() -> None:
    document = a_document([a_section([a_line(description="中 \U0001f600 \x07\u202eBell")])])
    assert "[U+4E2D] [U+1F600] Bell" in text(document)
    assert unprintable(document) == ["中 U+4E2D", "\U0001f600 U+1F600"]
    assert unprintable(a_document()) == []


def test_letters_that_exist_but_do_not_combine_become_code_points(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # As if the fonts had every letter: the renderer refuses, and the plain letters step in.
    monkeypatch.setattr(pdf, "coverage", lambda _: frozenset(range(0x110000)))
    document = a_document([a_section([a_line(description="Größe 中")])])
    assert "Größe [U+4E2D]" in text(document)
    assert "1–30 Sep 2024" in text(document)


def test_long_names_and_empty_parties_print() -> None:
    nobody = dict.fromkeys(("name", "legal_name", "address", "tax_id", "profile"), "")
    long = a_line(description="/subscriptions/" + "x" * 285, service="W" * 200, unit="u" * 90)
    document = a_document([a_section([long], account_name="A" * 300)], buyer={**nobody, "id": 1})
    assert "/subscriptions/" in text(document)
    assert valid(render_pdf({**document, "sections": []}, draft=False))


def valid(made: bytes) -> bool:
    report = pdfa.validate_written(io.BytesIO(made), "3b")
    assert not report.findings
    return bool(report.verdict == "pass")


@pytest.mark.parametrize("draft", [False, True])
def test_the_pdf_is_valid_pdf_a_3b_and_tagged(draft: bool) -> None:
    made = render_pdf(a_document(MANY), draft=draft)
    assert valid(made)
    root: Any = PdfReader(io.BytesIO(made)).trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"


def test_two_processes_seconds_apart_make_the_same_bytes(tmp_path: Path) -> None:
    given_document = tmp_path / "document.json"
    given_document.write_text(json.dumps(a_document(MANY)))
    program = (
        "import hashlib, json, sys; from clearbill.paper.pdf import render_pdf;"
        "document = json.load(open(sys.argv[1]));"
        "print(hashlib.sha256(render_pdf(document, draft=False)).hexdigest())"
    )
    hashes = set()
    for _ in range(2):
        command = [sys.executable, "-c", program, str(given_document)]
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, env=python_path()
        )
        hashes.add(done.stdout.strip())
        time.sleep(1.1)
    assert hashes == {hashlib.sha256(render_pdf(a_document(MANY), draft=False)).hexdigest()}


def python_path() -> dict[str, str]:
    return {"PYTHONPATH": ":".join(filter(None, sys.path))}


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60), st.text(max_size=200))
def test_any_text_prints(name: str, description: str) -> None:
    line = a_line(description=description, service=name, sku=name, unit=name)
    document = a_document(
        [a_section([line], account_name=name)],
        buyer={**a_buyer(), "legal_name": name, "address": description},
        purchase_order=name,
    )
    assert render_pdf(document, draft=False).startswith(b"%PDF-1.7")
