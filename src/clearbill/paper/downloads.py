"""Every download of a document, from whichever source holds it: stored, frozen, or computed.

A published document's PDF and rated rows are stored by a job after publication; until then, and
where a stored file is missing or changed, they are made again from what was frozen and must come
out with the recorded hash: never wrong bytes.
"""

import hashlib
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from django.db.models import F, Q

from clearbill.paper.csv import shown_csv
from clearbill.paper.detailed_csv import PIECE, Audience, stream_detailed_csv
from clearbill.paper.fonts import more_folders
from clearbill.paper.worker import render_pdf_isolated
from clearbill.queries import canonical
from clearbill.queries.generation import slice_ref
from clearbill.records.files import file_store
from clearbill.records.models import Document, DocumentLine, UsageImport, UsageSlice
from clearbill.rules.lifecycle import Status
from clearbill.usage.detail import Detail, detail, stored, with_own_lines, write_rated
from clearbill.usage.engines.duckdb import Limits, scratch_folder
from clearbill.usage.types import LineRef, OwnLine, SliceRef

SORTED_AT_ONCE, WAITING = 2, 6
_sorting = threading.BoundedSemaphore(SORTED_AT_ONCE)
_queue = threading.BoundedSemaphore(SORTED_AT_ONCE + WAITING)
"""Engines that sort a draft's rows in this process, and callers who have one or wait for it: each
takes all processors and its share of memory, and who waits holds a thread."""

_LIMITS = Limits(memory="512MB")
"""Of one download: a web server runs several beside its pages. Sorting more goes by the disk."""


class Damaged(RuntimeError):
    """A stored file is missing or changed, and what is rebuilt does not have its hash."""


class Busy(RuntimeError):
    """So many files are being made that one more would have to wait for long."""


class NoUsageRows(LookupError):
    """The document has no usage rows to detail, such as a discarded draft."""


def pdf(document: Document) -> bytes:
    """The document's PDF. The same bytes on every call once it is published.

    Raises `Damaged` where the stored file is not what was recorded and cannot be rebuilt.
    """
    store = file_store()
    if document.pdf_path and store.exists(document.pdf_path):
        content = store.read_bytes(document.pdf_path)
        if hashlib.sha256(content).hexdigest() == document.pdf_hash:
            return content
    shown = canonical.for_customer(canonical.of(document))
    content = render_pdf_isolated(
        shown,
        draft=document.frozen is None,
        font_folders=more_folders(),
        logo=logo_of(shown),
    )
    if document.pdf_path and hashlib.sha256(content).hexdigest() != document.pdf_hash:
        raise Damaged(f"the stored PDF of {document.code} is damaged and cannot be rebuilt")
    return content


def logo_of(document: Mapping[str, Any]) -> bytes | None:
    """The logo that a canonical document names, None without one.

    Raises `Damaged` where the file is gone or changed: a document is not printed without its logo.
    """
    logo = document["seller"]["logo"]
    if logo is None:
        return None
    store = file_store()
    content = store.read_bytes(logo["key"]) if store.exists(logo["key"]) else b""
    if hashlib.sha256(content).hexdigest() != logo["sha256"]:
        raise Damaged(f"the logo {logo['key']} is missing or damaged: give it again in Branding")
    return content


def csv(document: Document, *, raw: bool = False) -> bytes:
    """The shown lines as CSV; `raw` leaves out the guard against spreadsheets."""
    return shown_csv(canonical.of(document), raw=raw)


