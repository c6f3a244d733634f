"""Every address of the URL configuration, filled with arguments of rows that there are.

Who walks over all pages takes them from here, so that a page that is added is walked by itself.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.resolvers import RegexPattern, RoutePattern

Patterns = tuple[str, tuple[str, ...]]


class NoExample(AssertionError):
    """An address names an argument of which no example is known."""


@dataclass(frozen=True)
class Address:
    """One pattern: `name` with its namespace, or its route where it has none."""

    name: str
    route: str
    arguments: tuple[str, ...]
    view: Callable[..., Any]

    @property
    def door(self) -> str:
        """`console`, `portal`, or empty for what stands with the sign-in."""
        return self.name.partition(":")[0] if ":" in self.name else ""

    def filled(self, known: Mapping[str, object]) -> str:
        """The address with its arguments. Raises `NoExample` with what to add, and where."""
        missing = [each for each in self.arguments if each not in known]
        if missing:
            raise NoExample(
                f"{self.name} ({self.route}) wants {', '.join(missing)}: add an example of it to"
                " `ids()` in tests/doors/two_resellers.py and to `examples()` in"
                " tests/stories/rows.py"
            )
        if ":" not in self.name and "/" in self.name:
            return f"/{self.route}"
        return reverse(self.name, kwargs={each: known[each] for each in self.arguments})


def every_address(
    resolver: URLResolver | None = None, namespace: str = "", above: Patterns = ("", ())
) -> Iterator[Address]:
    """All addresses, in the order of the configuration; of a name that comes twice, the first."""
    seen: set[str] = set()
    for found in _every_address(resolver or get_resolver(), namespace, above):
        if found.name not in seen:
            seen.add(found.name)
            yield found


def _every_address(resolver: URLResolver, namespace: str, above: Patterns) -> Iterator[Address]:
    for pattern in resolver.url_patterns:
        route, arguments = above[0] + str(pattern.pattern), above[1] + _arguments(pattern.pattern)
        if isinstance(pattern, URLResolver):
            below = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from _every_address(pattern, below, (route, arguments))
        elif isinstance(pattern, URLPattern):
            name = namespace + pattern.name if pattern.name else route
            yield Address(name, route, arguments, pattern.callback)


def _arguments(pattern: RoutePattern | RegexPattern | Any) -> tuple[str, ...]:
    return tuple(pattern.converters) or tuple(pattern.regex.groupindex)
