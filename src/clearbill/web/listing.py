"""The address of a list, read: its filters and order, and the addresses that change one."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from urllib.parse import urlencode

from django.utils.translation import gettext_noop as N_

from clearbill.queries.documents import DateRange
from clearbill.queries.listing import SORTS, STATUSES, Facets, Filters
from clearbill.rules.periods import month
from clearbill.web import formats
from clearbill.web.charts import month_name
from clearbill.web.jinja import translated as _

PRESETS = {
    "last-month": N_("Last month"),
    "last-3-months": N_("Last 3 months"),
    "this-year": N_("This year"),
    "all": N_("All"),
}

NAMES = (
    "range", "first", "last", "q", "customer", "provider", "period", "currency", "least", "most",
    "status", "sort",
)  # fmt: skip
"""What an address of a list may say; the page of it is not part of what it shows."""

_AMOUNT = re.compile(r"[+-]?[0-9]{1,20}(\.[0-9]{0,4})?")


@dataclass(frozen=True)
class Listing:
    """A list as its address asks for it. `given` is what the address says, without nonsense."""

    filters: Filters
    given: Mapping[str, str]
    opening: bool
    problems: list[str] = field(default_factory=list)
    provider_name: str = ""

    @property
    def sort(self) -> str:
        return self.given.get("sort", "")

    @property
    def query(self) -> str:
        return urlencode(self.given)

    def at(self, address: str, **changes: str) -> str:
        """The address of the same list with something else in it; an empty text takes it away."""
        changed = {**self.given, **changes}
        kept = {name: changed[name] for name in NAMES if changed.get(name)}
        return f"{address}?{urlencode(kept)}" if kept else address

    def kept(self, *without: str) -> list[tuple[str, str]]:
        """What a form hands on beside its own fields."""
        return [(name, text) for name, text in self.given.items() if name not in without]

    def chips(self, address: str) -> list[tuple[str, str]]:
        """The filters in force as words, each with the address of the list without it."""
        words = {
            "q": _("Search: %(words)s", words=self.filters.words),
            "customer": _("Customer: %(name)s", name=self.filters.customer),
            "provider": _("Provider: %(name)s", name=self.provider_name),
            "period": _("Period: %(month)s", month=month_name(self.filters.month))
            if self.filters.month
            else "",
            "currency": _("Currency: %(code)s", code=self.filters.currency),
            "least": _("From %(amount)s", amount=_number(self.filters.least)),
            "most": _("Up to %(amount)s", amount=_number(self.filters.most)),
            "status": _("Status: %(status)s", status=_(self.filters.status))
            if self.filters.status
            else "",
        }
        return [
            (words[name], self.at(address, **{name: ""})) for name in words if name in self.given
        ]


def _number(amount: Decimal | None) -> str:
    return "" if amount is None else formats.quantity(f"{amount:f}")


def listing(
    query: Mapping[str, str], facets: Facets, today: date, *, by_customer: bool = False
) -> Listing:
    """What a query asks for. Words are searched in all periods, and a period is looked for in all,
    unless a range stands beside it; what cannot be read is left out and named in `problems`."""
    read = _Reading(query)
    words = query.get("q", "").replace("\0", "").strip()
    period = read.month("period")
    filters = Filters(
        words=read.keep("q", words),
        customer=read.keep("customer", query.get("customer", "").strip()),
        provider=read.keep("provider", query.get("provider", "").strip()),
        month=period,
        currency=read.keep("currency", query.get("currency", "").strip()),
        least=read.amount("least"),
        most=read.amount("most"),
        status=read.one_of("status", STATUSES),
        by_customer=by_customer,
    )
    within = read.range(today) if not words else None
    opening = within is None and not words and period is None
    if within is None:
        within = facets.opening if opening else DateRange()
    read.one_of("sort", [f"{sign}{name}" for name in SORTS for sign in ("", "-")])
    return Listing(
        replace(filters, within=within),
        {name: read.given[name] for name in NAMES if name in read.given},
        opening,
        read.problems,
        dict(facets.providers).get(filters.provider, filters.provider),
    )


class _Reading:
    """Reads a query name by name; `given` collects what was understood."""

    def __init__(self, query: Mapping[str, str]) -> None:
        self.query = query
        self.given: dict[str, str] = {}
        self.problems: list[str] = []

    def keep(self, name: str, text: str) -> str:
        if text:
            self.given[name] = text
        return text

    def one_of(self, name: str, choices: Collection[str]) -> str:
        text = self.query.get(name, "")
        return self.keep(name, text) if text in choices else ""

    def amount(self, name: str) -> Decimal | None:
        text = self.query.get(name, "").strip().replace(",", "")
        if not text:
            return None
        if not _AMOUNT.fullmatch(text):
            self.problems.append(_("“%(text)s” is no amount: write 1234.50.", text=text))
            return None
        return Decimal(self.keep(name, text))

    def month(self, name: str) -> date | None:
        text = self.query.get(name, "").strip()
        try:
            return month(self.keep(name, text)) if text else None
        except ValueError:
            del self.given[name]
            self.problems.append(_("“%(text)s” is no period: write YYYY-MM.", text=text))
            return None

    def range(self, today: date) -> DateRange | None:
        """The range by preset or by two days; None where the query asks for neither."""
        preset = self.one_of("range", PRESETS)
        if preset:
            return DateRange.preset(preset, today)
        if not {"first", "last"} & set(self.query):
            return None
        found = DateRange(self._day("first"), self._day("last"))
        if found == DateRange():
            self.given["range"] = "all"
        return found

    def _day(self, name: str) -> date | None:
        text = self.query.get(name, "").strip()
        try:
            return date.fromisoformat(self.keep(name, text)) if text else None
        except ValueError:
            del self.given[name]
            self.problems.append(_("“%(text)s” is no date: write YYYY-MM-DD.", text=text))
            return None


def query_of(given: Mapping[str, str]) -> str:
    """The query of a list among what a form gave, to open the same list again."""
    return urlencode({name: given[name] for name in NAMES if given.get(name)})
