"""What a refresh would make of a draft: its lines anew, beside those that it has."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import QuerySet, Sum

from clearbill.queries.generation import rate_day, rule_refs, slice_ref, slices_for
from clearbill.queries.rates import quotes
from clearbill.records.files import file_store
from clearbill.records.models import Document, DocumentLine, UsageSlice
from clearbill.rules.currencies import Quote, Rate, find
from clearbill.rules.lifecycle import Status
from clearbill.rules.money import to_minor_units, total
from clearbill.rules.pricing import TooLarge
from clearbill.usage.rating import rate
from clearbill.usage.types import DocumentRef, SliceRef


class NoRate(LookupError):
    """No exchange rate from the usage's currency to the document's is known."""


@dataclass(frozen=True)
class Anew:
    """A draft's usage as it is now, rated: what a refresh stores."""

    slices: list[UsageSlice]
    rates: list[Rate]
    lines: pa.Table

    def subtotal(self, currency: str) -> Decimal:
        """What the usage comes to before tax, without staff's own lines."""
        return to_minor_units(total(self.lines["exact"].to_pylist()), currency)


@dataclass(frozen=True)
class Change:
    """One line before and after; None where it is new, or gone. Amounts are shown ones.

    `only_rounded`: its exact amount is the same, and a cent moved to or from another line so that
    all of them add up to the document's.
    """

    account: str
    account_name: str
    description: str
    charge_type: str
    before: Decimal | None
    after: Decimal | None
    only_rounded: bool

    @property
    def difference(self) -> Decimal:
        return (self.after or Decimal(0)) - (self.before or Decimal(0))


@dataclass(frozen=True)
class Difference:
    """What a refresh would change. Subtotals are before tax."""

    changes: list[Change]
    same: int
    subtotal_before: Decimal
    subtotal_after: Decimal


def stale_drafts(reseller_id: int) -> "QuerySet[Document]":
    """The drafts that do not hold their usage and prices as they are now, by Document ID."""
    return (
        Document.objects.filter(reseller_id=reseller_id, status=Status.DRAFT)
        .exclude(stale="")
        .select_related("customer", "provider", "billing_period")
        .order_by("counter")
    )


def anew(document: Document, today: date) -> Anew:
    """Rate a draft's current usage by today's rules and rates. Raises `NoRate`.

    Needs billing period and provider loaded.
    """
    return _rated(document, slices_for([document])[document.pk], today)


def _rated(document: Document, slices: list[UsageSlice], today: date) -> Anew:
    known = _known([document], {document.pk: slices})
    return _rated_together([_Wanted(document, slices, _rates(document, slices, known, today))])[0]


@dataclass(frozen=True)
class _Wanted:
    """A draft, the usage that it should hold, and the rate of each foreign currency of it."""

    document: Document
    slices: list[UsageSlice]
    rates: dict[str, Rate]

    def slice_refs(self) -> list[SliceRef]:
        period = self.document.billing_period
        return [
            slice_ref(each, period, self.document.pk, self.rates.get(each.statement.currency))
            for each in self.slices
        ]

    def document_ref(self) -> DocumentRef:
        return DocumentRef(
            document=self.document.pk,
            customer=self.document.customer_id,
            provider=self.document.provider.code,
            period_start=self.document.period_start,
            currency=self.document.currency,
        )


def _rated_together(drafts: Sequence[_Wanted]) -> list[Anew]:
    """One run of the engine for drafts of one reseller: starting it is most of what one takes."""
    documents = [each.document for each in drafts]
    lines = rate(
        [ref for each in drafts for ref in each.slice_refs()],
        [each.document_ref() for each in drafts],
        rule_refs(documents[0].reseller_id, [document.billing_period for document in documents]),
        store=file_store(),
    )
    return [
        Anew(
            each.slices,
            [each.rates[base] for base in sorted(each.rates)],
            lines.filter(pc.equal(lines["document"], each.document.pk)),
        )
        for each in drafts
    ]


