"""What holds a draft back from publication: one law for the verb and for pages that say it."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from clearbill.rules.lifecycle import Kind
from clearbill.rules.periods import shown_date

NEGATIVE = "a tax invoice is not published with a negative total"


def why_not_published(
    *, kind: Kind, total: Decimal, stale: str, as_it_stands: bool, missing: Sequence[str]
) -> str:
    """Why a draft is not published, empty where it may be.

    `stale` says why it does not hold what it should by now, and is passed over where somebody
    wants it `as_it_stands`; `missing` are the names of required fields without a value.
    """
    if kind is Kind.TAX_INVOICE and total < 0:
        return NEGATIVE
    if stale and not as_it_stands:
        return f"it is stale ({stale}): refresh it, or publish it as it stands"
    if missing:
        return f"fill in first: {', '.join(missing)}"
    return ""


def why_not_due(due: date | None, issued: date) -> str:
    """Why a draft with this due date is not issued on a day, empty where it may be."""
    if due is not None and due < issued:
        return f"it is due on {shown_date(due)}, before it is issued: set a later due date"
    return ""
