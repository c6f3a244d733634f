"""A process that holds an embedded server: `python holder.py HOME`, until its stdin ends."""

import sys
from pathlib import Path

from clearbill.wiring.embedded import Server

if __name__ == "__main__":
    with Server(Path(sys.argv[1])) as server:
        sys.stdout.write("up\n")
        sys.stdout.flush()
        sys.stdin.read()
