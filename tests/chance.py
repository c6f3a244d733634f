"""How often to try what chance decides."""

import os

ROUNDS = int(os.environ.get("CLEARBILL_ROUNDS") or "1")
"""Once in `make test`, more in `make test-all`."""

RACES = 20 if ROUNDS > 1 else 1
"""Rounds of a race: its processes are there already, and each round begins with new data."""

WITH_THE_ENGINE = 25 * ROUNDS
"""Examples of a property that starts the rating engine each time, a third of a second each."""
