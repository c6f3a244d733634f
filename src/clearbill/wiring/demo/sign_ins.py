"""Who may sign in to the demo: kept beside its data, since the password is made at loading."""

import json
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
    """Write them for the next start, whole or not at all, readable by the operator alone."""
    part = _file().with_suffix(".part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    part.write_text(json.dumps([asdict(person) for person in people], indent=1))
    part.replace(_file())


def kept() -> list[SignIn]:
    """Who was kept; nobody where this data folder holds no demo."""
    if not _file().is_file():
        return []
    return [SignIn(**person) for person in json.loads(_file().read_text())]


def words(base: str, *, mailbox: bool) -> str:
    """What the demo prints once it is ready; `mailbox` says whether the demo keeps the mails."""
    lines = ["", f"Clearbill is ready: {base}", ""]
    people = kept()
    for slug in dict.fromkeys(person.slug for person in people):
        theirs = [person for person in people if person.slug == slug]
        lines.append(theirs[0].reseller)
        for door in ("console", "portal"):
            lines.append(f"  {door:<8} {base}/{door}/{slug}/")
            lines += [
                f"    {person.email:<44} {person.role}" for person in theirs if person.door == door
            ]
        lines.append("")
    if people:
        lines.append(f"Password of all of them: {people[0].password}")
    if mailbox:
        lines.append(f"Mailbox: {base}/mailbox/")
    lines.append(f"Log: {Path(settings.CLEARBILL_HOME) / 'demo.log'}")
    lines += ["Stop with Ctrl-C; the data is kept.", ""]
    return "\n".join(lines)
