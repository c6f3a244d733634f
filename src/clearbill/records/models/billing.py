"""Customers, billing runs, documents with their lines, and the trail of events."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from clearbill.records.models.base import TenantForeignKey, TenantModel, exact, shown, stored
from clearbill.rules.lifecycle import KIND_NAMES, Status

_STATUSES = [(status.value, status.value) for status in Status]


class Customer(TenantModel):
    name = models.CharField(max_length=200)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reseller", "name"], name="customer_names")]

    def __str__(self) -> str:
        return self.name


class BillingProfile(TenantModel):
    """How a customer is billed. Each customer has one default profile."""

    customer = TenantForeignKey(Customer, related_name="profiles")
    name = models.CharField(max_length=200, default="Default")
    is_default = models.BooleanField(default=True)
    legal_name = models.CharField(max_length=300, blank=True, default="")
    address = models.TextField(blank=True, default="")
    tax_id = models.CharField(max_length=60, blank=True, default="")
    currency = models.CharField(max_length=3)
    terms_days = models.PositiveSmallIntegerField(null=True, blank=True)
    recipients = ArrayField(models.EmailField(), default=list, blank=True)
    purchase_order = models.CharField(max_length=100, blank=True, default="")
    language = models.CharField(max_length=10, default="en")
    custom_fields = models.JSONField(default=dict, help_text="field id → default of a document's")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["reseller", "customer"],
                condition=models.Q(is_default=True),
                name="one_default_profile",
            ),
            models.UniqueConstraint(
                fields=["reseller", "customer", "name"], name="billing_profile_names"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.name}"


class NumberSeries(TenantModel):
    """A counter row, locked by whoever takes the next number of it.

    `documents` counts Document IDs, `invoices` invoice numbers; only the latter has no gaps.
    """

    DOCUMENTS, INVOICES = "documents", "invoices"

    name = models.CharField(max_length=40)
    prefix = models.CharField(max_length=20)
    start = models.PositiveBigIntegerField(default=1, help_text="the first number of this prefix")
    last_number = models.PositiveBigIntegerField(default=0)
    last_issue_date = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reseller", "name"], name="series_names")]

    def __str__(self) -> str:
        return self.name


class BillingRun(TenantModel):
    """One generation. Its job may be taken up again, and then makes only what is missing."""

    QUEUED, RUNNING, DONE, FAILED = "Queued", "Running", "Done", "Failed"

    month = models.DateField(help_text="first day of the month that the periods start in")
    providers = ArrayField(models.TextField(), default=list)
    customers = ArrayField(models.BigIntegerField(), null=True)
    state = models.CharField(
        max_length=10, choices=[(s, s) for s in (QUEUED, RUNNING, DONE, FAILED)], default=QUEUED
    )
    reason = models.TextField(blank=True, default="", help_text="why it failed")
    who = models.CharField(max_length=254)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    todo = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="Failed") | ~models.Q(reason=""),
                name="failed_runs_say_why",
            )
        ]

    def __str__(self) -> str:
        return f"run {self.pk}"


class RunResult(TenantModel):
    """What a run did for one customer and provider, or why it left something."""

    CREATED, EXISTS, LEFT, FAILED = "Created", "Exists", "Left", "Failed"

    run = TenantForeignKey(BillingRun, related_name="results")
    customer = TenantForeignKey(Customer, null=True, blank=True, related_name="+")
    billing_period = TenantForeignKey("records.BillingPeriod", related_name="+")
    account = models.TextField(blank=True, default="")
    outcome = models.CharField(
        max_length=10, choices=[(s, s) for s in (CREATED, EXISTS, LEFT, FAILED)]
    )
    reason = models.TextField(blank=True, default="")
    document = TenantForeignKey("records.Document", null=True, blank=True, related_name="+")
    amount = stored()
    currency = models.CharField(max_length=3)

    class Meta:
        indexes = [models.Index(fields=["reseller", "run"], name="results_by_run")]

    def __str__(self) -> str:
        return f"{self.outcome} {self.reason}"


class Document(TenantModel):
    """A tax invoice or billing statement. Its law stands in `rules/lifecycle` and `0002_law`."""

    code = models.CharField(max_length=20, help_text="Document ID, such as D-000123")
    counter = models.PositiveBigIntegerField()
    kind = models.CharField(
        max_length=20, choices=[(kind.value, name) for kind, name in KIND_NAMES.items()]
    )
    customer = TenantForeignKey(Customer, related_name="documents")
    profile = TenantForeignKey(BillingProfile, related_name="documents")
    provider = TenantForeignKey("records.Provider", related_name="documents")
    billing_period = TenantForeignKey("records.BillingPeriod", related_name="documents")
    period_start = models.DateField()
    period_end = models.DateField(help_text="exclusive")
    run = TenantForeignKey(BillingRun, null=True, blank=True, related_name="documents")
    replaces = TenantForeignKey("self", null=True, blank=True, related_name="replaced_by")
    currency = models.CharField(max_length=3)
    created_at = models.DateTimeField()

    status = models.CharField(max_length=10, choices=_STATUSES, default=Status.DRAFT.value)
    status_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    line_count = models.PositiveIntegerField(default=0)
    subtotal = shown(default=0)
    tax = shown(default=0)
    total = shown(default=0)
    exact_total = exact(default=0)
    rates = models.JSONField(
        default=list, help_text="currencies converted from: from, to, rate, source, day"
    )
    taxes = models.JSONField(
        default=list, help_text="name, category, percent, reason, base and amount of each"
    )

    custom_fields = models.JSONField(default=dict, help_text="field id → value, as text")
    custom_words = models.TextField(blank=True, default="", help_text="the values, to search in")
    note = models.TextField(blank=True, default="")
    note_printed = models.BooleanField(default=False)
    stale = models.TextField(
        blank=True, default="", help_text="why a draft does not hold its usage as it is now"
    )
    purchase_order = models.CharField(max_length=100, blank=True, default="")
    issue_date = models.DateField(null=True, blank=True)
    due_date = models.DateField(null=True, blank=True)
    series = models.CharField(max_length=20, blank=True, default="")
    sequence = models.PositiveBigIntegerField(null=True, blank=True)
    invoice_number = models.CharField(max_length=40, null=True, blank=True)  # noqa: DJ001 - unique where given
    frozen = models.TextField(null=True, blank=True)  # noqa: DJ001 - a draft has none
    content_hash = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001
    published_at = models.DateTimeField(null=True, blank=True)

    due_extended_to = models.DateField(null=True, blank=True)
    paid_on = models.DateField(null=True, blank=True)
    payment_comment = models.TextField(blank=True, default="")
    rated_path = models.TextField(blank=True, default="")
    rated_hash = models.CharField(max_length=64, blank=True, default="")
    pdf_path = models.TextField(blank=True, default="")
    pdf_hash = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reseller", "code"], name="document_ids"),
            models.UniqueConstraint(
                fields=[
                    "reseller",
                    "customer",
                    "profile",
                    "provider",
                    "period_start",
                    "period_end",
                ],
                condition=~models.Q(status__in=[Status.VOIDED.value, Status.DISCARDED.value]),
                name="one_live_document",
            ),
            models.UniqueConstraint(
                fields=["reseller", "invoice_number"],
                condition=models.Q(invoice_number__isnull=False),
                name="invoice_numbers",
            ),
            models.UniqueConstraint(
                fields=["reseller", "series", "sequence"],
                condition=models.Q(sequence__isnull=False),
                name="invoice_number_sequences",
            ),
            models.CheckConstraint(
                condition=models.Q(total=models.F("subtotal") + models.F("tax")),
                name="subtotal_and_tax_make_the_total",
            ),
        ]
        indexes = [
            models.Index(
                fields=["reseller", "customer", "-period_start", "-id"],
                name="documents_of_customer",
            ),
            models.Index(fields=["reseller", "-period_start", "-id"], name="documents_by_period"),
            models.Index(fields=["reseller", "status", "due_date"], name="documents_by_status"),
        ]

    def __str__(self) -> str:
        return self.code


class DocumentLine(models.Model):
    """One line: its section is its account, its key what the usage was grouped by.

    `price` is what the line shows, `exact` what it is: a x converted cost + b x converted list +
    c x qty. Costs and the resolved rule (a, b, c) are the reseller's alone. `cost` and
    `list_cost` are in `cost_currency`, the provider's; everything else in the document's.
    """

    pk = models.CompositePrimaryKey("reseller_id", "document_id", "position")
    reseller = models.ForeignKey(
        "records.Reseller", models.DO_NOTHING, related_name="+", db_constraint=False
    )
    document = TenantForeignKey(Document, related_name="lines")
    position = models.PositiveIntegerField()
    account = models.TextField()
    account_name = models.TextField()
    service = models.TextField()
    sku = models.TextField()
    description = models.TextField()
    charge_type = models.CharField(max_length=20)
    provider_charge = models.TextField()
    unit = models.TextField()
    currency = models.CharField(max_length=3)
    line_key = models.TextField()
    qty = stored()
    cost = stored()
    list_cost = stored()
    cost_currency = models.CharField(max_length=3)
    cost_converted = stored()
    list_converted = stored()
    own = models.BooleanField(default=False, help_text="staff's own line, not usage")
    rule = models.BigIntegerField(null=True)
    a = models.DecimalField(max_digits=9, decimal_places=6)
    b = models.DecimalField(max_digits=9, decimal_places=6)
    c = models.DecimalField(max_digits=9, decimal_places=6)
    exact = exact()
    price = shown()
    rows = models.BigIntegerField()
    first_date = models.DateField(null=True)
    last_date = models.DateField(null=True)

    def __str__(self) -> str:
        return self.line_key


class Chain(TenantModel):
    """The head of a reseller's trail; locked by whoever appends to it."""

    length = models.PositiveBigIntegerField(default=0)
    head = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reseller"], name="one_chain_per_reseller")]

    def __str__(self) -> str:
        return self.head


