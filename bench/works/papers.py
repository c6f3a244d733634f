"""A document on paper: as a download makes it, the bare compiler, and a browser's way of HTML."""

import html
import io
import json
from collections.abc import Callable, Generator
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pikepdf
import typst

from bench.ways import Measured, Work, timed
from clearbill.paper import pdf
from clearbill.paper.fonts import more_folders
from clearbill.paper.text import FONT_FOLDERS, coverage, printable
from clearbill.paper.view import view
from clearbill.paper.worker import render_pdf_isolated

Document = dict[str, Any]

ABSENT = "WeasyPrint is absent: `make bench` installs it, on Debian apt install libpangoft2-1.0-0"


def works(folder: Path, *, papers: list[list[int]]) -> Generator[Work]:
    """`papers` are pairs: lines of a document, and how many such documents are rendered."""
    ways = {"ours": "bench.works.papers:ours", "floor": "bench.works.papers:compiled"}
    # Found, not imported: loading it takes a second, and its libraries may be missing.
    there = find_spec("weasyprint") is not None
    if there:
        ways["WeasyPrint"] = "bench.works.papers:from_html"
    for lines, count in papers:
        yield Work(
            name="PDF, warm",
            size=f"{lines:,} lines, {count} documents",
            ways=ways,
            given={"lines": lines, "count": count},
            at_most=1.2,
            rounds=1,
            profiled="bench.works.papers:in_this_process",
            note="" if there else ABSENT,
        )


def document(number: int, lines: int) -> Document:
    """The content of a published tax invoice; no two are alike, so that no cache helps."""
    rows = [_line(position, number) for position in range(1, lines + 1)]
    subtotal = str(sum((Decimal(row["price"]) for row in rows), Decimal(0)))
    section = {"account": "0001", "account_name": "Contoso Production", "own": False}
    return {
        "schema": 2,
        "document_id": f"D-{number:06d}",
        "kind": "tax-invoice",
        "invoice_number": f"INV-{number:06d}",
        "issue_date": "2026-11-02",
        "due_date": "2026-12-02",
        "period_start": "2026-10-01",
        "period_end": "2026-11-01",
        "currency": "USD",
        "language": "en",
        "provider": {"code": "microsoft-csp", "name": "Microsoft CSP"},
        "seller": _SELLER,
        "buyer": _BUYER,
        "purchase_order": "PO-4711",
        "terms_days": 30,
        "replaces": None,
        "sections": [{**section, "subtotal": subtotal, "lines": rows}],
        "custom_fields": [],
        "note": "",
        "rates": [],
        "taxes": [],
        "subtotal": subtotal,
        "tax": "0.00",
        "total": subtotal,
        "exact_total": subtotal,
    }


def _line(position: int, number: int) -> Document:
    price = f"{(position * 7919 + number * 104729) % 900_000 / 100:.2f}"
    return {
        "position": position,
        "key": f"0001|Compute|SKU-{position}|Usage|Hours|USD",
        "service": f"Service {position // 20}",
        "sku": f"SKU-{position:04d}",
        "description": f"Hours of machine {position}",
        "qty": "744",
        "unit": "Hours",
        "charge_type": "Usage",
        "provider_charge": "Usage",
        "price": price,
        "exact": price,
        "first_date": "2026-10-01",
        "last_date": "2026-10-31",
        "rows": 30,
        "own": False,
        "tax": "",
    }


_SELLER: Document = {
    "name": "North",
    "legal_name": "North Cloud Ltd.",
    "address": "1 Harbour Road\nDublin 1\nIreland",
    "tax_id": "IE1234567T",
    "bank_details": "IBAN IE29 AIBK 9311 5212 3456 78",
    "legal_text": "",
    "footer": "North Cloud Ltd., Dublin",
    "logo": None,
    "colour": "#1d4f91",
    "accent_colour": "#1f5aa6",
}
_BUYER: Document = {
    "name": "Contoso",
    "legal_name": "Contoso Manufacturing Ltd.",
    "address": "4 Quay Street\nDublin 2\nIreland",
    "tax_id": "IE6388047V",
}


