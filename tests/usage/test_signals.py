"""A signal ends the program, in the middle of a query too."""

import subprocess
import sys
from pathlib import Path

# In a process of its own: what started the tests may have told them not to hear Ctrl-C.
PROGRAM = """
import os, signal, sys, threading
from pathlib import Path
from clearbill.usage.engines.duckdb import connected

signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    with connected(Path(sys.argv[1])) as connection:
        threading.Timer(0.5, os.kill, [os.getpid(), signal.SIGINT]).start()
        connection.execute(
            "SELECT sum(a.range % (b.range + 1)) FROM range(100000) a, range(30000) b"
        ).fetchall()
except Exception as error:
    print("a fault of the query:", error)
"""


def test_ctrl_c_during_a_query_is_no_fault_of_the_query(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)], capture_output=True, text=True, timeout=120
    )
    assert done.stdout == ""
    assert done.stderr.endswith("KeyboardInterrupt\n")
