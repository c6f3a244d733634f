"""What documents print since schema 2: taxes with reasons, rates, custom fields, own lines, note;
and German."""

import csv
import io
from typing import Any

import pytest

from clearbill.paper.csv import shown_csv
from paper.documents import a_document, a_line, a_section, a_seller, a_taxed_document
from paper.test_pdf import text

FIELD = {
    "id": 1,
    "name": "Kostenstelle",
    "kind": "text",
    "value": "4711",
    "printed": True,
    "visible": True,
}
HIDDEN = {**FIELD, "id": 2, "name": "Margin class", "value": "gold", "printed": False}
DATE = {**FIELD, "id": 3, "name": "Ordered", "kind": "date", "value": "2024-09-12"}
RATE = {"from": "USD", "to": "EUR", "rate": "0.9221689410", "source": "ECB", "day": "2024-09-30"}
REVERSE = {
    "name": "Reverse charge",
    "category": "AE",
    "percent": "0",
    "reason": "Article 196, Directive 2006/112/EC",
    "base": "599.00",
    "amount": "0.00",
}


def rows(document: dict[str, Any]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(shown_csv(document).decode("utf-8-sig"))))


def test_custom_fields_that_are_printed_stand_among_the_facts() -> None:
    shown = text(a_document(custom_fields=[FIELD, HIDDEN, DATE]))
    assert "Kostenstelle 4711" in shown
    assert "Ordered 12 Sep 2024" in shown
    assert "gold" not in shown


def test_custom_fields_are_columns_of_the_csv() -> None:
    row = rows(a_document(custom_fields=[FIELD, HIDDEN]))[0]
    assert (row["Kostenstelle"], row["Purchase order"]) == ("4711", "PO-4711")
    assert "Margin class" not in row


def test_a_field_called_as_a_column_takes_nothing_from_it() -> None:
    field = {**FIELD, "name": "=Price", "value": "=1+1"}
    lines = shown_csv(a_document(custom_fields=[field])).decode("utf-8-sig").splitlines()
    assert lines[0].endswith(",'=Price")
    assert lines[1].endswith(",'=1+1")


def test_where_no_tax_is_charged_the_reason_is_printed() -> None:
    document = a_document(taxes=[REVERSE])
    assert "Reverse charge: Article 196, Directive 2006/112/EC 0.00" in text(document)
    assert rows(document)[-1]["Description"].endswith("Directive 2006/112/EC")


def test_each_line_says_its_tax() -> None:
    assert "Tax 19%" in text(a_taxed_document())
    assert rows(a_taxed_document())[0]["Tax percent"] == "19"


def test_rates_note_and_footer_are_printed() -> None:
    seller = {**a_seller(), "footer": "Questions: billing@example.com"}
    shown = text(a_document(rates=[RATE], note="Thank you\nfor waiting", seller=seller))
    assert "1 USD = 0.922168941 EUR, ECB, 30 Sep 2024" in shown
    assert "Note Thank you for waiting" in shown
    assert "billing@example.com" in shown


def test_own_lines_have_a_section_of_their_own() -> None:
    own = a_section([a_line(9, "25.00", own=True, description="Setup", service="", sku="")],
                    account="", account_name="", own=True)  # fmt: skip
    shown = text(a_document([a_section([a_line()]), own]))
    assert "Additional charges" in shown
    assert "Setup" in shown


def test_a_german_document_is_german_throughout() -> None:
    lines = [a_section([a_line(price="1234.50", qty="1234.5")])]
    shown = text({**a_taxed_document(), **a_document(lines, language="de", rates=[RATE])})
    for words in ("Rechnung", "Rechnungsnummer", "01.09.2024 – 30.09.2024", "1.234,50",
                  "1.234,5", "Nutzung", "Gesamtbetrag", "Seite 1 von 1", "30 Tage netto",
                  "Wechselkurse: 1 USD = 0,922168941 EUR"):  # fmt: skip
        assert words in shown, words
    assert "Invoice" not in shown


@pytest.mark.parametrize(("language", "total"), [("en", "Tax 119.80"), ("de", "Steuer 119,80")])
def test_one_tax_is_printed_once_and_several_with_their_sum(language: str, total: str) -> None:
    one = {**a_taxed_document(), "language": language, "tax": "119.80", "total": "718.80"}
    assert total not in text(one)
    second = {**one["taxes"][0], "name": "Levy", "percent": "1", "amount": "5.99"}
    assert total in text({**one, "taxes": [*one["taxes"], second]})
