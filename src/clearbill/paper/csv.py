"""Download CSV: the lines that the screen shows, with the tax, adding up to the total."""

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from clearbill.paper import amounts
from clearbill.paper.guard import guarded

BOM = "\ufeff"
COLUMNS = (
    "Document ID", "Invoice number", "Provider", "Billing period start", "Billing period end",
    "Account", "Account name", "Service", "SKU", "Description", "Qty", "Unit", "Charge Type",
    "Price", "Tax percent", "Currency", "Purchase order",
)  # fmt: skip
"""Always the same; a column for each printed custom field follows, under the field's name."""

_NUMBERS = frozenset({"Qty", "Price", "Tax percent"})


def shown_csv(document: Mapping[str, Any], *, raw: bool = False) -> bytes:
    """The canonical document's lines as UTF-8 with BOM, comma and CRLF.

    Price is the shown amount in the document's currency; the reseller's own tax is a row of its
    own, so that the Price column adds up to the document's total. The billing period's end is
    the last day, inclusive. `raw` leaves out the `'` before cells that a spreadsheet would run
    or spoil; a file for a person is never raw. Carries neither cost nor rule.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    fields = [(f["name"], f["value"]) for f in document["custom_fields"] if f["printed"]]
    writer.writerow([*COLUMNS, *(name if raw else guarded(name) for name, _ in fields)])
    head = _head(document)
    # By place, not by name: a field may be called as a column is.
    own = [value if raw else guarded(value) for _, value in fields]
    for row in _rows(document):
        cells = {**head, **row}
        writer.writerow(
            [
                *(
                    cells[name] if raw or name in _NUMBERS else guarded(cells[name])
                    for name in COLUMNS
                ),
                *own,
            ]
        )
    return (BOM + out.getvalue()).encode()


def _head(document: Mapping[str, Any]) -> dict[str, str]:
    last_day = date.fromisoformat(document["period_end"]) - timedelta(days=1)
    return {
        "Document ID": document["document_id"],
        "Invoice number": document["invoice_number"] or "",
        "Provider": document["provider"]["name"],
        "Billing period start": document["period_start"],
        "Billing period end": last_day.isoformat(),
        "Currency": document["currency"],
        "Purchase order": document["purchase_order"] or "",
    }


def _described(tax: Mapping[str, Any]) -> str:
    if tax["category"] == "S":
        return f"{tax['name']} {amounts.percent(tax['percent'])}"
    return f"{tax['name']}: {tax['reason']}" if tax["reason"] else str(tax["name"])


def _rows(document: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    for section in document["sections"]:
        for line in section["lines"]:
            yield {
                "Account": section["account"] or "",
                "Account name": section["account_name"] or "",
                "Service": line["service"] or "",
                "SKU": line["sku"] or "",
                "Description": line["description"] or "",
                "Qty": line["qty"],
                "Unit": line["unit"] or "",
                "Charge Type": line["charge_type"],
                "Price": line["price"],
                "Tax percent": line["tax"],
            }
    for tax in document["taxes"]:
        yield {
            **dict.fromkeys(("Account", "Account name", "Service", "SKU", "Unit"), ""),
            "Description": _described(tax),
            "Qty": "1",
            "Charge Type": "Tax",
            "Price": tax["amount"],
            "Tax percent": "",
        }
