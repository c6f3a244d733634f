"""What several pages say after a verb."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest


def say_stale(request: HttpRequest, codes: Sequence[str]) -> None:
    """Name the drafts that a verb made stale, and where to see what a refresh changes."""
    if codes:
        drafts = "1 draft is" if len(codes) == 1 else f"{len(codes):,} drafts are"
        messages.warning(
            request,
            f"{drafts} stale by it, such as {codes[0]}: see what a refresh changes under Stale"
            " drafts.",
        )
