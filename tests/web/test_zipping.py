"""A zip that is sent while it is made."""

import io
import zipfile
from collections.abc import Iterator

from clearbill.web.zipping import zipped


def test_what_was_sent_opens_again() -> None:
    files = [("a.pdf", b"%PDF" * 1000), ("b.txt", b""), ("ü.txt", "größer".encode())]
    with zipfile.ZipFile(io.BytesIO(b"".join(zipped(iter(files))))) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == dict(files)
        assert {each.compress_type for each in archive.infolist()} == {zipfile.ZIP_STORED}


def test_a_file_is_sent_before_the_next_is_made() -> None:
    made: list[int] = []

    def files() -> Iterator[tuple[str, bytes]]:
        for number in range(3):
            made.append(number)
            yield f"{number}.bin", bytes(100_000)

    pieces = zipped(files())
    for number in range(3):
        piece = next(pieces)
        assert made == list(range(number + 1))
        assert 100_000 <= len(piece) < 101_000


def test_nothing_is_a_zip_of_nothing() -> None:
    with zipfile.ZipFile(io.BytesIO(b"".join(zipped([])))) as archive:
        assert archive.namelist() == []
