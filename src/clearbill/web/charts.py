"""Charts as geometry: what `parts/charts.html` draws as SVG, with the same numbers in a table.

Lengths are percentages and heights `em`, so that a chart fills any width and grows with the text
without being stretched. Colours are classes: nothing here may need an inline style. Every chart
is of one currency; whoever has several draws several charts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext

from babel.dates import format_date
from babel.numbers import format_decimal
from django.utils.translation import get_language

from clearbill.rules.money import EXACT, round_half_away, total

LABEL = 32
"""Letters of a label that fit beside its percentage on a screen of 320 px."""

SPARK_WIDTH, SPARK_HEIGHT = 100, 24

_LABEL_LINE, _BAR, _GAP = 1.5, 1.375, 0.75
_PLOT_TOP, _PLOT_BOTTOM, _LINE_HEIGHT = 1.5, 10.5, 12.5
_LEFT, _RIGHT = 16, 4


@dataclass(frozen=True)
class Row:
    """One thing with an amount for each of the chart's series; `href` leads to it."""

    label: str
    amounts: tuple[Decimal, ...]
    href: str = ""


@dataclass(frozen=True)
class Mark:
    """One drawn bar: its place, its length in percent, and the amount that stands beside it."""

    series: int
    amount: Decimal
    length: str
    y: str
    text_y: str

    @property
    def negative(self) -> bool:
        return self.amount < 0


@dataclass(frozen=True)
class BarRow:
    """A row's label, cut to what fits, and its bars."""

    row: Row
    label: str
    label_y: str
    share: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Bars:
    """Horizontal bars, one for each amount of each row, all on one scale."""

    currency: str
    height: str
    rows: tuple[BarRow, ...]


def bars(rows: Iterable[Row], currency: str, *, shares: bool = False) -> Bars:
    """Bars of rows with the same number of amounts each; credits are drawn by their size.

    With `shares` a row says its part of the sum of all first amounts, where that is above 0.
    """
    given = tuple(rows)
    longest = max((abs(amount) for row in given for amount in row.amounts), default=Decimal(0))
    whole = total([row.amounts[0] for row in given]) if shares else Decimal(0)
    top, drawn = 0.0, []
    for row in given:
        marks = tuple(
            _mark(series, amount, longest, top + _LABEL_LINE + series * _BAR)
            for series, amount in enumerate(row.amounts)
        )
        drawn.append(
            BarRow(row, cut(row.label), _em(top + 1), percent(row.amounts[0], whole), marks)
        )
        top += _LABEL_LINE + len(row.amounts) * _BAR + _GAP
    return Bars(currency, _em(top), tuple(drawn))


def _mark(series: int, amount: Decimal, longest: Decimal, top: float) -> Mark:
    return Mark(series, amount, _part(abs(amount), longest), _em(top + 0.125), _em(top + 0.9375))


@dataclass(frozen=True)
class Segment:
    """A part of a stacked bar; `number` chooses its colour."""

    number: int
    label: str
    amount: Decimal
    start: str
    length: str
    share: str


@dataclass(frozen=True)
class Stack:
    """One bar made of parts, in their order."""

    currency: str
    whole: Decimal
    segments: tuple[Segment, ...]


def stack(parts: Sequence[tuple[str, Decimal]], currency: str) -> Stack:
    """One bar of labelled parts. A part below 0 has no length; the sum still counts it."""
    drawn = total([max(amount, Decimal(0)) for _, amount in parts])
    start, segments = Decimal(0), []
    for number, (label, amount) in enumerate(parts):
        length = max(amount, Decimal(0))
        segments.append(
            Segment(
                number,
                label,
                amount,
                _part(start, drawn),
                _part(length, drawn),
                percent(amount, drawn),
            )
        )
        start += length
    return Stack(currency, total([amount for _, amount in parts]), tuple(segments))


@dataclass(frozen=True)
class Point:
    """One month on a line: where, and how much. `minor` months have no label on a small screen."""

    month: date
    label: str
    amount: Decimal
    x: str
    y: str
    minor: bool


@dataclass(frozen=True)
class Grid:
    """A line across the plot with the amount that it stands for."""

    label: str
    y: str
    text_y: str
    zero: bool


@dataclass(frozen=True)
class Line:
    """A line over months. `path` and `area` are points of a square of 100 × 100."""

    currency: str
    points: tuple[Point, ...]
    grid: tuple[Grid, ...]
    path: str
    area: str
    plot_y: str
    plot_height: str
    label_y: str
    height: str


