"""FOCUS 1.0, 1.1 and 1.2: which columns there are, and when a cell is wrong.

A cell is judged here in Python, which can say why; the fast path in `usage/normalise.py` asks
the engine only whether any is wrong.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from clearbill.rules.money import NotAnAmount, read_amount
from clearbill.rules.providers import provider_of

MANDATORY = (
    "BilledCost",
    "BillingAccountId",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ProviderName",
)
"""Without one of these a file cannot be billed from; the rest of FOCUS may be missing."""

AMOUNTS = ("BilledCost", "ListCost", "PricingQuantity", "ConsumedQuantity")
PERIODS = ("BillingPeriodStart", "BillingPeriodEnd")
TIMES = ("ChargePeriodStart", "ChargePeriodEnd")

COLUMNS = frozenset(
    (
        "AvailabilityZone",
        "BilledCost",
        "BillingAccountId",
        "BillingAccountName",
        "BillingAccountType",
        "BillingCurrency",
        "BillingPeriodEnd",
        "BillingPeriodStart",
        "CapacityReservationId",
        "CapacityReservationStatus",
        "ChargeCategory",
        "ChargeClass",
        "ChargeDescription",
        "ChargeFrequency",
        "ChargePeriodEnd",
        "ChargePeriodStart",
        "CommitmentDiscountCategory",
        "CommitmentDiscountId",
        "CommitmentDiscountName",
        "CommitmentDiscountQuantity",
        "CommitmentDiscountStatus",
        "CommitmentDiscountType",
        "CommitmentDiscountUnit",
        "ConsumedQuantity",
        "ConsumedUnit",
        "ContractedCost",
        "ContractedUnitPrice",
        "EffectiveCost",
        "InvoiceId",
        "InvoiceIssuerName",
        "ListCost",
        "ListUnitPrice",
        "PricingCategory",
        "PricingCurrency",
        "PricingCurrencyContractedUnitPrice",
        "PricingCurrencyEffectiveCost",
        "PricingCurrencyListUnitPrice",
        "PricingQuantity",
        "PricingUnit",
        "ProviderName",
        "PublisherName",
        "RegionId",
        "RegionName",
        "ResourceId",
        "ResourceName",
        "ResourceType",
        "ServiceCategory",
        "ServiceName",
        "ServiceSubcategory",
        "SkuId",
        "SkuMeter",
        "SkuPriceDetails",
        "SkuPriceId",
        "SubAccountId",
        "SubAccountName",
        "SubAccountType",
        "Tags",
    )
)

IDS = ("BillingAccountId", "SubAccountId")
LONGEST_ID = 500
"""Characters of an account's id: the database keeps it in an index, which takes no longer one."""

MAX_COLUMNS = 2_000
RESERVED = "cb_"
"""How our own columns begin in the stored Parquet."""

TIME = (
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)?)"
    r"[0-9]{0,3}(?: ?(?:Z|UTC|[+-][0-9]{2}(?::?[0-9]{2})?))?"
)
"""A date, or a date and time, with or without a zone; RE2 reads it as Python does.

Group 1 is what counts: the local time as written. It is never shifted by the zone behind it.
"""
NUMBER = r"\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?\s*"

_TIME = re.compile(TIME)
_NUMBER = re.compile(NUMBER)
_LIMIT = Decimal(10) ** 20

Header = Sequence[str]
Fault = tuple[str, str, str]
"""Column, value, reason."""


def is_null(cell: str | None) -> bool:
    """An empty cell and the word NULL both stand for null, quoted or not."""
    return cell is None or cell in ("", "NULL")


def key_of(column: str) -> str:
    """How columns are compared: without letter case or spaces around."""
    return column.strip().casefold()


def unknown_columns(columns: Sequence[str]) -> tuple[str, ...]:
    """Those that no FOCUS version read here knows; they are kept all the same."""
    known = {key_of(column) for column in COLUMNS}
    return tuple(column for column in columns if key_of(column) not in known)


