"""Figures of the style guide: made up, with what charts find hard among them."""

from datetime import date
from decimal import Decimal
from typing import Any

from clearbill.rules.periods import months_back
from clearbill.web import charts
from clearbill.web.charts import Row

_OCTOBER = date(2026, 10, 1)
_MONTHS = ("820", "790.50", "905", "1010", "990", "0", "1120", "1340.20", "1290", "1405", "1388",
           "1520.75")  # fmt: skip


def samples() -> dict[str, Any]:
    """One chart of each kind, in euros."""
    amounts = tuple(Decimal(each) for each in _MONTHS)
    over = [months_back(_OCTOBER, len(amounts) - 1 - index) for index in range(len(amounts))]
    return {
        "against": charts.bars(
            [_row("AWS", "421752.38", "411291.31"), _row("Microsoft CSP", "232481.92", "0")], "EUR"
        ),
        "shares": charts.bars(
            [
                _row("Virtual Machines", "640.64"),
                _row("A service whose name is far longer than any screen", "308.50"),
                _row("Promotional credit", "-120.00"),
            ],
            "EUR",
            shares=True,
        ),
        "trend": charts.line(list(zip(over, amounts, strict=True)), "EUR"),
        "ages": charts.stack(
            [
                ("Not yet due", Decimal("214929.53")),
                ("1–30 days late", Decimal("42713.13")),
                ("31–60 days late", Decimal("13696.13")),
                ("61–90 days late", Decimal("9100")),
                ("More than 90 days late", Decimal("3200")),
            ],
            "EUR",
        ),
        "spark": charts.spark(Row("Virtual Machines", amounts)),
    }


def _row(label: str, *amounts: str) -> Row:
    return Row(label, tuple(Decimal(each) for each in amounts))
