"""Who is in the demo: two resellers, their people, and customers from `companies.txt`.

Everybody is invented; addresses of mail lie under the domains that are reserved for examples.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Person:
    """Somebody who signs in. `customer` is empty for staff."""

    email: str
    name: str
    role: str
    customer: str = ""


@dataclass(frozen=True)
class Demand:
    """What a customer uses of one provider.

    `usd` is a first month's cost to the reseller, `jump` the last month's in percent of what
    growth alone would make it.
    """

    provider: str
    lines: int
    usd: int
    accounts: int
    jump: int = 100


@dataclass(frozen=True)
class Company:
    """A customer of a reseller. Without `terms_days` the reseller's terms count."""

    name: str
    legal_name: str
    address: str
    tax_id: str
    recipients: tuple[str, ...]
    purchase_order: str
    terms_days: int | None
    language: str
    demands: tuple[Demand, ...]
    portal_email: str = ""


@dataclass(frozen=True)
class Markup:
    """A percentage; without `provider` and `customer` it is the reseller's own for all."""

    percent: str
    provider: str | None = None
    customer: str | None = None


@dataclass(frozen=True)
class Seller:
    """A reseller of the demo, with what its documents print and who works there."""

    slug: str
    name: str
    kind: str
    legal_name: str
    address: str
    tax_id: str
    bank_details: str
    legal_text: str
    time_zone: str
    terms_days: int
    currency: str
    taxed: bool
    markup: str
    markups: tuple[Markup, ...]
    staff: tuple[Person, ...]
    payers: tuple[tuple[str, str], ...]
    companies: tuple[Company, ...] = field(default=())

    @property
    def owner(self) -> Person:
        return next(person for person in self.staff if person.role == "owner")

    @property
    def portal_users(self) -> tuple[Person, ...]:
        return tuple(
            Person(each.portal_email, each.name, "portal", each.name)
            for each in self.companies
            if each.portal_email
        )


# The bookkeeper works for both resellers.
_SHARED = Person("robin.keller@ledgerworks.example.org", "Robin Keller", "billing")

_BRIGHTMOOR = Seller(
    slug="brightmoor",
    name="Brightmoor Cloud",
    kind="tax-invoice",
    legal_name="Brightmoor Cloud GmbH",
    address="Speicherstraße 21\n20457 Hamburg\nGermany",
    tax_id="DE305517729",
    bank_details="Hanse-Kontor Bank\nIBAN DE02 1234 5678 0000 4711 00\nBIC HKBKDEHH",
    legal_text="Managing director: Hanne Falk. Amtsgericht Hamburg, HRB 900417.",
    time_zone="Europe/Berlin",
    terms_days=30,
    currency="EUR",
    taxed=True,
    markup="8",
    markups=(
        Markup("6.5", provider="aws"),
        Markup("11", provider="microsoft-csp"),
        Markup("7.25", provider="google-cloud"),
        Markup("4", customer="Müßig & Söhne"),
        Markup("9.5", provider="microsoft-csp", customer="Tannhof Kliniken"),
    ),
    staff=(
        Person("hanne.falk@brightmoor.example.com", "Hanne Falk", "owner"),
        Person("billing@brightmoor.example.com", "Jonas Reuter", "billing"),
        Person("sales@brightmoor.example.com", "Mira Sommer", "sales"),
        Person("audit@brightmoor.example.com", "Tilda Brandt", "auditor"),
        _SHARED,
    ),
    payers=(
        ("aws", "004217730981"),
        ("microsoft-csp", "7c1d9a52-0b4e-4c7f-9a35-51e8f0d2b6c4"),
        ("google-cloud", "01A4F2-88C3D1-77E09B"),
    ),
)

_ALDER_PIKE = Seller(
    slug="alder-pike",
    name="Alder & Pike",
    kind="statement",
    legal_name="Alder & Pike Managed Services LLC",
    address="480 Foundry Street, Floor 3\nPortland, OR 97209\nUSA",
    tax_id="93-2217046",
    bank_details="Cascade Timber Bank\nRouting 000000518\nAccount 00482291077",
    legal_text="A statement of usage; the invoice follows from our accounting.",
    time_zone="America/Los_Angeles",
    terms_days=30,
    currency="USD",
    taxed=False,
    markup="10",
    markups=(
        Markup("9", provider="aws"),
        Markup("12.5", provider="microsoft-csp"),
        Markup("10.75", provider="google-cloud"),
        Markup("7", customer="Zephyrine Games"),
        Markup("8.4", provider="aws", customer="Kestrel Aerotech"),
    ),
    staff=(
        Person("sam.alder@alderpike.example.com", "Sam Alder", "owner"),
        Person("billing@alderpike.example.com", "Noor Pike", "billing"),
        Person("sales@alderpike.example.com", "Cody Marsh", "sales"),
        Person("audit@alderpike.example.com", "Inez Calder", "auditor"),
        _SHARED,
    ),
    payers=(
        ("aws", "618840027315"),
        ("microsoft-csp", "b90e4417-6d3a-4f0c-8f6b-2a7c11d95e08"),
        ("google-cloud", "0173BC-D2E94A-5F6081"),
    ),
)

WAITING = (
    ("brightmoor", "Nordlicht Labs sandbox", Demand("aws", 14, 610, 1)),
    ("brightmoor", "Wetterstein pilot", Demand("google-cloud", 9, 145, 1)),
    ("alder-pike", "Harrow Creek imaging", Demand("microsoft-csp", 11, 380, 1)),
)
"""Accounts that the files name and nobody is assigned to: reseller, the file's name for it, use."""


@cache
def sellers() -> tuple[Seller, ...]:
    """Both resellers with their customers, in the order of the list."""
    text = (files(__package__) / "companies.txt").read_text(encoding="utf-8")
    read = list(_read(text))
    return tuple(
        _with_companies(seller, [company for slug, company in read if slug == seller.slug])
        for seller in (_BRIGHTMOOR, _ALDER_PIKE)
    )


def _with_companies(seller: Seller, companies: list[Company]) -> Seller:
    return Seller(**{**vars(seller), "companies": tuple(companies)})


def _read(text: str) -> Iterator[tuple[str, Company]]:
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        cells = [cell.strip() for cell in line.split("|")]
        slug, name, legal_name, address, tax_id, recipients, order, terms, use, portal = cells
        yield (
            slug,
            Company(
                name=name,
                legal_name=legal_name,
                address=address.replace(" / ", "\n"),
                tax_id=tax_id,
                recipients=tuple(filter(None, (each.strip() for each in recipients.split(",")))),
                purchase_order=order,
                terms_days=int(terms) if terms else None,
                language="de" if tax_id.startswith("DE") else "en",
                demands=tuple(_demand(word) for word in use.split()),
                portal_email=portal,
            ),
        )


def _demand(word: str) -> Demand:
    provider, _, figures = word.partition("=")
    figures, _, jump = figures.partition("*")
    numbers = [int(number) for number in figures.split("/")]
    lines, usd = numbers[:2]
    accounts = numbers[2] if len(numbers) > 2 else 1
    return Demand(provider, lines, usd, accounts, int(jump or 100))
