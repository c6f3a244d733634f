"""What the document screen reads beside the document and its lines, in two statements."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from types import SimpleNamespace
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Q, QuerySet, Subquery, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce, JSONObject, Lower

from clearbill.queries.canonical import fields_of_documents
from clearbill.queries.documents import DraftPlace
from clearbill.queries.listing import order
from clearbill.queries.mail_templates import switched_off
from clearbill.queries.people import open_invitations
from clearbill.queries.prepared import Given, Prepared
from clearbill.queries.rates import days_of, quotes_of_days, read_quotes
from clearbill.records.models import Delivery, Document, Event, Membership, ResellerSettings
from clearbill.rules.currencies import Quote
from clearbill.rules.lifecycle import Status
from clearbill.rules.mail_answers import in_plain_words


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

    @property
    def failed(self) -> bool:
        return self.state == Delivery.FAILED

    @property
    def reason(self) -> str:
        """Why it is not sent, in plain words; empty where nothing went wrong."""
        return in_plain_words(self.error) if self.failed or self.error else ""


@dataclass(frozen=True)
class Recipients:
    """Of those who are mailed about a document: who has no portal access, so that the link in the
    e-mail opens nothing, and why the last e-mail to somebody failed."""

    without_access: list[str]
    failing: dict[str, str]


@dataclass(frozen=True)
class Surroundings:
    """The reseller's settings with its custom fields and the mails it switched off, the rates that
    hold on the document's day, and what stands around one document."""

    settings: ResellerSettings
    fields: list[dict[str, Any]]
    mails_off: list[str]
    quotes: list[Quote]
    place: DraftPlace
    previous_total: Decimal | None
    replaced_by: list[str]
    recipients: Recipients


def trail(document: Document) -> tuple[list[Event], list[Mail]]:
    """The document's events and its e-mails, both newest first."""
    events: list[Any] = _TRAIL.rows(reseller_id=document.reseller_id, pk=document.pk)
    return events, [_mail(each) for event in events for each in event.mails]


def _trail() -> QuerySet[Event]:
    mail = JSONObject(
        recipient="deliveries__recipient",
        state="deliveries__state",
        error="deliveries__last_error",
        sent_at="deliveries__sent_at",
    )
    return (
        Event.objects.filter(reseller_id=Given("reseller_id"), document_id=Given("pk"))
        .annotate(
            mails=Coalesce(
                ArrayAgg(mail, filter=Q(deliveries__isnull=False), order_by="deliveries__pk"),
                Value([]),
            )
        )
        .order_by("-seq")
    )


_TRAIL = Prepared(_trail)


def _mail(stored: dict[str, Any]) -> Mail:
    sent_at = stored["sent_at"]
    return Mail(
        stored["recipient"],
        stored["state"],
        stored["error"],
        datetime.fromisoformat(sent_at) if sent_at else None,
    )


def surroundings(document: Document, day: date, *, in_run: bool = False) -> Surroundings:
    """Settings, place among the drafts under review, the period before, and replacements.

    `day` is the one whose exchange rates are wanted. Drafts are reviewed as the list of all drafts
    has them, or, `in_run`, as the page of the document's run.
    """
    found: Any = _AROUND[in_run].row(
        **{name: getattr(document, name) for name in _OF_DOCUMENT},
        recipients=document.profile.recipients,
        **days_of(day),
    )
    place = (
        DraftPlace(found.earlier + 1, found.drafts, found.previous, found.following)
        if document.status == Status.DRAFT
        # Once it is published, the review goes on with the next one that is left.
        else DraftPlace(None, found.drafts, None, found.following or found.first)
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
        Recipients(
            [
                address
                for address in document.profile.recipients
                if address.lower() not in found.reached
            ],
            _reasons(found.failing or []),
        ),
    )


_OF_DOCUMENT = (
    "pk", "reseller_id", "customer_id", "profile_id", "provider_id", "period_start", "currency",
    "counter", "run_id",
)  # fmt: skip


