"""Processes that do a part each at the same moment."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from bench.ways import Ran, child

_PART = "import sys; from bench.together import part; part(sys.argv[1:])"


def ready(way: str, given: Sequence[Mapping[str, Any]]) -> list[subprocess.Popen[str]]:
    """A process for each of the parts, all of them prepared and waiting."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _PART, way, json.dumps(each), ""],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for each in given
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    return processes


def go(processes: Sequence[subprocess.Popen[str]]) -> list[Ran]:
    """Let them work, and wait for all."""
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate()[0] for process in processes]
    assert not any(process.returncode for process in processes)
    return [Ran(**json.loads(each.splitlines()[-1])) for each in said]


def part(arguments: Sequence[str]) -> None:
    """In such a process."""
    child(arguments, before=_wait)


def _wait() -> None:
    print("ready", flush=True)
    sys.stdin.readline()
