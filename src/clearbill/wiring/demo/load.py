"""Loading the demo by the verbs that people use: every row and status comes about as theirs do.

Month by month: import, assign, generate, publish. Each step looks at what is there already, so
that a load that was killed is continued by the next one; a marker is written last.
"""

import json
import secrets
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from django.db import transaction

from clearbill.actions.accounts import assign_account
from clearbill.actions.change_status import Change, change_status
from clearbill.actions.common import Actor, Refused
from clearbill.actions.customers import add_customer
from clearbill.actions.generate_documents import run_generation, start_run
from clearbill.actions.import_usage import import_usage
from clearbill.actions.past_due import mark_past_due
from clearbill.actions.people import set_mfa_required
from clearbill.actions.prices import set_markup
from clearbill.actions.resellers import add_reseller, change_reseller
from clearbill.actions.users import add_user
from clearbill.records import clock, tenancy
from clearbill.records.models import (
    Assignment,
    BillingRun,
    Customer,
    Document,
    Membership,
    PriceRule,
    ProviderAccount,
    Reseller,
)
from clearbill.rules.lifecycle import Status
from clearbill.rules.periods import months_back, next_month
from clearbill.store.whole import write_whole
from clearbill.wiring.demo import around, daily, sign_ins
from clearbill.wiring.demo.companies import Company, Markup, Person, Seller, sellers
from clearbill.wiring.demo.generator import DemoPlan, generate
from clearbill.wiring.demo.sign_ins import SignIn

BILLED_AFTER, ISSUED_AFTER = timedelta(days=2), timedelta(days=3)
"""So long after the first of the month that follows it a month is generated, and then issued."""
MORNING = time(9, tzinfo=UTC)
PAID_AFTER = (9, 16, 25)
CHECKED_FOR_LONG = timedelta(days=10)
"""Some documents of the middle month were issued so long before the day of the demo, whatever it
is, so that they are not due yet."""


def loaded(folder: Path) -> bool:
    """Whether a load into this folder came to its end, and its database is still the same."""
    slugs = {seller.slug for seller in sellers()}
    there = set(Reseller.objects.filter(slug__in=slugs).values_list("slug", flat=True))
    return _marker(folder).is_file() and there == slugs


def load(
    folder: Path,
    *,
    say: Callable[[str], None],
    notify: bool = False,
    customers: int | None = None,
) -> None:
    """Load the demo, or what a load that was stopped has left to do.

    `notify` mails the recipients that can also sign in; `customers` takes only the first so many
    of each reseller. Raises `Refused` where the database is not the demo's to fill.
    """
    _refuse_foreign()
    folder.mkdir(parents=True, exist_ok=True)
    plan = generate(folder / "usage", today=_today(folder), customers=customers)
    say(f"  {sum(s.rows for s in plan.statements):,} rows of usage in {len(plan.statements)} files")
    password = _password(plan.sellers)
    for seller in plan.sellers:
        _Loading(plan, seller, say, notify).run(password)
    write_whole(_marker(folder), [json.dumps({"months": [str(m) for m in plan.months]}).encode()])


def _marker(folder: Path) -> Path:
    return folder / "loaded.json"


def _refuse_foreign() -> None:
    slugs = {seller.slug for seller in sellers()}
    there = set(Reseller.objects.values_list("slug", flat=True))
    if there - slugs:
        raise Refused(
            f"this database has resellers of its own ({', '.join(sorted(there - slugs)[:3])}): the"
            " demo is not loaded beside them; give it another CLEARBILL_HOME, or run"
            " `clearbill serve` and `clearbill work`"
        )
    if there and not sign_ins.kept():
        raise Refused(
            "this database holds a demo that was loaded from another data folder, which keeps its"
            " passwords: use that CLEARBILL_HOME, or an empty database"
        )


def _today(folder: Path) -> date:
    """The day of the first load; continued after midnight, it must not mean other months."""
    file = folder / "today"
    if not file.is_file():
        # The latest day that has begun for both, so that the last month is over everywhere.
        today = min(clock.today(seller.time_zone) for seller in sellers())
        write_whole(file, [today.isoformat().encode()])
    return date.fromisoformat(file.read_text())


def _password(plan: Sequence[Seller]) -> str:
    """One password for all people of this installation, kept before anybody is given it."""
    kept = sign_ins.kept()
    password = kept[0].password if kept else secrets.token_urlsafe(9)
    sign_ins.keep(
        [
            SignIn(
                reseller=seller.name,
                slug=seller.slug,
                door="portal" if person.customer else "console",
                role=person.role,
                email=person.email,
                password=password,
            )
            for seller in plan
            for person in (*seller.staff, *seller.portal_users)
        ]
    )
    return password


