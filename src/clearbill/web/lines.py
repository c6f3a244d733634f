"""A document's lines as the cells that a page places: each written once, and no name looked up.

Hundreds of lines with a dozen values each are most of what a document's page costs; a macro and a
translation for every cell cost ten times as much.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from django.utils.translation import gettext
from markupsafe import escape

from clearbill.paper.language import Language
from clearbill.rules.money import EXACT, round_half_away, to_minor_units
from clearbill.web import formats


class Cells(NamedTuple):
    """A line as HTML: what others wrote is escaped. A template takes them in this order, as they
    are; empty is left out.

    Cost, margin and rule are empty for who does not see cost.
    """

    name: str
    more: str
    unit: str
    dates: str
    exact: str
    unit_price: str
    provider_charge: str
    tax: str
    rows: str
    cost: str
    cost_converted: str
    margin: str
    rule: str
    position: int
    qty: str
    charge_type: str
    price: str


def cells(
    lines: Iterable[Mapping[str, Any]], currency: str, sees_cost: bool
) -> tuple[list[Cells], list[Cells]]:
    """A section's lines: those with a price, and those of 0. `sees_cost` needs staff's keys."""
    language, unnamed = formats.language(), _html(gettext("No description"))
    charge_types: dict[str, str] = {}
    with_price: list[Cells] = []
    of_nothing: list[Cells] = []
    for line in lines:
        charge = line["charge_type"]
        if charge not in charge_types:
            charge_types[charge] = _html(gettext(charge))
        price, exact = Decimal(line["price"]), Decimal(line["exact"])
        service, sku, description = map(_html, (line["service"], line["sku"], line["description"]))
        cost = _cost(line, exact, currency, language) if sees_cost else ("", "", "", "")
        made = Cells(
            service or description or unnamed,
            f"{sku} · {description}" if sku and description and service
            else f"{sku}{description if service else ''}",
            _html(line["unit"]),
            _dates(line["first_date"], line["last_date"], language.code),
            f"{currency} {language.exact(exact)}",
            _unit_price(exact, Decimal(line["qty"]), currency, language),
            _html(line["provider_charge"]),
            _html(line["tax"]),
            str(line["rows"] or ""),
            *cost,
            line["position"],
            language.quantity(line["qty"]),
            charge_types[charge],
            language.amount(to_minor_units(price, currency), currency),
        )  # fmt: skip
        (with_price if price else of_nothing).append(made)
    return with_price, of_nothing


def _html(text: str) -> str:
    return str(escape(text))


def _dates(first: str | None, last: str | None, code: str) -> str:
    if not first:
        return ""
    return _day(first, code) + (f" – {_day(last, code)}" if last and last != first else "")


@lru_cache(maxsize=4096)
def _day(iso: str, code: str) -> str:
    return Language(code).day(date.fromisoformat(iso))


def _unit_price(exact: Decimal, qty: Decimal, currency: str, language: Language) -> str:
    """The line's average price per unit, for reading alone: nothing is computed from it."""
    if not qty:
        return ""
    return f"{currency} {language.exact(round_half_away(EXACT.divide(exact, qty), 8))}"


def _cost(
    line: Mapping[str, Any], exact: Decimal, currency: str, language: Language
) -> tuple[str, str, str, str]:
    """The provider's cost, the same converted where it is in another currency, margin, and rule."""
    converted = Decimal(line["cost_converted"])
    other = line["cost_currency"] != currency
    return (
        f"{_html(line['cost_currency'])} {language.exact(line['cost'])}",
        f"{currency} {language.exact(converted)}" if other else "",
        f"{currency} {language.exact(EXACT.subtract(exact, converted))}",
        _rule(line["rule"], line["a"], line["b"], line["c"]),
    )


# Hundreds of lines have a handful of rules. Only the console shows them, which is in English.
@lru_cache(maxsize=4096)
def _rule(rule: int | None, a: str, b: str, c: str) -> str:
    """`Rule 3: 1.125 × cost`, or that the line passes at cost."""
    if rule is None:
        return "At cost"
    parts = [
        f"{factor} × {what}"
        for factor, what in ((a, "cost"), (b, "list cost"), (c, "quantity"))
        if Decimal(factor)
    ]
    return f"Rule {rule}: {' + '.join(parts) or '0'}"
