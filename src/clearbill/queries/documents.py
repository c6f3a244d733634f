"""Documents as lists and pages read them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import (
    Count,
    DateTimeField,
    F,
    Field,
    Func,
    IntegerField,
    Q,
    QuerySet,
    TextField,
    Value,
)
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from clearbill.queries.alphabet import by_name, letters
from clearbill.queries.prepared import Given, Prepared
from clearbill.records.models import (
    Assignment,
    BillingProfile,
    Customer,
    Delivery,
    Document,
    Event,
)
from clearbill.rules import lifecycle
from clearbill.rules.lifecycle import SEEN_BY_CUSTOMER, Kind, Status
from clearbill.rules.periods import months_back, next_month

Documents = QuerySet[Document]

_AMOUNT = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{0,10})?")
"""What may be an amount; the database refuses `1e999999`, which is a number too."""

SEEN = sorted(status.value for status in SEEN_BY_CUSTOMER)


@dataclass(frozen=True)
class DateRange:
    """A range of days, both inclusive; documents match whose period overlaps it. None is open."""

    first: date | None = None
    last: date | None = None

    @classmethod
    def preset(cls, name: str, today: date) -> "DateRange":
        """`last-month`, `last-3-months`, `this-year` or `all`; months are calendar months."""
        this_month = today.replace(day=1)
        starts = {
            "last-month": months_back(this_month, 1),
            "last-3-months": months_back(this_month, 3),
        }
        if name in starts:
            return cls(starts[name], _day_before(this_month))
        if name == "this-year":
            return cls(date(today.year, 1, 1), date(today.year, 12, 31))
        return cls()


def _day_before(day: date) -> date:
    return date.fromordinal(day.toordinal() - 1)


def last_periods(periods: Sequence[tuple[date, date]], count: int = 3) -> DateRange:
    """From the third last first day among these periods to the last day of any since; open where
    there is none. Periods are given by their first day and their exclusive end."""
    firsts = sorted({first for first, _ in periods})[-count:]
    if not firsts:
        return DateRange()
    return DateRange(firsts[0], _day_before(max(end for first, end in periods if first in firsts)))


def visible(reseller_id: int) -> QuerySet[Document]:
    """All that staff see in lists: everything but what was discarded."""
    return Document.objects.filter(reseller_id=reseller_id).exclude(status=Status.DISCARDED)


def for_customer(reseller_id: int, customer_id: int) -> QuerySet[Document]:
    """What a customer's portal users see: their own, never a draft, never a discarded one."""
    return Document.objects.filter(
        reseller_id=reseller_id, customer_id=customer_id, status__in=SEEN
    )


_TABLE = (
    "code", "counter", "invoice_number", "series", "sequence", "period_start", "period_end",
    "status", "currency", "total", "exact_total", "due_date", "due_extended_to", "published_at",
    "purchase_order", "customer__name", "provider__name",
)  # fmt: skip


def with_table_columns(documents: QuerySet[Document]) -> QuerySet[Document]:
    """Loads what the invoices table shows, and nothing else: names, due date in force, when it was
    last notified, and how many of its e-mails wait or failed."""
    return (
        documents.select_related("customer", "provider")
        .only(*_TABLE)
        .annotate(
            due=Coalesce("due_extended_to", "due_date"),
            notified_at=_of_mails("max(m.sent_at)", DateTimeField()),
            mails_waiting=_mails(Delivery.QUEUED),
            mails_failed=_mails(Delivery.FAILED),
        )
    )


def _of_mails(figure: str, kind: "Field[Any, Any]", *values: str) -> RawSQL:
    # Of each row shown, instead of a join of all documents with all their mails. As text, since
    # the ORM takes longer to put three such queries together than the database to answer them.
    statement = f"""(SELECT {figure} FROM records_delivery m
        WHERE m.reseller_id = records_document.reseller_id
          AND m.document_id = records_document.id)"""  # noqa: S608 - put together from constants
    return RawSQL(statement, values, output_field=kind)  # noqa: S611


def _mails(state: str) -> RawSQL:
    return _of_mails("count(*) FILTER (WHERE m.state = %s)", IntegerField(), state)


def overlapping(documents: QuerySet[Document], within: DateRange) -> QuerySet[Document]:
    """Documents whose billing period shares a day with the range."""
    if within.first is not None:
        documents = documents.filter(period_end__gt=within.first)
    if within.last is not None:
        documents = documents.filter(period_start__lte=within.last)
    return documents


