"""What a billing run did."""

from dataclasses import dataclass

from clearbill.queries.alphabet import by_name
from clearbill.records.models import BillingRun, Document, RunResult


@dataclass(frozen=True)
class RunReport:
    """A run and its results, sorted by outcome; `documents` are those it made."""

    run: BillingRun
    documents: list[Document]
    existing: list[RunResult]
    left: list[RunResult]
    failed: list[RunResult]

    @property
    def done(self) -> int:
        return len(self.documents) + len(self.failed)


def report(reseller_id: int, run_id: int) -> RunReport:
    """The report of a run, at any moment of it. Raises BillingRun.DoesNotExist."""
    run = BillingRun.objects.get(reseller_id=reseller_id, pk=run_id)
    rows = RunResult.objects.filter(reseller_id=reseller_id, run=run).select_related(
        "customer", "billing_period__provider", "document"
    )
    results = list(by_name(rows, "customer__name", "account", "pk"))
    documents = list(
        Document.objects.filter(reseller_id=reseller_id, run=run)
        .defer("frozen")
        .select_related("customer", "provider", "profile")
        .order_by("counter")
    )

    def of(outcome: str) -> list[RunResult]:
        return [result for result in results if result.outcome == outcome]

    return RunReport(run, documents, of(RunResult.EXISTS), of(RunResult.LEFT), of(RunResult.FAILED))


def recent(reseller_id: int, count: int = 20) -> list[BillingRun]:
    """The latest runs, newest first."""
    return list(BillingRun.objects.filter(reseller_id=reseller_id).order_by("-pk")[:count])
