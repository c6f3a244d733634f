"""The words printed on a document, by language. Paper falls back to English."""

from clearbill.rules.lifecycle import KIND_NAMES, Kind

_ENGLISH = {
    Kind.TAX_INVOICE.value: KIND_NAMES[Kind.TAX_INVOICE],
    Kind.STATEMENT.value: KIND_NAMES[Kind.STATEMENT],
    "draft": "DRAFT",
    "draft_note": "Not an invoice. Amounts may still change.",
    "from": "From",
    "bill_to": "Bill to",
    "tax_id": "Tax ID",
    "invoice_number": "Invoice number",
    "document_id": "Document ID",
    "period": "Billing period",
    "issue_date": "Issue date",
    "due_date": "Due date",
    "provider": "Provider",
    "purchase_order": "Purchase order",
    "terms": "Terms",
    "terms_days": "{days} days net",
    "terms_now": "Due on receipt",
    "replaces": "Replaces",
    "summary": "Summary",
    "account": "Account",
    "lines": "Lines",
    "amount": "Amount",
    "details": "Charges in detail",
    "description": "Description",
    "qty": "Qty",
    "charge_type": "Charge Type",
    "price": "Price",
    "section_subtotal": "Subtotal",
    "zero_lines": "{count} lines of {zero}",
    "zero_line": "1 line of {zero}",
    "subtotal": "Subtotal",
    "tax": "Tax",
    "total": "Total",
    "on": "on",
    "by": "by",
    "payment": "Payment",
    "reference": "Reference",
    "annex": (
        "The usage behind the {count} lines of this document is its annex, the Detailed CSV\n{file}"
    ),
    "no_charges": "No charges in this billing period.",
    "page": "Page",
    "of": "of",
    "sku": "SKU",
    "no_account": "No account",
}
_LANGUAGES = {"en": _ENGLISH}


def words(language: str) -> dict[str, str]:
    """The words of a language (`en`, `en-GB`); of English where a language has none."""
    return _LANGUAGES.get(language.split("-")[0].lower(), _ENGLISH)
