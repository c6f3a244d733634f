"""What every tenant table shares: an id, its reseller, and foreign keys that name both."""

from typing import Any

from django.db import models


class TenantForeignKey(models.ForeignKey[Any, Any]):
    """A reference within one reseller.

    Django creates no constraint for it: the migrations add a composite one, (reseller_id, …), so
    that no row can point at another reseller's, which a foreign key alone would allow since
    foreign keys bypass row-level security. A test compares both lists.
    """

    def __init__(self, to: Any, **options: Any) -> None:
        options.setdefault("on_delete", models.DO_NOTHING)
        options["db_constraint"] = False
        super().__init__(to, **options)


class TenantModel(models.Model):
    """A row that belongs to exactly one reseller, guarded by a row-level security policy."""

    reseller = models.ForeignKey("records.Reseller", models.DO_NOTHING, related_name="+")

    class Meta:
        abstract = True


def exact(**options: Any) -> "models.DecimalField[Any, Any]":
    """A column for exact amounts: wide enough for DECIMAL(38,18) times a factor of 6 decimals."""
    return models.DecimalField(max_digits=50, decimal_places=24, **options)


def stored(**options: Any) -> "models.DecimalField[Any, Any]":
    """A column for amounts and quantities as read from a file, at 18 decimals."""
    return models.DecimalField(max_digits=38, decimal_places=18, **options)


def shown(**options: Any) -> "models.DecimalField[Any, Any]":
    """A column for amounts in whole minor units; 4 decimals hold every ISO 4217 currency."""
    return models.DecimalField(max_digits=30, decimal_places=4, **options)
