"""Keyset pages: the next page starts after the last row's values, never at an offset."""

import base64
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db import DataError
from django.db.models import F, Model, Q, QuerySet
from django.db.models.expressions import OrderBy

SIZE = 50

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Rows of one page, and the cursor of the next (empty on the last one)."""

    rows: list[Row]
    following: str
    first: bool


def page_of(
    rows: QuerySet[Row],
    order: Sequence[str],
    after: str | None,
    size: int = SIZE,
    nullable: Collection[str] = (),
) -> Page[Row]:
    """A page of `rows` in `order`: field names, `-` for descending, ending with a unique one.

    Columns in `nullable` may be empty; such rows come last, ascending and descending. A column
    that may be empty and is not named there loses rows between pages. `after` is the cursor of
    the page before; one that was tampered with is the first page.
    """
    empty = {column for column in order if column.lstrip("-") in nullable}
    values = _values(after, len(order), [column in empty for column in order])
    ordered = rows.order_by(*in_order(order, nullable))
    try:
        found = list(
            (ordered.filter(_behind(order, values, empty)) if values else ordered)[: size + 1]
        )
    except (TypeError, ValueError, ValidationError, DataError):
        values, found = [], list(ordered[: size + 1])
    more = len(found) > size
    found = found[:size]
    return Page(found, _cursor(found[-1], order) if more else "", not values)


def in_order(order: Sequence[str], nullable: Collection[str]) -> list[str | OrderBy]:
    """The same order for `order_by`, empty values last."""
    return [
        OrderBy(F(column.lstrip("-")), descending=column.startswith("-"), nulls_last=True)
        if column.lstrip("-") in nullable
        else column
        for column in order
    ]


def _behind(order: Sequence[str], values: Sequence[Any], empty: Collection[str]) -> Q:
    """Rows after `values`: later in the first column, or equal in it and later in the next …"""
    condition = Q(pk__in=[])
    equal = Q()
    for column, value in zip(order, values, strict=True):
        name = column.lstrip("-")
        if value is None:
            # Nothing comes after an empty one but other empty ones, by the next column.
            equal &= Q(**{f"{name}__isnull": True})
            continue
        later = Q(**{f"{name}__{'lt' if column.startswith('-') else 'gt'}": value})
        if column in empty:
            later |= Q(**{f"{name}__isnull": True})
        condition |= equal & later
        equal &= Q(**{name: value})
    return condition


def _cursor(row: Model, order: Sequence[str]) -> str:
    values = [_reach(row, column.lstrip("-")) for column in order]
    return base64.urlsafe_b64encode(json.dumps(values, default=str).encode()).decode()


def _reach(row: Any, path: str) -> Any:
    for name in path.split("__"):
        row = getattr(row, name)
    return row


def _values(after: str | None, count: int, may_lack: Sequence[bool] = ()) -> list[Any]:
    if not after:
        return []
    try:
        values = json.loads(base64.urlsafe_b64decode(after.encode()))
    except ValueError:
        return []
    if not isinstance(values, list) or len(values) != count:
        return []
    lacks = may_lack or [False] * count
    plain = all(
        (lack and each is None) or _is_plain(each) for each, lack in zip(values, lacks, strict=True)
    )
    return values if plain else []


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int) and "\0" not in str(value)
