"""A reseller of which every text that somebody may type or deliver is hostile.

`python -m hostile.fill FOLDER` makes it in the database of its environment, for a story that does
not import Django, and prints what the story needs as JSON.
"""

import csv
import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from smtplib import SMTPResponseException
from typing import Any

import django

if __name__ == "__main__":
    django.setup()

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend
from django.test import Client, override_settings

import focus_files
from clearbill.actions import bulk, custom_fields, mail_templates, tickets
from clearbill.actions.accounts import assign_account
from clearbill.actions.branding import set_branding
from clearbill.actions.change_status import Change, change_status
from clearbill.actions.common import Actor
from clearbill.actions.customers import add_customer
from clearbill.actions.edit_draft import change_draft
from clearbill.actions.generate_documents import run_generation, start_run
from clearbill.actions.import_usage import import_usage
from clearbill.actions.invitations import invite
from clearbill.actions.mail_server import NotSent
from clearbill.actions.notify import resend_notification
from clearbill.actions.own_lines import add_own_line
from clearbill.actions.people import send_reset, set_mfa_required, view_as_customer
from clearbill.actions.rates import set_rate, show_in
from clearbill.actions.resellers import add_reseller, change_reseller
from clearbill.actions.saved_views import save_view
from clearbill.actions.send_letter import send_letter
from clearbill.actions.send_mail import send_mail
from clearbill.actions.taxes import add_tax, set_customer_taxes
from clearbill.actions.users import add_user
from clearbill.console import urls as console
from clearbill.portal import urls as portal
from clearbill.queries.people import invitation_token
from clearbill.records import tenancy
from clearbill.records.models import (
    BulkJob,
    Customer,
    CustomField,
    Delivery,
    Document,
    DocumentLine,
    Invitation,
    Letter,
    MailTemplate,
    Membership,
    Reseller,
    TaxRate,
    TicketMessage,
    User,
)
from clearbill.rules.lifecycle import Status
from doors.test_access_matrix import addresses
from doors.two_resellers import Month
from hostile.payloads import EVERY, PAYLOADS, SCRIPT, hostile

SLUG = "hostile"
PASSWORD = "a long enough sentence"
SEPTEMBER = date(2024, 9, 1)
OWNER = Actor(f'"{SCRIPT}"@staff.example', "owner")
BUYER = Actor(f'"{SCRIPT}"@buyer.example', "portal")
RECIPIENT = f'"{SCRIPT}"@recipient.example'
PROVIDER = f"Oracle {SCRIPT}"
WORDS = f'{SCRIPT} "><img src=x onerror=alert(1)> #read("/etc/passwd") {{customer}}\n=1+1'
"""A template's text: of all payloads those that name no parameter."""


class Refusing(BaseEmailBackend):
    """A mail server that answers with a script, and may be asked again."""

    def send_messages(self, messages: Any) -> int:
        raise SMTPResponseException(451, hostile().encode())


@dataclass
class HostileMonth(Month):
    """What the reseller has, for a walk over all addresses, and the mails that it sent."""

    sent: list[Any] = field(default_factory=list)

    def ids(self) -> dict[str, dict[str, object]]:
        """As of any month, but with the ticket, file and bulk job that are hostile."""
        with tenancy.using(self.reseller.pk):
            message = TicketMessage.objects.select_related("ticket").earliest("pk")
            job = BulkJob.objects.earliest("pk")
        return {
            **super().ids(),
            "ticket": {"ticket": message.ticket.code},
            "message_id": {"message_id": message.pk},
            "job_id": {"job_id": job.pk},
        }


def given(reseller: Reseller, actor: Actor = OWNER) -> dict[str, Any]:
    return {"reseller_id": reseller.pk, "actor": actor}


def fill(folder: Path) -> HostileMonth:
    """The whole of it: settings, usage, people, documents in every state, tickets, mails."""
    reseller = add_reseller(
        actor=OWNER, slug=SLUG, name=hostile(200), currency="USD", kind="tax-invoice"
    )
    set_mfa_required(**given(reseller), required=False)
    with tenancy.using(reseller.pk):
        _set_up(reseller)
        _configure(reseller)
        buyer = _customer(reseller, hostile(200))
        european = _customer(reseller, f"EUR {hostile(190)}", currency="EUR")
        done = _import(reseller, folder)
        _assign(reseller, buyer, european)
        run = start_run(**given(reseller), month=SEPTEMBER)
        run_generation(reseller_id=reseller.pk, run_id=run.pk)
        month = HostileMonth(reseller, run.pk, done, customers={"Contoso": buyer})
        month.documents = _documents(reseller)
        month.colleague = _people(reseller, buyer)
        _write_around(reseller, month)
    return month


def _set_up(reseller: Reseller) -> None:
    change_reseller(
        **given(reseller),
        legal_name=hostile(300),
        address=EVERY,
        tax_id=hostile(60),
        bank_details=EVERY,
        legal_text=EVERY,
    )
    set_branding(**given(reseller), colour="#1d4f91", accent_colour="#1f5aa6", footer=hostile(500))
    for kind in MailTemplate.KINDS:
        mail_templates.change_template(
            **given(reseller), kind=kind, reply_to=OWNER.name, bcc=[OWNER.name],
            words={name: " ".join(WORDS.split()) if name.startswith("subject") else WORDS
                   for name in mail_templates.WORDINGS},
        )  # fmt: skip


