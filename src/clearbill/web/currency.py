"""Another currency on the screen: every amount converted to read, nothing else changed.

Downloads and e-mails never ask here: they stay in the document's currency.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from clearbill.records.models import Document
from clearbill.rules.canonical import plain
from clearbill.rules.currencies import Quote, Rate, offered


def document_day(document: Document, today: date) -> date:
    """The day whose rates a document is shown at: its issue date, else its period's last day."""
    return document.issue_date or min(document.period_end - timedelta(days=1), today)


@dataclass(frozen=True)
class Choice:
    """The currencies that a document's drop-down offers; `rate` is set where another is shown."""

    billing: str
    others: list[str]
    rate: Rate | None


def choice(
    document: Document,
    quotes: Sequence[Quote],
    switched_on: Sequence[str],
    *,
    day: date,
    asked: str,
) -> Choice:
    """What the drop-down offers: the billing currency, the provider's, and those switched on, as
    far as a rate is known on the day. `asked` is a currency from an address; any other is ignored.
    """
    rates = offered(
        quotes,
        document.currency,
        [*(each["from"] for each in document.rates), *switched_on],
        day,
    )
    chosen = next((rate for rate in rates if rate.quote == asked), None)
    return Choice(document.currency, [rate.quote for rate in rates], chosen)


def shown_in(content: dict[str, Any], rate: Rate) -> dict[str, Any]:
    """The canonical dict with every amount of the customer's side in the rate's other currency.

    Each amount is converted by itself, so that they need not add up to the last unit. What staff
    see beside it, cost in the document's currency, follows; rules and the provider's own cost stay.
    """

    def converted(amount: str) -> str:
        return f"{rate.convert(Decimal(amount)):f}"

    def line(each: dict[str, Any]) -> dict[str, Any]:
        exact: dict[str, Any] = {
            name: plain(rate.exactly(Decimal(each[name])))
            for name in ("exact", "cost_converted", "list_converted")
            if name in each
        }
        return {**each, "price": converted(each["price"]), **exact}

    return {
        **content,
        "currency": rate.quote,
        "sections": [
            {
                **section,
                "subtotal": converted(section["subtotal"]),
                "lines": [line(each) for each in section["lines"]],
            }
            for section in content["sections"]
        ],
        "taxes": [
            {**tax, "base": converted(tax["base"]), "amount": converted(tax["amount"])}
            for tax in content["taxes"]
        ],
        **{name: converted(content[name]) for name in ("subtotal", "tax", "total")},
    }
