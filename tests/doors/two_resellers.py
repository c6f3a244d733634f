"""Two resellers with the same month each, and people of every role at one of them.

Costs are planted with figures that nothing else has, so that a page or file that shows one to
somebody who may not see it is found by its text.
"""

from dataclasses import dataclass, field
from datetime import date
from io import BytesIO
from pathlib import Path

from django.test import Client
from PIL import Image

import focus_files
from clearbill.actions.accounts import assign_account
from clearbill.actions.branding import set_logo
from clearbill.actions.bulk import start_bulk
from clearbill.actions.change_status import Change, change_status
from clearbill.actions.common import Actor
from clearbill.actions.customers import add_customer
from clearbill.actions.generate_documents import run_generation, start_run
from clearbill.actions.import_usage import import_usage
from clearbill.actions.people import set_mfa_required
from clearbill.actions.prices import set_markup
from clearbill.actions.resellers import add_reseller
from clearbill.actions.tickets import Upload, open_ticket
from clearbill.actions.users import add_user
from clearbill.records import tenancy
from clearbill.records.models import Document, Membership, Reseller, TicketMessage, User
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
    colleague: int = 0
    customers: dict[str, int] = field(default_factory=dict)
    documents: dict[str, str] = field(default_factory=dict)

    def ids(self) -> dict[str, dict[str, object]]:
        """Arguments of each kind of address, by the name of its parameter.

        Makes a ticket and a bulk job to be named, which only walks over all addresses need.
        """
        with tenancy.using(self.reseller.pk):
            message, job = _ticket(self), _bulk_job(self)
        return {
            "code": {"code": self.documents["open"]},
            "customer_id": {"customer_id": self.customers["Contoso"]},
            "run_id": {"run_id": self.run},
            "import_id": {"import_id": self.usage_import},
            "article": {"article": "support"},
            "position": {"position": 1},
            "membership_id": {"membership_id": self.colleague},
            "ticket": {"ticket": message.ticket.code},
            "message_id": {"message_id": message.pk},
            "job_id": {"job_id": job},
            "sha256": {"sha256": _logo(self)},
        }


def make_month(slug: str, folder: Path) -> Month:
    """A reseller `slug` whose customer Contoso has an open AWS document and an Oracle draft."""
    reseller = add_reseller(
        actor=OPERATOR, slug=slug, name=slug.title(), currency="USD", kind="tax-invoice"
    )
    # Tests of pages sign in with a password alone; those of the second factor turn it on.
    set_mfa_required(reseller_id=reseller.pk, actor=OPERATOR, required=False)
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
        month = Month(reseller, run.pk, done.import_id, customers=customers)
        _publish(month)
        month.colleague = _colleague(reseller)
    return month


def _colleague(reseller: Reseller) -> int:
    email = f"colleague@{reseller.slug}.example"
    add_user(reseller_id=reseller.pk, actor=OPERATOR, email=email, role="sales")
    return Membership.objects.get(reseller=reseller, user__email=email).pk


def _logo(month: Month) -> str:
    """Of another colour for each reseller, since a logo is named by its content."""
    out = BytesIO()
    Image.new("RGB", (2, 2), (month.reseller.pk % 256, 0, 0)).save(out, "PNG")
    return set_logo(reseller_id=month.reseller.pk, actor=OPERATOR, data=out.getvalue())


def _bulk_job(month: Month) -> int:
    return start_bulk(
        reseller_id=month.reseller.pk,
        actor=OPERATOR,
        verb="resend",
        codes=[month.documents["open"]],
        versions={},
        in_background=False,
    ).pk


def _ticket(month: Month) -> TicketMessage:
    """A question of Contoso's with a file: its message."""
    ticket = open_ticket(
        reseller_id=month.reseller.pk,
        actor=Actor("asker@contoso.example", "portal"),
        user_id=Membership.objects.get(pk=month.colleague).user_id,
        customer_id=month.customers["Contoso"],
        subject="Why?",
        category="Invoice",
        priority="Normal",
        text="Too much.",
        document=month.documents["open"],
        line=1,
        upload=Upload("note.txt", b"words"),
    )
    return TicketMessage.objects.select_related("ticket").get(ticket=ticket)


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