def subtotals_now(drafts: Sequence[Document]) -> dict[int, Decimal]:
    """What the usage on each draft comes to before tax, by id; staff's own lines are left out."""
    sums = dict(
        DocumentLine.objects.filter(
            reseller_id__in={d.reseller_id for d in drafts},
            document_id__in=[d.pk for d in drafts],
            own=False,
        )
        .values_list("document_id")
        .annotate(Sum("exact"))
    )
    return {d.pk: to_minor_units(sums.get(d.pk, Decimal(0)), d.currency) for d in drafts}


def differences(drafts: Sequence[Document], today: date) -> dict[int, Difference | None]:
    """What refreshing all of these drafts would change on each, by id; None where that cannot be
    computed. What one of them gives back counts as the other's."""
    slices, held = slices_for(drafts), _lines_of(drafts)
    found: dict[int, Difference | None] = {draft.pk: None for draft in drafts}
    known, wanted = _known(drafts, slices), []
    for draft in drafts:
        theirs = slices[draft.pk]
        with suppress(NoRate):
            wanted.append(_Wanted(draft, theirs, _rates(draft, theirs, known, today)))
    for draft, made in _those_that_can(wanted):
        found[draft.pk] = _compared(draft, held[draft.pk], made)
    return found


def _those_that_can(wanted: Sequence[_Wanted]) -> Iterator[tuple[Document, Anew]]:
    """Rated together, or each by itself where the engine refuses them all for one."""
    if not wanted:
        return
    try:
        made = _rated_together(wanted)
    except (TooLarge, FileNotFoundError):
        if len(wanted) > 1:
            for each in wanted:
                yield from _those_that_can([each])
        return
    yield from zip((each.document for each in wanted), made, strict=True)


def _known(drafts: Sequence[Document], slices: Mapping[int, Sequence[UsageSlice]]) -> list[Quote]:
    """The exchange rates of the drafts' reseller, where any of them needs one."""
    needs = any(_foreign(draft, slices[draft.pk]) for draft in drafts)
    return quotes(drafts[0].reseller_id) if needs else []


def _foreign(document: Document, slices: Sequence[UsageSlice]) -> set[str]:
    return {each.statement.currency for each in slices} - {document.currency}


def _rates(
    document: Document, slices: Sequence[UsageSlice], known: Sequence[Quote], today: date
) -> dict[str, Rate]:
    found = {}
    for base in _foreign(document, slices):
        rate = find(known, base, document.currency, rate_day(document.billing_period, today))
        if rate is None:
            raise NoRate(f"no rate from {base} to {document.currency} is known for the period")
        found[base] = rate
    return found


def difference(document: Document, today: date) -> Difference:
    """What a refresh would change, line by line; staff's own lines stay and are left out.

    Raises `NoRate`. Sorted by the size of the change, largest first.
    """
    return _compared(document, _lines_of([document])[document.pk], anew(document, today))


def _lines_of(drafts: Sequence[Document]) -> dict[int, list[DocumentLine]]:
    """The lines of usage on each draft, by its id."""
    found: dict[int, list[DocumentLine]] = {draft.pk: [] for draft in drafts}
    for line in DocumentLine.objects.filter(
        reseller_id__in={d.reseller_id for d in drafts}, document_id__in=list(found), own=False
    ):
        found[line.document_id].append(line)
    return found


def _compared(document: Document, held: Sequence[DocumentLine], made: Anew) -> Difference:
    before = {line.line_key: line for line in held}
    after = {line["line_key"]: line for line in made.lines.to_pylist()}
    changes = [_change(before.get(key), after.get(key)) for key in before.keys() | after.keys()]
    changed = [each for each in changes if each.before != each.after]
    changed.sort(key=lambda each: (-abs(each.difference), each.account, each.description))
    return Difference(
        changed,
        len(changes) - len(changed),
        to_minor_units(total([line.exact for line in before.values()]), document.currency),
        made.subtotal(document.currency),
    )


def _change(before: DocumentLine | None, after: dict[str, Any] | None) -> Change:
    def read(name: str) -> str:
        return str(after[name] if after else getattr(before, name))

    return Change(
        read("account"),
        read("account_name"),
        " · ".join(part for part in (read("service"), read("sku"), read("description")) if part),
        read("charge_type"),
        before.price if before else None,
        after["price"] if after else None,
        bool(before and after and before.exact == after["exact"]),
    )
