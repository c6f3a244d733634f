"""Rows in the order of their names, as `rules.alphabet` has it; a test keeps the two equal."""

from typing import Any, TypeVar

from django.db.models import F, Func, Model, QuerySet, TextField, Value
from django.db.models.functions import Lower

from clearbill.rules.alphabet import LIKE, MARKS

Row = TypeVar("Row", bound=Model)


class _Apart(Func):
    function = "normalize"
    template = "%(function)s(%(expressions)s, NFKD)"
    output_field = TextField()


def letters(name: str) -> Func:
    """The letters of a column that rows are sorted by; sort by the column itself after it."""
    plain = Func(
        _Apart(F(name)), Value(MARKS), Value(""), Value("g"),
        function="regexp_replace", output_field=TextField(),
    )  # fmt: skip
    alike = Func(
        plain, Value("".join(LIKE)), Value("".join(LIKE.values())),
        function="translate", output_field=TextField(),
    )  # fmt: skip
    return Lower(alike)


def by_name(rows: "QuerySet[Row]", name: str = "name", *then: Any) -> "QuerySet[Row]":
    """The rows by a name of theirs, and then by more columns."""
    return rows.order_by(letters(name), name, *then)
