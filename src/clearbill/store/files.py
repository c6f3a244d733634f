"""The one way to files: keys with slashes, written whole or not at all."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, cast

import fsspec
from fsspec.implementations.local import LocalFileSystem

CHUNK = 1 << 20


class FileStore:
    """Files under a root: a folder, or a URL such as `s3://bucket/clearbill`.

    A key is a relative path with forward slashes (`usage/7/12.parquet`). What a key names is
    written to a temporary place first and appears only when it is complete.
    """

    def __init__(self, root_url: str | Path) -> None:
        self._fs, root = fsspec.core.url_to_fs(str(root_url))
        self._root: str = root.rstrip("/")
        self._local = isinstance(self._fs, LocalFileSystem)

    def __repr__(self) -> str:
        return f"FileStore({self._root!r})"

    def path(self, key: str) -> str:
        """What DuckDB reads the key by: a path on a local store, else a URL."""
        place = self._place(key)
        return place if self._local else str(self._fs.unstrip_protocol(place))

    def open(self, key: str) -> IO[bytes]:
        """The file, for reading bytes; FileNotFoundError where there is none."""
        return cast(IO[bytes], self._fs.open(self._place(key), "rb"))

    @contextmanager
    def writing(self, key: str) -> Iterator[Path]:
        """A local path to write to; on leaving it becomes the key's file, on an error nothing.

        A file that the key had is replaced as a whole.
        """
        place = self._place(key)
        folder = str(PurePosixPath(place).parent) if self._local else None
        if folder is not None:
            Path(folder).mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".writing-", dir=folder)
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            self._keep(temporary, place)
        finally:
            temporary.unlink(missing_ok=True)

    def write_bytes(self, key: str, data: bytes) -> str:
        """Writes the bytes under the key and returns their SHA-256 in hex."""
        with self.writing(key) as path:
            path.write_bytes(data)
        return hashlib.sha256(data).hexdigest()

    def read_bytes(self, key: str) -> bytes:
        """All bytes of the file; FileNotFoundError where there is none."""
        return cast(bytes, self._fs.cat_file(self._place(key)))

    def exists(self, key: str) -> bool:
        return bool(self._fs.isfile(self._place(key)))

    def sha256(self, key: str) -> str:
        """SHA-256, in hex, of the file's bytes as they lie there now."""
        digest = hashlib.sha256()
        with self.open(key) as stream:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
        return digest.hexdigest()

    def delete(self, key: str) -> None:
        """Removes the file; a key that names none is fine."""
        if self.exists(key):
            self._fs.rm_file(self._place(key))

    def holds(self, key: str, sha256: str) -> bool:
        """Whether the file is there with these bytes; reads it whole."""
        return self.exists(key) and self.sha256(key) == sha256

    def state(self, key: str) -> str:
        """Changes when the file is written anew; FileNotFoundError where there is none."""
        return str(self._fs.ukey(self._place(key)))

    def _keep(self, temporary: Path, place: str) -> None:
        with temporary.open("rb") as stream:
            os.fsync(stream.fileno())
        if not self._local:
            # Object stores show an object only once it is uploaded as a whole.
            self._fs.put_file(str(temporary), place)
            return
        temporary.chmod(0o640)
        temporary.replace(place)
        # The rename itself must survive a power cut, not only the bytes.
        folder = os.open(Path(place).parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _place(self, key: str) -> str:
        parts = key.split("/")
        if not key or "\\" in key or "\0" in key or any(p in ("", ".", "..") for p in parts):
            raise ValueError(f"{key!r} is no key: write folder/name, relative and without ..")
        return f"{self._root}/{key}"
