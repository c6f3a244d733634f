"""The canonical document: one dict that screen, paper and freeze share.

A draft's is computed from its rows, a published one's is what was frozen. Staff-only keys of its
lines (`STAFF_ONLY`) must never reach a customer: `for_customer` takes them out.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject

from clearbill.queries.mail_templates import switched_off
from clearbill.records.models import (
    BillingProfile,
    CustomField,
    Document,
    DocumentLine,
    Reseller,
    ResellerSettings,
)
from clearbill.rules.canonical import plain
from clearbill.rules.currencies import Rate
from clearbill.rules.money import to_minor_units, total
from clearbill.rules.notification import why_no_mail

SCHEMA = 2

STAFF_ONLY = frozenset(
    {
        "cost",
        "list_cost",
        "cost_currency",
        "cost_converted",
        "list_converted",
        "rule",
        "a",
        "b",
        "c",
    }
)

_COLUMNS = [field.attname for field in DocumentLine._meta.concrete_fields]

# What schema 1 did not know, as a document of it reads today; its frozen text stays as it is.
_SINCE_2: dict[str, Any] = {"rates": [], "taxes": [], "custom_fields": [], "note": ""}
_SELLER_SINCE_2 = {
    "colour": "#1d4f91",
    "accent_colour": "#1f5aa6",
    "footer": "",
    "logo": None,
}


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
    fields: Sequence[Mapping[str, Any]] = ()
    """The custom fields in use, as `fields_of_documents` reads them."""
    mails_off: Sequence[str] = ()
    """The kinds of mail that are switched off."""

    @classmethod
    def of(cls, reseller_id: int) -> "Parties":
        settings: Any = ResellerSettings.objects.annotate(
            fields=fields_of_documents(), mails_off=switched_off()
        ).get(reseller_id=reseller_id)
        reseller = Reseller.objects.get(pk=reseller_id)
        return cls(reseller, settings, settings.fields, settings.mails_off)

    def why_no_mail(self, document: Document, kind: str) -> str:
        """Why nobody is told of a document by a mail of this kind; empty where somebody is."""
        return why_no_mail(
            recipients=document.profile.recipients,
            total=document.total,
            mails_zero=self.settings.zero_totals_publish_fully,
            switched_on=kind not in self.mails_off,
        )

    def terms_days(self, profile: BillingProfile) -> int:
        """The customer's terms, else the reseller's, in days."""
        return profile.terms_days if profile.terms_days is not None else self.settings.terms_days


def fields_of_documents() -> ArraySubquery:
    """The active custom fields in their order, to annotate the settings with."""
    return ArraySubquery(
        CustomField.objects.filter(reseller=OuterRef("reseller"), active=True)
        .order_by("position", "pk")
        .values(
            row=JSONObject(
                id="pk",
                name="name",
                kind="kind",
                choices="choices",
                required="required",
                printed="printed",
                visible="visible",
            )
        )
    )


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
        return _read(json.loads(document.frozen))
    return build(document, lines_of(document), Parties.of(document.reseller_id), None)


def _read(frozen: dict[str, Any]) -> dict[str, Any]:
    """What was frozen, with the keys that its schema did not have yet."""
    if frozen["schema"] == SCHEMA:
        return frozen
    read = {**_SINCE_2, **frozen}
    read["seller"] = {**_SELLER_SINCE_2, **frozen["seller"]}
    read["sections"] = [
        {
            "own": False,
            **section,
            "lines": [_read_line(each, frozen["currency"]) for each in section["lines"]],
        }
        for section in frozen["sections"]
    ]
    return read


def _read_line(frozen: dict[str, Any], currency: str) -> dict[str, Any]:
    converted = {
        "cost_currency": currency,
        "cost_converted": frozen["cost"],
        "list_converted": frozen["list_cost"],
    }
    return {"own": False, "tax": "", **converted, **frozen}


def lines_of_many(reseller_id: int, documents: Iterable[int]) -> dict[int, list[Any]]:
    """The lines of documents in their order, as `build` takes them: rows, for a thousand of them
    cost more as models than all the rest."""
    found: dict[int, list[Any]] = defaultdict(list)
    rows = DocumentLine.objects.filter(reseller_id=reseller_id, document__in=list(documents))
    for row in rows.order_by("document_id", "position").values_list(*_COLUMNS, named=True):
        found[row.document_id].append(row)
    return found


def rates_of(document: Document) -> dict[str, Rate]:
    """The rates that a document was converted at, by the currency of the usage."""
    return {
        each["from"]: Rate(
            each["from"],
            each["to"],
            Decimal(each["rate"]),
            each["source"],
            date.fromisoformat(each["day"]),
        )
        for each in document.rates
    }


def build(
    document: Document,
    lines: Sequence[DocumentLine],
    parties: Parties,
    publication: Publication | None,
) -> dict[str, Any]:
    """The dict of a draft, or of the document that a draft becomes by `publication`.

    Needs customer, profile, provider and replaces loaded on the document.
    """
    draft = _draft(document, lines, parties)
    return published(draft, publication) if publication else draft


def published(draft: Mapping[str, Any], publication: Publication) -> dict[str, Any]:
    """The dict of a draft with what publication adds to it."""
    return {
        **draft,
        "invoice_number": publication.invoice_number,
        "issue_date": publication.issue_date.isoformat(),
        "due_date": publication.due_date.isoformat(),
    }


def _draft(document: Document, lines: Sequence[DocumentLine], parties: Parties) -> dict[str, Any]:
    profile: BillingProfile = document.profile
    return {
        "schema": SCHEMA,
        "document_id": document.code,
        "kind": document.kind,
        "invoice_number": None,
        "issue_date": None,
        "due_date": document.due_date.isoformat() if document.due_date else None,
        "period_start": document.period_start.isoformat(),
        "period_end": document.period_end.isoformat(),
        "currency": document.currency,
        "language": profile.language,
        "provider": {"code": document.provider.code, "name": document.provider.name},
        "seller": _seller(parties),
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
        "custom_fields": _custom_fields(document, parties.fields),
        "note": document.note if document.note_printed else "",
        "sections": _sections(lines, document),
        "rates": document.rates,
        "taxes": document.taxes,
        "subtotal": shown(document.subtotal, document.currency),
        "tax": shown(document.tax, document.currency),
        "total": shown(document.total, document.currency),
        "exact_total": plain(document.exact_total),
    }


def _seller(parties: Parties) -> dict[str, Any]:
    settings = parties.settings
    logo = {"key": settings.logo_path, "sha256": settings.logo_hash} if settings.logo_path else None
    return {
        "slug": parties.reseller.slug,
        "name": parties.reseller.name,
        "legal_name": settings.legal_name,
        "address": settings.address,
        "tax_id": settings.tax_id,
        "bank_details": settings.bank_details,
        "legal_text": settings.legal_text,
        "colour": settings.colour,
        "accent_colour": settings.accent_colour,
        "footer": settings.footer,
        "logo": logo,
    }


def shown(amount: Decimal, currency: str) -> str:
    """An amount in the currency's minor units, as the document carries it: `599.00`."""
    return f"{to_minor_units(amount, currency):f}"


