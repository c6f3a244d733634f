"""The template environment of our own pages."""

from datetime import date, datetime
from decimal import Decimal, localcontext
from functools import cache, lru_cache
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext, pgettext
from heroicons.jinja import heroicon_mini, heroicon_outline
from jinja2 import Environment, StrictUndefined

from clearbill.actions.common import Words
from clearbill.rules.access import allowed
from clearbill.rules.money import EXACT, round_half_away
from clearbill.web import formats
from clearbill.web.kept import Kept
from clearbill.web.lines import cells
from clearbill.web.rows import document_rows


def environment(**options: Any) -> Environment:
    """Autoescaped, strict about names, with the filters that pages use."""
    options.pop("autoescape", None)
    made = Environment(
        **{**options, "undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True},
        autoescape=True,
    )
    made.globals.update(
        static=static,
        url=_url,
        allowed=allowed,
        # Each would copy and write out its tree again.
        icon=cache(heroicon_outline),
        mini_icon=cache(heroicon_mini),
        with_query=_with_query,
        cells=cells,
        kept=Kept(),
        document_rows=document_rows,
        _=translated,
        said=said,
        ticket_state=_ticket_state,
        percent=_percent,
        share=_share,
        change=_change,
    )
    made.filters.update(
        money=_money,
        exact=_exact,
        cut=formats.cut,
        qty=_qty,
        period=_period,
        day=_day,
        moment=_moment,
        slug=lambda status: str(status).lower().replace(" ", "-"),
    )
    return made


def translated(text: str, /, **values: Any) -> str:
    """A string of our own in the request's language; `%(name)s` stands for the values."""
    found = gettext(text)
    return found % values if values else found


def said(text: str) -> str:
    """What a verb said (`Refused.message`), in the request's language; other texts as they are."""
    if not isinstance(text, Words):
        return text
    return translated(text.template, **{name: _said(each) for name, each in text.values.items()})


def _ticket_state(state: str) -> str:
    return pgettext("ticket", state)


def _said(value: object) -> object:
    if isinstance(value, tuple):
        return ", ".join(gettext(each) for each in value)
    return said(value) if isinstance(value, Words) else value


def _url(name: str, *arguments: Any, **query: Any) -> str:
    """An address by its name; keyword arguments become its query."""
    return _with_query(_address(name, arguments), **query)


@lru_cache(maxsize=4096)
def _address(name: str, arguments: tuple[Any, ...]) -> str:
    return reverse(name, args=arguments)


def _with_query(address: str, **query: Any) -> str:
    given = {key: value for key, value in query.items() if value not in (None, "")}
    return f"{address}?{urlencode(given)}" if given else address


def _money(value: Decimal | str, currency: str, *, signed: bool = False) -> str:
    """`1,234.56`: grouped, in the currency's minor units; with a sign where a change is meant."""
    amount = Decimal(value)
    return ("+" if signed and amount > 0 else "") + formats.money(amount, currency)


def _change(now: str, before: Decimal) -> Decimal:
    return Decimal(now) - before


def _exact(value: Decimal | str) -> str:
    """An exact amount, whole, grouped, without trailing zeros."""
    return formats.exact(Decimal(value))


def _percent(part: Decimal, whole: Decimal) -> str:
    """`11.1 %`, to read alone; the whole must not be 0."""
    with localcontext(EXACT):
        return f"{round_half_away(part * 100 / whole, 1):f} %"


def _share(part: str, whole: str) -> int:
    """How many whole percent of the whole a part is, between 0 and 100: the length of a bar."""
    if Decimal(whole) <= 0:
        return 0
    with localcontext(EXACT):
        percent = int(round_half_away(Decimal(part) * 100 / Decimal(whole), 0))
    return max(0, min(100, percent))


def _qty(value: Decimal | str) -> str:
    return formats.quantity(value)


def _period(row: Any) -> str:
    """`1–30 Sep 2024` of anything with `period_start` and an exclusive `period_end`."""
    if isinstance(row, dict):
        return formats.period(_date(row["period_start"]), _date(row["period_end"]))
    return formats.period(row.period_start, row.period_end)


def _day(value: date | str | None) -> str:
    return formats.day(_date(value)) if value else ""


def _date(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _moment(value: datetime | None, time_zone: str) -> str:
    """`30 Sep 2024, 14:05` in a reseller's zone; pages name the zone beside their tables."""
    if value is None:
        return ""
    local = value.astimezone(ZoneInfo(time_zone))
    return f"{formats.day(local.date())}, {local:%H:%M}"
