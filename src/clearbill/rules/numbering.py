"""Document IDs and invoice numbers: how a counter is written, and the dates of a series."""

import re
from datetime import date

_DOCUMENT_ID = re.compile(r"D-[0-9]{6,19}")


class BadIssueDate(ValueError):
    """The issue date lies in the future, or before the last one of its series."""


def document_id(counter: int) -> str:
    """`D-000123`: per reseller, given at generation, never used again, gaps allowed."""
    return f"D-{counter:06d}"


def is_document_id(text: str) -> bool:
    """Whether the text is written as one, whatever documents there are."""
    return _DOCUMENT_ID.fullmatch(text) is not None


def by_counter(text: str) -> tuple[int, str]:
    """Sorts Document IDs by their counters: one with more digits comes later."""
    return len(text), text


def invoice_number(prefix: str, counter: int) -> str:
    """`INV-000001`: per reseller and series, without gaps, given when a tax invoice is published.

    `counter` starts at 1; more than six digits are written in full.
    """
    return f"{prefix}{counter:06d}"


def issue_date(*, given: date | None, today: date, last: date | None) -> date:
    """The date to print as issued: the given one, else the reseller's today.

    `last` is the latest issue date of the series, which the new one must not precede, so that
    numbers and dates rise together. A first document of a series may be dated back freely.
    """
    issued = given or today
    if issued > today:
        raise BadIssueDate(f"issue date {issued} lies in the future (today is {today})")
    if last is not None and issued < last:
        raise BadIssueDate(
            f"issue date {issued} lies before {last}, the last issue date of the series: give"
            f" {last} or a later day that is not in the future"
        )
    return issued
