"""Keyset pages: the next page starts after the last row's values, never at an offset."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet

SIZE = 50

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Rows of one page, and the cursor of the next (empty on the last one)."""

    rows: list[Row]
    following: str
    first: bool


def page_of(
    rows: QuerySet[Row], order: Sequence[str], after: str | None, size: int = SIZE
) -> Page[Row]:
    """A page of `rows` in `order`: field names, `-` for descending, ending with a unique one.

    `after` is the cursor of the page before; one that was tampered with is the first page.
    """
    values = _values(after, len(order))
    if values:
        try:
            rows = rows.filter(_behind(order, values))
        except (TypeError, ValueError, ValidationError):
            values = []
    found = list(rows.order_by(*order)[: size + 1])
    more = len(found) > size
    found = found[:size]
    return Page(found, _cursor(found[-1], order) if more else "", not values)


def _behind(order: Sequence[str], values: Sequence[Any]) -> Q:
    """Rows after `values`: later in the first column, or equal in it and later in the next …"""
    condition = Q(pk__in=[])
    equal = Q()
    for column, value in zip(order, values, strict=True):
        name = column.lstrip("-")
        comparison = "lt" if column.startswith("-") else "gt"
        condition |= equal & Q(**{f"{name}__{comparison}": value})
        equal &= Q(**{name: value})
    return condition


def _cursor(row: Model, order: Sequence[str]) -> str:
    values = [_reach(row, column.lstrip("-")) for column in order]
    return base64.urlsafe_b64encode(json.dumps(values, default=str).encode()).decode()


def _reach(row: Any, path: str) -> Any:
    for name in path.split("__"):
        row = getattr(row, name)
    return row


def _values(after: str | None, count: int) -> list[Any]:
    if not after:
        return []
    try:
        values = json.loads(base64.urlsafe_b64decode(after.encode()))
    except ValueError:
        return []
    whole = isinstance(values, list) and len(values) == count
    plain = whole and all(isinstance(v, str | int) and "\0" not in str(v) for v in values)
    return values if plain else []
