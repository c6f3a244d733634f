"""The page for the printer: what the PDF shows, in the document's own look and language."""

import base64
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation

from clearbill.paper import downloads
from clearbill.queries import canonical
from clearbill.queries.branding import Brand
from clearbill.records.models import Document
from clearbill.rules.lifecycle import KIND_NAMES, Kind
from clearbill.web.branding import style_sheet


def printed(request: HttpRequest, document: Document, *, back: str, look: str) -> HttpResponse:
    """All sections open, no navigation; `look` is the address of `print_look` for the document."""
    content = _content(document)
    logo = downloads.logo_of(content)
    context = {
        "document": document,
        "content": content,
        "kind_name": KIND_NAMES[Kind(document.kind)],
        "page_language": content["language"],
        "logo": base64.b64encode(logo).decode() if logo else "",
        "back": back,
        "look": look,
    }
    with translation.override(content["language"]):
        return render(request, "print.html", context)


def print_look(document: Document) -> HttpResponse:
    """The colours that a document was frozen with, as a style sheet: nothing is styled inline."""
    seller = canonical.of(document)["seller"]
    brand = Brand(seller["colour"], seller["accent_colour"], "", "")
    return HttpResponse(style_sheet(brand, None), "text/css; charset=utf-8")


def _content(document: Document) -> dict[str, Any]:
    content = canonical.for_customer(canonical.of(document))
    fields = [field for field in content["custom_fields"] if field["printed"]]
    return {**content, "custom_fields": fields}
