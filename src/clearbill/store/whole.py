"""Writing a file whole: nobody ever sees a part of it under its name."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path


def write_whole(target: Path, pieces: Iterable[bytes]) -> int:
    """Write the pieces beside `target`, sync, rename; returns the size in bytes.

    A failure on the way leaves what was there before.
    """
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            for piece in pieces:
                out.write(piece)
            out.flush()
            os.fsync(out.fileno())
            size = out.tell()
        part.chmod(0o644)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return size
