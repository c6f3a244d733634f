"""Exchange rates by hand and from files, and the currencies that documents are shown in."""

import io
import lzma
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from babel.numbers import list_currencies
from django.db import connection

from clearbill.actions.common import Actor, Refused, check_currency, check_texts
from clearbill.actions.generate_documents import today
from clearbill.actions.locks import lock_periods
from clearbill.actions.staleness import lock_drafts, mark_those_exchanged_otherwise
from clearbill.records import clock, tenancy
from clearbill.records.models import BillingPeriod, ExchangeRate, ResellerSettings
from clearbill.rules import ecb
from clearbill.rules.currencies import MONTH, Quote
from clearbill.rules.text import tidy
from clearbill.usage.types import BadFile, RowError

MOST_BYTES = 20_000_000
"""The ECB's whole history is a tenth of that."""

MOST_CURRENCIES = 20

_HOLDS_FOR = timedelta(days=30)
"""The longest that a rate holds after its day: a monthly one is of the first."""


@dataclass(frozen=True)
class Imported:
    """What a file brought: rates that are new, that are known, and that correct an older one.

    `stale` are the Document IDs of the drafts that are converted otherwise by them.
    """

    name: str
    rows: int
    added: int
    corrected: int
    stale: list[str]

    @property
    def known(self) -> int:
        return self.rows - self.added - self.corrected


@dataclass(frozen=True)
class Given:
    """The newest version of a rate, and the Document IDs of the drafts that are stale by it."""

    rate: ExchangeRate
    stale: list[str]


def set_rate(
    *,
    reseller_id: int,
    actor: Actor,
    base: str,
    quote: str,
    month: date,
    rate: str,
    source: str,
) -> Given:
    """Set what 1 `base` is in `quote` for a whole month; a newer version of what was set before.

    `rate` is text with at most ten decimals. The same rate from the same source again changes
    nothing. Documents keep the rate they have; a draft that another one holds for is stale by it.
    """
    actor.require("settings.edit")
    check_texts(ExchangeRate, {"source": source})
    source = tidy(source)
    _check_pair(base, quote)
    if not source:
        raise Refused(
            "say where the rate is from: documents print it, such as ECB or our bank",
            field="source",
        )
    try:
        value = ecb.rate(rate.strip())
    except ValueError as error:
        raise Refused("%(rate)r %(error)s", field="rate", rate=rate.strip(), error=error) from None
    day = month.replace(day=1)
    if not 1990 <= day.year <= 2100:
        raise Refused(
            "%(month)s is no month of a rate; write it as 2026-10",
            field="month",
            month=f"{day:%Y-%m}",
        )
    with tenancy.transaction(reseller_id):
        _lock(reseller_id)
        _, stale = _insert(reseller_id, actor, [Quote(base, quote, MONTH, day, value, source)])
        found = ExchangeRate.objects.filter(
            reseller_id=reseller_id, base=base, quote=quote, span=MONTH, day=day
        )
        return Given(found.latest("version"), stale)


def import_rates(*, reseller_id: int, actor: Actor, data: bytes, name: str) -> Imported:
    """Take the rates of a file in: the ECB's daily or historical CSV, zipped or not, or our own.

    Rates that are known change nothing; another rate for the same day is a newer version of it.
    Raises `usage.types.BadFile` with file, line, column and value, and then nothing was taken in.
    """
    actor.require("settings.edit")
    quotes = _read(data, name)
    with tenancy.transaction(reseller_id):
        _lock(reseller_id)
        versions, stale = _insert(reseller_id, actor, quotes)
    added = versions.count(1)
    return Imported(name, len(quotes), added, len(versions) - added, stale)


def show_in(*, reseller_id: int, actor: Actor, currencies: Sequence[str]) -> list[str]:
    """Switch the currencies on that documents may be shown in, beside their own; the rest is off.

    Order counts: the drop-down keeps it. Raises `Refused` for what is no currency.
    """
    actor.require("settings.edit")
    wanted = list(dict.fromkeys(code.strip().upper() for code in currencies if code.strip()))
    if len(wanted) > MOST_CURRENCIES:
        raise Refused(
            "at most %(most)s currencies are switched on", field="currencies", most=MOST_CURRENCIES
        )
    for code in wanted:
        _check_code(code, "currencies")
    with tenancy.transaction(reseller_id):
        ResellerSettings.objects.filter(reseller_id=reseller_id).update(currencies=wanted)
    return wanted


def _check_pair(base: str, quote: str) -> None:
    _check_code(base, "base")
    _check_code(quote, "quote")
    if base == quote:
        raise Refused(
            "a rate joins two currencies, this is %(base)s on both sides", field="quote", base=base
        )


def _check_code(code: str, field: str) -> None:
    try:
        check_currency(code)
    except Refused as error:
        raise Refused(error.message, field=field) from None