class Event(TenantModel):
    """Who did what to a document, when. Appended to, never changed; each hash covers the last."""

    seq = models.PositiveBigIntegerField()
    document = TenantForeignKey(Document, related_name="events")
    what = models.CharField(max_length=30)
    at = models.DateTimeField()
    who = models.CharField(max_length=254)
    from_status = models.CharField(max_length=10, blank=True, default="")
    to_status = models.CharField(max_length=10, blank=True, default="")
    reason = models.TextField(blank=True, default="")
    notified = models.BooleanField(default=False)
    data = models.JSONField(default=dict)
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reseller", "seq"], name="event_sequence"),
        ]
        indexes = [models.Index(fields=["reseller", "document", "seq"], name="events_of_document")]

    def __str__(self) -> str:
        return f"{self.seq} {self.what}"


class Delivery(TenantModel):
    """One e-mail to one recipient, owed since the change that caused it was committed."""

    QUEUED, SENT, FAILED = "Queued", "Sent", "Failed"

    event = TenantForeignKey(Event, related_name="deliveries")
    document = TenantForeignKey(Document, related_name="deliveries")
    recipient = models.EmailField()
    state = models.CharField(
        max_length=10, choices=[(s, s) for s in (QUEUED, SENT, FAILED)], default=QUEUED
    )
    attempts = models.PositiveIntegerField(default=0)
    message_id = models.CharField(max_length=200)
    last_error = models.TextField(blank=True, default="")
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["reseller", "event", "recipient"], name="one_mail_per_recipient"
            )
        ]
        verbose_name_plural = "deliveries"

    def __str__(self) -> str:
        return f"{self.recipient}: {self.state}"
