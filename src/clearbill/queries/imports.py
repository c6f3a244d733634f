"""Usage imports as pages show them."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import F, Prefetch, Q, Sum
from django.db.models.functions import Coalesce

from clearbill.records.models import ImportStatement, UsageImport


@dataclass(frozen=True)
class StatementRow:
    """A statement of an import with what came of it: billed, still unbilled, or superseded."""

    statement: ImportStatement
    billed: Decimal

    @property
    def difference(self) -> Decimal:
        """What rounding to 18 decimals at the door took: file's sum less stored sum."""
        statement = self.statement
        difference: Decimal = statement.file_sum - statement.stored_sum
        return difference

    @property
    def state(self) -> str:
        if self.statement.superseded_by_id:
            return f"Superseded by import {self.statement.superseded_by_id}"
        if self.billed == self.statement.stored_sum:
            return "Billed"
        return "Partly billed" if self.billed else "Unbilled"


def recent(reseller_id: int, count: int = 50) -> list[UsageImport]:
    """The latest imports, newest first, with files and statements; a statement's `difference` is
    what rounding to 18 decimals took."""
    statements = (
        ImportStatement.objects.select_related("billing_period__provider")
        .annotate(difference=F("file_sum") - F("stored_sum"))
        .order_by("billing_period__provider__code", "payer", "billing_period__period_start")
    )
    return list(
        UsageImport.objects.filter(reseller_id=reseller_id)
        .prefetch_related("files", Prefetch("statements", statements))
        .order_by("-pk")[:count]
    )


def statements(usage_import: UsageImport) -> list[StatementRow]:
    """The import's statements by provider, payer and period, with the cost that is billed."""
    live = Q(slices__claims__released_at__isnull=True, slices__claims__isnull=False)
    rows = (
        ImportStatement.objects.filter(
            reseller_id=usage_import.reseller_id, usage_import=usage_import
        )
        .select_related("billing_period__provider")
        .annotate(billed=Coalesce(Sum("slices__cost", filter=live), Decimal(0)))
        .order_by("billing_period__provider__code", "payer", "billing_period__period_start")
    )
    return [StatementRow(row, row.billed) for row in rows]
