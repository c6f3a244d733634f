"""Refuses rows that are written outside `actions`, while tests run.

import-linter sees who imports whom; it does not see `document.save()` in a view. This looks at
the statement and at who is on the stack. It sees no COPY. Tests themselves may write.
"""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import clearbill

_ROOMS = Path(clearbill.__file__).parent
_WRITE = re.compile(r'\s*(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+"?(records_\w+)', re.IGNORECASE)
# Signing in stores when; a better hash replaces an older one. Both are done by Django.
_SIGN_IN = ("records_user",)

Execute = Callable[[str, Any, bool, dict[str, Any]], Any]


class WrittenOutsideActions(AssertionError):
    """A room other than `actions` has written a row of `records`."""


def refuse_writes_outside_actions(
    execute: Execute, statement: str, values: Any, many: bool, context: dict[str, Any]
) -> Any:
    """An execute wrapper for Django's connection."""
    written = _WRITE.match(statement) if isinstance(statement, str) else None
    if written and written[1] not in _SIGN_IN:
        rooms = list(_rooms_on_the_stack())
        # Middleware is below every view, so wiring alone proves nothing about who writes.
        if rooms and "actions" not in rooms and set(rooms) != {"records"}:
            raise WrittenOutsideActions(f"{rooms[0]} writes {written[1]}: {statement[:80]}")
    return execute(statement, values, many, context)


def _rooms_on_the_stack() -> Iterator[str]:
    """The rooms of our code on the stack, innermost first."""
    frame = sys._getframe(2)
    while frame.f_back is not None:
        frame = frame.f_back
        file = frame.f_code.co_filename
        if file.startswith(str(_ROOMS)):
            yield Path(file).relative_to(_ROOMS).parts[0]
