"""What the PDF template prints: every amount, date and word of a document, ready as text.

An allow-list: cost, list cost, rule and coefficients of the canonical document stay behind.
"""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from clearbill.paper import amounts
from clearbill.paper import logo as logos
from clearbill.paper.language import Language, known
from clearbill.paper.names import file_name
from clearbill.paper.text import breakable, lines, one_line
from clearbill.paper.words import words
from clearbill.rules import colour
from clearbill.rules.canonical import plain

DETAIL_LIMIT = 2_000
"""Beyond so many lines that are not 0.00 the PDF stays a summary; the Detailed CSV is its annex."""

COVER_LIMIT = 14
"""Beyond so many rows the first page is the whole invoice and the lines follow behind it."""

LONG_SECTION = 20
"""A section of more lines repeats its subtotal below them, since its bar is out of sight."""

LOGO_PLACE = (620, 180)
"""Greatest width and height of the logo, in tenths of a millimetre."""

_WASH = 0.09

NARROW = 12
"""After so many letters a long word may break in the narrow columns of the first page's head."""

Clean = Callable[[str], str]


def view(
    document: Mapping[str, Any], *, draft: bool, clean: Clean, logo: bytes | None = None
) -> dict[str, Any]:
    """The template's data. `clean` makes foreign text printable; own words pass it untouched."""
    word = words(document["language"])
    language = Language(known(document["language"]))
    nonzero = sum(not _is_zero(line) for part in document["sections"] for line in part["lines"])
    summary_only = nonzero > DETAIL_LIMIT
    count = sum(len(part["lines"]) for part in document["sections"])
    annex = file_name(document, "csv", detailed=True)
    return {
        "words": {name: text for name, text in word.items() if "{" not in text},
        "language": language.code,
        "draft": draft,
        "kind": word[document["kind"]],
        "title": _title(document, word, draft=draft),
        "colours": _colours(document["seller"]),
        "logo": _logo_place(logo),
        "seller": _party(document["seller"], clean),
        "buyer": _party(document["buyer"], clean),
        "facts": _facts(document, word, language, draft=draft, clean=clean),
        "document_id": document["document_id"],
        "reference": _reference(document, draft=draft),
        "due": _shown_date(document["due_date"], language),
        "issued": document["issue_date"] or document["period_end"],
        "period": _period(document, language),
        "currency": document["currency"],
        "cover": summary_only or _rows(document, nonzero) > COVER_LIMIT,
        "detailed": not summary_only,
        "annex": word["annex"].format(count=language.number(f"{count:,}"), file=annex)
        if summary_only
        else "",
        "sections": _sections(document, word, language, clean, detailed=not summary_only),
        "taxes": _taxes(document, word, language, clean),
        "rates": _rates(document, language, clean),
        "note": clean(lines(document.get("note") or "")),
        "footer": clean(lines(document["seller"].get("footer") or "")),
        "subtotal": language.amount(document["subtotal"], document["currency"]),
        "total": language.amount(document["total"], document["currency"]),
        "bank_details": clean(lines(document["seller"].get("bank_details") or "")),
        "legal_text": clean(lines(document["seller"].get("legal_text") or "")),
    }


def _colours(seller: Mapping[str, Any]) -> dict[str, str]:
    """The reseller's two colours, and what is read on them or beside them."""
    main, bar = seller["colour"], seller["accent_colour"]
    wash = colour.tint(main, colour.WHITE, _WASH)
    return {
        "text": colour.readable(main, colour.WHITE, wash),
        "wash": wash,
        "bar": bar,
        "on_bar": colour.text_on(bar),
    }


def _logo_place(png: bytes | None) -> dict[str, int] | None:
    """Width and height of the printed logo, in tenths of a millimetre."""
    if png is None:
        return None
    width, height = logos.fitted(logos.size(png), LOGO_PLACE)
    return {"width": width, "height": height}


def _rows(document: Mapping[str, Any], nonzero: int) -> int:
    return nonzero + 3 * len(document["sections"])


def _is_zero(line: Mapping[str, Any]) -> bool:
    return Decimal(line["price"]) == 0


def _reference(document: Mapping[str, Any], *, draft: bool) -> str:
    number = None if draft else document["invoice_number"]
    return str(number or document["document_id"])


def _title(document: Mapping[str, Any], word: Mapping[str, str], *, draft: bool) -> str:
    title = f"{word[document['kind']]} {_reference(document, draft=draft)}"
    return f"{word['draft']} {title}" if draft else title


def _party(party: Mapping[str, Any], clean: Clean) -> dict[str, str]:
    name = one_line(party.get("name") or "")
    legal_name = one_line(party.get("legal_name") or "")
    return {
        "name": clean(breakable(name or legal_name, NARROW)),
        "legal_name": clean(breakable(legal_name or name, NARROW)) or "–",
        "address": clean(breakable(lines(party.get("address") or ""), NARROW)),
        "tax_id": clean(one_line(party.get("tax_id") or "")),
    }


def _facts(
    document: Mapping[str, Any],
    word: Mapping[str, str],
    language: Language,
    *,
    draft: bool,
    clean: Clean,
) -> list[list[str]]:
    """Label and value, in the order printed; what a document lacks is left out."""
    days = document["terms_days"]
    terms = word["terms_days"].format(days=days) if days else word["terms_now"]
    facts = [
        ("invoice_number", "" if draft else document["invoice_number"] or ""),
        ("document_id", document["document_id"]),
        ("period", _period(document, language)),
        ("provider", document["provider"]["name"]),
        ("issue_date", _shown_date(document["issue_date"], language)),
        ("due_date", _shown_date(document["due_date"], language)),
        ("terms", "" if days is None else terms),
        ("purchase_order", document["purchase_order"] or ""),
        ("replaces", document["replaces"] or ""),
    ]
    standard = [
        [word[name], clean(breakable(one_line(value), NARROW))] for name, value in facts if value
    ]
    return standard + _custom_fields(document, language, clean)