def header_faults(header: Header) -> Iterator[Fault]:
    """What is wrong with a header as a whole."""
    if len(header) > MAX_COLUMNS:
        yield "", "", f"has {len(header)} columns; at most {MAX_COLUMNS} are read"
        return
    wrong = _delimiter(header)
    if wrong:
        yield "", "", f"has its fields separated by {wrong}: export it with commas"
        return
    seen: dict[str, str] = {}
    for number, column in enumerate(header, start=1):
        key = key_of(column)
        if not key:
            yield "", "", f"column {number} has no name: give it one, or remove it"
        elif key in seen:
            yield column, "", "stands there twice: remove or rename one of the two"
        elif key.startswith(RESERVED):
            yield column, "", f"begins with {RESERVED}, which is kept for our own: rename it"
        elif "\0" in column:
            yield "", "", f"column {number} has a NUL in its name: rename it"
        seen[key] = column
    for column in MANDATORY:
        if key_of(column) not in seen:
            yield column, "", "is missing: export the file as FOCUS 1.0, 1.1 or 1.2 with it"


def _delimiter(header: Header) -> str | None:
    names = {";": "semicolons", "\t": "tabs", "|": "bars"}
    known = {key_of(column) for column in COLUMNS}
    for mark, name in names.items():
        parts = ",".join(header).split(mark)
        if len(parts) > 2 and any(key_of(part.strip('"')) in known for part in parts):
            return name
    return None


def row_faults(cells: Mapping[str, str | None]) -> Iterator[Fault]:
    """What is wrong in one row; `cells` holds the columns named above under FOCUS's names."""
    for column in ("BillingAccountId", "ProviderName"):
        if is_null(cells.get(column)):
            yield column, "", "is empty: every row needs it"
    if not is_null(word := cells.get("ProviderName")):
        yield from _provider_faults(word or "")
    for column in IDS:
        if len(account := cells.get(column) or "") > LONGEST_ID:
            yield column, account, f"is longer than {LONGEST_ID} characters"
    currency = cells.get("BillingCurrency") or ""
    if not is_currency(currency):
        yield "BillingCurrency", currency, "is no currency code of three capitals, such as USD"
    yield from _period_faults(cells)
    for column in TIMES:
        text = cells.get(column)
        if text is not None and not is_null(text) and read_time(text) is None:
            yield column, text, "is no date and time such as 2024-09-01T00:00:00Z"
    for column in AMOUNTS:
        text = cells.get(column)
        if text is not None and not is_null(text):
            reason = amount_fault(text)
            if reason:
                yield column, text, reason
        elif column == "BilledCost":
            yield column, "", "is empty: every row needs an amount, 0 if it costs nothing"


def _provider_faults(word: str) -> Iterator[Fault]:
    try:
        provider_of(word)
    except ValueError as error:
        yield "ProviderName", word, str(error)


def _period_faults(cells: Mapping[str, str | None]) -> Iterator[Fault]:
    days: list[date] = []
    for column in PERIODS:
        text = cells.get(column) or ""
        day = read_date(text)
        if day is None:
            yield column, text, "is no date such as 2024-09-01"
        else:
            days.append(day)
    if len(days) == 2 and days[1] <= days[0]:
        end = cells.get("BillingPeriodEnd") or ""
        yield "BillingPeriodEnd", end, f"is not after the period's start, {days[0]}"


def is_currency(text: str) -> bool:
    return re.fullmatch(r"[A-Z]{3}", text) is not None


def read_date(text: str) -> date | None:
    """The date part of the text as written, whatever time zone follows; None if it is none."""
    time = read_time(text)
    return time.date() if time else None


def read_time(text: str) -> datetime | None:
    """The local date and time as written, without its zone; None if it is none."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    try:
        return datetime.fromisoformat(match[1])
    except ValueError:
        return None


def amount_fault(text: str) -> str | None:
    """Why the text is no amount that is kept, or None."""
    if "," in text:
        return "has a comma: write 1234.56, without grouping and with a decimal point"
    if _NUMBER.fullmatch(text) is None:
        return "is not a finite decimal number"
    try:
        value = read_amount(text)
    except NotAnAmount:
        return "has more than 20 digits before the point"
    return "has more than 20 digits before the point" if abs(value) >= _LIMIT else None
