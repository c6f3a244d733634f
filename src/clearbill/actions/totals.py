"""What a draft comes to: shown prices, taxes and total, from its lines' exact amounts."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal

from django.db import connection

from clearbill.records.models import Document, DocumentLine, ProfileTax
from clearbill.rules import tax
from clearbill.rules.canonical import plain
from clearbill.rules.money import allot, to_minor_units, total
from clearbill.rules.tax import Tax

_AMOUNTS = ["line_count", "exact_total", "subtotal", "taxes", "tax", "total"]


def taxes_of(reseller_id: int, profiles: Collection[int]) -> dict[int, list[Tax]]:
    """The taxes of billing profiles, in the order printed; none for a profile without."""
    found: dict[int, list[Tax]] = defaultdict(list)
    for each in (
        ProfileTax.objects.filter(reseller_id=reseller_id, profile__in=profiles)
        .select_related("tax")
        .order_by("position", "pk")
    ):
        rate = each.tax
        found[each.profile_id].append(Tax(rate.name, rate.category, rate.percent, rate.reason))
    return found


def set_tax(document: Document, taxes: Sequence[Tax]) -> None:
    """Set taxes, tax and total of a document by its subtotal; saves nothing."""
    taxed = tax.apply(taxes, document.subtotal, document.currency)
    document.taxes = [
        {
            "name": each.tax.name,
            "category": each.tax.category,
            "percent": plain(each.tax.percent),
            "reason": each.tax.reason,
            "base": f"{each.base:f}",
            "amount": f"{each.amount:f}",
        }
        for each in taxed
    ]
    document.tax = total([each.amount for each in taxed])
    document.total = document.subtotal + document.tax


def retotal(reseller_id: int, documents: Sequence[Document]) -> list[Document]:
    """Compute locked drafts anew from their lines and their profiles' taxes; those that changed.

    Prices are allotted over all lines, staff's own among them, so that they add up to the total
    of the base. The version rises where anything changed.
    """
    taxes = taxes_of(reseller_id, {d.profile_id for d in documents})
    lines = _lines(reseller_id, [d.pk for d in documents])
    changed = [d for d in documents if _retotal(d, lines[d.pk], taxes[d.profile_id])]
    _save_prices([line for document in documents for line in lines[document.pk]])
    for document in changed:
        document.version += 1
    Document.objects.bulk_update(changed, [*_AMOUNTS, "version"])
    return changed


def _retotal(document: Document, lines: Sequence[DocumentLine], taxes: Sequence[Tax]) -> bool:
    before = [getattr(document, name) for name in _AMOUNTS]
    prices = allot([(line.line_key, line.exact) for line in lines], document.currency)
    for line, price in zip(lines, prices, strict=True):
        line.price = price
    document.line_count = len(lines)
    document.exact_total = total([line.exact for line in lines])
    document.subtotal = to_minor_units(document.exact_total, document.currency)
    set_tax(document, taxes)
    return before != [getattr(document, name) for name in _AMOUNTS]


def _lines(reseller_id: int, ids: Sequence[int]) -> dict[int, list[DocumentLine]]:
    found: dict[int, list[DocumentLine]] = defaultdict(list)
    for line in DocumentLine.objects.filter(reseller_id=reseller_id, document__in=ids).order_by(
        "document_id", "position"
    ):
        found[line.document_id].append(line)
    return found


def _save_prices(lines: Iterable[DocumentLine]) -> None:
    """Write the shown prices that differ, in one statement."""
    rows = [(line.document_id, line.position, line.price) for line in lines]
    if not rows:
        return
    documents, positions, prices = zip(*rows, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE records_documentline l SET price = n.price"
            " FROM unnest(%s::bigint[], %s::int[], %s::numeric[]) AS n(document, position, price)"
            " WHERE l.document_id = n.document AND l.position = n.position"
            " AND l.price <> n.price",
            [list(documents), list(positions), list[Decimal](prices)],
        )
