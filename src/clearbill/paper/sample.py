"""A made-up document of a reseller, to look at where it has none: with its own name and address."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from clearbill.queries import canonical
from clearbill.queries.canonical import Parties, Publication
from clearbill.records import clock
from clearbill.records.models import BillingProfile, Customer, Document, DocumentLine, Provider
from clearbill.rules.lifecycle import Kind
from clearbill.rules.periods import months_back, next_month

_LINES = (
    ("Contoso production", "Virtual machines", "VM D4s v5, West Europe", "744", "Usage", "182.40"),
    ("Contoso production", "Object storage", "Standard, 2.4 TB", "2400", "Usage", "48.96"),
    ("Contoso workplace", "Microsoft 365", "Business Premium, 42 seats", "42", "Subscription",
     "868.64"),
)  # fmt: skip
_VAT = Decimal("0.19")


def sample(parties: Parties, language: str = "en") -> dict[str, Any]:
    """The canonical dict of a published document for the month before this one."""
    today = clock.today(parties.reseller.time_zone)
    numbered = parties.settings.kind == Kind.TAX_INVOICE
    publication = Publication(today, today + timedelta(days=30), "INV-000042" if numbered else None)
    return canonical.build(_document(parties, language), _lines(), parties, publication)


def _document(parties: Parties, language: str) -> Document:
    start = months_back(clock.today(parties.reseller.time_zone).replace(day=1), 1)
    customer = Customer(name="Contoso")
    subtotal = sum((Decimal(price) for *_, price in _LINES), Decimal(0))
    tax = (subtotal * _VAT).quantize(Decimal("0.01"))
    vat = {"name": "VAT", "category": "S", "percent": "19", "reason": ""}
    return Document(
        code="D-000123",
        kind=parties.settings.kind,
        currency="EUR",
        period_start=start,
        period_end=next_month(start),
        customer=customer,
        provider=Provider(code="microsoft-csp", name="Microsoft CSP"),
        profile=BillingProfile(
            customer=customer,
            legal_name="Contoso Manufacturing Ltd.",
            address="4 Quay Street\nDublin 2\nIreland",
            tax_id="IE6388047V",
            language=language,
        ),
        purchase_order="PO-4711",
        taxes=[{**vat, "base": f"{subtotal:f}", "amount": f"{tax:f}"}],
        subtotal=subtotal,
        tax=tax,
        total=subtotal + tax,
        exact_total=subtotal + tax,
    )


def _lines() -> list[DocumentLine]:
    nothing = Decimal(0)
    return [
        DocumentLine(
            position=position,
            line_key=f"sample {position}",
            account=f"000{1 if 'production' in account else 2}",
            account_name=account,
            service=service,
            description=description,
            qty=Decimal(quantity),
            charge_type=charge_type,
            provider_charge=charge_type,
            price=Decimal(price),
            exact=Decimal(price),
            rows=1,
            cost_currency="EUR",
            **dict.fromkeys(("cost", "list_cost", "cost_converted", "list_converted"), nothing),
            **dict.fromkeys(("a", "b", "c"), nothing),
        )
        for position, (account, service, description, quantity, charge_type, price) in enumerate(
            _LINES, start=1
        )
    ]
