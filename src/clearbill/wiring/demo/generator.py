"""The demo's usage: statements of the last three full months, the same ones for the same seed."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random

from clearbill.rules.periods import months_back
from clearbill.wiring.demo import catalogue, focus_file
from clearbill.wiring.demo.companies import WAITING, Demand, Seller, sellers
from clearbill.wiring.demo.usage import Account, Use, chance

_PARTS = ("Production", "Staging", "Data platform", "Shared services")


@dataclass(frozen=True)
class Assignment:
    """An account and the customer it is given to."""

    reseller: str
    provider: str
    account: str
    customer: str


@dataclass(frozen=True)
class Statement:
    """A file: what one provider bills one reseller for one month."""

    reseller: str
    provider: str
    month: date
    path: Path
    rows: int


@dataclass(frozen=True)
class DemoPlan:
    """All that the demo loads. `months` are first days, the oldest first.

    `waiting` are (reseller, provider code, account id) that are in the files and in no assignment.
    """

    sellers: tuple[Seller, ...]
    months: tuple[date, ...]
    assignments: tuple[Assignment, ...]
    waiting: tuple[tuple[str, str, str], ...]
    statements: tuple[Statement, ...]


def generate(
    out: Path, *, today: date, seed: int = 20260901, customers: int | None = None
) -> DemoPlan:
    """Write the statements of the three full months before `today` into `out`.

    `customers` leaves only the first so many of each reseller, for a demo in small.
    """
    out.mkdir(parents=True, exist_ok=True)
    months = tuple(months_back(today, count) for count in (3, 2, 1))
    chosen = tuple(
        Seller(**{**vars(seller), "companies": seller.companies[:customers]})
        for seller in sellers()
    )
    assignments: list[Assignment] = []
    waiting: list[tuple[str, str, str]] = []
    statements: list[Statement] = []
    for seller in chosen:
        uses = _uses(seed, seller, assignments, waiting)
        statements += _write(out, seller, months, uses)
    return DemoPlan(chosen, months, tuple(assignments), tuple(waiting), tuple(statements))


def _uses(
    seed: int,
    seller: Seller,
    assignments: list[Assignment],
    waiting: list[tuple[str, str, str]],
) -> dict[str, list[Use]]:
    """Every use of the reseller's customers by provider; its accounts are noted on the way."""
    uses: dict[str, list[Use]] = defaultdict(list)
    for company in seller.companies:
        for demand in company.demands:
            accounts = _accounts(seed, seller.slug, company.name, demand)
            uses[demand.provider].append(Use(seed, seller.slug, company.name, demand, accounts))
            assignments += [
                Assignment(seller.slug, demand.provider, account.id, company.name)
                for account in accounts
            ]
    for slug, name, demand in WAITING:
        if slug == seller.slug:
            accounts = [Account(_accounts(seed, slug, name, demand)[0].id, name)]
            uses[demand.provider].append(Use(seed, slug, name, demand, accounts))
            waiting.append((slug, demand.provider, accounts[0].id))
    return uses


def _accounts(seed: int, seller: str, name: str, demand: Demand) -> list[Account]:
    drawn = chance(seed, seller, name, demand.provider, "accounts")
    return [
        Account(_account_id(demand.provider, name, part, drawn), f"{name} {part}".strip())
        for part in (_PARTS[: demand.accounts] if demand.accounts > 1 else ("",))
    ]


def _account_id(provider: str, name: str, part: str, drawn: Random) -> str:
    if provider == "aws":
        digits = f"{drawn.randrange(10**11, 10**12)}"
        # As text these differ from what a spreadsheet would make of them.
        return f"00{digits[2:]}" if drawn.randrange(4) == 0 else digits
    if provider == "microsoft-csp":
        text = f"{drawn.getrandbits(128):032x}"
        return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
    # Case-folded first, which spells ß out.
    decomposed = unicodedata.normalize("NFKD", f"{name} {part}".casefold())
    words = re.findall(r"[a-z0-9]+", decomposed.encode("ascii", "ignore").decode())
    return f"{'-'.join(words)[:22].rstrip('-')}-{drawn.randrange(10**5, 10**6)}"


def _write(
    out: Path, seller: Seller, months: Sequence[date], uses: dict[str, list[Use]]
) -> Iterator[Statement]:
    for code, payer_id in seller.payers:
        vendor = catalogue.vendor(code)
        payer = focus_file.Payer(payer_id, seller.legal_name, vendor.publisher)
        if not uses[code]:
            continue
        for index, month in enumerate(months):
            path, rows = focus_file.write(
                out / f"{seller.slug}_{code}_{month:%Y-%m}.csv",
                vendor,
                payer,
                month,
                (charge for use in uses[code] for charge in use.charges(months, index)),
            )
            yield Statement(seller.slug, code, month, path, rows)
