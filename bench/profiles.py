"""Where the time of a way goes: by function, and by what waits for the engine."""

import cProfile
import io
import pstats
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TOP = 15
_ENGINE = "_seam.py"


_active: list[cProfile.Profile] = []


@contextmanager
def begun(to: Path | None) -> Iterator[None]:
    """Write the profile of what is `counted` inside to a file, where there is one to write."""
    if to is None:
        yield
        return
    stages, profile = _stages(), cProfile.Profile()
    _active.append(profile)
    yield
    to.write_text(_words(profile, stages))


@contextmanager
def counted() -> Iterator[None]:
    """Let a block count, and nothing that went before it or that comes after it."""
    for profile in _active:
        profile.disable()
        profile.clear()
        profile.enable()
    yield
    for profile in _active:
        profile.disable()


def _stages() -> list[tuple[str, float]]:
    """A list that fills with each stage of rating and its seconds."""
    from clearbill.usage.engines.embedded import DuckDBEngine

    took: list[tuple[str, float]] = []
    materialise, fetch = DuckDBEngine.stage, DuckDBEngine.arrow

    def stage(engine: DuckDBEngine, name: str, expression: Any) -> Any:
        began = time.perf_counter()
        made = materialise(engine, name, expression)
        took.append((name, time.perf_counter() - began))
        return made

    def arrow(engine: DuckDBEngine, expression: Any) -> Any:
        began = time.perf_counter()
        made = fetch(engine, expression)
        took.append(("allotted, as Arrow", time.perf_counter() - began))
        return made

    DuckDBEngine.stage = stage  # type: ignore[method-assign, assignment]
    DuckDBEngine.arrow = arrow  # type: ignore[method-assign, assignment]
    return took


def _words(profile: cProfile.Profile, stages: list[tuple[str, float]]) -> str:
    out = io.StringIO()
    stats = pstats.Stats(profile, stream=out)
    stats.strip_dirs().sort_stats("tottime").print_stats(TOP)
    if stages:
        out.write("Stages of the engine, seconds (times):\n")
        for name in dict.fromkeys(name for name, _ in stages):
            each = [took for of, took in stages if of == name]
            out.write(f"  {name:<24} {sum(each):8.3f} ({len(each)})\n")
    if any(_ENGINE in file for file, _, _ in stats.stats):  # type: ignore[attr-defined]
        out.write("\nWho waits for the engine:\n")
        stats.print_callers(_ENGINE)
    return "\n".join(each.rstrip() for each in out.getvalue().splitlines() if each.strip()) + "\n"
