"""Ways to do one piece of work, each in a fresh process, timed in turn.

A way is a function that is named by its module and prepares: what it returns does the work and
is timed, and says what came out, so that ways can be compared before any time is believed.
"""

import importlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench import profiles
from bench.memory import peak_mb

Way = Callable[..., Callable[[], Any]]

_CHILD = "import sys; from bench.ways import child; child(sys.argv[1:])"
_ROOT = Path(__file__).parent.parent


class Disagree(AssertionError):
    """Two ways of one work that came to different ends: nothing of it is timed."""


@dataclass(frozen=True)
class Measured:
    """What a way returns that times itself (`timed`), since looking at what came out is no part of
    the work.

    `figures` are other numbers that it saw; `peak_mb` is given where other processes did the work.
    """

    answer: Any
    seconds: float
    figures: Mapping[str, float] = field(default_factory=dict)
    peak_mb: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Ran:
    """One run of a way. `peak_mb` is its largest resident memory, or that of a process below it."""

    seconds: float
    peak_mb: float
    answer: Any
    figures: Mapping[str, float]
    note: str = ""


@dataclass(frozen=True)
class Work:
    """One row of the table.

    `ways` has `ours` and `floor`, and perhaps what people use now under its own name; values are
    `module:function`. `exact` are those that must come to the same answer. `scale` says of a way
    that does only a part how much larger the whole is. `at_most` bounds ours by the floor,
    `limits` bounds our figures (`peak MB` among them), `at_least` says how much slower than ours
    others are promised to be. `rounds` is given where one run repeats the work by itself.
    `profiled` is the way to profile where ours works in other processes; None has no profile.
    """

    name: str
    size: str
    ways: Mapping[str, str]
    given: Mapping[str, Any]
    at_most: float | None = None
    exact: Sequence[str] = ("ours", "floor")
    scale: Mapping[str, float] = field(default_factory=dict)
    at_least: Mapping[str, float] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    rounds: int | None = None
    profiled: str | None = ""
    note: str = ""


@dataclass(frozen=True)
class Row:
    """What a work came to: medians, in seconds, and the peak of our own way.

    `figures` are ours by their name, and others' with the way's name before it. `over` names the
    bounds that were not kept.
    """

    work: str
    size: str
    ours_s: float
    floor_s: float | None
    ratio: float | None
    at_most: float | None
    peak_mb: float | None
    others: Mapping[str, float] = field(default_factory=dict)
    figures: Mapping[str, float] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)
    over: Sequence[str] = ()
    note: str = ""


def run(
    way: str,
    given: Mapping[str, Any],
    environment: Mapping[str, str] | None = None,
    profile: Path | None = None,
) -> Ran:
    """Run a way in a process of its own; AssertionError with its stderr where it fails."""
    path = os.pathsep.join(map(str, (_ROOT, _ROOT / "src")))
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, way, json.dumps(given), str(profile or "")],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path, **(environment or {})},
        check=False,
    )
    if done.returncode:
        raise AssertionError(f"{way} failed:\n{done.stderr}")
    return Ran(**json.loads(done.stdout.splitlines()[-1]))


def child(arguments: Sequence[str], before: Callable[[], None] = lambda: None) -> None:
    """In the process of a way: prepare, do what comes before, work, and say how long it took."""
    way, given, profile = arguments
    module, _, name = way.partition(":")
    prepared = getattr(importlib.import_module(module), name)(**json.loads(given))
    before()
    with profiles.begun(Path(profile) if profile else None), timed() as took:
        answer = prepared()
    said = answer if isinstance(answer, Measured) else Measured(answer, took.seconds)
    print(
        json.dumps({**asdict(said), "peak_mb": said.peak_mb or peak_mb([os.getpid()])}, default=str)
    )


@dataclass
class Took:
    """The seconds of a block, once it has been left."""

    seconds: float = 0.0


@contextmanager
def timed() -> Iterator[Took]:
    """Time a block; inside another such block it is the one that is profiled."""
    took = Took()
    with profiles.counted():
        began = time.perf_counter()
        yield took
        took.seconds = time.perf_counter() - began