def _configure(reseller: Reseller) -> None:
    custom_fields.add_field(**given(reseller), name=hostile(60), kind="text")
    custom_fields.add_field(
        **given(reseller), name="+1 choice", kind="choice", choices=[hostile(100), "=1+1"]
    )
    add_tax(**given(reseller), name=hostile(100), percent="19")
    add_tax(**given(reseller), name=f"-{hostile(99)}", category="E", reason=hostile(300))
    set_rate(
        **given(reseller), base="USD", quote="EUR", month=SEPTEMBER, rate="0.5",
        source=hostile(100),
    )  # fmt: skip
    show_in(**given(reseller), currencies=["EUR"])


def _customer(reseller: Reseller, name: str, currency: str = "USD") -> int:
    return add_customer(
        **given(reseller),
        name=name,
        currency=currency,
        legal_name=hostile(300),
        address=EVERY,
        tax_id=hostile(60),
        purchase_order=hostile(100),
        recipients=[RECIPIENT],
        language="en",
    ).pk


def _rows() -> Iterator[focus_files.Row]:
    """A row for each payload and provider, which holds it wherever a cell is text."""
    for provider, payloads in (
        (PROVIDER, PAYLOADS),
        ("AWS", PAYLOADS),
        ("Google Cloud", {"": hostile()}),
        ("Azure", {"": hostile()}),
        ("Microsoft", {"": f"left {hostile()}"}),
    ):
        for payload in payloads.values():
            names = dict.fromkeys(
                ("ServiceName", "SkuId", "ChargeDescription", "PricingUnit", "Tags", "ResourceId",
                 "ChargeCategory", "ChargeFrequency", "SubAccountId", "SubAccountName",
                 "BillingAccountName", "=1+1", SCRIPT), payload,
            )  # fmt: skip
            yield focus_files.row(
                **names, ProviderName=provider, BillingAccountId=hostile(), BilledCost="10.00"
            )


