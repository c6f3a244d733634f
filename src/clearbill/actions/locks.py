"""Locks that verbs share, and the order they are taken in.

Order: billing periods, documents, number series, chain; within each by id. Imports, generations
and assignments of one period wait for each other at its row.
"""

from collections.abc import Iterable

from clearbill.records.models import BillingPeriod, Document


def lock_periods(reseller_id: int, ids: Iterable[int]) -> list[BillingPeriod]:
    """Hold the billing periods' rows until the transaction ends."""
    return list(
        BillingPeriod.objects.select_for_update()
        .filter(reseller_id=reseller_id, pk__in=set(ids))
        .order_by("pk")
    )


def lock_documents(reseller_id: int, codes: Iterable[str]) -> dict[str, Document]:
    """Hold the documents with these Document IDs; what does not exist here is absent."""
    return {
        document.code: document
        for document in Document.objects.select_for_update()
        .filter(reseller_id=reseller_id, code__in=set(codes))
        .order_by("pk")
    }
