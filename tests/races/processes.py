"""Processes that do one thing each at the same moment, on the same database.

Each is an interpreter of its own with its own connections, kept for all rounds of a race. It says
when it is ready, waits at the barrier, works, and says when it began and ended; a race in which
nobody overlapped proves nothing.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

PATIENCE = 120.0
"""Seconds after which a round is taken for a deadlock: its processes are killed."""

SETUP = """
import json, os, sys, time
os.environ["DJANGO_SETTINGS_MODULE"] = "clearbill.wiring.settings"
import django
django.setup()
from races import work
for line in sys.stdin:
    job = json.loads(line)
    prepared = getattr(work, job["what"])(**job["with"])
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.time()
    answer = prepared()
    print(json.dumps({"began": began, "ended": time.time(), "answer": answer}), flush=True)
"""

Job = tuple[str, dict[str, Any]]
"""A name in `races.work` and its arguments."""


@dataclass(frozen=True)
class Ran:
    """What one process answered, and when it worked."""

    began: float
    ended: float
    answer: Any


@dataclass
class Racers:
    """The processes of one race, started as they are needed; gone on leaving."""

    environment: Mapping[str, str]
    processes: list[subprocess.Popen[str]] = field(default_factory=list)
    together: list[float] = field(default_factory=list)
    """Milliseconds that all were at work in each round."""

    def __enter__(self) -> "Racers":
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            process.communicate(timeout=30)
        if self.together:
            some = sum(each > 0 for each in self.together)
            print(
                f"{len(self.together)} rounds of {len(self.processes)} processes, in {some} all at"
                f" work together, for up to {max(self.together):.0f} ms"
            )

    def race(self, jobs: Sequence[Job]) -> list[Ran]:
        """Run jobs at once, and what each came to; AssertionError where one fails."""
        self.processes += [self._started() for _ in jobs[len(self.processes) :]]
        at_work = self.processes[: len(jobs)]
        alarm = threading.Timer(PATIENCE, _kill, [at_work])
        alarm.start()
        try:
            for process, (what, values) in zip(at_work, jobs, strict=True):
                _say(process, json.dumps({"what": what, "with": values}))
            assert [_heard(process) for process in at_work] == ["ready"] * len(jobs)
            for process in at_work:
                _say(process, "go")
            ran = [Ran(**json.loads(_heard(process))) for process in at_work]
        finally:
            alarm.cancel()
        overlap = min(r.ended for r in ran) - max(r.began for r in ran)
        self.together.append(overlap * 1000)
        return ran

    def _started(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", SETUP],
            env={
                **os.environ,
                **self.environment,
                "CLEARBILL_URL": "http://localhost",
                "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )


def _kill(processes: Sequence[subprocess.Popen[str]]) -> None:
    for process in processes:
        process.kill()


def _say(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()


def _heard(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, f"a process ended with {process.wait()}"
    return line.strip()
