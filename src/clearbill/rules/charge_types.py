"""Charge types: the nine words on a document, and how FOCUS words become them."""

from dataclasses import dataclass

CHARGE_TYPES = (
    "Usage",
    "Subscription",
    "One-time",
    "Tax",
    "Credit",
    "Adjustment",
    "Support",
    "Discount",
    "Fee",
)

_AS_NAMED = {
    "usage": "Usage",
    "tax": "Tax",
    "credit": "Credit",
    "adjustment": "Adjustment",
    "support": "Support",
    "discount": "Discount",
    "fee": "Fee",
}


@dataclass(frozen=True)
class Charge:
    """`charge_type` is ours, `provider_charge` the provider's own word; unknown ones are marked."""

    charge_type: str
    provider_charge: str
    known: bool


def charge_of(category: str | None, frequency: str | None) -> Charge:
    """What FOCUS's ChargeCategory and ChargeFrequency are here; letter case does not count.

    A purchase is a Subscription where it recurs, else One-time. An unknown word becomes an
    Adjustment that is marked as not understood, so that it is billed at cost and seen.
    """
    word = (category or "").strip()
    often = (frequency or "").strip()
    if word.lower() == "purchase":
        kind = "Subscription" if often.lower() == "recurring" else "One-time"
        return Charge(kind, f"{word}/{often}" if often else word, known=True)
    known = _AS_NAMED.get(word.lower())
    return Charge(known or "Adjustment", word or "(blank)", known=known is not None)
