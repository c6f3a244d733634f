"""A file is written whole, or what was there stays."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from clearbill.store.whole import write_whole


def test_the_pieces_become_the_file(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    assert write_whole(target, [b"one", b"two"]) == 6
    assert target.read_bytes() == b"onetwo"


def test_a_failure_on_the_way_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_bytes(b"before")

    def breaks() -> Iterator[bytes]:
        yield b"half"
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        write_whole(target, breaks())
    assert target.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [target]
