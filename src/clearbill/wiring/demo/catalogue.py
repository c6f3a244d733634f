"""What the demo's providers sell: services and their SKUs, read from the lists in `services/`."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files

USAGE, RECURRING, ONCE = "usage", "recurring", "once"


@dataclass(frozen=True)
class Sku:
    """One thing that is sold. `price` is the list price of one `unit` in USD; 0 is a free tier."""

    id: str
    price_id: str
    service: str
    category: str
    subcategory: str
    description: str
    unit: str
    price: Decimal
    kind: str

    @property
    def free(self) -> bool:
        return not self.price


@dataclass(frozen=True)
class Vendor:
    """A provider as its files name it. `factor` is what a reseller pays of the list price."""

    code: str
    name: str
    publisher: str
    list: str
    account_type: str
    payer_type: str
    factor: Decimal
    region_id: str
    region_name: str


VENDORS = (
    Vendor(
        "aws",
        "AWS",
        "Amazon Web Services, Inc.",
        "aws.txt",
        "Account",
        "Management Account",
        Decimal("0.97"),
        "eu-central-1",
        "EU (Frankfurt)",
    ),
    Vendor(
        "microsoft-csp",
        "Microsoft",
        "Microsoft Corporation",
        "microsoft.txt",
        "Subscription",
        "Billing Profile",
        Decimal("0.85"),
        "germanywestcentral",
        "Germany West Central",
    ),
    Vendor(
        "google-cloud",
        "Google Cloud",
        "Google LLC",
        "google.txt",
        "Project",
        "Billing Account",
        Decimal("0.94"),
        "europe-west3",
        "Frankfurt",
    ),
)


def vendor(code: str) -> Vendor:
    """The vendor of a provider code; KeyError for one that the demo does not sell."""
    return {each.code: each for each in VENDORS}[code]


@cache
def skus(code: str) -> tuple[Sku, ...]:
    """All SKUs of a provider, service by service, as its list has them."""
    sold = vendor(code)
    text = (files(__package__) / "services" / sold.list).read_text(encoding="utf-8")
    return tuple(_read(code, text))


def _read(code: str, text: str) -> Iterator[Sku]:
    service = category = subcategory = ""
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        cells = [cell.strip() for cell in line.lstrip("= ").split("|")]
        if line.startswith("="):
            service, category, subcategory = cells
            continue
        template, unit, variants = cells[:3]
        kind = cells[3] if len(cells) > 3 else USAGE
        for description, price in _variants(template, variants):
            own, priced = _ids(code, f"{service}/{description}")
            yield Sku(own, priced, service, category, subcategory, description, unit, price, kind)


def _variants(template: str, variants: str) -> Iterator[tuple[str, Decimal]]:
    for variant in variants.split():
        name, _, price = variant.rpartition("=")
        yield template.replace("{}", name.replace("_", " ")), Decimal(price)


_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def _ids(code: str, name: str) -> tuple[str, str]:
    """Ids in the shape of the provider's own, the same ones each time for the same name."""
    digest = hashlib.sha256(f"{code}/{name}".encode()).digest()
    letters = "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest)
    hexed = digest.hex().upper()
    if code == "aws":
        return letters[:16], f"{letters[:16]}.{letters[16:26]}.{letters[22:32]}"
    if code == "microsoft-csp":
        return f"DZH318Z0{letters[:4]}/{hexed[:4]}", f"{hexed[4:12].lower()}-{hexed[12:16].lower()}"
    shape = "-".join((hexed[:4], hexed[4:8], hexed[8:12]))
    return shape, f"{shape}.{hexed[12:16]}"