class _Loading:
    """Loads one reseller of the demo."""

    def __init__(
        self, plan: DemoPlan, seller: Seller, say: Callable[[str], None], notify: bool
    ) -> None:
        self.plan, self.seller, self.say, self.notify = plan, seller, say, notify
        self.actor = Actor(seller.owner.email, "owner")
        self.id = 0

    def run(self, password: str) -> None:
        self.id = self._reseller()
        with tenancy.using(self.id):
            self._customers()
            for person in (*self.seller.staff, *self.seller.portal_users):
                self._person(person, password)
            around.before_the_months(
                reseller_id=self.id,
                actor=self.actor,
                months=self.plan.months,
                currency=self.seller.currency,
                taxed=self.seller.taxed,
            )
            if self._is_first:
                daily.brand(reseller_id=self.id, actor=self.actor, name=self.seller.name)
            publishing = (self._settle, self._send_out, self._leave)
            for month, publish in zip(self.plan.months, publishing, strict=True):
                with _on(next_month(month) + BILLED_AFTER):
                    self._import(month)
                    self._assign()
                    self._set_markups()
                    self._generate(month)
                publish(month)
            around.on_the_drafts(reseller_id=self.id, actor=self.actor)
            if self._is_first:
                self._days()

    @property
    def _is_first(self) -> bool:
        """One reseller has all there is; the other shows what little is enough."""
        return self.seller.slug == self.plan.sellers[0].slug

    def _days(self) -> None:
        mine = [s.path for s in self.plan.statements if s.reseller == self.seller.slug]
        days = daily.Days(
            reseller_id=self.id,
            actor=self.actor,
            answers=next(p.email for p in self.seller.staff if p.role == "billing"),
            months=self.plan.months,
            # Statements come provider by provider, and the late charge is Google's.
            latest=next((path for path in reversed(mine) if "google-cloud" in path.name), None),
        )
        days.around_the_documents()
        if self.notify:
            days.with_mails()

    def _reseller(self) -> int:
        seller = self.seller
        found = Reseller.objects.filter(slug=seller.slug).first()
        # All or nothing: half a reseller would be taken for a whole one by the next load.
        with transaction.atomic():
            found = found or add_reseller(
                actor=self.actor,
                slug=seller.slug,
                name=seller.name,
                currency=seller.currency,
                kind=seller.kind,
                markup=seller.markup,
                time_zone=seller.time_zone,
            )
            change_reseller(
                reseller_id=found.pk,
                actor=self.actor,
                legal_name=seller.legal_name,
                address=seller.address,
                tax_id=seller.tax_id,
                bank_details=seller.bank_details,
                legal_text=seller.legal_text,
                terms_days=seller.terms_days,
            )
            # A visitor is to look around at once; Settings says that it is off.
            set_mfa_required(reseller_id=found.pk, actor=self.actor, required=False)
        return int(found.pk)

    def _customers(self) -> None:
        there = self._customer_ids()
        for company in self.seller.companies:
            if company.name not in there:
                self._customer(company)

    def _customer(self, company: Company) -> None:
        add_customer(
            reseller_id=self.id,
            actor=self.actor,
            name=company.name,
            legal_name=company.legal_name,
            address=company.address,
            tax_id=company.tax_id,
            recipients=list(company.recipients),
            purchase_order=company.purchase_order,
            terms_days=company.terms_days,
            language=company.language,
        )

    def _customer_ids(self) -> dict[str, int]:
        rows = Customer.objects.filter(reseller_id=self.id).values_list("name", "pk")
        return dict(rows)

    def _person(self, person: Person, password: str) -> None:
        if Membership.objects.filter(reseller_id=self.id, user__email=person.email).exists():
            return
        add_user(
            reseller_id=self.id,
            actor=self.actor,
            email=person.email,
            role=person.role,
            customer_id=self._customer_ids()[person.customer] if person.customer else None,
            password=password,
            name=person.name,
        )

    def _import(self, month: date) -> None:
        for statement in self.plan.statements:
            if (statement.reseller, statement.month) == (self.seller.slug, month):
                import_usage(reseller_id=self.id, actor=self.actor, files=[statement.path])

    def _assign(self) -> None:
        customers = self._customer_ids()
        done = set(
            Assignment.objects.filter(reseller_id=self.id).values_list(
                "account__provider__code", "account__account"
            )
        )
        known = set(
            ProviderAccount.objects.filter(reseller_id=self.id).values_list(
                "provider__code", "account"
            )
        )
        for each in self.plan.assignments:
            key = (each.provider, each.account)
            # Some accounts are first used in a later month.
            if each.reseller == self.seller.slug and key in known - done:
                assign_account(
                    reseller_id=self.id,
                    actor=self.actor,
                    provider=each.provider,
                    account=each.account,
                    customer_id=customers[each.customer],
                )

    def _set_markups(self) -> None:
        customers = self._customer_ids()
        first = months_back(self.plan.months[0], 12)
        for markup in self.seller.markups:
            if markup.customer is None or markup.customer in customers:
                self._set_markup(
                    markup, first, customers[markup.customer] if markup.customer else None
                )

    def _set_markup(self, markup: Markup, first: date, customer_id: int | None) -> None:
        there = PriceRule.objects.filter(reseller_id=self.id, valid_from=first).values_list(
            "provider__code", "customer_id"
        )
        if (markup.provider, customer_id) not in there:
            set_markup(
                reseller_id=self.id,
                actor=self.actor,
                percent=markup.percent,
                valid_from=first,
                provider=markup.provider,
                customer_id=customer_id,
            )

    def _generate(self, month: date) -> None:
        done = BillingRun.objects.filter(reseller_id=self.id, month=month, state=BillingRun.DONE)
        if not done.exists():
            run = start_run(reseller_id=self.id, actor=self.actor, month=month)
            run_generation(reseller_id=self.id, run_id=run.pk)
        made = Document.objects.filter(reseller_id=self.id, period_start=month).count()
        self.say(f"  {self.seller.name}: {month:%B %Y}, {made} documents")

    def _codes(self, month: date, status: Status) -> dict[str, list[str]]:
        """The Document IDs of a month's documents in a status, by customer's name."""
        found: dict[str, list[str]] = defaultdict(list)
        for name, code in (
            Document.objects.filter(reseller_id=self.id, period_start=month, status=status)
            .order_by("counter")
            .values_list("customer__name", "code")
        ):
            found[name].append(code)
        return found

    def _change(self, codes: Sequence[str], change: Change) -> None:
        results = change_status(
            reseller_id=self.id, actor=self.actor, documents=codes, change=change
        )
        for result in results:
            if result.refused:
                raise Refused(f"{result.document}: {result.refused}")

    def _settle(self, month: date) -> None:
        """The oldest month: issued, and paid by everybody."""
        issued = next_month(month) + ISSUED_AFTER
        drafts = self._codes(month, Status.DRAFT)
        with _on(issued):
            self._change(_all(drafts), Change(to=Status.OPEN))
        still_open = self._codes(month, Status.OPEN)
        for number, days in enumerate(PAID_AFTER):
            codes = [
                c
                for name in sorted(still_open)[number :: len(PAID_AFTER)]
                for c in still_open[name]
            ]
            with _on(issued + timedelta(days=days)):
                self._change(codes, Change(to=Status.CLOSED, payment_comment="Bank transfer"))

    def _send_out(self, month: date) -> None:
        """The middle month: issued; what its terms have run out for is past due."""
        drafts = self._codes(month, Status.DRAFT)
        # Of all documents, not of what a load that was stopped left: issue dates only rise.
        late = sorted(self._names(month))[::5]
        with _on(next_month(month) + ISSUED_AFTER):
            self._issue({name: drafts[name] for name in drafts if name not in late})
        with _on(clock.today(self.seller.time_zone) - CHECKED_FOR_LONG):
            self._issue({name: drafts[name] for name in drafts if name in late})
        mark_past_due(reseller_id=self.id)

    def _names(self, month: date) -> set[str]:
        made = Document.objects.filter(reseller_id=self.id, period_start=month)
        return set(made.values_list("customer__name", flat=True))

    def _issue(self, drafts: dict[str, list[str]]) -> None:
        """Open, and mailed to those who can also sign in."""
        signing_in = {person.customer for person in self.seller.portal_users}
        told = [code for name in drafts if name in signing_in for code in drafts[name]]
        self._change([c for c in _all(drafts) if c not in told], Change(to=Status.OPEN))
        self._change(told, Change(to=Status.OPEN, notify=self.notify))

    def _leave(self, month: date) -> None:
        """The last month stays as drafts: it is what a visitor publishes."""


def _on(day: date) -> AbstractContextManager[None]:
    """In the morning of a day, when both resellers have it."""
    return clock.at(datetime.combine(day, MORNING))


def _all(codes: dict[str, list[str]]) -> list[str]:
    return sorted(code for theirs in codes.values() for code in theirs)
