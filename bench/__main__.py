"""`python -m bench`: every work at one size, as one table and as build/bench.json."""

import argparse
import json
import signal
import sys
import tempfile
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Any

from bench.ways import HEAD, Row, Work, measure, run
from bench.works import (
    documents,
    downloads,
    growth,
    importing,
    mixed,
    pages,
    papers,
    publishing,
    rating,
)

Works = Callable[..., Generator[Work]]

WORKS: Mapping[str, Works] = {
    "import": importing.works,
    "rate": rating.works,
    "documents": documents.works,
    "publish": publishing.works,
    "papers": papers.works,
    "downloads": downloads.works,
    "pages": pages.works,
    "growth": growth.works,
    "mixed": mixed.works,
}

SIZES: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "small": {
        "import": {"rows": 100_000, "customers": 1_000},
        "rate": {"rows": 300_000, "customers": 1_000},
        "documents": {"rows": 100_000, "customers": 300},
        "publish": {"customers": 100},
        "papers": {"papers": [[20, 5], [300, 1]]},
        "downloads": {"rows": 20_000},
        "pages": {"documents": 20_000, "rows": 12_000, "skus": 360, "requests": 5},
        "growth": {"rows": [20_000, 60_000, 200_000], "customers": 300},
        "mixed": {"seconds": 8, "rows": 10_000, "customers": 20},
    },
    "full": {
        "import": {"rows": 2_000_000, "customers": 20_000},
        "rate": {"rows": 10_000_000, "customers": 20_000},
        "documents": {"rows": 10_000_000, "customers": 20_000},
        "publish": {"customers": 3_334},
        "papers": {"papers": [[20, 40], [1_500, 10]]},
        "downloads": {"rows": 1_000_000},
        "pages": {"documents": 1_000_000, "rows": 12_000, "skus": 360, "requests": 50},
        "growth": {"rows": [1_000_000, 10_000_000, 50_000_000], "customers": 20_000},
        "mixed": {"seconds": 300, "rows": 1_000_000, "customers": 1_000},
    },
}
ROUNDS = {"small": 1, "full": 3}


def main() -> None:
    given = _asked()
    # As an exception, so that servers are stopped on the way out.
    signal.signal(signal.SIGTERM, _leave)
    given.out.parent.mkdir(exist_ok=True)
    print(HEAD, flush=True)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="clearbill-bench-") as made:
        for name in given.only:
            rows += _rows(name, given, Path(made))
    if not given.profile:
        given.out.write_text(json.dumps([_plain(row) for row in rows], indent=1) + "\n")
    over = [f"{row.work}, {row.size}: {each}" for row in rows for each in row.over]
    if given.strict and over:
        sys.exit("\n".join(["", "Not reached:", *over]))


def _asked() -> argparse.Namespace:
    asked = argparse.ArgumentParser(prog="bench", description=__doc__)
    asked.add_argument("--size", choices=list(SIZES), default="small")
    asked.add_argument("--only", nargs="*", choices=list(WORKS), default=list(WORKS))
    asked.add_argument("--out", type=Path, default=Path("build/bench.json"))
    asked.add_argument("--strict", action="store_true", help="fail where a bound is not kept")
    asked.add_argument(
        "--profile", nargs="+", choices=list(WORKS), default=[], metavar="NAME",
        help="write build/profile-NAME.txt instead of measuring",
    )  # fmt: skip
    asked.add_argument("--profiles", action="store_true", help="write profiles after measuring")
    given = asked.parse_args()
    given.only = given.profile or given.only
    return given


def _leave(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _rows(name: str, given: argparse.Namespace, folder: Path) -> list[Row]:
    """Measure the works of a name, profile them, or both."""
    to = given.out.parent / f"profile-{name}.txt"
    rows, profiled = [], []
    below = folder / name
    below.mkdir()
    # Closed before the folder goes: a work may have servers that stand in it.
    with closing(WORKS[name](below, **SIZES[given.size][name])) as works:
        for work in works:
            if not given.profile:
                rows.append(measure(work, ROUNDS[given.size], lambda said: print(said, flush=True)))
            if work.profiled is not None and (given.profile or given.profiles):
                profiled.append(_profile(work, below / "profile.txt"))
    if profiled:
        to.write_text("\n".join(profiled))
    return rows


def _profile(work: Work, by: Path) -> str:
    run(work.profiled or work.ways["ours"], work.given, work.environment, by)
    print(f"profiled: {work.name}", flush=True)
    return f"# {work.name}, {work.size}\n\n{by.read_text()}"


def _plain(row: Row) -> dict[str, Any]:
    return {key: value for key, value in asdict(row).items() if value not in ({}, [], (), "")}


if __name__ == "__main__":
    main()
