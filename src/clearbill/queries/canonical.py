"""The canonical document: one dict that screen, paper and freeze share.

A draft's is computed from its rows, a published one's is what was frozen. Staff-only keys of its
lines (`STAFF_ONLY`) must never reach a customer: `for_customer` takes them out.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from clearbill.records.models import (
    BillingProfile,
    Document,
    DocumentLine,
    Reseller,
    ResellerSettings,
)
from clearbill.rules.canonical import plain
from clearbill.rules.money import to_minor_units, total

SCHEMA = 1

STAFF_ONLY = frozenset({"cost", "list_cost", "rule", "a", "b", "c"})


@dataclass(frozen=True)
class Publication:
    """What publication adds to a draft. `invoice_number` is None for statements."""

    issue_date: date
    due_date: date
    invoice_number: str | None


@dataclass(frozen=True)
class Parties:
    """The reseller's side of a document, loaded once for many."""

    reseller: Reseller
    settings: ResellerSettings

    @classmethod
    def of(cls, reseller_id: int) -> "Parties":
        return cls(
            Reseller.objects.get(pk=reseller_id),
            ResellerSettings.objects.get(reseller_id=reseller_id),
        )

    def terms_days(self, profile: BillingProfile) -> int:
        """The customer's terms, else the reseller's, in days."""
        return profile.terms_days if profile.terms_days is not None else self.settings.terms_days


def lines_of(document: Document) -> list[DocumentLine]:
    """The document's lines in their order."""
    return list(
        DocumentLine.objects.filter(
            reseller_id=document.reseller_id, document_id=document.pk
        ).order_by("position")
    )


def of(document: Document) -> dict[str, Any]:
    """The canonical dict of a document: what was frozen, or a draft's as it stands now.

    Loads what it needs. A discarded draft has no lines left.
    """
    if document.frozen is not None:
        frozen: dict[str, Any] = json.loads(document.frozen)
        return frozen
    return build(document, lines_of(document), Parties.of(document.reseller_id), None)


def build(
    document: Document,
    lines: Sequence[DocumentLine],
    parties: Parties,
    publication: Publication | None,
) -> dict[str, Any]:
    """The dict of a draft, or of the document that a draft becomes by `publication`.

    Needs customer, profile, provider and replaces loaded on the document.
    """
    profile: BillingProfile = document.profile
    settings = parties.settings
    due = publication.due_date if publication else document.due_date
    return {
        "schema": SCHEMA,
        "document_id": document.code,
        "kind": document.kind,
        "invoice_number": publication.invoice_number if publication else None,
        "issue_date": publication.issue_date.isoformat() if publication else None,
        "due_date": due.isoformat() if due else None,
        "period_start": document.period_start.isoformat(),
        "period_end": document.period_end.isoformat(),
        "currency": document.currency,
        "language": profile.language,
        "provider": {"code": document.provider.code, "name": document.provider.name},
        "seller": {
            "slug": parties.reseller.slug,
            "name": parties.reseller.name,
            "legal_name": settings.legal_name,
            "address": settings.address,
            "tax_id": settings.tax_id,
            "bank_details": settings.bank_details,
            "legal_text": settings.legal_text,
        },
        "buyer": {
            "id": document.customer_id,
            "name": document.customer.name,
            "legal_name": profile.legal_name,
            "address": profile.address,
            "tax_id": profile.tax_id,
            "profile": profile.name,
        },
        "purchase_order": document.purchase_order,
        "terms_days": parties.terms_days(profile),
        "replaces": document.replaces.code if document.replaces else None,
        "sections": _sections(lines, document.currency),
        "taxes": [],
        "subtotal": shown(document.subtotal, document.currency),
        "tax": shown(document.tax, document.currency),
        "total": shown(document.total, document.currency),
        "exact_total": plain(document.exact_total),
    }


def shown(amount: Decimal, currency: str) -> str:
    """An amount in the currency's minor units, as the document carries it: `599.00`."""
    return f"{to_minor_units(amount, currency):f}"


def _sections(lines: Iterable[DocumentLine], currency: str) -> list[dict[str, Any]]:
    sections = []
    for account, group in groupby(lines, key=lambda line: line.account):
        members = list(group)
        sections.append(
            {
                "account": account,
                "account_name": members[0].account_name,
                "subtotal": shown(total([line.price for line in members]), currency),
                "lines": [line(each, currency) for each in members],
            }
        )
    return sections


def line(stored: DocumentLine, currency: str) -> dict[str, Any]:
    """One line of the canonical dict, from its row."""
    return {
        "position": stored.position,
        "key": stored.line_key,
        "service": stored.service,
        "sku": stored.sku,
        "description": stored.description,
        "qty": plain(stored.qty),
        "unit": stored.unit,
        "charge_type": stored.charge_type,
        "provider_charge": stored.provider_charge,
        "price": shown(stored.price, currency),
        "exact": plain(stored.exact),
        "first_date": stored.first_date.isoformat() if stored.first_date else None,
        "last_date": stored.last_date.isoformat() if stored.last_date else None,
        "rows": stored.rows,
        "cost": plain(stored.cost),
        "list_cost": plain(stored.list_cost),
        "rule": stored.rule,
        "a": plain(stored.a),
        "b": plain(stored.b),
        "c": plain(stored.c),
    }


def for_customer(document: Mapping[str, Any]) -> dict[str, Any]:
    """The same dict without what is the reseller's alone."""
    return {
        **document,
        "sections": [
            {
                **section,
                "lines": [
                    {key: value for key, value in line.items() if key not in STAFF_ONLY}
                    for line in section["lines"]
                ],
            }
            for section in document["sections"]
        ],
    }


def missing_for_tax_invoice(document: Mapping[str, Any]) -> list[str]:
    """What a tax invoice should show and this one lacks; a warning, publication goes on."""
    if document["kind"] != "tax-invoice":
        return []
    seller, buyer = document["seller"], document["buyer"]
    checks = [
        (seller["legal_name"], "your legal name"),
        (seller["address"], "your address"),
        (seller["tax_id"], "your tax id"),
        (buyer["legal_name"], "the customer's legal name"),
        (buyer["address"], "the customer's address"),
    ]
    return [words for value, words in checks if not value.strip()]
