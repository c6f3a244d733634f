"""Taxes as settings and customers' pages show them."""

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef, QuerySet, Subquery, TextField
from django.db.models.functions import Cast, Coalesce, JSONObject

from clearbill.records.models import ProfileTax, TaxRate


def with_customers(reseller_id: int) -> "QuerySet[Any]":
    """The reseller's taxes, active ones first, each with the number of `customers` that have it."""
    having = (
        ProfileTax.objects.filter(reseller_id=reseller_id, tax=OuterRef("pk"))
        .order_by()
        .values("tax")
        .annotate(n=Count("profile__customer", distinct=True))
        .values("n")
    )
    return (
        TaxRate.objects.filter(reseller_id=reseller_id)
        .annotate(customers=Coalesce(Subquery(having), 0))
        .order_by("-active", "name")
    )


def ids_of_profile() -> ArraySubquery:
    """To annotate billing profiles with: the ids of their taxes, in the order printed."""
    return ArraySubquery(
        ProfileTax.objects.filter(reseller=OuterRef("reseller"), profile=OuterRef("pk"))
        .order_by("position", "pk")
        .values("tax")
    )


def of_reseller() -> ArraySubquery:
    """To annotate any tenant row with: all taxes of its reseller, retired ones too, by name.

    Each is a dict of `id`, `name`, `category`, `percent` (text: JSON's numbers are floats) and
    `active`.
    """
    return ArraySubquery(
        TaxRate.objects.filter(reseller=OuterRef("reseller"))
        .order_by("name")
        .values(
            row=JSONObject(
                id="pk",
                name="name",
                category="category",
                percent=Cast("percent", TextField()),
                active="active",
            )
        )
    )
