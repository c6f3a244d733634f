"""A file that is not what was stored is never believed: it is made again, or an error."""

from pathlib import Path

import pytest

from clearbill.actions.store_published import store_published
from clearbill.paper import downloads
from clearbill.queries.verify import verify
from clearbill.records.files import file_store
from clearbill.records.models import Document, Reseller, UsageImport
from clearbill.rules.lifecycle import Status
from clearbill.store import FileStore
from makers import change, make_drafts


def published(reseller: Reseller, folder: Path, count: int = 1) -> list[Document]:
    """Published documents of USD 10.00 each, with their files."""
    for draft in make_drafts(reseller, folder, count):
        change(reseller, draft.code, to=Status.OPEN)
        store_published(reseller_id=reseller.pk, document_id=draft.pk)
    stored = Document.objects.select_related("provider", "billing_period", "customer", "profile")
    return list(stored.order_by("pk"))


def damage(path: str) -> None:
    data = bytearray(file_store().read_bytes(path))
    data[len(data) // 2] ^= 1
    file_store().write_bytes(path, bytes(data))


def test_a_damaged_pdf_is_made_again(north: Reseller, tmp_path: Path) -> None:
    document = published(north, tmp_path)[0]
    whole = downloads.pdf(document)
    damage(document.pdf_path)
    assert downloads.pdf(document) == whole


def test_a_damaged_pdf_that_comes_out_otherwise_is_an_error(
    north: Reseller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = published(north, tmp_path)[0]
    damage(document.pdf_path)
    monkeypatch.setattr(downloads, "render_pdf_isolated", lambda *given, **named: b"%PDF other")
    with pytest.raises(downloads.Damaged, match="cannot be rebuilt"):
        downloads.pdf(document)


def test_rated_rows_of_something_else_are_computed_again(north: Reseller, tmp_path: Path) -> None:
    one, other = published(north, tmp_path, 2)
    whole = b"".join(downloads.detailed_csv(one, audience="staff"))
    file_store().write_bytes(one.rated_path, file_store().read_bytes(other.rated_path))
    assert b"".join(downloads.detailed_csv(one, audience="staff")) == whole


def test_a_damaged_import_is_named_before_it_is_read(north: Reseller, tmp_path: Path) -> None:
    make_drafts(north, tmp_path)
    damage(UsageImport.objects.get().path)
    assert [finding.what for finding in verify(north.pk)] == ["its file is not what was stored"]


def test_an_import_is_read_once_for_all_its_documents(
    north: Reseller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    sha256 = FileStore.sha256

    def noted(store: FileStore, key: str) -> str:
        read.append(key)
        return sha256(store, key)

    monkeypatch.setattr(FileStore, "sha256", noted)
    published(north, tmp_path, 3)
    # Once when it came, and once for the three.
    assert len([key for key in read if key.startswith("imports/")]) == 2
