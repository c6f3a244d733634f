"""Exchange rates and taxes, as a reseller keeps them."""

from django.db import models

from clearbill.records.models.base import TenantForeignKey, TenantModel
from clearbill.rules.tax import CATEGORIES, WITHOUT_REASON


class ExchangeRate(TenantModel):
    """What one unit of `base` is in `quote`, from a source; never edited, corrected by a version.

    A monthly rate holds for the whole month that begins on `day`; a daily one from its day until
    a newer one is known (`rules/currencies`).
    """

    MONTH, DAY = "month", "day"

    base = models.CharField(max_length=3)
    quote = models.CharField(max_length=3)
    span = models.CharField(max_length=5, choices=[(MONTH, MONTH), (DAY, DAY)])
    day = models.DateField()
    rate = models.DecimalField(max_digits=24, decimal_places=10)
    source = models.CharField(max_length=100)
    version = models.PositiveIntegerField()
    who = models.CharField(max_length=254)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["reseller", "base", "quote", "span", "day", "version"],
                name="exchange_rate_versions",
            ),
            models.CheckConstraint(condition=models.Q(rate__gt=0), name="rates_are_positive"),
            models.CheckConstraint(
                condition=~models.Q(base=models.F("quote")), name="rates_join_two_currencies"
            ),
        ]

    def __str__(self) -> str:
        return f"1 {self.base} = {self.rate} {self.quote} ({self.day})"


class TaxRate(TenantModel):
    """A tax as it is printed. Only `active` ever changes: another percentage is another rate."""

    name = models.CharField(max_length=100)
    category = models.CharField(
        max_length=2, choices=list(CATEGORIES.items()), help_text="EN 16931, BT-118"
    )
    percent = models.DecimalField(max_digits=7, decimal_places=4)
    reason = models.CharField(max_length=300, blank=True, default="")
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reseller", "name"], name="tax_names"),
            models.CheckConstraint(
                condition=models.Q(percent__gte=0, percent__lte=100), name="tax_percentages"
            ),
            models.CheckConstraint(
                condition=models.Q(category="S") | models.Q(percent=0),
                name="only_standard_taxes_charge",
            ),
            models.CheckConstraint(
                condition=models.Q(category__in=sorted(WITHOUT_REASON)) | ~models.Q(reason=""),
                name="exemptions_have_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ProfileTax(TenantModel):
    """A tax that a billing profile's documents carry, in the order printed."""

    profile = TenantForeignKey("records.BillingProfile", related_name="taxes")
    tax = TenantForeignKey(TaxRate, related_name="+")
    position = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reseller", "profile", "tax"], name="profile_taxes")
        ]

    def __str__(self) -> str:
        return f"{self.profile_id}: {self.tax_id}"
