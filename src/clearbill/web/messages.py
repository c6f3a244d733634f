"""What several pages say after a verb."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import ngettext


def say_stale(request: HttpRequest, codes: Sequence[str]) -> None:
    """Name the drafts that a verb made stale, and where to see what a refresh changes."""
    if codes:
        words = ngettext(
            "%(count)s draft went stale by it, such as %(code)s: see what a refresh changes under"
            " Stale drafts.",
            "%(count)s drafts went stale by it, such as %(code)s: see what a refresh changes under"
            " Stale drafts.",
            len(codes),
        )
        messages.warning(request, words % {"count": f"{len(codes):,}", "code": codes[0]})
