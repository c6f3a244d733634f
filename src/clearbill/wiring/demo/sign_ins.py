"""Who may sign in to the demo: kept beside its data, since the password is made at loading."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings


@dataclass(frozen=True)
class SignIn:
    """One person of the demo. `door` is console or portal."""

    reseller: str
    slug: str
    door: str
    role: str
    email: str
    password: str


def _file() -> Path:
    return Path(settings.CLEARBILL_HOME) / "demo-sign-ins.json"


def keep(people: list[SignIn]) -> None:
    """Write them for the next start, readable by the operator alone."""
    handle = os.open(_file(), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as out:
        json.dump([asdict(person) for person in people], out, indent=1)


def kept() -> list[SignIn]:
    """Who was kept; nobody where this data folder holds no demo."""
    if not _file().is_file():
        return []
    return [SignIn(**person) for person in json.loads(_file().read_text())]


def words(base: str) -> str:
    """What the demo prints once it is ready."""
    lines = ["", f"Clearbill is ready: {base}", ""]
    people = kept()
    for slug in dict.fromkeys(person.slug for person in people):
        theirs = [person for person in people if person.slug == slug]
        lines += [theirs[0].reseller, f"  console  {base}/console/{slug}/"]
        lines += [f"  portal   {base}/portal/{slug}/"]
        lines += [f"  {p.email:<40} {p.role:<8} {p.password}" for p in theirs]
        lines.append("")
    lines += [f"Mailbox: {base}/mailbox/", "Stop with Ctrl-C; the data is kept.", ""]
    return "\n".join(lines)