def _each(count: int, lines: int, made: Callable[[Document], bytes]) -> Callable[[], Any]:
    """Render so many documents after one that warms up; the seconds are those of one."""
    made(document(0, min(lines, 20)))
    given = [document(number, lines) for number in range(1, count + 1)]

    def now() -> Measured:
        with timed() as took:
            files = [made(each) for each in given]
        return Measured([_seen(each) for each in files], took.seconds / count)

    return now


def _seen(content: bytes) -> list[Any]:
    """Pages and words of a PDF: what two of them must have in common."""
    from pypdf import PdfReader

    pages = PdfReader(io.BytesIO(content)).pages
    return [len(pages), pages[-1].extract_text()]


def ours(lines: int, count: int) -> Callable[[], Any]:
    """As a server makes it: in a rendering process, which is warm."""

    def made(content: Document) -> bytes:
        return render_pdf_isolated(content, draft=False, font_folders=more_folders())

    return _each(count, lines, made)


def in_this_process(lines: int, count: int) -> Callable[[], Any]:
    """The same without the other process, to see where its time goes."""

    def made(content: Document) -> bytes:
        return pdf.render_pdf(content, draft=False, font_folders=more_folders())

    return _each(count, lines, made)


def compiled(lines: int, count: int) -> Callable[[], Any]:
    """The same source, compiled from texts that were prepared before, and saved once."""
    folders = (*FONT_FOLDERS, *more_folders())
    fonts, found = pdf._fonts(folders)
    letters = coverage(folders)
    sources: dict[str, dict[str, str]] = {}

    def source(content: Document) -> dict[str, str]:
        shown = view(content, draft=False, clean=lambda text: printable(text, letters))
        data = json.dumps(shown, ensure_ascii=False)
        return {"data": data, "fonts": json.dumps(pdf._families(found, data)), "logo": "[]"}

    def made(content: Document) -> bytes:
        out = io.BytesIO()
        with pikepdf.open(io.BytesIO(_compile(fonts, sources[content["document_id"]]))) as opened:
            opened.save(out)
        return out.getvalue()

    for number in range(count + 1):
        content = document(number, lines if number else min(lines, 20))
        sources[content["document_id"]] = source(content)
    return _each(count, lines, made)


def _compile(fonts: typst.Fonts, inputs: dict[str, str]) -> bytes:
    made: bytes = typst.compile(
        pdf._template(),
        font_paths=fonts,
        ignore_system_fonts=True,
        sys_inputs=inputs,
        format="pdf",
        pdf_standards="a-3b",
        timestamp=0,
    )
    return made


def from_html(lines: int, count: int) -> Callable[[], Any]:
    """The same content as a table of HTML, printed by WeasyPrint."""
    import weasyprint

    def made(content: Document) -> bytes:
        printed: bytes = weasyprint.HTML(string=_html(content)).write_pdf()
        return printed

    return _each(count, lines, made)


_CELLS = ("service", "sku", "description", "qty", "unit", "charge_type", "price")


def _html(content: Document) -> str:
    def row(cells: list[str], tag: str = "td") -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    rows = [row([line[name] for name in _CELLS]) for line in content["sections"][0]["lines"]]
    head = "<br>".join(
        html.escape(text)
        for text in (
            f"Tax invoice {content['invoice_number']}",
            content["seller"]["legal_name"],
            content["seller"]["address"],
            content["buyer"]["legal_name"],
            content["buyer"]["address"],
            f"{content['period_start']} to {content['period_end']}",
        )
    )
    return (
        "<html><style>body{font-family:'Noto Sans',sans-serif;font-size:9pt}"
        "table{width:100%;border-collapse:collapse}td,th{border-bottom:1px solid #ccc}</style>"
        f"<body><p>{head}</p><table><thead>{row(list(_CELLS), 'th')}</thead>"
        f"<tbody>{''.join(rows)}</tbody></table><p>Total {content['total']}</p></body></html>"
    )
