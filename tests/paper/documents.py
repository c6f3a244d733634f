"""Canonical documents for the tests of paper: one cast, changed where a test says so."""

from decimal import Decimal
from typing import Any

STAFF_MARKER = "987654.321"
"""Stands in every cost and coefficient; no paper may carry it."""


def a_line(position: int = 1, price: str = "599.00", **changes: Any) -> dict[str, Any]:
    line = {
        "position": position,
        "key": f"0001|Compute|SKU-{position}|Usage|Hours|USD",
        "service": "Compute",
        "sku": f"SKU-{position}",
        "description": f"Virtual machine {position}",
        "qty": "744",
        "unit": "Hours",
        "charge_type": "Usage",
        "provider_charge": "Usage",
        "price": price,
        "exact": price,
        "first_date": "2024-09-01",
        "last_date": "2024-09-30",
        "rows": 30,
        "own": False,
        "tax": "",
    }
    costs = ("cost", "list_cost", "cost_converted", "list_converted", "cost_currency")
    staff_only = dict.fromkeys((*costs, "a", "b", "c"), STAFF_MARKER)
    return {**line, **staff_only, "rule": 987654321, **changes}


def a_section(lines: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    subtotal = str(sum((Decimal(line["price"]) for line in lines), Decimal("0.00")))
    section = {"account": "0001", "account_name": "Contoso Production", "subtotal": subtotal}
    return {**section, "own": False, "lines": lines, **changes}


def a_document(sections: list[dict[str, Any]] | None = None, **changes: Any) -> dict[str, Any]:
    """Contoso's tax invoice for September 2024; without sections it has one line of 599.00."""
    parts = [a_section([a_line()])] if sections is None else sections
    subtotal = str(sum((Decimal(part["subtotal"]) for part in parts), Decimal("0.00")))
    document = {
        "schema": 2,
        "custom_fields": [],
        "note": "",
        "rates": [],
        "document_id": "D-000123",
        "kind": "tax-invoice",
        "invoice_number": "INV-000042",
        "issue_date": "2024-10-02",
        "due_date": "2024-11-01",
        "period_start": "2024-09-01",
        "period_end": "2024-10-01",
        "currency": "USD",
        "language": "en",
        "provider": {"code": "microsoft-csp", "name": "Microsoft CSP"},
        "seller": a_seller(),
        "buyer": a_buyer(),
        "purchase_order": "PO-4711",
        "terms_days": 30,
        "replaces": None,
        "sections": parts,
        "taxes": [],
        "subtotal": subtotal,
        "tax": "0.00",
        "total": subtotal,
        "exact_total": subtotal,
    }
    return {**document, **changes}


def a_taxed_document() -> dict[str, Any]:
    tax = {
        "name": "VAT",
        "category": "S",
        "percent": "19",
        "reason": "",
        "base": "599.00",
        "amount": "113.81",
    }
    lines = [a_section([a_line(tax="19")])]
    return a_document(lines, taxes=[tax], tax="113.81", total="712.81")


def a_seller() -> dict[str, Any]:
    return {
        "slug": "northwind",
        "name": "Northwind Cloud",
        "legal_name": "Northwind Cloud Services GmbH",
        "address": "Speicherstraße 12\n20457 Hamburg\nGermany",
        "tax_id": "DE129273398",
        "bank_details": "Hanseatic Bank AG\nIBAN DE02120300000000202051",
        "legal_text": "Registered at Amtsgericht Hamburg, HRB 12345.",
        "colour": "#1d4f91",
        "accent_colour": "#1f5aa6",
        "footer": "",
        "logo": None,
    }


def a_buyer() -> dict[str, Any]:
    return {
        "id": 1,
        "name": "Contoso",
        "legal_name": "Contoso Manufacturing Ltd.",
        "address": "4 Quay Street\nDublin\nIreland",
        "tax_id": "IE6388047V",
        "profile": "Default",
    }