def _lock(reseller_id: int) -> None:
    """Hold the settings' row: versions of a rate are counted one after the other."""
    ResellerSettings.objects.select_for_update().get(reseller_id=reseller_id)


def _read(data: bytes, name: str) -> list[Quote]:
    try:
        text = _unpacked(data, name).decode("utf-8-sig")
        return ecb.read(text, list_currencies(), _source_of(name))
    except UnicodeDecodeError:
        raise _bad(name, "is no text in UTF-8: save it as CSV UTF-8") from None
    except ecb.BadRates as bad:
        errors = tuple(RowError(name, e.line, e.column, e.value, e.reason) for e in bad.errors)
        raise BadFile(errors, bad.total_errors) from None


def _source_of(name: str) -> str:
    kept = "".join(sign for sign in name if sign.isprintable())
    return kept[: ecb.MOST_SOURCE] or "file"


# What zipfile and the decompressors below it raise for streams, offsets and names that are broken.
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, RuntimeError, EOFError, OSError, ValueError,
)  # fmt: skip


def _unpacked(data: bytes, name: str) -> bytes:
    """The CSV of a file; the ECB packs one into each zip."""
    if len(data) > MOST_BYTES:
        raise _bad(name, f"is larger than {MOST_BYTES // 1_000_000} MB: give it in parts")
    if not data.startswith(b"PK\x03\x04"):
        return data
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            names = packed.namelist()
            if len(names) != 1:
                raise _bad(name, f"has {len(names)} files in it: unpack it, and give one")
            with packed.open(names[0]) as inside:
                # The size that a zip claims need not be true; what is read is.
                found = inside.read(MOST_BYTES + 1)
    except _DAMAGED as error:
        raise _bad(name, f"cannot be unpacked ({error}): unpack it, and give the CSV") from None
    if len(found) > MOST_BYTES:
        raise _bad(name, f"is larger than {MOST_BYTES // 1_000_000} MB: give it in parts")
    return found


def _bad(name: str, reason: str) -> BadFile:
    return BadFile((RowError(name, 0, "", "", reason),))


_INSERT = """
INSERT INTO records_exchangerate
    (reseller_id, base, quote, span, day, rate, source, version, who, created_at)
SELECT %(reseller)s, n.base, n.quote, n.span, n.day, n.rate, n.source,
    coalesce(o.version, 0) + 1, %(who)s, %(at)s
FROM unnest(%(bases)s::text[], %(quotes)s::text[], %(spans)s::text[], %(days)s::date[],
    %(rates)s::numeric[], %(sources)s::text[]) AS n(base, quote, span, day, rate, source)
LEFT JOIN LATERAL (
    SELECT e.version, e.rate, e.source FROM records_exchangerate e
    WHERE e.reseller_id = %(reseller)s AND e.base = n.base AND e.quote = n.quote
        AND e.span = n.span AND e.day = n.day
    ORDER BY e.version DESC LIMIT 1) o ON true
WHERE (o.rate, o.source) IS DISTINCT FROM (n.rate, n.source)
RETURNING version
"""


def _insert(reseller_id: int, actor: Actor, quotes: Sequence[Quote]) -> tuple[list[int], list[str]]:
    """Add what is not the newest version already, in one statement: the new rows' versions, and
    the drafts that are stale by them.

    The ECB's history has a quarter of a million rates, so nothing is asked for one by one.
    """
    at: datetime = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            {
                "reseller": reseller_id,
                "who": actor.name,
                "at": at,
                "bases": [q.base for q in quotes],
                "quotes": [q.quote for q in quotes],
                "spans": [q.span for q in quotes],
                "days": [q.day for q in quotes],
                "rates": [q.rate for q in quotes],
                "sources": [q.source for q in quotes],
            },
        )
        versions = [version for (version,) in cursor.fetchall()]
    return versions, _mark_drafts(reseller_id, actor, quotes) if versions else []


def _mark_drafts(reseller_id: int, actor: Actor, quotes: Sequence[Quote]) -> list[str]:
    """The Document IDs of the drafts that a refresh would convert otherwise by now.

    Waits for what is generated in the periods that the rates may hold for, so that it is seen.
    """
    days = [quote.day for quote in quotes]
    periods = BillingPeriod.objects.filter(
        reseller_id=reseller_id, period_end__gt=min(days), period_start__lte=max(days) + _HOLDS_FOR
    )
    ids = list(periods.values_list("pk", flat=True))
    lock_periods(reseller_id, ids)
    marked = mark_those_exchanged_otherwise(
        reseller_id=reseller_id,
        who=actor.name,
        drafts=lock_drafts(reseller_id, ids),
        today=today(reseller_id),
    )
    return [draft.code for draft in marked]
