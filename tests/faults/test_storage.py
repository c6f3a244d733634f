"""A full disk leaves no half file, and a changed file is never given out.

The disk is full for one process (`faults.full`), and, where mounting is permitted, truly.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

import focus_files
from actions.test_stored_files import published
from clearbill.paper import downloads
from clearbill.records.files import file_store
from clearbill.records.models import Document, Reseller, UsageImport
from clerk import Clerk
from databases import Database
from makers import make_drafts

HERE = ("--reseller", "north")
SMALL = {"FULL_AT": "2000"}
"""Fewer bytes than any of the files has; what commands print is less."""


@dataclass(frozen=True)
class Place:
    """An installation whose files lie in `files`."""

    clerk: Clerk
    database: Database
    folder: Path
    files: Path

    def run(self, *words: str, first: str = "", **variables: str) -> Any:
        return self.clerk.run(words, environment=variables, first=first)

    def done(self, *words: str) -> None:
        done = self.run(*words)
        assert done.returncode == 0, done.stderr

    def refused(self, *words: str, first: str = "", **variables: str) -> str:
        """The reason why a command ended with status 1, without a trace."""
        ended = self.run(*words, first=first, **variables)
        assert (ended.returncode, "Traceback" in ended.stderr) == (1, False), ended.stderr
        # Without the engine's own words, which have paths of this machine.
        print(f"{words[0]}: {ended.stderr.strip().partition(': IO Error')[0]}")
        return str(ended.stderr)

    def stored(self) -> list[str]:
        found = (each for each in self.files.rglob("*") if each.is_file())
        return sorted(str(each.relative_to(self.files)) for each in found)

    def one(self, statement: str) -> Any:
        with psycopg.connect(self.database.superuser, autocommit=True) as connection:
            found = connection.execute(statement)
            return found.fetchone() if found.description else None


@pytest.fixture
def place(own_database: Database, tmp_path: Path) -> Iterator[Place]:
    files = tmp_path / "files"
    files.mkdir()
    environment = {
        **os.environ,
        **own_database.environment(),
        "CLEARBILL_HOME": str(tmp_path),
        "CLEARBILL_FILES": str(files),
        "CLEARBILL_URL": "http://localhost",
    }
    rows = [focus_files.row(SkuId=f"{number * 7919:x}" * 3) for number in range(400)]
    focus_files.write_csv(tmp_path / "september.csv", rows)
    with closing(Clerk(environment)) as clerk:
        made = Place(clerk, own_database, tmp_path, files)
        made.done("resellers", "add", "north", "--name", "North", "--currency", "USD",
                  "--kind", "tax-invoice")  # fmt: skip
        yield made


def import_it(place: Place) -> tuple[str, ...]:
    return ("import", str(place.folder / "september.csv"), *HERE)


def draft(place: Place) -> None:
    place.done(*import_it(place))
    place.done("accounts", "assign", "--all", *HERE)
    place.done("generate", "--period", "2024-09", *HERE)


def test_an_import_onto_a_full_disk_keeps_nothing_and_says_why(place: Place) -> None:
    said = place.refused(*import_it(place), first="faults.full:limit", **SMALL)
    assert "disk" in said.lower() or "too large" in said.lower()
    assert (place.stored(), place.one("SELECT count(*) FROM records_usageimport")) == ([], (0,))
    place.done(*import_it(place))
    place.done("verify")


@pytest.mark.parametrize("form", ["pdf", "detailed-csv"])
def test_an_export_onto_a_full_disk_leaves_no_file(place: Place, form: str) -> None:
    draft(place)
    target = place.folder / "out" / "file"
    target.parent.mkdir()
    words = ("documents", "export", "D-000001", "--as", form, "-o", str(target), *HERE)
    assert "too large" in place.refused(*words, first="faults.full:limit", **SMALL)
    assert list(target.parent.iterdir()) == []
    place.done(*words)
    assert target.stat().st_size > int(SMALL["FULL_AT"])


def test_a_zip_onto_a_full_disk_leaves_no_file(place: Place) -> None:
    draft(place)
    target = place.folder / "out" / "all.zip"
    target.parent.mkdir()
    words = ("bulk", "zip", "D-000001", "-o", str(target), *HERE)
    assert "too large" in place.refused(*words, first="faults.full:limit", **SMALL)
    assert list(target.parent.iterdir()) == []
    place.done(*words)
    assert target.stat().st_size > int(SMALL["FULL_AT"])


_JOB = "SELECT status, attempts FROM procrastinate_jobs WHERE task_name = 'store_published'"
_DUE = "UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'"


def test_papers_that_found_no_room_are_stored_once_there_is_some(place: Place) -> None:
    draft(place)
    before = place.stored()
    place.done("documents", "status", "D-000001", "--to", "open", *HERE)
    place.run("verify", first="faults.full:work_off", **SMALL)
    assert (place.stored(), place.one(_JOB)) == (before, ("todo", 1))
    place.one(_DUE)
    place.run("verify", first="faults.full:work_off", FULL_AT="")
    assert place.one(_JOB)[0] == "succeeded"
    kept = sorted(set(place.stored()) - set(before))
    print(f"1 job without room, then with room: {kept}")
    assert kept == ["pdf/1/D-000001.pdf", "rated/1/D-000001.parquet"]
    place.done("verify")


@contextmanager
def tiny(folder: Path, size: str = "16k") -> Iterator[bool]:
    """A small disk in the folder; False where nobody may mount one."""
    words = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    mounted = os.geteuid() == 0 and subprocess.run(words, check=False).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_disk_that_is_truly_full_keeps_no_import_either(place: Place) -> None:
    with tiny(place.files) as mounted:
        if mounted:
            assert "space" in place.refused(*import_it(place)).lower()
            assert place.stored() == []
    print("a tmpfs of 16 kB was tried" if mounted else "mounting is not permitted here")
    place.done(*import_it(place))


@contextmanager
def tables_on(place: Place, disk: Path) -> Iterator[None]:
    """Let the place's tables lie on another disk, where they may fill it."""
    name, elsewhere = place.database.name, f"of_{place.database.name}"
    other = place.database.superuser.replace(f"/{name}?", "/postgres?")
    with psycopg.connect(other, autocommit=True) as connection:
        connection.execute(f"CREATE TABLESPACE {elsewhere} LOCATION '{disk}'")
        try:
            _move(connection, name, elsewhere)
            yield
        finally:
            _move(connection, name, "pg_default")
            connection.execute(f"DROP TABLESPACE {elsewhere}")