def line(months: Sequence[tuple[date, Decimal]], currency: str) -> Line:
    """The trend over months in their order, each given as its first day."""
    low, high, step = _scale([amount for _, amount in months])
    places = [
        (_across(index, len(months)), _down(amount, low, high))
        for index, (_, amount) in enumerate(months)
    ]
    zero = _down(Decimal(0), low, high)
    path = " ".join(f"{x:g},{y:g}" for x, y in places)
    area = f"{places[0][0]:g},{zero:g} {path} {places[-1][0]:g},{zero:g}" if places else ""
    # Labels are counted from the end: the latest month always has one.
    every = max(1, -(-len(months) // 4))
    points = tuple(
        Point(
            month,
            month_label(month),
            amount,
            f"{x:g}%",
            _em(_plot(y)),
            bool((len(months) - 1 - index) % every),
        )
        for index, ((month, amount), (x, y)) in enumerate(zip(months, places, strict=True))
    )
    return Line(
        currency,
        points,
        _grid(low, high, step),
        path,
        area,
        _em(_PLOT_TOP),
        _em(_PLOT_BOTTOM - _PLOT_TOP),
        _em(_LINE_HEIGHT - 0.5),
        _em(_LINE_HEIGHT),
    )


def _scale(amounts: Sequence[Decimal]) -> tuple[Decimal, Decimal, Decimal]:
    """The axis from a round amount to a round amount, always with 0 on it, and its step."""
    least, most = min([*amounts, Decimal(0)]), max([*amounts, Decimal(0)])
    step = _round_step((most - least) / 3 or Decimal(1))
    with localcontext(EXACT):
        low = (least / step).to_integral_value(rounding=ROUND_FLOOR) * step
        high = (most / step).to_integral_value(rounding=ROUND_CEILING) * step
    return low, high if high > low else low + step, step


def _round_step(wanted: Decimal) -> Decimal:
    """The next 1, 2 or 5 times a power of ten at or above what is wanted, which is above 0."""
    power = Decimal(1).scaleb(wanted.adjusted())
    return next(power * each for each in (1, 2, 5, 10) if power * each >= wanted)


def _grid(low: Decimal, high: Decimal, step: Decimal) -> tuple[Grid, ...]:
    count = int((high - low) / step)
    values = [low + step * index for index in range(count + 1)]
    return tuple(_grid_line(value, _plot(_down(value, low, high))) for value in values)


def _grid_line(value: Decimal, y: float) -> Grid:
    return Grid(_axis(value), _em(y), _em(y - 0.3125), value == 0)


def _across(index: int, count: int) -> float:
    if count == 1:
        return 50.0
    return round(_LEFT + index * (100 - _LEFT - _RIGHT) / (count - 1), 2)


def _down(amount: Decimal, low: Decimal, high: Decimal) -> float:
    return round(float(100 - (amount - low) * 100 / (high - low)), 2)


def _plot(y: float) -> float:
    return round(_PLOT_TOP + y * (_PLOT_BOTTOM - _PLOT_TOP) / 100, 3)


@dataclass(frozen=True)
class Spark:
    """A row's amounts month by month, as a line without words."""

    row: Row
    path: str
    latest: Decimal
    change: Decimal | None


def spark(row: Row) -> Spark:
    """A small line of a row's amounts; `change` is the last against the one before it."""
    high = max([*row.amounts, Decimal(0)])
    low = min([*row.amounts, Decimal(0)])
    spread, last = high - low or Decimal(1), len(row.amounts) - 1
    path = " ".join(
        f"{2 + index * (SPARK_WIDTH - 4) / max(last, 1):g},"
        f"{float(SPARK_HEIGHT - 2 - (amount - low) * (SPARK_HEIGHT - 4) / spread):.2f}"
        for index, amount in enumerate(row.amounts)
    )
    change = row.amounts[-1] - row.amounts[-2] if last else None
    return Spark(row, path, row.amounts[-1], change)


def biggest(rows: Iterable[Row], count: int) -> list[Row]:
    """The rows with the largest first amounts; the others become one row without a label."""
    ordered = sorted(rows, key=lambda row: (-row.amounts[0], row.label))
    if len(ordered) <= count:
        return ordered
    kept, rest = ordered[: count - 1], ordered[count - 1 :]
    sums = tuple(total([row.amounts[i] for row in rest]) for i in range(len(rest[0].amounts)))
    return [*kept, Row("", sums)]


def month_label(month: date) -> str:
    """`Sep 24`, in the language of the page."""
    return str(format_date(month, "MMM yy", locale=_language()))


def month_name(month: date) -> str:
    """`September 2024`, in the language of the page."""
    return str(format_date(month, "LLLL y", locale=_language()))


def percent(part: Decimal, whole: Decimal) -> str:
    """`45.1`, to read alone; empty where the whole is not above 0."""
    if whole <= 0:
        return ""
    with localcontext(EXACT):
        share = round_half_away(part * 100 / whole, 1)
    return _number(share, "0.0")


def cut(label: str) -> str:
    """A label in as many letters as fit."""
    return label if len(label) <= LABEL else label[: LABEL - 1].rstrip() + "…"


def _axis(value: Decimal) -> str:
    return _number(value)


def _number(value: Decimal, pattern: str | None = None) -> str:
    """With a minus sign, as amounts have it, and not a hyphen."""
    return str(format_decimal(value, format=pattern, locale=_language())).replace("-", "\u2212")


def _language() -> str:
    return (get_language() or "en").partition("-")[0]


def _part(part: Decimal, whole: Decimal) -> str:
    if not whole:
        return "0%"
    with localcontext(EXACT):
        return f"{round_half_away(part * 100 / whole, 2).normalize():f}%"


def _em(value: float) -> str:
    return f"{round(value, 3):g}em"
