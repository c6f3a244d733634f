"""Loading what an address names, within the request's reseller: the tenant check of every page."""

from collections.abc import Mapping
from typing import TypeVar

from django.db import models
from django.http import Http404

from clearbill.queries import documents as reading
from clearbill.queries import runs
from clearbill.queries.runs import RunReport
from clearbill.records.models import BillingRun, Customer, Document, ProviderAccount, UsageImport
from clearbill.rules.lifecycle import Status
from clearbill.web.permissions import TenantRequest

Row = TypeVar("Row", bound=models.Model)


def document_or_404(request: TenantRequest, code: str) -> Document:
    """A document of this reseller by its Document ID, its parties loaded; discarded ones too."""
    document = reading.one(request.reseller.pk, code)
    if document is None:
        raise Http404("no such document")
    return document


def shown_document_or_404(request: TenantRequest, code: str) -> Document:
    """The same without discarded ones, which nobody downloads."""
    document = document_or_404(request, code)
    if document.status == Status.DISCARDED:
        raise Http404("no such document")
    return document


def customer_or_404(request: TenantRequest, customer_id: int) -> Customer:
    return _one(Customer.objects.filter(reseller=request.reseller, pk=customer_id))


def report_or_404(request: TenantRequest, run_id: int) -> RunReport:
    """A run of this reseller with its results, at any moment of it."""
    try:
        return runs.report(request.reseller.pk, run_id)
    except BillingRun.DoesNotExist:
        raise Http404("no such run") from None


def account_or_404(request: TenantRequest, named: Mapping[str, str]) -> ProviderAccount:
    """The account that a query or a form names by `provider` (its code) and `account`.

    The provider's own id is any text, slashes too, so it never stands in a path.
    """
    return _one(
        ProviderAccount.objects.filter(
            reseller=request.reseller,
            provider__code=named.get("provider", ""),
            account=named.get("account", ""),
        ).select_related("provider")
    )


def import_or_404(request: TenantRequest, import_id: int) -> UsageImport:
    return _one(
        UsageImport.objects.filter(reseller=request.reseller, pk=import_id).prefetch_related(
            "files"
        )
    )


def _one(found: "models.QuerySet[Row]") -> Row:
    row = found.first()
    if row is None:
        raise Http404("no such row")
    return row
