"""The secret key: given by `SECRET_KEY`, else made once per data folder."""

import os
import secrets
from pathlib import Path

_FILE = "secret_key"


def read_or_invent(home: Path) -> str:
    """The data folder's key; where there is none yet, one that only this process knows."""
    try:
        return (home / _FILE).read_text().strip()
    except FileNotFoundError:
        return secrets.token_urlsafe(50)


def ensure(home: Path) -> str:
    """The data folder's key, written (mode 0600) by the first process that needs it."""
    file = home / _FILE
    if not file.exists():
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = home / f".{_FILE}.{secrets.token_hex(8)}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(secrets.token_urlsafe(50))
            out.flush()
            os.fsync(out.fileno())
        try:
            # Of two processes at a first start one wins, and both read the winner's.
            os.link(draft, file)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return file.read_text().strip()
