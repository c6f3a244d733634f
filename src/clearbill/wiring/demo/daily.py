"""What people of the demo's first reseller did beside billing, so that no page is empty.

A document voided and made again, a list of payments, usage that came late, questions and answers,
people who were invited and suspended. Each step looks at what is there already. Whatever writes
e-mails is done only where the demo keeps them: its people are made up.
"""

import csv
import gzip
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from clearbill.actions.branding import set_branding, set_logo
from clearbill.actions.bulk import run_bulk, start_bulk
from clearbill.actions.change_status import Change, change_status
from clearbill.actions.common import Actor
from clearbill.actions.generate_documents import run_generation, start_run
from clearbill.actions.import_usage import import_usage
from clearbill.actions.invitations import invite
from clearbill.actions.mail_templates import change_template
from clearbill.actions.people import set_administrator, suspend, view_as_customer
from clearbill.actions.refresh import refresh_drafts
from clearbill.actions.saved_views import save_view
from clearbill.actions.tickets import Upload, answer_ticket, close_ticket, open_ticket
from clearbill.actions.users import add_user
from clearbill.records.models import (
    BulkJob,
    Customer,
    Document,
    ImportFile,
    Invitation,
    Membership,
    SavedView,
    Ticket,
)
from clearbill.rules.lifecycle import Status
from clearbill.rules.periods import next_month
from clearbill.wiring.demo.focus_file import HEADER

BUSY, LATE = "Nordlicht Logistik", "Crêperie Numérique"
"""Whose people ask, and had a document voided; and whose usage came late."""

_COLOUR, _ACCENT = "#0f5c63", "#8a4b0f"
_COLLEAGUE = "praktikum@nordlicht.example.com"
_INVITED = "einkauf@nordlicht.example.com"
_SUBJECT = "{reseller}: invoice {number} for {period}"
_ORDER = b"Purchase order NL-2026-0093\nCost centre 4130, valid until the end of the year.\n"


def brand(*, reseller_id: int, actor: Actor, name: str) -> None:
    """Colours, a footer and a drawn logo, before anything is published."""
    set_branding(
        reseller_id=reseller_id,
        actor=actor,
        colour=_COLOUR,
        accent_colour=_ACCENT,
        footer=f"{name} · cloud services, billed once a month",
    )
    set_logo(reseller_id=reseller_id, actor=actor, data=_logo(name))


def _logo(name: str) -> bytes:
    """A moor under a bright sun, and the name."""
    picture = Image.new("RGB", (760, 160), "white")
    draw = ImageDraw.Draw(picture)
    draw.ellipse((48, 20, 112, 84), fill=_ACCENT)
    draw.pieslice((8, 60, 152, 204), 180, 360, fill=_COLOUR)
    draw.text((180, 80), name, fill=_COLOUR, font=ImageFont.load_default(64), anchor="lm")
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


