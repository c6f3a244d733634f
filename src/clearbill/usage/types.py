"""What the usage room takes and gives: plain values, no connection and no file handle."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from clearbill.rules.pricing import RuleRef

__all__ = [
    "BadFile",
    "Delivery",
    "DocumentRef",
    "FileIn",
    "LineRef",
    "RowError",
    "RuleRef",
    "Slice",
    "SliceRef",
    "Statement",
]


@dataclass(frozen=True)
class RowError:
    """One thing wrong in a file.

    `line` is the physical line on which the row begins (the header is line 1); in Parquet, which
    has no lines, it is the row, counted from 1. 0 stands for the file as a whole.
    """

    file: str
    line: int
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        place = f"{self.file}, line {self.line}" if self.line else self.file
        column = f", column {self.column}" if self.column else ""
        value = f" {self.value!r}" if self.value else ""
        return f"{place}{column}:{value} {self.reason}"


class BadFile(Exception):
    """A delivery that is refused whole. `errors` are the first 100 of `total_errors`."""

    def __init__(self, errors: tuple[RowError, ...], total_errors: int | None = None) -> None:
        self.errors = errors
        self.total_errors = len(errors) if total_errors is None else total_errors
        more = f" (and {self.total_errors - 1} more)" if self.total_errors > 1 else ""
        super().__init__(f"{errors[0]}{more}")


@dataclass(frozen=True)
class Statement:
    """One payer's bill for one period and currency; `content_hash` names its rows.

    The hash does not depend on file names, on the order of rows or columns, on columns that are
    empty throughout, or on how null is written. `file_sum` is the exact sum of the file's
    text, `stored_sum` that of the amounts kept at 18 decimals.
    """

    provider: str
    payer: str
    payer_name: str
    period_start: date
    period_end: date
    currency: str
    rows: int
    file_sum: Decimal
    stored_sum: Decimal
    content_hash: str


@dataclass(frozen=True)
class Slice:
    """The rows of one delivery that fall to one account, period and currency.

    `first_charge` and `last_charge` are the first and the last day charged for, both inclusive.
    """

    provider: str
    payer: str
    account: str
    account_name: str
    period_start: date
    period_end: date
    currency: str
    rows: int
    cost: Decimal
    first_charge: date | None
    last_charge: date | None


@dataclass(frozen=True)
class FileIn:
    """A file of a delivery: the SHA-256 and size of its bytes as they were given."""

    name: str
    sha256: str
    bytes: int
    rows: int


@dataclass(frozen=True)
class Delivery:
    """What one import holds. `path` is the Parquet file's key in the store, not a path on disk.

    `columns` are the files' own, in their order; `unknown_columns` those that FOCUS 1.0 to 1.2
    does not know; `charge_words` the charge words that were not understood, with their rows.
    """

    path: str
    files: tuple[FileIn, ...]
    statements: tuple[Statement, ...]
    slices: tuple[Slice, ...]
    providers: Mapping[str, str]
    content_hash: str
    rows: int
    columns: tuple[str, ...]
    unknown_columns: tuple[str, ...]
    charge_words: Mapping[str, int]


@dataclass(frozen=True)
class SliceRef:
    """A slice that a document claims. `path` is the import's key in the store.

    `rate` turns one unit of `currency` into `billed_in`, the document's currency where it is
    another one.
    """

    path: str
    provider: str
    payer: str
    account: str
    period_start: date
    period_end: date
    currency: str
    document: int
    rate: Decimal = Decimal(1)
    billed_in: str = ""

    @property
    def document_currency(self) -> str:
        return self.billed_in or self.currency


@dataclass(frozen=True)
class DocumentRef:
    """A document to be rated: whose rules apply to it, and its one currency."""

    document: int
    customer: int
    provider: str
    period_start: date
    currency: str


@dataclass(frozen=True)
class LineRef:
    """A line's frozen coefficients: a row's price is a*cost + b*list + c*qty, its costs converted
    into the document's currency row by row."""

    line_key: str
    rule: int | None
    a: Decimal
    b: Decimal
    c: Decimal


@dataclass(frozen=True)
class OwnLine:
    """A line that staff added to a document; `exact` is its amount in the document's currency,
    and the period's end is exclusive."""

    key: str
    description: str
    charge_type: str
    qty: Decimal
    exact: Decimal
    currency: str
    period_start: date
    period_end: date
