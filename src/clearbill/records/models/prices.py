"""How cost becomes price: versioned linear rules, never edited."""

from typing import Any

from django.db import models

from clearbill.records.models.base import TenantForeignKey, TenantModel


def _factor(default: int) -> "models.DecimalField[Any, Any]":
    return models.DecimalField(max_digits=9, decimal_places=6, default=default)


class PriceRule(TenantModel):
    """amount = a × cost + b × list + c × quantity, from the periods that start at `valid_from`.

    Without provider or customer it holds for all of them; the most specific rule wins, then the
    latest start, then the highest version.
    """

    provider = TenantForeignKey("records.Provider", null=True, blank=True, related_name="+")
    customer = TenantForeignKey("records.Customer", null=True, blank=True, related_name="+")
    percent = models.DecimalField(max_digits=9, decimal_places=4)
    a = _factor(1)
    b = _factor(0)
    c = _factor(0)
    valid_from = models.DateField()
    version = models.PositiveIntegerField()
    who = models.CharField(max_length=254)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["reseller", "provider", "customer", "valid_from", "version"],
                nulls_distinct=False,
                name="price_rule_versions",
            )
        ]

    def __str__(self) -> str:
        return f"{self.percent} % from {self.valid_from}"