@dataclass(frozen=True)
class Days:
    """What happened at one reseller over the demo's `months`, the oldest first.

    `answers` is who answers customers; `latest` the statement that a late charge is missing from.
    """

    reseller_id: int
    actor: Actor
    answers: str
    months: Sequence[date]
    latest: Path | None

    def around_the_documents(self) -> None:
        self._void_and_make_again()
        self._payments()
        self._late_usage()
        self._views()

    def with_mails(self) -> None:
        """What queues e-mails: only where they go nowhere but to the demo's mailbox."""
        self._words()
        self._people()
        self._questions()

    def _documents(self, customer: str, month: date) -> list[Document]:
        return list(
            Document.objects.filter(
                reseller_id=self.reseller_id, customer__name=customer, period_start=month
            ).order_by("counter")
        )

    def _customer(self, name: str) -> Customer | None:
        return Customer.objects.filter(reseller_id=self.reseller_id, name=name).first()

    def _change(self, codes: Sequence[str], change: Change) -> None:
        change_status(
            reseller_id=self.reseller_id, actor=self.actor, documents=codes, change=change
        )

    def _void_and_make_again(self) -> None:
        month = self.months[1]
        there, customer = self._documents(BUSY, month), self._customer(BUSY)
        if not there or customer is None or any(d.status == Status.VOIDED for d in there):
            return
        reason = "Billed to a cost centre that was closed in spring"
        self._change([there[-1].code], Change(to=Status.VOIDED, reason=reason))
        run = start_run(
            reseller_id=self.reseller_id, actor=self.actor, month=month, customers=[customer.pk]
        )
        run_generation(reseller_id=self.reseller_id, run_id=run.pk)
        made = [d.code for d in self._documents(BUSY, month) if d.status == Status.DRAFT]
        self._change(made, Change(to=Status.OPEN))

    def _payments(self) -> None:
        """A bank's list of payments, with one for the document that was voided meanwhile."""
        month = self.months[1]
        paid = self._documents(LATE, month)
        voided = [d for d in self._documents(BUSY, month) if d.status == Status.VOIDED]
        if not paid or BulkJob.objects.filter(reseller_id=self.reseller_id).exists():
            return
        day = (next_month(month) + timedelta(days=12)).isoformat()
        job = start_bulk(
            reseller_id=self.reseller_id,
            actor=self.actor,
            verb=BulkJob.STATUS,
            codes=[d.code for d in (*paid, *voided)],
            versions={},
            arguments={"to": "Closed", "paid_on": day, "comment": "Bank transfer"},
            in_background=False,
        )
        run_bulk(reseller_id=self.reseller_id, job_id=job.pk)

    def _late_usage(self) -> None:
        """The last month's statement comes again, with one more charge on one account."""
        if self.latest is None or self._customer(LATE) is None:
            return
        late = self.latest.with_name(f"late_{self.latest.name}")
        if ImportFile.objects.filter(reseller_id=self.reseller_id, name=late.name).exists():
            return
        late.write_bytes(gzip.compress(_with_one_more(gzip.decompress(self.latest.read_bytes()))))
        import_usage(reseller_id=self.reseller_id, actor=self.actor, files=[late])
        # All drafts of the statement are stale by it; one is left for a visitor to refresh.
        stale = Document.objects.filter(reseller_id=self.reseller_id).exclude(stale="")
        others = stale.exclude(customer__name=LATE).order_by("counter")
        codes = list(others.values_list("code", flat=True))
        refresh_drafts(reseller_id=self.reseller_id, actor=self.actor, documents=codes)

    def _views(self) -> None:
        owner = Membership.objects.get(reseller_id=self.reseller_id, user__email=self.actor.name)
        if not SavedView.objects.filter(reseller_id=self.reseller_id).exists():
            for name, query in (
                ("Overdue, largest first", "range=all&status=Past+Due&sort=-total"),
                ("Microsoft drafts", "range=all&status=Draft&provider=microsoft-csp"),
            ):
                save_view(
                    reseller_id=self.reseller_id,
                    actor=self.actor,
                    user_id=owner.user_id,
                    name=name,
                    query=query,
                )

    def _words(self) -> None:
        change_template(
            reseller_id=self.reseller_id,
            actor=self.actor,
            kind="published",
            reply_to=self.answers,
            words={"subject_en": _SUBJECT},
        )

    def _people(self) -> None:
        customer = self._customer(BUSY)
        invited = Invitation.objects.filter(reseller_id=self.reseller_id)
        if customer is None or invited.exists():
            return
        given: dict[str, Any] = {"reseller_id": self.reseller_id, "actor": self.actor}
        members = Membership.objects.filter(reseller_id=self.reseller_id, customer=customer)
        first = members.order_by("pk").first()
        if first is not None:
            set_administrator(membership_id=first.pk, is_admin=True, **given)
        add_user(
            email=_COLLEAGUE, role="portal", customer_id=customer.pk, name="Timo Raab", **given
        )
        suspend(membership_id=members.get(user__email=_COLLEAGUE).pk, **given)
        invite(email=_INVITED, customer_id=customer.pk, **given)
        invite(email=f"new.{self.answers}", role="sales", **given)
        view_as_customer(customer_id=customer.pk, **given)

    def _questions(self) -> None:
        asker = Membership.objects.filter(reseller_id=self.reseller_id, customer__name=BUSY).first()
        if asker is None or Ticket.objects.filter(reseller_id=self.reseller_id).exists():
            return
        self._answered(asker)
        self._unanswered(asker)
        self._settled(asker)
        self._of_staff()

    def _ask(self, asker: Membership, subject: str, text: str, **more: Any) -> Ticket:
        fields: dict[str, Any] = {"category": "Invoice", "priority": "Normal", **more}
        return open_ticket(
            reseller_id=self.reseller_id,
            actor=Actor(asker.user.email, asker.role),
            user_id=asker.user_id,
            customer_id=asker.customer_id,
            subject=subject,
            text=text,
            **fields,
        )

    def _answer(self, ticket: Ticket, text: str) -> None:
        actor = Actor(self.answers, "billing")
        answer_ticket(reseller_id=self.reseller_id, actor=actor, ticket=ticket.code, text=text)

    def _answered(self, asker: Membership) -> None:
        opened = [d for d in self._documents(BUSY, self.months[1]) if d.status != Status.VOIDED]
        ticket = self._ask(
            asker,
            "Which machine is behind this charge?",
            "We retired two machines in the first week. Is this line one of them?",
            document=opened[0].code,
            line=1,
            upload=Upload("purchase-order.txt", _ORDER),
        )
        self._answer(
            ticket,
            "It is one of the two: it ran until the 9th. The Detailed CSV names the resource in"
            " its column ResourceId.",
        )

    def _unanswered(self, asker: Membership) -> None:
        self._ask(
            asker,
            "Please print our new purchase order",
            "From next month on our order is NL-2027-0011. Could it be on all documents?",
            priority="High",
        )

    def _settled(self, asker: Membership) -> None:
        ticket = self._ask(
            asker,
            "When is the money due?",
            "Does the period begin on the day of issue?",
            category="Payment",
            priority="Low",
        )
        self._answer(ticket, "Yes, on the day of issue; the due date is on each document.")
        close_ticket(
            reseller_id=self.reseller_id,
            actor=Actor(self.answers, "billing"),
            ticket=ticket.code,
        )

    def _of_staff(self) -> None:
        owner = Membership.objects.get(reseller_id=self.reseller_id, user__email=self.actor.name)
        self._ask(
            owner,
            "Can the worker send from our own domain?",
            "Our customers' filters would like our own domain as the sender.",
            category="Other",
        )


def _with_one_more(statement: bytes) -> bytes:
    """A statement with the late customer's dearest row once more, as a charge of its own."""
    rows = list(csv.DictReader(io.StringIO(statement.decode())))
    theirs = (row for row in rows if row["SubAccountName"] == LATE)
    dearest = max(theirs, key=lambda row: Decimal(row["BilledCost"]))
    late = {**dearest, "ChargeDescription": f"{dearest['ChargeDescription']}, reported late"}
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, HEADER, lineterminator="\n")
    writer.writeheader()
    writer.writerows([*rows, late])
    return out.getvalue().encode()