def _around(*, in_run: bool) -> QuerySet[ResellerSettings]:
    given = {name: Given(name) for name in _OF_DOCUMENT}
    document: Any = SimpleNamespace(
        **given, profile=SimpleNamespace(recipients=Given("recipients"))
    )
    days = {name: Given(name) for name in days_of(date(2000, 1, 1))}
    return ResellerSettings.objects.filter(reseller_id=document.reseller_id).annotate(
        fields=fields_of_documents(),
        mails_off=switched_off(),
        quotes=quotes_of_days(document.reseller_id, **days),
        previous_total=Subquery(period_before(document).values("total")[:1]),
        replacements=ArraySubquery(_replacements(document).values("code")),
        reached=_reached(document),
        failing=ArraySubquery(_failing(document).values("found")),
        **_neighbours(document, in_run=in_run),
    )


_AROUND = {in_run: Prepared(partial(_around, in_run=in_run)) for in_run in (False, True)}


def _reached(document: Document) -> ArraySubquery:
    """The addresses that have access to the customer's portal, or are invited to it."""
    members, invited = _with_access(document.reseller_id, customer=document.customer_id)
    return ArraySubquery(members.values("address").union(invited.values("address"), all=True))


def reached(reseller_id: int) -> set[tuple[int | None, str]]:
    """Customers with each address, in small letters, that has access to the customer's portal or
    is invited to it."""
    members, invited = _with_access(reseller_id, customer__isnull=False)
    columns = ("customer_id", "address")
    return set(members.values_list(*columns).union(invited.values_list(*columns)))


def _with_access(reseller_id: int, **of: Any) -> tuple[QuerySet[Any], QuerySet[Any]]:
    """Who signs in to portals, and who is invited, each with an `address` in small letters."""
    members = Membership.objects.filter(reseller_id=reseller_id, state=Membership.ACTIVE, **of)
    invited = open_invitations(reseller_id).filter(**of)
    return (
        members.annotate(address=Lower("user__email")),
        invited.annotate(address=Lower("email")),
    )


def failing_mails(document: Document) -> dict[str, str]:
    """The document's recipients whose last e-mail failed, each with the reason in plain words."""
    return _reasons(_failing(document).values_list("found", flat=True))


def _reasons(found: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {each["recipient"]: in_plain_words(each["error"]) for each in found}


def _failing(document: Document) -> QuerySet[Any]:
    """Of the e-mails that went to each of the document's recipients last about any of the
    customer's documents, those that failed; `found` is recipient and error."""
    last = (
        Delivery.objects.filter(
            reseller_id=document.reseller_id,
            document__customer=document.customer_id,
            recipient__in=RawSQL("SELECT unnest(%s::text[])", [document.profile.recipients]),
        )
        .exclude(state=Delivery.QUEUED)
        # Of a document that was discarded: nothing is wrong with the address.
        .exclude(last_error__startswith="withdrawn")
        .order_by("recipient", "-pk")
        .distinct("recipient")
    )
    return (
        Delivery.objects.filter(pk__in=last.values("pk"), state=Delivery.FAILED)
        .order_by("recipient")
        .annotate(found=JSONObject(recipient="recipient", error="last_error"))
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
        Document.objects.filter(reseller_id=document.reseller_id, replaces_id=document.pk)
        .exclude(status=Status.DISCARDED)
        .order_by("counter")
    )


def _neighbours(document: Document, *, in_run: bool) -> dict[str, Any]:
    """Among all drafts in the order of their list, newest period first, or among those of the
    document's run in the order of its page."""
    drafts = Document.objects.filter(reseller_id=document.reseller_id, status=Status.DRAFT)
    if in_run:
        drafts = drafts.filter(run_id=document.run_id).order_by("counter")
        earlier = drafts.filter(counter__lt=document.counter)
        later = drafts.filter(counter__gt=document.counter)
    else:
        start = document.period_start
        drafts = drafts.order_by(*order(""))
        earlier = drafts.filter(
            Q(period_start__gt=start) | Q(period_start=start, pk__gt=document.pk)
        )
        later = drafts.filter(Q(period_start__lt=start) | Q(period_start=start, pk__lt=document.pk))
    return {
        "drafts": _counted(drafts),
        "earlier": _counted(earlier),
        "previous": Subquery(earlier.reverse().values("code")[:1]),
        "following": Subquery(later.values("code")[:1]),
        "first": Subquery(drafts.values("code")[:1]),
    }


def _counted(drafts: QuerySet[Document]) -> Coalesce:
    counted = drafts.order_by().values("reseller").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted), 0)
