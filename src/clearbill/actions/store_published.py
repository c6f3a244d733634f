"""After publication: the rated rows and the PDF are stored, once, in the background."""

import hashlib

from django.db.models import Sum

from clearbill.actions.locks import lock_documents
from clearbill.paper import downloads
from clearbill.queries import canonical
from clearbill.queries.documents import one
from clearbill.records import tenancy
from clearbill.records.files import file_store
from clearbill.records.models import Document, DocumentLine
from clearbill.rules.lifecycle import Status
from clearbill.usage.detail import stored


def store_published(*, reseller_id: int, document_id: int) -> None:
    """Render and store what a published document keeps; done twice, it changes nothing.

    The PDF comes first: people wait for it. The rated rows stored must add up to the frozen lines
    of usage, or they are not recorded; a document without usage has none.
    """
    with tenancy.transaction(reseller_id):
        code = Document.objects.values_list("code", flat=True).get(
            reseller_id=reseller_id, pk=document_id
        )
        document = one(reseller_id, code)
        if document is None or document.frozen is None or _is_discarded(document):
            return
    if not document.pdf_path:
        content = downloads.pdf(document)
        key = f"pdf/{reseller_id}/{document.code}.pdf"
        file_store().write_bytes(key, content)
        _record(document, pdf_path=key, pdf_hash=hashlib.sha256(content).hexdigest())
    if not document.rated_path and downloads.has_usage_rows(document, canonical.of(document)):
        key = f"rated/{reseller_id}/{document.code}.parquet"
        digest = downloads.store_rated(document, key)
        _check_sums(document, key)
        _record(document, rated_path=key, rated_hash=digest)


def _is_discarded(document: Document) -> bool:
    """A statement that was discarded before its job ran keeps no files: its usage is free."""
    return document.status == Status.DISCARDED


def _check_sums(document: Document, key: str) -> None:
    with stored(key, store=file_store()) as rows:
        total = rows.connection.execute(f'SELECT sum("Price") FROM {rows.relation}').fetchone()  # noqa: S608
    billed = DocumentLine.objects.filter(
        reseller_id=document.reseller_id, document_id=document.pk, own=False
    ).aggregate(exact=Sum("exact"))["exact"]
    if total is None or total[0] != billed:
        raise downloads.Damaged(
            f"the rated rows of {document.code} add up to {total and total[0]},"
            f" its lines of usage to {billed}"
        )


def _record(document: Document, **columns: str) -> None:
    """Write path and hash unless another worker has: under the lock, only from empty."""
    first = next(iter(columns))
    with tenancy.transaction(document.reseller_id):
        locked = lock_documents(document.reseller_id, [document.code])[document.code]
        if not getattr(locked, first) and not _is_discarded(locked):
            Document.objects.filter(reseller_id=document.reseller_id, pk=locked.pk).update(
                **columns
            )
