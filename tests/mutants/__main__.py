"""Take out protections one at a time, in a copy, and see whether a test notices.

`make mutants`, or `make mutants ONLY=word` for those whose kind, name or file has the word. All
tests that are to notice pass first on the copy as it is. A mutant that nobody notices ends it
with 1; one whose text is not in its file exactly once, or that no test can begin with, with 2.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

import psutil

from clearbill.wiring.embedded import Server
from databases import FAST
from mutants import MUTANTS
from mutants.mutant import Mutant

ROOT = Path(__file__).parent.parent.parent
AT_ONCE = 2
AT_MOST = 120
"""Seconds of one mutant's tests; a lock that is gone must not hold the others up."""
PYTEST = ("-q", "-p", "no:cacheprovider", "-p", "mutants.noticed", "--hypothesis-seed=1")


class Broken(Exception):
    """The list of mutants or the tests are at fault, not the protection."""


@dataclass(frozen=True)
class Outcome:
    mutant: Mutant
    noticed_by: str
    seconds: float

    def __str__(self) -> str:
        said = f"noticed by {self.noticed_by}" if self.noticed_by else "NOT NOTICED"
        return f"{self.mutant.kind:<10} {self.mutant.name}: {said} ({self.seconds:.1f} s)"


@dataclass(frozen=True)
class Copy:
    """The tree as git sees it, with what is not committed yet."""

    root: Path
    home: Path

    @classmethod
    def made(cls, root: Path, home: Path) -> "Copy":
        listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True).stdout
        for name in names.decode().split("\0"):
            if name and (ROOT / name).is_file():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, root / name)
        return cls(root, home)

    def pytest(
        self, tests: Sequence[str], *options: str, keep_bytecode: bool = False
    ) -> tuple[int, str, str]:
        """Exit status, the test that noticed, and what was printed."""
        noticed = self.root / "noticed"
        noticed.unlink(missing_ok=True)
        environment = {
            **os.environ,
            "PYTHONPATH": f"{self.root / 'src'}{os.pathsep}{self.root / 'tests'}",
            # What was compiled belongs to the protected file.
            "PYTHONDONTWRITEBYTECODE": "" if keep_bytecode else "1",
            "CLEARBILL_TEST_HOME": str(self.home),
            "CLEARBILL_ROUNDS": "1",
            "HYPOTHESIS_PROFILE": "mutant",
            "MUTANT_NOTICED": str(noticed),
        }
        command = [sys.executable, "-m", "pytest", *PYTEST, *options]
        command += [f"tests/{test}" for test in tests]
        with subprocess.Popen(
            command,
            cwd=self.root,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as run:
            try:
                said, _ = run.communicate(timeout=None if keep_bytecode else AT_MOST)
            except subprocess.TimeoutExpired:
                for process in [*psutil.Process(run.pid).children(recursive=True), run]:
                    process.kill()
                said, _ = run.communicate()
        return run.returncode, noticed.read_text() if noticed.exists() else "", said

    def file(self, mutant: Mutant) -> Path:
        return self.root / "src" / "clearbill" / mutant.file

    @contextmanager
    def without(self, mutant: Mutant) -> Iterator[None]:
        file = self.file(mutant)
        whole, times = file.read_text(), file.stat()
        file.write_text(whole.replace(mutant.old, mutant.new))
        try:
            yield
        finally:
            file.write_text(whole)
            os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


def check(copy: Copy, mutants: Sequence[Mutant]) -> None:
    """Raise `Broken` for a text that is not in its file, or more than once."""
    for mutant in mutants:
        found = copy.file(mutant).read_text().count(mutant.old)
        if found != 1:
            raise Broken(f"{mutant.name}: its text is {found} times in {mutant.file}")


def control(copy: Copy, mutants: Sequence[Mutant]) -> None:
    """Raise `Broken` unless all tests pass with every protection in its place."""
    tests = dict.fromkeys(test for mutant in mutants for test in mutant.tests)
    began = time.monotonic()
    options = ("-n", str(AT_ONCE), "--dist", "loadfile")
    status, _, said = copy.pytest(list(tests), *options, keep_bytecode=True)
    if status != 0:
        raise Broken(f"the tests fail with nothing taken out:\n{said}")
    last = said.strip().rpartition("\n")[2]
    print(f"control: {last} ({time.monotonic() - began:.0f} s)", flush=True)


def tried(copy: Copy, mutant: Mutant) -> Outcome:
    """The outcome of one mutant. Raises `Broken` where its tests could not begin."""
    began = time.monotonic()
    with copy.without(mutant):
        status, noticed, said = copy.pytest(mutant.tests, "-x", "-n", "0")
    if not noticed and status > 0:
        raise Broken(f"{mutant.name}: no test could begin:\n{said}")
    return Outcome(mutant, noticed, time.monotonic() - began)


def try_all(copies: Sequence[Copy], mutants: Sequence[Mutant]) -> list[Outcome]:
    """One mutant in each copy at a time."""
    free: Queue[Copy] = Queue()
    for copy in copies:
        free.put(copy)

    def one(mutant: Mutant) -> Outcome:
        copy = free.get()
        try:
            outcome = tried(copy, mutant)
        finally:
            free.put(copy)
        print(outcome, flush=True)
        return outcome

    with ThreadPoolExecutor(len(copies)) as pool:
        return list(pool.map(one, mutants))


def write_report(outcomes: Sequence[Outcome]) -> None:
    rows = [
        {
            "name": outcome.mutant.name,
            "kind": outcome.mutant.kind,
            "noticed_by": outcome.noticed_by,
            "seconds": round(outcome.seconds, 1),
        }
        for outcome in outcomes
    ]
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / "mutants.json").write_text(json.dumps(rows, indent=1) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description="Take out protections one at a time.")
    parser.add_argument("--only", default="", help="a word of the kind, name or file")
    word = parser.parse_args().only.lower()
    chosen = [m for m in MUTANTS if word in f"{m.kind} {m.name} {m.file}".lower()]
    if not chosen:
        parser.error(f"no mutant has the word {word!r}")
    try:
        with tempfile.TemporaryDirectory(prefix="clearbill-mutants-") as folder:
            home = Path(folder) / "home"
            copies = [Copy.made(Path(folder) / str(number), home) for number in range(AT_ONCE)]
            check(copies[0], chosen)
            # Held from here, or each run would start and stop it.
            with Server(home, FAST):
                control(copies[0], chosen)
                outcomes = try_all(copies, chosen)
    except Broken as broken:
        print(broken, file=sys.stderr)
        return 2
    if not word:
        write_report(outcomes)
    noticed = sum(bool(outcome.noticed_by) for outcome in outcomes)
    print(f"{len(outcomes)} removed, {noticed} noticed")
    return 0 if noticed == len(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
