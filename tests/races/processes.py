"""Processes that do one thing each at the same moment, on the same database.

Each is a fresh interpreter with its own connections. It says when it is ready, waits at the
barrier, works, and says when it began and ended; a race in which nobody overlapped proves nothing.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SETUP = """
import json, os, sys, time
os.environ["DJANGO_SETTINGS_MODULE"] = "clearbill.wiring.settings"
import django
django.setup()
from races import work
job = json.loads(sys.argv[1])
prepared = getattr(work, job["what"])(**job["with"])
print("ready", flush=True)
sys.stdin.readline()
began = time.time()
answer = prepared()
print(json.dumps({"began": began, "ended": time.time(), "answer": answer}), flush=True)
"""


@dataclass(frozen=True)
class Ran:
    """What one process answered, and when it worked."""

    began: float
    ended: float
    answer: Any


def race(environment: Mapping[str, str], jobs: Sequence[tuple[str, dict[str, Any]]]) -> list[Ran]:
    """Run jobs (name in `races.work`, its arguments) at once; prints how much they overlapped."""
    variables = {
        **os.environ,
        **environment,
        "CLEARBILL_URL": "http://localhost",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SETUP, json.dumps({"what": what, "with": values})],
            env=variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for what, values in jobs
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    ran = []
    for process in processes:
        out, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        ran.append(Ran(**json.loads(out.splitlines()[-1])))
    overlap = min(r.ended for r in ran) - max(r.began for r in ran)
    print(f"{len(ran)} processes, all at work together for {overlap * 1000:.0f} ms")
    return ran
