"""Taxes on a document: one base, each rate rounded once, as EN 16931 adds them up."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

from clearbill.rules.money import EXACT, to_minor_units

CATEGORIES = {
    "S": "Standard rate",
    "Z": "Zero rated",
    "E": "Exempt",
    "AE": "Reverse charge",
    "K": "Intra-community supply",
    "G": "Export",
    "O": "Outside the scope of tax",
}
"""EN 16931 BT-118 (UNCL 5305): the codes that a document of services may need."""

WITHOUT_REASON = frozenset({"S", "Z"})
"""All others print why no tax is charged (BT-120)."""


class BadTaxes(ValueError):
    """Taxes that cannot stand together on one document."""


@dataclass(frozen=True)
class Tax:
    """A rate as it is printed. `percent` is 19 for 19 %, and 0 in every category but S."""

    name: str
    category: str
    percent: Decimal
    reason: str = ""


@dataclass(frozen=True)
class Taxed:
    """What one tax comes to on a base; both in whole minor units of the document's currency."""

    tax: Tax
    base: Decimal
    amount: Decimal


def apply(taxes: Sequence[Tax], base: Decimal, currency: str) -> list[Taxed]:
    """Each tax of the base (the subtotal in minor units), rounded half away from zero.

    The base is what the document prints, so that a reader who multiplies gets the printed tax.
    Raises `BadTaxes` for what `check` refuses.
    """
    check(taxes)
    with localcontext(EXACT):
        return [
            Taxed(tax, base, to_minor_units(base * tax.percent / 100, currency)) for tax in taxes
        ]


def check(taxes: Sequence[Tax]) -> None:
    """Raise `BadTaxes` where one says that no tax is due and another stands beside it."""
    alone = [tax for tax in taxes if tax.category != "S"]
    if alone and len(taxes) > 1:
        raise BadTaxes(
            f"{alone[0].name} ({CATEGORIES[alone[0].category]}) stands alone: a document is"
            " taxed, or it says why not"
        )
