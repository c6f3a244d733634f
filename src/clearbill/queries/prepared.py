"""Readings of every page that the ORM puts together once, and not for each request.

To put a statement with a dozen subqueries together takes the ORM ten times as long as the database
takes to answer it. A prepared one is built with `Given` in place of what each request brings:

    _BY_CODE = Prepared(lambda: Document.objects.filter(code=Given("code")))
    found = _BY_CODE.rows(code="D-000001")
"""

import threading
from collections.abc import Callable
from copy import copy
from typing import Any, Generic, TypeVar

from django.db import connections
from django.db.models import Model, QuerySet, Value

Row = TypeVar("Row", bound=Model)


class Given(Value):
    """A value that is given by its name when the statement is run; never NULL, never a list."""

    def __init__(self, name: str) -> None:
        super().__init__(None)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self,)


class Prepared(Generic[Row]):
    """A queryset of models whose statement is always the same but for the values given."""

    def __init__(self, build: Callable[[], "QuerySet[Row]"]) -> None:
        self._build = build
        self._lock = threading.Lock()
        self._made: tuple[QuerySet[Row], Any, str, tuple[Any, ...]] | None = None

    def rows(self, **values: Any) -> list[Row]:
        """The models, made as the queryset makes them; KeyError where a value is missing."""
        queryset, compiler, statement, parameters = self._statement()
        given = tuple(values[p.name] if isinstance(p, Given) else p for p in parameters)
        fixed = copy(compiler)
        fixed.connection = connections[queryset.db]
        fixed.as_sql = lambda *_, **__: (statement, given)
        query: Any = _Fixed(fixed)
        return list(QuerySet(queryset.model, query, queryset.db))

    def row(self, **values: Any) -> Row | None:
        """The first of them."""
        return next(iter(self.rows(**values)), None)

    def _statement(self) -> "tuple[QuerySet[Row], Any, str, tuple[Any, ...]]":
        with self._lock:
            if self._made is None:
                queryset = self._build()
                compiler = queryset.query.get_compiler(queryset.db)
                self._made = (queryset, compiler, *compiler.as_sql())
            return self._made


class _Fixed:
    """What a queryset asks of its query while it is read."""

    def __init__(self, compiler: Any) -> None:
        self._compiler = compiler

    def get_compiler(self, *_: Any, **__: Any) -> Any:
        return self._compiler
