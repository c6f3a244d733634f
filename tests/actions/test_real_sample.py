"""The real sample, at 0 % markup: every cent of 1,000 anonymised rows is where it belongs."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from clearbill.actions.accounts import Assigned, assign_all
from clearbill.actions.import_usage import Imported, import_usage
from clearbill.queries.generation import months
from clearbill.queries.preview import preview
from clearbill.records import tenancy
from clearbill.records.models import Document, DocumentLine, Reseller
from clearbill.rules.lifecycle import Status
from clearbill.rules.money import to_minor_units
from makers import OWNER, change, generate, make_reseller

pytestmark = pytest.mark.django_db(transaction=True)

NAMES = {"AWS": "AWS", "Microsoft": "Microsoft CSP", "Oracle": "Oracle"}
SUMS = {
    "AWS": Decimal("18.006638618400"),
    "Microsoft CSP": Decimal("1.976514185860"),
    "Oracle": Decimal("0.537073924730"),
}
Key = tuple[str, str]


@pytest.fixture
def sample(samples: Path) -> Path:
    return samples / "focus-sample-1.0" / "focus_sample.csv"


@pytest.fixture
def reseller() -> Iterator[Reseller]:
    made = make_reseller()
    with tenancy.using(made.pk):
        yield made


def taken_in(reseller: Reseller, sample: Path) -> tuple[Imported, list[Assigned]]:
    done = import_usage(reseller_id=reseller.pk, actor=OWNER, files=[sample])
    return done, assign_all(reseller_id=reseller.pk, actor=OWNER)


def billed_costs(sample: Path) -> dict[Key, Decimal]:
    """BilledCost per provider and period, added up from the file's own text."""
    sums: dict[Key, Decimal] = defaultdict(Decimal)
    with sample.open(newline="") as stream:
        for row in csv.DictReader(stream):
            key = (NAMES[row["ProviderName"]], row["BillingPeriodStart"][:10])
            sums[key] += Decimal(row["BilledCost"])
    return sums


def test_its_sums_agree_to_the_last_digit(reseller: Reseller, sample: Path) -> None:
    done, made = taken_in(reseller, sample)
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for statement in done.statements:
        assert statement.file_sum == statement.stored_sum
        sums[
            {"aws": "AWS", "microsoft-csp": "Microsoft CSP"}.get(statement.provider, "Oracle")
        ] += statement.stored_sum
    assert sums == SUMS
    assert (len(made), len({each.customer for each in made})) == (73, 73)


def test_exact_lines_add_up_to_the_file_per_provider_and_period(
    reseller: Reseller, sample: Path
) -> None:
    taken_in(reseller, sample)
    for month in months(reseller.pk):
        generate(reseller, month)
    sums: dict[Key, Decimal] = defaultdict(Decimal)
    for line in DocumentLine.objects.select_related("document__provider"):
        key = (line.document.provider.name, line.document.period_start.isoformat())
        sums[key] += line.exact
    assert sums == billed_costs(sample)


def test_each_document_is_within_half_a_cent_and_adds_up(reseller: Reseller, sample: Path) -> None:
    taken_in(reseller, sample)
    documents = generate(reseller, date(2024, 9, 1)).documents
    assert len(documents) == 72
    for document in documents:
        lines = list(document.lines.all())
        assert sum((line.price for line in lines), Decimal(0)) == document.total
        assert document.total == to_minor_units(document.exact_total, "USD")
        assert abs(document.total - document.exact_total) <= Decimal("0.005")
        assert all(abs(line.price - line.exact) < Decimal("0.01") for line in lines)


def test_the_documents_of_nothing_are_published_quietly(reseller: Reseller, sample: Path) -> None:
    taken_in(reseller, sample)
    for month in months(reseller.pk):
        generate(reseller, month)
    zeros = list(Document.objects.filter(total=0).values_list("code", flat=True))
    assert len(zeros) == 27
    results = change(reseller, *zeros, to=Status.OPEN, notify=True)
    assert all(r.changed and r.invoice_number is None and not r.notified for r in results)


def test_the_preview_promises_what_the_run_makes(reseller: Reseller, sample: Path) -> None:
    taken_in(reseller, sample)
    seen = preview(reseller.pk, date(2024, 9, 1), today=date(2024, 11, 1))
    for each in seen.totals:
        parts = each.to_bill + each.billed + each.unassigned + each.left
        assert each.imported == parts
    promised = {(r.customer, r.provider): r.price for r in seen.rows}
    made = generate(reseller, date(2024, 9, 1)).documents
    assert promised == {(d.customer.name, d.provider.name): d.total for d in made}
    assert any("usage ends on" in warning for warning in seen.warnings)
