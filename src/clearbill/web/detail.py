"""Streaming a Detailed CSV from either door."""

from collections.abc import Iterator

from clearbill.paper import downloads
from clearbill.paper.detailed_csv import Audience
from clearbill.records import tenancy
from clearbill.records.models import Document


def begun(document: Document, audience: Audience) -> Iterator[bytes]:
    """The pieces of the file, the first one made already: what cannot be read fails before an
    answer has begun, not in the middle of a download."""
    pieces = downloads.detailed_csv(document, audience=audience)
    return _streamed(document.reseller_id, next(pieces), pieces)


def _streamed(reseller_id: int, first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    # Runs after the view has returned, when this connection's reseller has been reset; an answer
    # that nobody reads never begins, and so resets nothing under a later request.
    with tenancy.using(reseller_id):
        yield first
        yield from rest
