"""What the document screen reads beside the document and its lines, in two statements."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, JSONObject

from clearbill.queries.canonical import fields_of_documents
from clearbill.queries.documents import DraftPlace, in_period
from clearbill.queries.mail_templates import switched_off
from clearbill.queries.rates import quotes_inside, read_quotes
from clearbill.records.models import Delivery, Document, Event, ResellerSettings
from clearbill.rules.currencies import Quote
from clearbill.rules.lifecycle import Status


@dataclass(frozen=True)
class Mail:
    """One e-mail to one recipient."""

    recipient: str
    state: str
    error: str
    sent_at: datetime | None

    @property
    def waits(self) -> bool:
        """Whether the worker has not sent it yet, and will."""
        return self.state == Delivery.QUEUED


@dataclass(frozen=True)
class Surroundings:
    """The reseller's settings with its custom fields and the mails it switched off, the rates that
    hold on the document's day, and what stands around one document."""

    settings: ResellerSettings
    fields: list[dict[str, Any]]
    mails_off: list[str]
    quotes: list[Quote]
    place: DraftPlace | None
    previous_total: Decimal | None
    replaced_by: list[str]


def trail(document: Document) -> tuple[list[Event], list[Mail]]:
    """The document's events and its e-mails, both newest first."""
    mail = JSONObject(
        recipient="deliveries__recipient",
        state="deliveries__state",
        error="deliveries__last_error",
        sent_at="deliveries__sent_at",
    )
    events: list[Any] = list(
        Event.objects.filter(reseller_id=document.reseller_id, document=document)
        .annotate(
            mails=Coalesce(
                ArrayAgg(mail, filter=Q(deliveries__isnull=False), order_by="deliveries__pk"),
                Value([]),
            )
        )
        .order_by("-seq")
    )
    return events, [_mail(each) for event in events for each in event.mails]


def _mail(stored: dict[str, Any]) -> Mail:
    sent_at = stored["sent_at"]
    return Mail(
        stored["recipient"],
        stored["state"],
        stored["error"],
        datetime.fromisoformat(sent_at) if sent_at else None,
    )


def surroundings(document: Document, day: date) -> Surroundings:
    """Settings, place among the drafts under review, the period before, and replacements.

    `day` is the one whose exchange rates are wanted.
    """
    found: Any = ResellerSettings.objects.annotate(
        fields=fields_of_documents(),
        mails_off=switched_off(),
        quotes=quotes_inside(document.reseller_id, day),
        previous_total=Subquery(period_before(document).values("total")[:1]),
        replacements=ArraySubquery(_replacements(document).values("code")),
        **_neighbours(document),
    ).get(reseller_id=document.reseller_id)
    place = (
        DraftPlace(found.earlier + 1, found.drafts, found.previous, found.following)
        if document.status == Status.DRAFT
        else None
    )
    quotes = read_quotes(found.quotes)
    return Surroundings(
        found,
        found.fields,
        found.mails_off,
        quotes,
        place,
        found.previous_total,
        found.replacements,
    )


def period_before(document: Document) -> QuerySet[Document]:
    """The live document of the same customer, profile and provider a period before."""
    return Document.objects.filter(
        reseller_id=document.reseller_id,
        profile_id=document.profile_id,
        provider_id=document.provider_id,
        period_end=document.period_start,
        currency=document.currency,
    ).exclude(status__in=[Status.VOIDED, Status.DISCARDED])


def _replacements(document: Document) -> QuerySet[Document]:
    return (
        Document.objects.filter(reseller_id=document.reseller_id, replaces=document)
        .exclude(status=Status.DISCARDED)
        .order_by("counter")
    )


def _neighbours(document: Document) -> dict[str, Any]:
    """Among the drafts of its run, or of its month where it has none, by Document ID."""
    drafts = Document.objects.filter(reseller_id=document.reseller_id, status=Status.DRAFT)
    drafts = (
        drafts.filter(run_id=document.run_id)
        if document.run_id
        else in_period(drafts, document.period_start)
    )
    earlier = drafts.filter(counter__lt=document.counter)
    later = drafts.filter(counter__gt=document.counter)
    return {
        "drafts": _counted(drafts),
        "earlier": _counted(earlier),
        "previous": Subquery(earlier.order_by("-counter").values("code")[:1]),
        "following": Subquery(later.order_by("counter").values("code")[:1]),
    }


def _counted(drafts: QuerySet[Document]) -> Coalesce:
    counted = drafts.order_by().values("reseller").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted), 0)
