"""What `verify` finds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

MOST = 20
"""Rows named of one breach; whoever broke a thousand rows did so in one way."""


@dataclass(frozen=True)
class Finding:
    """One broken invariant and the row it was found on."""

    invariant: str
    where: str
    what: str
    and_more: bool = False
    """Whether there are more rows like this one, which is the last of them that is named."""

    def __str__(self) -> str:
        return f"{self.invariant} {self.where}: {self.what}"


def found_by(invariant: str, sql: str, what: str, values: Sequence[Any]) -> Iterator[Finding]:
    """A finding for each row of a query, `MOST` at most."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows = cursor.fetchmany(MOST + 1)
    for number, row in enumerate(rows[:MOST], start=1):
        yield Finding(invariant, str(row[0]), what, number == MOST < len(rows))
