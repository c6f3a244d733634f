"""Two resellers with the same month each, and people of every role at one of them.

Costs are planted with figures that nothing else has, so that a page or file that shows one to
somebody who may not see it is found by its text.
"""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from django.test import Client

import focus_files
from clearbill.actions.accounts import assign_account
from clearbill.actions.change_status import Change, change_status
from clearbill.actions.common import Actor
from clearbill.actions.customers import add_customer
from clearbill.actions.generate_documents import run_generation, start_run
from clearbill.actions.import_usage import import_usage
from clearbill.actions.prices import set_markup
from clearbill.actions.resellers import add_reseller
from clearbill.actions.users import add_user
from clearbill.records import tenancy
from clearbill.records.models import Document, Reseller, User
from clearbill.rules.lifecycle import Status

OPERATOR = Actor("cli:operator")
SEPTEMBER = date(2024, 9, 1)
MARKERS = ("777.1310", "777.131", "888.2420", "888.242", "666.353", "555.464", "444.575")
"""Billed, list, contracted and effective cost and unit prices of the planted row."""

PLANTED = {
    "BilledCost": "777.1310",
    "ListCost": "888.2420",
    "ContractedCost": "666.353",
    "EffectiveCost": "555.464",
    "ListUnitPrice": "444.575",
    "ContractedUnitPrice": "444.575",
}


@dataclass
class Month:
    """One reseller's month: an open document and a draft of one customer, one of another."""

    reseller: Reseller
    run: int
    usage_import: int
    customers: dict[str, int] = field(default_factory=dict)
    documents: dict[str, str] = field(default_factory=dict)

    def ids(self) -> dict[str, dict[str, object]]:
        """Arguments of each kind of address, by the name of its parameter."""
        return {
            "code": {"code": self.documents["open"]},
            "customer_id": {"customer_id": self.customers["Contoso"]},
            "run_id": {"run_id": self.run},
            "import_id": {"import_id": self.usage_import},
            "article": {"article": "generate"},
        }


def make_month(slug: str, folder: Path) -> Month:
    """A reseller `slug` whose customer Contoso has an open AWS document and an Oracle draft."""
    reseller = add_reseller(
        actor=OPERATOR, slug=slug, name=slug.title(), currency="USD", kind="tax-invoice"
    )
    with tenancy.using(reseller.pk):
        set_markup(reseller_id=reseller.pk, actor=OPERATOR, percent="100", valid_from=SEPTEMBER)
        done = import_usage(
            reseller_id=reseller.pk, actor=OPERATOR, files=[_usage(folder / f"{slug}.csv")]
        )
        customers = {
            name: add_customer(reseller_id=reseller.pk, actor=OPERATOR, name=name).pk
            for name in ("Contoso", "Fabrikam")
        }
        for provider, account, name in (
            ("aws", "0012", "Contoso"),
            ("oracle", "0034", "Contoso"),
            ("aws", "0056", "Fabrikam"),
        ):
            assign_account(
                reseller_id=reseller.pk,
                actor=OPERATOR,
                provider=provider,
                account=account,
                customer_id=customers[name],
            )
        run = start_run(reseller_id=reseller.pk, actor=OPERATOR, month=SEPTEMBER)
        run_generation(reseller_id=reseller.pk, run_id=run.pk)
        month = Month(reseller, run.pk, done.import_id, customers)
        _publish(month)
    return month


def _usage(path: Path) -> Path:
    rows = [
        focus_files.row(**PLANTED),
        focus_files.row(ProviderName="Oracle", SubAccountId="0034", **PLANTED),
        focus_files.row(SubAccountId="0056", **PLANTED),
        focus_files.row(SubAccountId="0078"),
    ]
    return focus_files.write_csv(path, [{**PLANTED, **row} for row in rows])


def _publish(month: Month) -> None:
    documents = {
        (d.customer.name, d.provider.code): d.code
        for d in Document.objects.filter(reseller=month.reseller).select_related(
            "customer", "provider"
        )
    }
    month.documents = {
        "open": documents["Contoso", "aws"],
        "draft": documents["Contoso", "oracle"],
        "other": documents["Fabrikam", "aws"],
    }
    change_status(
        reseller_id=month.reseller.pk,
        actor=OPERATOR,
        documents=[month.documents["open"], month.documents["other"]],
        change=Change(to=Status.OPEN),
    )


def member(month: Month, role: str, customer: str | None = None) -> Client:
    """A signed-in client of a new person with this role at the month's reseller."""
    email = f"{role}-{customer or 'staff'}@{month.reseller.slug}.example".lower()
    with tenancy.using(month.reseller.pk):
        add_user(
            reseller_id=month.reseller.pk,
            actor=OPERATOR,
            email=email,
            role=role,
            customer_id=month.customers[customer] if customer else None,
            password="a long enough sentence",
        )
    client = Client()
    client.force_login(
        User.objects.get(email=email), "allauth.account.auth_backends.AuthenticationBackend"
    )
    return client