def _custom_fields(
    document: Mapping[str, Any], language: Language, clean: Clean
) -> list[list[str]]:
    """The reseller's own fields that are to be printed, under the names that it gave them."""
    return [
        [clean(breakable(one_line(text), NARROW)) for text in (field["name"], value)]
        for field in document.get("custom_fields", [])
        if field["printed"]
        for value in [
            _shown_date(field["value"], language) if field["kind"] == "date" else field["value"]
        ]
    ]


def _rates(document: Mapping[str, Any], language: Language, clean: Clean) -> list[str]:
    """`1 USD = 0.9221689410 EUR, ECB, 30 Oct 2026`, for each currency that was converted."""
    return [
        f"1 {rate['from']} = {language.number(plain(Decimal(rate['rate'])))} {rate['to']},"
        f" {clean(one_line(rate['source']))}, {_shown_date(rate['day'], language)}"
        for rate in document.get("rates", [])
    ]


def _shown_date(iso: str | None, language: Language) -> str:
    return language.day(date.fromisoformat(iso)) if iso else ""


def _period(document: Mapping[str, Any], language: Language) -> str:
    start, end = (date.fromisoformat(document[name]) for name in ("period_start", "period_end"))
    return language.period(start, end)


def _sections(
    document: Mapping[str, Any],
    word: Mapping[str, str],
    language: Language,
    clean: Clean,
    *,
    detailed: bool,
) -> list[dict[str, Any]]:
    largest = max((Decimal(part["subtotal"]) for part in document["sections"]), default=Decimal(0))
    return [
        _section(part, document["currency"], largest, word, language, clean, detailed=detailed)
        for part in document["sections"]
    ]


def _section(
    section: Mapping[str, Any],
    currency: str,
    largest: Decimal,
    word: Mapping[str, str],
    language: Language,
    clean: Clean,
    *,
    detailed: bool,
) -> dict[str, Any]:
    nameless = "own_lines" if section.get("own") else "no_account"
    account = one_line(section["account"] or "") or word[nameless]
    name = one_line(section["account_name"] or "")
    zeros = sum(_is_zero(line) for line in section["lines"])
    shown = [line for line in section["lines"] if not _is_zero(line)] if detailed else []
    return {
        "name": clean(breakable(name or account)),
        "account": clean(breakable(account)) if name and name != account else "",
        "count": language.number(f"{len(section['lines']):,}"),
        "share": _share(Decimal(section["subtotal"]), largest),
        "subtotal": language.amount(section["subtotal"], currency),
        "lines": [_line(line, currency, word, language, clean) for line in shown],
        "zeros": _zeros(zeros, currency, word, language) if detailed else "",
        "zero": language.number(amounts.zero(currency)),
        "long": len(shown) > LONG_SECTION,
    }


def _share(subtotal: Decimal, largest: Decimal) -> int:
    """The length of a section's bar, in percent of the largest section's; whole, never a float."""
    return int(100 * subtotal / largest) if largest > 0 and subtotal > 0 else 0


def _zeros(count: int, currency: str, word: Mapping[str, str], language: Language) -> str:
    if not count:
        return ""
    text = word["zero_line"] if count == 1 else word["zero_lines"]
    return text.format(
        count=language.number(f"{count:,}"), zero=language.number(amounts.zero(currency))
    )


def _line(
    line: Mapping[str, Any],
    currency: str,
    word: Mapping[str, str],
    language: Language,
    clean: Clean,
) -> dict[str, str]:
    description, service, sku, unit = (
        clean(breakable(one_line(line[name] or "")))
        for name in ("description", "service", "sku", "unit")
    )
    return {
        "description": description or service or sku,
        "service": service if description else "",
        "sku": sku if description or service else "",
        "qty": language.quantity(line["qty"]),
        "unit": unit,
        "charge_type": word.get(line["charge_type"], line["charge_type"]),
        "price": language.amount(line["price"], currency),
        "tax": language.percent(line["tax"]) if line.get("tax") else "",
    }


def _taxes(
    document: Mapping[str, Any], word: Mapping[str, str], language: Language, clean: Clean
) -> list[dict[str, str]]:
    """One row per tax, with its base or why it charges nothing; their sum where it is not one."""
    currency = document["currency"]
    rows = [
        {
            "name": _tax_words(tax, currency, word, language, clean),
            "amount": language.amount(tax["amount"], currency),
        }
        for tax in document["taxes"]
    ]
    if len(rows) != 1:
        rows.append({"name": word["tax"], "amount": language.amount(document["tax"], currency)})
    return rows


def _tax_words(
    tax: Mapping[str, Any],
    currency: str,
    word: Mapping[str, str],
    language: Language,
    clean: Clean,
) -> str:
    name = clean(one_line(tax["name"]))
    if tax["category"] != "S":
        return f"{name}: {clean(one_line(tax['reason']))}" if tax["reason"] else name
    base = language.amount(tax["base"], currency)
    return f"{name} {language.percent(tax['percent'])} {word['on']} {base}"
