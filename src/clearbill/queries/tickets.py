"""Tickets as lists, threads and mails read them."""

from collections.abc import Mapping

from django.db.models import Count, Q, QuerySet

from clearbill.records.models import BillingProfile, Membership, Ticket, TicketMessage
from clearbill.rules.access import Role


def of_reseller(reseller_id: int) -> QuerySet[Ticket]:
    """All that was asked at a reseller, staff's questions to the operator among them."""
    return _listed(Ticket.objects.filter(reseller_id=reseller_id))


def queue(reseller_id: int) -> QuerySet[Ticket]:
    """What customers asked, the latest change first."""
    return _listed(Ticket.objects.filter(reseller_id=reseller_id, queue=Ticket.RESELLER))


def of_staff(reseller_id: int, user_id: int) -> QuerySet[Ticket]:
    """What a member of staff asked the operator."""
    return _listed(
        Ticket.objects.filter(reseller_id=reseller_id, queue=Ticket.OPERATOR, opened_by_id=user_id)
    )


def of_customer(reseller_id: int, customer_id: int) -> QuerySet[Ticket]:
    """What the people of a customer asked, whoever of them."""
    return _listed(Ticket.objects.filter(reseller_id=reseller_id, customer_id=customer_id))


def _listed(tickets: QuerySet[Ticket]) -> QuerySet[Ticket]:
    return tickets.select_related("customer", "document").order_by("-updated_at", "-pk")


def counts(tickets: QuerySet[Ticket]) -> Mapping[str, int]:
    """How many of these tickets are in each state; all three are there."""
    found = dict(tickets.order_by().values_list("state").annotate(Count("pk")))
    return {state: found.get(state, 0) for state in (Ticket.OPEN, Ticket.ANSWERED, Ticket.CLOSED)}


def thread(ticket: Ticket) -> list[TicketMessage]:
    """What was said on a ticket, oldest first."""
    return list(
        TicketMessage.objects.filter(reseller_id=ticket.reseller_id, ticket=ticket).order_by("pk")
    )


def who_answers(reseller_id: int) -> list[str]:
    """The addresses of those who answer customers: active owners and billing staff."""
    members = Membership.objects.filter(
        reseller_id=reseller_id,
        state=Membership.ACTIVE,
        role__in=[Role.OWNER.value, Role.BILLING.value],
    )
    return sorted(members.values_list("user__email", flat=True))


def may_read(ticket: Ticket, email: str) -> bool:
    """Whether an address is somebody's who has access to the ticket now."""
    members = Membership.objects.filter(
        Q(customer__isnull=True) | Q(customer_id=ticket.customer_id),
        reseller_id=ticket.reseller_id,
        user__email=email,
        state=Membership.ACTIVE,
    )
    return members.exists()


def language_of(ticket: Ticket) -> str:
    """The language of the customer's documents, which its mails are in as well."""
    found = BillingProfile.objects.filter(
        reseller_id=ticket.reseller_id, customer=ticket.customer, is_default=True
    ).values_list("language", flat=True)
    return next(iter(found), "en")