def search(
    documents: QuerySet[Document], words: str, *, by_customer: bool = False
) -> QuerySet[Document]:
    """Documents that a search finds by id, number, provider, customer, purchase order or amount.

    Staff find them by custom fields too. A customer (`by_customer`) does not: some of these are
    hidden from it, and a search that finds tells what it has found.
    """
    text = words.replace("\0", "").strip()
    if not text:
        return documents
    found = (
        Q(code__icontains=text)
        | Q(invoice_number__icontains=text)
        | Q(provider__name__icontains=text)
        | Q(customer__name__icontains=text)
        | Q(purchase_order__icontains=text)
    )
    if not by_customer:
        found |= Q(custom_words__icontains=text)
    amount = text.replace(",", "")
    if _AMOUNT.fullmatch(amount):
        found |= Q(total=Decimal(amount))
    return documents.filter(found)


def in_period(documents: QuerySet[Document], month: date) -> QuerySet[Document]:
    """Documents whose period starts in the month of `month`."""
    first = month.replace(day=1)
    return documents.filter(period_start__gte=first, period_start__lt=next_month(first))


def one(reseller_id: int, code: str) -> Document | None:
    """A document by its Document ID with its parties, or None; discarded ones are found too."""
    return _ONE.row(reseller=reseller_id, code=code)


_ONE = Prepared(
    lambda: (
        Document.objects.filter(reseller_id=Given("reseller"), code=Given("code"))
        .select_related("customer", "provider", "profile", "replaces", "billing_period", "run")
        .annotate(due=Coalesce("due_extended_to", "due_date"))
        .order_by("pk")
    )
)


def history(document: Document) -> list[Event]:
    """The document's events, oldest first."""
    return list(
        Event.objects.filter(reseller_id=document.reseller_id, document=document).order_by("seq")
    )


def available_actions(document: Document) -> list[str]:
    """What may be done with a document, the same words for screen, API and command line."""
    status, kind = Status(document.status), Kind(document.kind)
    actions = [s.value.lower().replace(" ", "-") for s in lifecycle.next_statuses(status, kind)]
    if lifecycle.may_discard(status, kind):
        actions.append("discard")
    if status is Status.DRAFT:
        actions.append("set-due")
    if status in SEEN_BY_CUSTOMER:
        actions.append("resend")
    if status is not Status.DISCARDED:
        actions.append("export")
    return actions


def previous_totals(documents: Sequence[Document]) -> dict[int, Decimal]:
    """Per document id, the total of the same customer, profile and provider a period before."""
    if not documents:
        return {}
    before = (
        Document.objects.filter(
            reseller_id=documents[0].reseller_id,
            profile__in={d.profile_id for d in documents},
            provider__in={d.provider_id for d in documents},
            period_end__in={d.period_start for d in documents},
        )
        .exclude(status__in=[Status.VOIDED, Status.DISCARDED])
        .values_list("profile_id", "provider_id", "period_end", "currency", "total")
    )
    by_key = {(a, b, c, d): amount for a, b, c, d, amount in before}
    return {
        d.pk: by_key[key]
        for d in documents
        if (key := (d.profile_id, d.provider_id, d.period_start, d.currency)) in by_key
    }


@dataclass(frozen=True)
class DraftPlace:
    """Where a document stands among the drafts under review: its neighbours, 7 of 43; what is no
    draft any more has no number."""

    number: int | None
    count: int
    previous: str | None
    following: str | None


def customers_with_counts(reseller_id: int) -> QuerySet[Customer]:
    """Customers as `Customer Invoices` opens on them: with drafts, open and past due counted.

    `letters` is what they are sorted by, before their name.
    """

    def counted(status: Status) -> Count:
        return Count("documents", filter=Q(documents__status=status.value))

    return (
        Customer.objects.filter(reseller_id=reseller_id)
        .annotate(
            drafts=counted(Status.DRAFT),
            open=counted(Status.OPEN),
            past_due=counted(Status.PAST_DUE),
            letters=letters("name"),
        )
        .order_by("letters", "name", "pk")
    )


def search_customers(reseller_id: int, words: str, count: int = 25) -> list[Customer]:
    """Customers by any part of their name, of a recipient's address, or of an account's id."""
    addresses = Func(
        F("recipients"), Value(" "), function="array_to_string", output_field=TextField()
    )
    written = BillingProfile.objects.annotate(addresses=addresses).filter(
        reseller_id=reseller_id, addresses__icontains=words
    )
    found = Customer.objects.filter(reseller_id=reseller_id).filter(
        Q(name__icontains=words)
        | Q(pk__in=written.values("customer"))
        | Q(
            pk__in=Assignment.objects.filter(
                reseller_id=reseller_id, account__account__icontains=words
            ).values("customer")
        )
    )
    return list(by_name(found)[:count])
