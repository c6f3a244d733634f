"""The charts of several pages, put together from what `queries/trends` read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from clearbill.queries.trends import Billed, currencies, grouped, months, series
from clearbill.rules.money import total
from clearbill.web import charts
from clearbill.web.charts import Bars, Line, Row

MOST = 8
"""Rows of a chart; the smaller ones stand together in the last."""


@dataclass(frozen=True)
class OfCurrency:
    """Charts of one currency. `against` is None where there is no month before the latest."""

    currency: str
    trend: Line
    shares: Bars
    against: Bars | None
    drafts: int
    """How many documents of the latest month are drafts still."""


@dataclass(frozen=True)
class Months:
    """The months that charts are of, and their charts, the main currency's first."""

    months: Sequence[date]
    of: list[OfCurrency]

    @property
    def latest(self) -> str:
        return charts.month_name(self.months[-1])

    @property
    def before(self) -> str:
        return charts.month_name(self.months[-2]) if len(self.months) > 1 else ""


def figures(billed: Sequence[Billed]) -> Months:
    """Trend, share by group over all months, and the latest month against the one before it."""
    over = months(billed)
    return Months(over, [_of_currency(billed, over, each) for each in currencies(billed)])


def _of_currency(billed: Sequence[Billed], over: Sequence[date], currency: str) -> OfCurrency:
    by_group = grouped(billed, over, currency)
    return OfCurrency(
        currency,
        charts.line(series(billed, over, currency), currency),
        charts.bars(
            charts.biggest([Row(g, (total(a),)) for g, a in by_group.items()], MOST),
            currency,
            shares=True,
        ),
        charts.bars(
            charts.biggest([Row(g, (a[-1], a[-2])) for g, a in by_group.items()], MOST), currency
        )
        if len(over) > 1
        else None,
        sum(b.drafts for b in billed if b.currency == currency and b.month == over[-1]),
    )
