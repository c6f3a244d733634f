"""What a customer owes, as its portal says: published and unpaid, drafts unknown to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, Min, Q, Sum
from django.db.models.functions import Coalesce

from clearbill.queries.documents import for_customer, with_table_columns
from clearbill.records.models import Document
from clearbill.rules.lifecycle import Status


@dataclass(frozen=True)
class Owed:
    """One currency: the sum of all that is unpaid, and of it what is past due."""

    currency: str
    amount: Decimal
    count: int
    past_due: Decimal
    late: int
    next_due: date | None
    """The first due date of what is not late; None where all is."""


def owed(reseller_id: int, customer_id: int) -> list[Owed]:
    """What is Open or Past Due, by currency."""
    late = Q(status=Status.PAST_DUE)
    rows = (
        for_customer(reseller_id, customer_id)
        .filter(status__in=[Status.OPEN, Status.PAST_DUE])
        .order_by("currency")
        .values("currency")
        .annotate(
            amount=Sum("total"),
            count=Count("pk"),
            past_due=Coalesce(Sum("total", filter=late), Decimal(0)),
            late=Count("pk", filter=late),
            next_due=Min(Coalesce("due_extended_to", "due_date"), filter=~late),
        )
    )
    return [Owed(**row) for row in rows]


def latest(reseller_id: int, customer_id: int, count: int = 5) -> Sequence[Document]:
    """The customer's newest documents, with the columns of the invoices table."""
    documents = for_customer(reseller_id, customer_id)
    return list(with_table_columns(documents).order_by("-period_start", "-id")[:count])
