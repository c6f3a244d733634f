"""Takes one file in, in a process of its own, and prints what came of it and the peak of memory.

The peak is VmHWM of this process: `ru_maxrss` begins at what the parent held before exec.
"""

import json
import re
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from clearbill.rules.money import total
from clearbill.store import FileStore
from clearbill.usage.engines.duckdb import DEFAULT
from clearbill.usage.intake import take_in
from clearbill.usage.types import BadFile


def main(path: Path, max_bytes: int) -> None:
    answer: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as folder:
        try:
            delivery = take_in(
                [path],
                feed="focus",
                aliases={},
                store=FileStore(folder),
                key="usage.parquet",
                limits=replace(DEFAULT, max_bytes=max_bytes),
            )
            answer["sum"] = str(total([each.stored_sum for each in delivery.statements]))
        except BadFile as bad:
            first = bad.errors[0]
            answer["refused"] = [first.file, first.line, first.column, first.reason]
        answer["kept"] = [str(each) for each in Path(folder).rglob("*.parquet")]
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    answer["peak_mb"] = int(peak[1]) // 1024 if peak else 0
    print(json.dumps(answer))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
