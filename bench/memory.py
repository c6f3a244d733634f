"""What processes hold, and held at most, together with those below them."""

from collections.abc import Sequence
from pathlib import Path

import psutil


def _tree(pids: Sequence[int]) -> list[psutil.Process]:
    found = [psutil.Process(pid) for pid in pids]
    return found + [below for each in found for below in each.children(recursive=True)]


def held_mb(pids: Sequence[int]) -> float:
    """What all of them hold now."""
    return float(sum(each.memory_info().rss for each in _tree(pids))) / 2**20


def peak_mb(pids: Sequence[int]) -> float:
    """The most that one of them ever held."""
    # Not getrusage: what it counts begins with the process that this one was started from.
    status = [Path(f"/proc/{each.pid}/status").read_text() for each in _tree(pids)]
    lines = [each for text in status for each in text.splitlines() if each.startswith("VmHWM")]
    return max(float(each.split()[1]) for each in lines) / 1024
