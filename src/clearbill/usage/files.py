"""A file as it was given: what it is, whole or cut off, and where its plain bytes lie.

The kind is told by the content, never by the name. Everything is read in chunks; how much one
file may come to is bounded by the bytes that really come out of it.
"""

import codecs
import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from clearbill.usage.types import BadFile, RowError

CHUNK = 1 << 20
MAX_ROW = 4 << 20
"""Bytes of one row; more is no usage row, and would not fit the engine's buffers."""
MAX_HEADER = 1 << 20
_SMALLEST_ROW = 40
"""Bytes that the mandatory cells of one row take at least."""


@dataclass(frozen=True)
class Source:
    """A file of a delivery, checked as a container. `path` leads to its plain bytes.

    `line_breaks` counts \\n in a CSV file; equal to rows + 1, each row is one line.
    """

    name: str
    path: Path
    kind: str
    sha256: str
    content_sha256: str
    bytes: int
    header: tuple[str, ...]
    line_breaks: int = 0


def refuse(name: str, reason: str, *, line: int = 0, column: str = "", value: str = "") -> BadFile:
    """The error for one thing wrong."""
    return BadFile((RowError(name, line, column, value, reason),))


def open_source(path: Path, name: str, scratch: Path, max_bytes: int) -> Source:
    """Checks a file as far as its bytes go. `scratch` is a folder for this file alone."""
    with path.open("rb") as stream:
        magic = stream.read(8)
    if not magic:
        raise refuse(name, "is empty")
    if magic.startswith(b"PK\x03\x04"):
        raise refuse(name, "is a ZIP archive: unpack it and give the files in it")
    if magic.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise refuse(name, "is UTF-16: save it as UTF-8", line=1)
    if magic.startswith(b"PAR1"):
        return _parquet(path, name, scratch, max_bytes)
    return _csv(path, name, scratch, max_bytes, zipped=magic.startswith(b"\x1f\x8b"))


def _parquet(path: Path, name: str, scratch: Path, max_bytes: int) -> Source:
    plain = _linked(path, scratch / "in.parquet")
    try:
        metadata = pq.read_metadata(plain)
        header = tuple(pq.read_schema(plain).names)
    except (pa.ArrowException, OSError) as error:
        raise refuse(name, f"is no whole Parquet file: {error}") from None
    if metadata.num_rows > max_bytes // _SMALLEST_ROW:
        raise refuse(name, f"has {metadata.num_rows} rows, more than are taken in at once")
    sha = _sha256(path)
    return Source(name, plain, "parquet", sha, sha, path.stat().st_size, header)


def _csv(path: Path, name: str, scratch: Path, max_bytes: int, *, zipped: bool) -> Source:
    plain = scratch / "in.csv"
    scan = _Scan(name)
    if zipped:
        with plain.open("wb") as out:
            content = _hashed(_unzipped(path, name, max_bytes), scan.feed, out.write)
    else:
        if path.stat().st_size > max_bytes:
            raise refuse(name, f"has more than {max_bytes} bytes")
        _linked(path, plain)
        with path.open("rb") as stream:
            content = _hashed(_chunks(stream), scan.feed)
    scan.end()
    header = _header(plain, name)
    if scan.blank:
        raise refuse(name, "has a header and no rows")
    return Source(
        name=name,
        path=plain,
        kind="csv",
        sha256=_sha256(path) if zipped else content,
        content_sha256=content,
        bytes=path.stat().st_size,
        header=header,
        line_breaks=scan.line_breaks,
    )


def _linked(path: Path, link: Path) -> Path:
    # A name of our own: DuckDB takes * and [ in a file's name for a pattern.
    link.symlink_to(path.resolve())
    return link


def _hashed(chunks: Iterable[bytes], *uses: Callable[[bytes], object]) -> str:
    """The SHA-256 of the chunks, made while each is used."""
    digest = hashlib.sha256()
    with ThreadPoolExecutor(1) as beside:
        for chunk in chunks:
            hashed = beside.submit(digest.update, chunk)
            for use in uses:
                use(chunk)
            hashed.result()
    return digest.hexdigest()


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK):
        yield chunk


def _unzipped(path: Path, name: str, max_bytes: int) -> Iterator[bytes]:
    size = 0
    try:
        with gzip.open(path, "rb") as stream:
            while chunk := stream.read(CHUNK):
                if size == 0 and chunk.startswith(b"\x1f\x8b"):
                    raise refuse(name, "is compressed twice: unpack it once")
                size += len(chunk)
                if size > max_bytes:
                    raise refuse(name, f"unpacks to more than {max_bytes} bytes")
                yield chunk
    except EOFError:
        raise refuse(name, "is cut off: the compressed data ends too early") from None
    except (OSError, zlib.error) as error:
        raise refuse(name, f"is no whole gzip file: {error}") from None


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class _Scan:
    """One pass over a text file's bytes: encoding, NUL, endless lines, a missing end."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._line_bytes = 0
        self._last = b""
        self.line_breaks = 0
        self._filled = False

    @property
    def blank(self) -> bool:
        """Whether nothing but line breaks stands behind the first line: the engine would take
        a minute to look through a gigabyte of them for a row."""
        return self.line_breaks > 0 and not self._filled

    def feed(self, chunk: bytes) -> None:
        if b"\0" in chunk:
            line = self._line(chunk, chunk.index(b"\0"))
            raise refuse(self._name, "holds a NUL byte: the file is damaged", line=line)
        # Letters of one byte each are UTF-8 already, where none is half read.
        if not chunk.isascii() or self._decoder.getstate()[0]:
            self._decode(chunk, final=False)
        first = chunk.find(b"\n")
        if self._line_bytes + (first if first >= 0 else len(chunk)) > MAX_ROW:
            line = self.line_breaks + 1
            raise refuse(self._name, f"the line is longer than {MAX_ROW} bytes", line=line)
        if first < 0:
            self._line_bytes += len(chunk)
        else:
            self._line_bytes = len(chunk) - chunk.rfind(b"\n") - 1
        body = chunk if self.line_breaks else chunk[first + 1 :]
        self._filled = self._filled or bool(body.strip(b"\r\n"))
        self.line_breaks += chunk.count(b"\n")
        self._last = chunk[-1:]

    def end(self) -> None:
        if not self._last:
            raise refuse(self._name, "is empty")
        self._decode(b"", final=True)
        if self._last not in (b"\n", b"\r"):
            # A file cut inside its last field looks whole otherwise.
            line = self.line_breaks + 1
            reason = "the last line has no line break behind it: the file may be cut off"
            raise refuse(self._name, f"{reason} (if it is whole, add one)", line=line)

    def _decode(self, chunk: bytes, *, final: bool) -> None:
        try:
            self._decoder.decode(chunk, final=final)
        except UnicodeDecodeError as error:
            line = self._line(bytes(error.object), error.start)
            byte = f"byte 0x{error.object[error.start]:02x}"
            raise refuse(self._name, f"is not UTF-8 ({byte})", line=line) from None

    def _line(self, chunk: bytes, position: int) -> int:
        return self.line_breaks + chunk[:position].count(b"\n") + 1


def _header(path: Path, name: str) -> tuple[str, ...]:
    with path.open("rb") as stream:
        start = stream.read(MAX_HEADER).decode("utf-8-sig", errors="ignore")
    try:
        header = next(csv.reader(io.StringIO(start, newline=""), strict=True), None)
    except csv.Error as error:
        raise refuse(name, f"the header cannot be read: {error}", line=1) from None
    if not header:
        raise refuse(name, "has no header: the first line names the columns", line=1)
    return tuple(header)
