"""Tickets, and e-mails that are about no document."""

from django.db import models

from clearbill.records.models.base import TenantForeignKey, TenantModel

_STATES = ("Open", "Answered", "Closed")


class Ticket(TenantModel):
    """A question. A customer's goes to the reseller's queue, staff's own to the operator."""

    OPEN, ANSWERED, CLOSED = _STATES
    RESELLER, OPERATOR = "reseller", "operator"
    CATEGORIES = ("Invoice", "Payment", "Usage", "Access", "Other")
    PRIORITIES = ("Low", "Normal", "High", "Urgent")

    counter = models.PositiveBigIntegerField()
    code = models.CharField(max_length=20, help_text="such as T-000012")
    queue = models.CharField(
        max_length=10, choices=[(RESELLER, RESELLER), (OPERATOR, OPERATOR)], default=RESELLER
    )
    opened_by = models.ForeignKey("records.User", models.DO_NOTHING, related_name="+")
    who = models.CharField(max_length=254)
    customer = TenantForeignKey("records.Customer", null=True, blank=True, related_name="tickets")
    document = TenantForeignKey("records.Document", null=True, blank=True, related_name="tickets")
    line = models.PositiveIntegerField(null=True, blank=True, help_text="position on the document")
    about = models.JSONField(default=dict, help_text="the line as its asker saw it")
    subject = models.CharField(max_length=200)
    category = models.CharField(max_length=20, choices=[(c, c) for c in CATEGORIES])
    priority = models.CharField(max_length=10, choices=[(p, p) for p in PRIORITIES])
    state = models.CharField(max_length=10, choices=[(s, s) for s in _STATES], default=OPEN)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reseller", "code"], name="ticket_ids"),
            models.CheckConstraint(
                condition=models.Q(queue="operator", customer__isnull=True)
                | models.Q(queue="reseller", customer__isnull=False),
                name="customers_ask_the_reseller",
            ),
        ]
        indexes = [
            models.Index(fields=["reseller", "queue", "state", "-updated_at"], name="ticket_queue"),
            models.Index(fields=["reseller", "customer", "-updated_at"], name="customers_tickets"),
        ]

    def __str__(self) -> str:
        return self.code


class TicketMessage(TenantModel):
    """One thing said on a ticket, with at most one file. Appended, never changed."""

    ticket = TenantForeignKey(Ticket, related_name="messages")
    who = models.CharField(max_length=254)
    from_asker = models.BooleanField()
    text = models.TextField()
    at = models.DateTimeField()
    file_name = models.CharField(max_length=200, blank=True, default="")
    file_path = models.TextField(blank=True, default="")
    file_hash = models.CharField(max_length=64, blank=True, default="")
    file_bytes = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.ticket_id}: {self.who}"


class Letter(TenantModel):
    """An e-mail that is about no document: an invitation, a ticket's answer, a test.

    What is secret (an invitation's link) is not stored: `data` names the row, and the text is
    made when it is sent. One that nobody is owed any more ends as Withdrawn: its cause is gone, or
    somebody dismissed it.
    """

    QUEUED, SENT, FAILED, WITHDRAWN = "Queued", "Sent", "Failed", "Withdrawn"

    kind = models.CharField(max_length=20)
    recipient = models.EmailField()
    reply_to = models.EmailField(blank=True, default="")
    subject = models.CharField(max_length=250, blank=True, default="")
    text = models.TextField(blank=True, default="")
    html = models.TextField(blank=True, default="")
    data = models.JSONField(default=dict)
    state = models.CharField(
        max_length=10, choices=[(s, s) for s in (QUEUED, SENT, FAILED, WITHDRAWN)], default=QUEUED
    )
    attempts = models.PositiveIntegerField(default=0)
    message_id = models.CharField(max_length=200, unique=True)
    last_error = models.TextField(blank=True, default="")
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.kind} to {self.recipient}"
