"""The store: a key's file is whole or not there."""

import hashlib
from pathlib import Path

import pytest

from clearbill.store import FileStore


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_what_is_written_is_read_back_under_its_hash(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    sha = store.write_bytes("papers/7/a.pdf", b"paper")
    assert store.read_bytes("papers/7/a.pdf") == b"paper"
    assert sha == store.sha256("papers/7/a.pdf") == hashlib.sha256(b"paper").hexdigest()
    with store.open("papers/7/a.pdf") as stream:
        assert stream.read(2) == b"pa"


def test_a_path_leads_to_the_bytes(tmp_path: Path) -> None:
    store = FileStore(str(tmp_path / "a folder"))
    store.write_bytes("usage/1.parquet", b"x")
    assert Path(store.path("usage/1.parquet")).read_bytes() == b"x"


def test_nothing_is_visible_before_the_writing_ends(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    with store.writing("usage/1") as path:
        path.write_bytes(b"half")
        assert not store.exists("usage/1")
    assert store.read_bytes("usage/1") == b"half"


def test_a_writing_that_fails_leaves_nothing(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    with pytest.raises(RuntimeError), store.writing("usage/1") as path:
        path.write_bytes(b"half")
        raise RuntimeError
    assert files_in(tmp_path) == []


def test_a_writing_that_fails_keeps_the_file_before(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    store.write_bytes("usage/1", b"old")
    with pytest.raises(RuntimeError), store.writing("usage/1") as path:
        path.write_bytes(b"new")
        raise RuntimeError
    assert store.read_bytes("usage/1") == b"old"
    assert files_in(tmp_path) == ["usage/1"]


def test_a_second_writing_replaces_the_whole_file(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    store.write_bytes("a", b"longer than")
    store.write_bytes("a", b"new")
    assert store.read_bytes("a") == b"new"


def test_deleting_what_is_not_there_is_fine(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    store.write_bytes("a", b"x")
    store.delete("a")
    store.delete("a")
    assert not store.exists("a")


def test_reading_what_is_not_there_is_an_error(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    with pytest.raises(FileNotFoundError):
        store.read_bytes("a")
    with pytest.raises(FileNotFoundError):
        store.open("a")


@pytest.mark.parametrize("key", ["", "/etc/passwd", "../a", "a/../b", "a//b", "a\\b", "a\0", "."])
def test_a_key_never_leads_out_of_the_root(tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError, match="no key"):
        FileStore(tmp_path).path(key)


def test_any_place_that_fsspec_knows_will_do() -> None:
    store = FileStore("memory://clearbill")
    sha = store.write_bytes("usage/1", b"x")
    assert store.exists("usage/1")
    assert store.sha256("usage/1") == sha
    assert store.path("usage/1") == "memory:///clearbill/usage/1"
    store.delete("usage/1")
    assert not store.exists("usage/1")