def _import(reseller: Reseller, folder: Path) -> int:
    rows, path = list(_rows()), folder / "usage.csv"
    with path.open("w", newline="") as out:
        # Not by `focus_files`: a lone \r must be in quotes.
        writer = csv.DictWriter(out, list(rows[0]), quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    name = f"={SCRIPT}\n.csv"
    return import_usage(**given(reseller), files=[path], names=[name]).import_id


def _assign(reseller: Reseller, buyer: int, european: int) -> None:
    oracle = "oracle-script-document-title-run-script"
    for provider, accounts, customer in (
        (oracle, PAYLOADS.values(), buyer),
        ("aws", PAYLOADS.values(), buyer),
        ("google-cloud", [hostile()], buyer),
        ("microsoft-csp", [hostile()], european),
    ):
        for account in accounts:
            assign_account(
                **given(reseller), provider=provider, account=account, customer_id=customer
            )


def _documents(reseller: Reseller) -> dict[str, str]:
    """The Document IDs by what they are; each text on the way is hostile too."""
    codes = dict(Document.objects.values_list("provider__code", "code"))
    found = {
        "draft": next(code for provider, code in codes.items() if provider.startswith("oracle")),
        "open": codes["aws"],
        "voided": codes["google-cloud"],
        "closed": codes["microsoft-csp"],
    }
    for code in found.values():
        _edit(reseller, code)
    _change(reseller, found["open"], to=Status.OPEN, notify=True)
    _change(reseller, found["voided"], to=Status.OPEN)
    _change(reseller, found["voided"], to=Status.VOIDED, reason=EVERY)
    _change(reseller, found["closed"], to=Status.CLOSED, payment_comment=EVERY)
    return found


def _change(reseller: Reseller, code: str, **values: Any) -> None:
    [result] = change_status(**given(reseller), documents=[code], change=Change(**values))
    assert result.changed, result.refused


def _edit(reseller: Reseller, code: str) -> None:
    draft = {**given(reseller), "document": code}
    text, choice = CustomField.objects.order_by("pk")
    change_draft(
        **draft,
        purchase_order=hostile(100),
        note=EVERY,
        note_printed=True,
        fields={text.pk: hostile(500), choice.pk: hostile(100)},
    )
    for payload in PAYLOADS.values():
        add_own_line(**draft, text=payload, amount="1.00")


def _people(reseller: Reseller, buyer: int) -> int:
    """An owner, a portal administrator, an invitation of each; the owner's membership."""
    for who, customer in ((OWNER, None), (BUYER, buyer)):
        add_user(
            **given(reseller), email=who.name, role="owner", name=hostile(200),
            customer_id=customer, password=PASSWORD,
        )  # fmt: skip
        invite(
            **given(reseller), email=f'"i{SCRIPT}"@{who.role}.example', role="sales",
            customer_id=customer,
        )  # fmt: skip
    Membership.objects.filter(reseller=reseller, user__email=BUYER.name).update(is_admin=True)
    view_as_customer(**given(reseller), customer_id=buyer)
    return Membership.objects.get(reseller=reseller, user__email=OWNER.name).pk


def _write_around(reseller: Reseller, month: HostileMonth) -> None:
    """Tickets of both queues, a bulk job, a view, and a customer's defaults and taxes."""
    buyer = month.customers["Contoso"]
    line = DocumentLine.objects.get(document__code=month.documents["open"], sku=SCRIPT)
    for who, customer in ((BUYER, buyer), (OWNER, None)):
        user = User.objects.get(email=who.name)
        ticket = tickets.open_ticket(
            **given(reseller, who), user_id=user.pk, customer_id=customer, subject=hostile(200),
            category="Invoice", priority="Normal", text=EVERY,
            document=month.documents["open"], line=line.position,
            upload=tickets.Upload(f"{hostile()}.html", SCRIPT.encode()),
        )  # fmt: skip
        tickets.answer_ticket(
            **given(reseller), ticket=ticket.code, text=EVERY,
            as_operator=True,
        )  # fmt: skip
    save_view(
        **given(reseller), user_id=User.objects.get(email=OWNER.name).pk, name=hostile(60),
        query=f"q={SCRIPT}",
    )  # fmt: skip
    _defaults(reseller, buyer)
    _job(reseller, month)


def _defaults(reseller: Reseller, buyer: int) -> None:
    standard, exempt = TaxRate.objects.order_by("pk")
    text = CustomField.objects.earliest("pk")
    custom_fields.set_customer_defaults(
        **given(reseller), customer_id=buyer, values={text.pk: hostile(500)}
    )
    for each in Customer.objects.all():
        set_customer_taxes(
            **given(reseller), customer_id=each.pk,
            tax_ids=[standard.pk if each.pk == buyer else exempt.pk],
        )  # fmt: skip


def _job(reseller: Reseller, month: HostileMonth) -> None:
    codes = list(month.documents.values())
    job = bulk.start_bulk(
        **given(reseller), verb="status", codes=codes, versions=dict.fromkeys(codes, 9),
        arguments={"to": "Closed", "reason": hostile(), "comment": hostile()},
        in_background=False,
    )  # fmt: skip
    bulk.run_bulk(reseller_id=reseller.pk, job_id=job.pk)


def send_all(reseller: Reseller) -> None:
    """Send all that is owed, copies too, as a worker does."""
    with tenancy.using(reseller.pk):
        while owed := [*_owed(Delivery), *_owed(Letter)]:
            for row in owed:
                _send(row)


def refuse_all(reseller: Reseller, document: str) -> None:
    """Owe one mail of each kind more, and try each at a server whose answer is hostile."""
    with tenancy.using(reseller.pk), override_settings(EMAIL_BACKEND="hostile.fill.Refusing"):
        resend_notification(**given(reseller), document=document)
        member = Membership.objects.get(reseller=reseller, user__email=BUYER.name)
        send_reset(**given(reseller), membership_id=member.pk)
        for row in (*_owed(Delivery), *_owed(Letter)):
            with suppress(NotSent):
                _send(row)


def _owed(model: type[Delivery] | type[Letter]) -> list[Any]:
    return list(model.objects.filter(state=model.QUEUED).order_by("pk"))


def _send(row: Delivery | Letter) -> None:
    if isinstance(row, Delivery):
        send_mail(reseller_id=row.reseller_id, delivery_id=row.pk)
    else:
        send_letter(reseller_id=row.reseller_id, letter_id=row.pk)


def visitor(actor: Actor) -> Client:
    """Signed in with a browser whose name is hostile too."""
    client = Client(SERVER_NAME="localhost", headers={"User-Agent": hostile(200)})
    client.post("/accounts/login/", {"login": actor.name, "password": PASSWORD})
    assert client.get("/", follow=True).status_code == 200
    return client


def walk(month: HostileMonth) -> dict[str, list[str]]:
    """All addresses of both doors by door, those of documents for each document; and sign-in's."""
    found: dict[str, list[str]] = {}
    for door, patterns in (("console", console.urlpatterns), ("portal", portal.urlpatterns)):
        every = [each for each, _, _ in addresses(door, patterns, month, month)]
        first = month.documents["open"]
        found[door] = [
            each.replace(first, code)
            for each in every
            for code in (month.documents.values() if f"/{first}/" in each else [first])
        ]
    with tenancy.using(month.reseller.pk):
        link = f"/join/{SLUG}/{invitation_token(Invitation.objects.earliest('pk'))}/"
    for addresses_of_door in found.values():
        addresses_of_door += [link, "/accounts/sessions/", "/accounts/2fa/"]
    return found


def main() -> None:
    month = fill(Path(sys.argv[1]))
    sessions = {
        door: visitor(who).cookies[settings.SESSION_COOKIE_NAME].value
        for door, who in (("console", OWNER), ("portal", BUYER))
    }
    print(json.dumps({"addresses": walk(month), "sessions": sessions}))


if __name__ == "__main__":
    main()
