"""The charts on a customer's page for staff."""

from typing import Any

from clearbill.queries.customer_figures import figures as read_figures
from clearbill.records import clock
from clearbill.records.models import Customer
from clearbill.rules.access import allowed
from clearbill.web import figures
from clearbill.web.permissions import TenantRequest


def context(request: TenantRequest, customer: Customer) -> dict[str, Any]:
    """What `_customer_charts.html` shows, in one query; margin only to roles that read cost."""
    found = read_figures(
        request.reseller.pk,
        customer.pk,
        today=clock.today(request.reseller.time_zone),
        with_margin=allowed(request.membership.role, "documents.read_cost"),
    )
    return {"figures": figures.figures(found.billed), "stands": found}