def detailed_csv(document: Document, *, audience: Audience, raw: bool = False) -> Iterator[bytes]:
    """The usage rows as CSV, in pieces, with staff's own lines behind them, so that they add up to
    the document; see `stream_detailed_csv` for who gets which columns.

    Stored rows are used where they are whole, else they are computed from the sorted imports and
    the lines' coefficients, which a published document has frozen. Raises `Busy`, before anything
    is read, where too many are being computed.
    """

    def written(rows: Detail) -> Iterator[bytes]:
        whole = with_own_lines(rows, own_lines(document))
        return stream_detailed_csv(whole, audience=audience, raw=raw)

    store = file_store()
    if document.rated_path and store.holds(document.rated_path, document.rated_hash):
        with stored(document.rated_path, store=store, limits=_LIMITS) as rows:
            yield from written(rows)
        return
    # What is sorted stands in memory until it was read, and a reader may be slow.
    with scratch_folder() as folder, (folder / "detail.csv").open("w+b") as file:
        with _turn(), _computed(document) as rows:
            file.writelines(written(rows))
        file.seek(0)
        yield from iter(lambda: file.read(PIECE), b"")


@contextmanager
def _computed(document: Document) -> Iterator[Detail]:
    slices, lines = slices_of(document), line_refs(document)
    if not slices or not lines:
        raise NoUsageRows(f"{document.code} has no usage rows")
    with detail(slices, lines, store=file_store(), limits=_LIMITS) as rows:
        yield rows


@contextmanager
def _turn() -> Iterator[None]:
    if not _queue.acquire(blocking=False):
        raise Busy("too many files of drafts are being made: ask again in a minute")
    try:
        with _sorting:
            yield
    finally:
        _queue.release()


def own_lines(document: Document) -> list[OwnLine]:
    """Staff's own lines in their order."""
    lines = DocumentLine.objects.filter(
        reseller_id=document.reseller_id, document_id=document.pk, own=True
    ).order_by("position")
    return [
        OwnLine(
            line.line_key,
            line.description,
            line.charge_type,
            line.qty,
            line.exact,
            line.currency,
            document.period_start,
            document.period_end,
        )
        for line in lines
    ]


def has_usage_rows(document: Document, content: Mapping[str, Any]) -> bool:
    """Whether there is a Detailed CSV: lines of usage still stand, not staff's own alone."""
    return document.status != Status.DISCARDED and any(
        not section["own"] for section in content["sections"]
    )


def store_rated(document: Document, key: str) -> str:
    """Write the document's rated rows under `key`; returns the file's SHA-256."""
    return write_rated(slices_of(document), line_refs(document), store=file_store(), key=key)


def slices_of(document: Document) -> list[SliceRef]:
    """The slices that the document claims, or held when it ended, as the engine finds them.

    A draft that was refreshed released others before. Raises `Damaged` where the file of an import
    is not what was stored: nothing is computed from it.
    """
    held = Q(claims__released_at__isnull=True) | Q(claims__released_at=document.status_at)
    slices = (
        UsageSlice.objects.filter(
            held, reseller_id=document.reseller_id, claims__document_id=document.pk
        )
        .select_related("statement__usage_import", "account")
        .order_by("pk")
    )
    _check({each.statement.usage_import for each in slices})
    period = document.billing_period
    rates = canonical.rates_of(document)
    return [
        slice_ref(each, period, document.pk, rates.get(each.statement.currency)) for each in slices
    ]


def _check(imports: Collection[UsageImport]) -> None:
    store = file_store()
    for each in imports:
        state = store.state(each.path) if store.exists(each.path) else ""
        if not state or not _holds(each.path, each.file_hash, state):
            raise Damaged(f"the file of import {each.pk} is missing or damaged: restore it")


@lru_cache(maxsize=1024)
def _holds(path: str, sha256: str, state: str) -> bool:
    """Whether an import's file is as it was stored, read once for each state of it: documents by
    the thousand are made from one file, which a disk that rots leaves to `clearbill verify`."""
    return file_store().holds(path, sha256)


def line_refs(document: Document) -> list[LineRef]:
    """The lines' keys with their frozen coefficients."""
    lines = DocumentLine.objects.filter(
        reseller_id=document.reseller_id, document_id=document.pk, own=False
    ).values_list("line_key", "rule", "a", "b", "c")
    return [LineRef(*line) for line in lines.order_by(F("position"))]
