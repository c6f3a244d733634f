"""Charges as FOCUS 1.2 files, each written in the manner of its provider."""

import csv
import gzip
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from hashlib import sha256
from pathlib import Path

from clearbill.rules.periods import next_month
from clearbill.usage.feeds.focus import COLUMNS
from clearbill.wiring.demo.catalogue import ONCE, Sku, Vendor
from clearbill.wiring.demo.usage import Charge, Line

HEADER = tuple(sorted(COLUMNS))

# As an export that keeps amounts as doubles writes them: 17 digits, small ones with exponents.
_LIKE_A_DOUBLE = Context(prec=17)


@dataclass(frozen=True)
class Payer:
    """Who the provider bills: the reseller, under its billing account there."""

    id: str
    name: str
    issuer: str


def write(
    path: Path, vendor: Vendor, payer: Payer, month: date, charges: Iterable[Charge]
) -> tuple[Path, int]:
    """Write one statement; the path (`.gz` where this provider compresses) and its rows."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(HEADER)
    rows = 0
    for row in _rows(vendor, payer, month, charges):
        writer.writerow(row)
        rows += 1
    data = stream.getvalue().encode()
    if vendor.code == "google-cloud":
        path = path.with_name(f"{path.name}.gz")
        # No time inside, so that the same charges give the same bytes.
        data = gzip.compress(data, 6, mtime=0)
    path.write_bytes(data)
    return path, rows


def _rows(
    vendor: Vendor, payer: Payer, month: date, charges: Iterable[Charge]
) -> Iterator[list[str]]:
    null = "NULL" if vendor.code == "microsoft-csp" else ""
    place = {column: number for number, column in enumerate(HEADER)}
    known: dict[tuple[int, str], list[str]] = {}
    for charge in charges:
        key = (id(charge.line), charge.description)
        if key not in known:
            cells = _cells(vendor, payer, month, charge.line) | {
                "ChargeDescription": charge.description
            }
            known[key] = [cells.get(column) or null for column in HEADER]
        row = known[key].copy()
        for column, cell in _moving(vendor, charge).items():
            row[place[column]] = cell or null
        yield row


def _moving(vendor: Vendor, charge: Charge) -> dict[str, str]:
    """The cells that differ from day to day."""
    quantity = _number(vendor, charge.quantity)
    return {
        "BilledCost": _number(vendor, charge.cost),
        "ContractedCost": _number(vendor, charge.cost),
        "EffectiveCost": _number(vendor, charge.effective),
        "ListCost": _number(vendor, charge.list_cost),
        "PricingQuantity": quantity,
        "ConsumedQuantity": quantity if charge.line.category == "Usage" else "",
        "ChargePeriodStart": _time(vendor, charge.start),
        "ChargePeriodEnd": _time(vendor, charge.end),
        "ChargeClass": "Correction" if charge.correction else "",
    }


def _number(vendor: Vendor, amount: Decimal | None) -> str:
    if amount is None:
        return ""
    if vendor.code == "google-cloud":
        return _as_double(_LIKE_A_DOUBLE.plus(amount).normalize()) if amount else "0"
    places = 10 if vendor.code == "aws" else 15
    return f"{amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):f}"


def _as_double(amount: Decimal) -> str:
    return f"{amount:E}" if amount.adjusted() < -4 else f"{amount:f}"


def _time(vendor: Vendor, day: date) -> str:
    if vendor.code == "google-cloud":
        return f"{day} 00:00:00 UTC"
    return f"{day}T00:00:00Z"


def _cells(vendor: Vendor, payer: Payer, month: date, line: Line) -> dict[str, str]:
    """The cells that all charges of a line share; what is missing is null."""
    cells = {
        "BillingAccountId": payer.id,
        "BillingAccountName": payer.name,
        "BillingAccountType": vendor.payer_type,
        "BillingCurrency": "USD",
        "BillingPeriodStart": _time(vendor, month),
        "BillingPeriodEnd": _time(vendor, next_month(month)),
        "ChargeCategory": line.category,
        "ChargeFrequency": _frequency(line),
        "InvoiceId": _digits(10, payer.id, str(month)),
        "InvoiceIssuerName": payer.issuer,
        "ProviderName": vendor.name,
        "PublisherName": vendor.publisher,
        "PricingCurrency": "USD",
        "ServiceCategory": line.service.category,
        "ServiceName": line.service.service,
        "ServiceSubcategory": line.service.subcategory,
        "SubAccountId": line.account.id,
        "SubAccountName": line.account.name,
        "SubAccountType": vendor.account_type,
    }
    if line.sku:
        cells |= _sku_cells(vendor, line.sku)
    if line.category == "Usage" and line.sku:
        cells |= _resource_cells(vendor, line, line.sku)
    if line.covered:
        cells |= _commitment_cells(line)
    return cells


def _frequency(line: Line) -> str:
    if line.category == "Purchase" and line.sku:
        return "One-Time" if line.sku.kind == ONCE else "Recurring"
    return "Usage-Based" if line.category == "Usage" else "One-Time"


def _sku_cells(vendor: Vendor, sku: Sku) -> dict[str, str]:
    listed, paid = f"{sku.price:f}", f"{sku.price * vendor.factor:f}"
    return {
        "SkuId": sku.id,
        "SkuPriceId": sku.price_id,
        "SkuMeter": sku.subcategory,
        "SkuPriceDetails": json.dumps({"Unit": sku.unit, "Term": sku.kind}),
        "PricingCategory": "Standard",
        "PricingUnit": sku.unit,
        "ConsumedUnit": sku.unit if sku.kind == "usage" else "",
        "ListUnitPrice": listed,
        "ContractedUnitPrice": paid,
        "PricingCurrencyListUnitPrice": listed,
        "PricingCurrencyContractedUnitPrice": paid,
    }


def _resource_cells(vendor: Vendor, line: Line, sku: Sku) -> dict[str, str]:
    token = _token(line.account.id, sku.id)
    kind = "".join(word for word in sku.subcategory.title() if word.isalpha())
    name = f"{kind.lower()}-{token[:6]}"
    resource = {
        "aws": f"arn:aws:{kind.lower()}:{vendor.region_id}:{line.account.id}:{name}",
        "microsoft-csp": f"/subscriptions/{line.account.id}/resourceGroups/rg-{token[6:9]}"
        f"/providers/{kind}/{name}",
        "google-cloud": f"//{kind.lower()}.example/projects/{line.account.id}/{name}",
    }[vendor.code]
    environment = ("prod", "prod", "staging", "dev")[int(token[0], 16) % 4]
    cells = {
        "RegionId": vendor.region_id,
        "RegionName": vendor.region_name,
        "ResourceId": resource,
        "ResourceName": name,
        "ResourceType": sku.subcategory,
    }
    if int(token[1], 16) % 3:
        centre = f"{4000 + int(token[2:4], 16)}"
        cells["Tags"] = json.dumps({"environment": environment, "cost-center": centre})
    if vendor.code == "aws" and sku.category == "Compute":
        cells["AvailabilityZone"] = f"{vendor.region_id}{'abc'[int(token[5], 16) % 3]}"
    return cells


def _commitment_cells(line: Line) -> dict[str, str]:
    token = _token(line.account.id, "commitment")
    return {
        "PricingCategory": "Committed",
        "CommitmentDiscountCategory": "Spend",
        "CommitmentDiscountId": f"commitment-{token[:12]}",
        "CommitmentDiscountName": "Compute, 1 year",
        "CommitmentDiscountStatus": "Used",
        "CommitmentDiscountType": "Savings plan",
        "CommitmentDiscountUnit": "USD",
    }


def _token(*parts: str) -> str:
    return sha256("/".join(parts).encode()).hexdigest()


def _digits(count: int, *parts: str) -> str:
    return str(int(_token(*parts), 16))[:count]
