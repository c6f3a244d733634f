"""`make reliability`: run what holds the promises, at length, and write docs/reliability.md."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from promises import ATTACKS, FAULTS, Promise

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "reliability.md"
NOTED = ROOT / "build" / "promises.json"

HEAD = """# What happens when something goes wrong

Written by `make reliability` from what the tests printed; not by hand. Each row is a fault or an
attack, what you are promised, and the tests that hold it against real processes and a real
database, with what they counted in this run. `make mutants` takes the protections out one at a
time and sees that a test notices.
"""

Noted = Mapping[str, Sequence[str]]
"""By a test's id: what it came to, and the last line that it printed."""


def main() -> None:
    tests = sorted({test for each in (*FAULTS, *ATTACKS) for test in each.tests})
    NOTED.parent.mkdir(exist_ok=True)
    NOTED.unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile",
         "--no-loadscope-reorder", "-p", "promises.noted", *(f"tests/{test}" for test in tests)],
        cwd=ROOT,
        env={
            **os.environ,
            "HYPOTHESIS_PROFILE": "long",
            "CLEARBILL_ROUNDS": os.environ.get("CLEARBILL_ROUNDS", "8"),
            "PROMISES_NOTED": str(NOTED),
        },
        check=False,
    )  # fmt: skip
    if done.returncode:
        sys.exit("not written: a promise is not kept")
    PAGE.write_text(page(json.loads(NOTED.read_text())))


def page(noted: Noted) -> str:
    """The whole page. KeyError names a test that did not run."""
    parts = [HEAD]
    for title, rows in (("Faults", FAULTS), ("Attacks", ATTACKS)):
        parts.append(f"\n## {title}\n\n")
        parts.append("| what happens | what you are promised | held by | counted |\n")
        parts.append("| --- | --- | --- | --- |\n")
        parts += [_row(each, noted) for each in rows]
    return "".join(parts)


def _row(promise: Promise, noted: Noted) -> str:
    names = "<br>".join(f"`{test.partition('::')[2]}`" for test in promise.tests)
    counted = "<br>".join(_counted(promise.tests, noted))
    return f"| {promise.happens} | {promise.promised} | {names} | {counted} |\n"


def _counted(tests: Sequence[str], noted: Noted) -> Iterator[str]:
    cases = 0
    for test in tests:
        mine = {name: said for name, said in noted.items() if _is_of(name, test)}
        if not mine:
            raise KeyError(test)
        cases += len(mine)
        yield from (said for _, said in mine.values() if any(map(str.isdigit, said)))
    yield f"{cases} passed" if cases > 1 else "passed"


def _is_of(name: str, test: str) -> bool:
    return name.removeprefix("tests/").partition("[")[0] == test


if __name__ == "__main__":
    main()