def _custom_fields(document: Document, fields: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The fields that have a value, in their order."""
    return [
        {
            "id": field["id"],
            "name": field["name"],
            "kind": field["kind"],
            "value": value,
            "printed": field["printed"],
            "visible": field["visible"],
        }
        for field in fields
        if (value := document.custom_fields.get(str(field["id"]), ""))
    ]


def _sections(lines: Iterable[DocumentLine], document: Document) -> list[dict[str, Any]]:
    sections = []
    tax = tax_percent(document.taxes)
    for (own, account), group in groupby(lines, key=lambda line: (line.own, line.account)):
        members = list(group)
        sections.append(
            {
                "account": account,
                "account_name": members[0].account_name,
                "own": own,
                "subtotal": shown(total([line.price for line in members]), document.currency),
                "lines": [line(each, document.currency, tax) for each in members],
            }
        )
    return sections


def tax_percent(taxes: Sequence[Mapping[str, Any]]) -> str:
    """The percentage that the taxes of a document come to in sum; empty without taxes."""
    return plain(total([Decimal(tax["percent"]) for tax in taxes])) if taxes else ""


def line(stored: DocumentLine, currency: str, tax: str) -> dict[str, Any]:
    """One line of the canonical dict, from its row; `tax` is its tax's percentage, or empty."""
    return {
        "own": stored.own,
        "tax": tax,
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
        "cost_currency": stored.cost_currency,
        "cost_converted": plain(stored.cost_converted),
        "list_converted": plain(stored.list_converted),
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
        "custom_fields": [f for f in document["custom_fields"] if f["visible"]],
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
    lacking = [words for value, words in checks if not value.strip()]
    return lacking + ([] if document["taxes"] else ["a tax, or the reason why none is charged"])
