"""A reseller with one customer, small and fast: one document that is open, and one draft."""

from dataclasses import dataclass
from pathlib import Path

import focus_files
from stories.world import World

TOTAL = "USD 1,234.50"
DRAFTED = "99.00"


@dataclass(frozen=True)
class Company:
    """Whom the stories of one module are about. `document` and `draft` are Document IDs."""

    world: World
    slug: str
    owner: str
    password: str
    customer: int
    document: str
    number: str
    draft: str

    @property
    def console(self) -> str:
        return f"{self.world.url}/console/{self.slug}"

    @property
    def portal(self) -> str:
        return f"{self.world.url}/portal/{self.slug}"

    @property
    def customers_page(self) -> str:
        return f"{self.console}/customers/{self.customer}/"

    def add_portal_user(self, address: str, *, administrator: bool = False) -> str:
        """Give somebody of the customer access, and return the password."""
        password = self.world.add_user(self.slug, address, "--customer", str(self.customer))
        if administrator:
            self.world.run("users", "set-administrator", address, "--reseller", self.slug)
        return password


def set_up(world: World, slug: str, folder: Path) -> Company:
    """Set a reseller up whose staff need no second factor, with an owner called after it."""
    here = ("--reseller", slug)
    world.run("resellers", "add", slug, "--name", f"{slug.title()} Cloud", "--currency", "USD",
              "--kind", "tax-invoice")  # fmt: skip
    world.run("users", "second-factor", "--optional", *here)
    world.run("import", str(_usage(folder)), *here)
    customer = int(world.run("customers", "add", "--name", "Contoso", *here)["id"])
    for provider, account in (("aws", "0012"), ("oracle", "0078")):
        world.run("accounts", "assign", "--provider", provider, "--account", account,
                  "--customer", str(customer), *here)  # fmt: skip
    made = world.run("generate", "--period", "2024-09", *here)["documents"]
    document, draft = (str(each["id"]) for each in sorted(made, key=lambda each: each["provider"]))
    done = world.run("documents", "status", document, "--to", "open", *here)["documents"]
    owner = f"owner@{slug}.example"
    return Company(
        world=world,
        slug=slug,
        owner=owner,
        password=world.add_user(slug, owner, "--role", "owner"),
        customer=customer,
        document=document,
        number=str(done[0]["number"]),
        draft=draft,
    )


def _usage(folder: Path) -> Path:
    rows = [
        focus_files.row(SubAccountId="0012", BilledCost="1234.50"),
        focus_files.row(SubAccountId="0078", BilledCost=DRAFTED, ProviderName="Oracle"),
    ]
    return focus_files.write_csv(folder / "september.csv", rows)
