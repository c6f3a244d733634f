"""Providers, their accounts, and the usage they delivered."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from clearbill.records.models.base import TenantForeignKey, TenantModel, stored


class Provider(TenantModel):
    code = models.CharField(max_length=60)
    name = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reseller", "code"], name="provider_codes")]

    def __str__(self) -> str:
        return self.name


class ProviderAlias(TenantModel):
    """What files call a provider, in lower case: `amazon web services, inc.` is AWS."""

    alias = models.CharField(max_length=200)
    provider = TenantForeignKey(Provider, related_name="aliases")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reseller", "alias"], name="provider_aliases")
        ]

    def __str__(self) -> str:
        return self.alias


class ProviderAccount(TenantModel):
    """The provider's own id for a customer's account; text, leading zeros kept."""

    provider = TenantForeignKey(Provider, related_name="accounts")
    account = models.TextField()
    name = models.TextField(blank=True, default="")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["reseller", "provider", "account"], name="provider_account_ids"
            )
        ]

    def __str__(self) -> str:
        return self.account


class Assignment(TenantModel):
    """Gives an account to one customer from a date to a date (exclusive; none is open-ended).

    No two of one account overlap: an EXCLUDE constraint in `0002_law`.
    """

    account = TenantForeignKey(ProviderAccount, related_name="assignments")
    customer = TenantForeignKey("records.Customer", related_name="assignments")
    profile = TenantForeignKey("records.BillingProfile", related_name="assignments")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    who = models.CharField(max_length=254)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(valid_to__isnull=True)
                | models.Q(valid_to__gt=models.F("valid_from")),
                name="assignments_end_after_they_start",
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id} → {self.customer_id} from {self.valid_from}"


class BillingPeriod(TenantModel):
    """One provider's billing period. The row that imports and generations of it lock."""

    provider = TenantForeignKey(Provider, related_name="periods")
    period_start = models.DateField()
    period_end = models.DateField(help_text="exclusive")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["reseller", "provider", "period_start", "period_end"],
                name="billing_periods",
            ),
            models.CheckConstraint(
                condition=models.Q(period_end__gt=models.F("period_start")),
                name="periods_end_after_they_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.period_start}/{self.period_end}"


class UsageImport(TenantModel):
    """One delivery: the files given together. Its row is committed last, its rows never change."""

    created_at = models.DateTimeField()
    who = models.CharField(max_length=254)
    feed = models.CharField(max_length=20)
    path = models.TextField(help_text="key of the Parquet file in the store")
    file_hash = models.CharField(max_length=64, help_text="SHA-256 of the Parquet file")
    content_hash = models.CharField(max_length=64)
    rows = models.BigIntegerField()
    columns = ArrayField(models.TextField())
    unknown_columns = ArrayField(models.TextField(), default=list)
    charge_words = models.JSONField(default=dict, help_text="unknown charge categories → rows")

    def __str__(self) -> str:
        return f"import {self.pk}"


class ImportFile(TenantModel):
    usage_import = TenantForeignKey(UsageImport, related_name="files")
    name = models.TextField()
    sha256 = models.CharField(max_length=64)
    bytes = models.BigIntegerField()
    rows = models.BigIntegerField()

    def __str__(self) -> str:
        return self.name


class ImportStatement(TenantModel):
    """A payer's usage of one billing period in one currency, whole, as one import gave it.

    Current until a later import supersedes it; nothing else of it ever changes.
    """

    usage_import = TenantForeignKey(UsageImport, related_name="statements")
    billing_period = TenantForeignKey(BillingPeriod, related_name="statements")
    payer = models.TextField()
    payer_name = models.TextField(blank=True, default="")
    currency = models.CharField(max_length=3)
    rows = models.BigIntegerField()
    file_sum = models.DecimalField(max_digits=76, decimal_places=38)
    stored_sum = stored()
    content_hash = models.CharField(max_length=64)
    superseded_by = TenantForeignKey(UsageImport, null=True, blank=True, related_name="superseded")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["reseller", "billing_period", "payer", "currency"],
                condition=models.Q(superseded_by__isnull=True),
                name="one_current_statement",
            )
        ]

    def __str__(self) -> str:
        return f"{self.payer} {self.currency}"


class UsageSlice(TenantModel):
    """The rows of one statement that fall to one account: the unit that a document claims."""

    statement = TenantForeignKey(ImportStatement, related_name="slices")
    account = TenantForeignKey(ProviderAccount, related_name="slices")
    account_name = models.TextField(blank=True, default="")
    rows = models.BigIntegerField()
    cost = stored()
    first_charge = models.DateField(null=True)
    last_charge = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reseller", "statement", "account"], name="slices")
        ]
        indexes = [models.Index(fields=["reseller", "account"], name="slices_by_account")]

    def __str__(self) -> str:
        return f"slice {self.pk}"


class Claim(TenantModel):
    """A document's hold on a slice: at most one live claim per slice.

    Released by the database itself when the document becomes Voided or Discarded.
    """

    document = TenantForeignKey("records.Document", related_name="claims")
    slice = TenantForeignKey(UsageSlice, related_name="claims")
    released_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["reseller", "slice"],
                condition=models.Q(released_at__isnull=True),
                name="one_live_claim_per_slice",
            )
        ]
        indexes = [models.Index(fields=["reseller", "document"], name="claims_by_document")]

    def __str__(self) -> str:
        return f"{self.document_id} claims {self.slice_id}"