def measure(work: Work, rounds: int, say: Callable[[str], None]) -> Row:
    """Run the ways in turn, so that all meet the same noise; the first turn must agree.

    What people use now is slow enough to be seen at one look: it runs in the first turn alone.
    """
    runs: dict[str, list[Ran]] = {name: [] for name in work.ways}
    for turn in range(work.rounds or rounds):
        for name, way in work.ways.items():
            if not turn or name in ("ours", "floor"):
                runs[name].append(run(way, work.given, work.environment))
        if not turn:
            _agree(work, runs)
    row = _row(work, runs)
    say(line(row))
    return row


def _agree(work: Work, runs: Mapping[str, Sequence[Ran]]) -> None:
    answers = {name: runs[name][0].answer for name in work.exact}
    if len({json.dumps(answer, sort_keys=True) for answer in answers.values()}) > 1:
        raise Disagree(f"{work.name}: {json.dumps(answers, indent=1)}")


def _row(work: Work, runs: Mapping[str, Sequence[Ran]]) -> Row:
    medians = {
        name: statistics.median(r.seconds for r in ran) * work.scale.get(name, 1)
        for name, ran in runs.items()
    }
    ours, floor = medians["ours"], medians.get("floor")
    others = {name: took for name, took in medians.items() if name not in ("ours", "floor")}
    ratio = ours / floor if floor else None
    peak = max(each.peak_mb for each in runs["ours"])
    figures = {
        (name if way == "ours" else f"{way}: {name}"): statistics.median(
            each.figures[name] for each in ran
        )
        for way, ran in runs.items()
        for name in ran[0].figures
    }
    return Row(
        work=work.name,
        size=work.size,
        ours_s=ours,
        floor_s=floor,
        ratio=ratio,
        at_most=work.at_most,
        peak_mb=peak,
        others=others,
        figures=figures,
        limits=work.limits,
        over=_over(work, ratio, {**figures, "peak MB": peak}, others, ours),
        note="; ".join(filter(None, [work.note, runs["ours"][-1].note])),
    )


def _over(
    work: Work,
    ratio: float | None,
    figures: Mapping[str, float],
    others: Mapping[str, float],
    ours: float,
) -> list[str]:
    """The bounds that were not kept, in words."""
    found = []
    if ratio is not None and work.at_most is not None and ratio > work.at_most:
        found.append(f"{ratio:.2f} × the floor, at most {work.at_most:g}")
    found += [
        f"{name} {figures[name]:.4g}, at most {most:g}"
        for name, most in work.limits.items()
        if figures[name] > most
    ]
    found += [
        f"{name} is {others[name] / ours:.1f} × as slow as ours, promised {least:g}"
        for name, least in work.at_least.items()
        if name in others and others[name] < least * ours
    ]
    return found


def line(row: Row) -> str:
    """A row of the printed table, and below it what it saw beside its time."""
    ratio = f"{row.ratio:.2f} ×" if row.ratio is not None else ""
    bound = f"at most {row.at_most:g} ×" if row.at_most is not None else ""
    floor = f"{row.floor_s:.4f}" if row.floor_s is not None else ""
    peak = f"{row.peak_mb:.0f} MB" if row.peak_mb is not None else ""
    others = "; ".join(f"{name} {took / row.ours_s:.1f} ×" for name, took in row.others.items())
    cells = (f"{row.work:<40.40}", f"{row.size:<30.30}", f"{row.ours_s:9.4f}", f"{floor:>9}",
             f"{ratio:>8}", f"{bound:<15}", f"{peak:>8}", others)  # fmt: skip
    more = [f"{name} {value:.4g}" for name, value in row.figures.items()]
    below = [", ".join(more), row.note, *(f"OVER: {each}" for each in row.over)]
    return "\n".join(["  ".join(cells).rstrip(), *(f"    {each}" for each in below if each)])


HEAD = (
    f"{'work':<40}  {'size':<30}  {'ours s':>9}  {'floor s':>9}  {'ratio':>8}  {'bound':<15}"
    f"  {'peak':>8}  what people use now, against ours"
)