def _move(connection: psycopg.Connection, database: str, to: str) -> None:
    connection.execute(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = %s",
        [database],
    )
    connection.execute(f"ALTER DATABASE {database} SET TABLESPACE {to}")


def fill(file: Path) -> None:
    """Leave so little room on its disk that a job can say how it ended, and not much more."""
    with pytest.raises(OSError, match="space"), file.open("wb", buffering=0) as stream:
        while stream.write(b" " * 4096):
            continue
    os.truncate(file, file.stat().st_size - ROOM)


ROOM = 160_000


def test_a_generation_without_room_for_its_lines_is_made_once_there_is_some(place: Place) -> None:
    place.done(*import_it(place))
    place.done("accounts", "assign", "--all", *HERE)
    place.run("verify", first="faults.full:queue_a_month")
    disk = place.folder / "disk"
    disk.mkdir()
    with tiny(disk, "64m") as mounted:
        if mounted:
            with tables_on(place, disk):
                fill(disk / "filler")
                place.run("verify", first="faults.full:work_off", FULL_AT="")
                assert (place.one(_MADE), place.one(_GENERATES)) == ((0, 0), ("todo", 1))
                (disk / "filler").unlink()
                place.one(_DUE)
                place.run("verify", first="faults.full:work_off", FULL_AT="")
                assert (place.one(_MADE), place.one(_GENERATES)[0]) == ((1, 400), "succeeded")
                place.done("verify")
    print("a disk of 64 MB was filled" if mounted else "mounting is not permitted here")


_GENERATES = "SELECT status, attempts FROM procrastinate_jobs WHERE task_name = 'generate'"
_MADE = """
SELECT (SELECT count(*) FROM records_document), (SELECT count(*) FROM records_documentline)
"""

SIXTEENTHS = range(16)


def flipped(path: str) -> Iterator[int]:
    """Flip a bit at every sixteenth of a stored file, one at a time; whole again at the end."""
    whole = file_store().read_bytes(path)
    for part in SIXTEENTHS:
        damaged = bytearray(whole)
        damaged[(len(whole) - 1) * part // 15] ^= 1
        file_store().write_bytes(path, bytes(damaged))
        yield part
    file_store().write_bytes(path, whole)


def given(document: Document) -> bytes | None:
    """The Detailed CSV, or None where it is refused before an answer has begun."""
    try:
        return b"".join(downloads.detailed_csv(document, audience="staff"))
    except downloads.Damaged:
        return None


def test_no_bit_of_a_stored_paper_changes_what_is_given_out(
    north: Reseller, tmp_path: Path
) -> None:
    document = published(north, tmp_path)[0]
    pdf, rows = downloads.pdf(document), given(document)
    for _ in flipped(document.pdf_path):
        assert downloads.pdf(document) == pdf
    for _ in flipped(document.rated_path):
        assert given(document) == rows
    print("32 flips of a PDF and of rated rows: 32 rebuilt to what was stored")


def test_no_bit_of_an_import_changes_a_detailed_csv(north: Reseller, tmp_path: Path) -> None:
    document = make_drafts(north, tmp_path)[0]
    rows = given(document)
    answers = [given(document) for _ in flipped(UsageImport.objects.get().path)]
    refused = answers.count(None)
    print(f"16 flips of an import: {refused} refused, {16 - refused} given out")
    assert refused == 16
    assert given(document) == rows
