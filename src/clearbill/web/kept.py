"""Pieces of pages that can never look different again, kept in memory once they are made.

The lines of a published document are frozen. What else decides how they look is named in the call,
so that nobody is shown what was made for somebody else:

    {% call kept(document.content_hash, sees_cost, currencies.rate, ask) %}…{% endcall %}
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

from markupsafe import Markup

from clearbill.web import formats

MOST = 16 << 20
"""Letters that a process keeps; what was not asked for longest goes first."""


class Kept:
    """A memory of pieces of HTML; threads may share it."""

    def __init__(self, most: int = MOST) -> None:
        self._most, self._held = most, 0
        self._pieces: OrderedDict[Hashable, Markup] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(
        self, content_hash: str | None, *seen_by: Hashable, caller: Callable[[], Markup]
    ) -> Markup:
        """The piece that the caller makes, of content with that hash; none is kept without one.

        `seen_by` is everything beside the content and the language that the piece depends on.
        """
        if not content_hash:
            return caller()
        key = (content_hash, formats.language().code, *seen_by)
        with self._lock:
            if key in self._pieces:
                self._pieces.move_to_end(key)
                return self._pieces[key]
        made = caller()
        with self._lock:
            self._put(key, made)
        return made

    def _put(self, key: Hashable, made: Markup) -> None:
        if key in self._pieces or len(made) > self._most:
            return
        self._pieces[key] = made
        self._held += len(made)
        while self._held > self._most:
            _, gone = self._pieces.popitem(last=False)
            self._held -= len(gone)
