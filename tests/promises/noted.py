"""A plugin: what each test came to, and the last line that it printed, as JSON at the end."""

import json
import os
from pathlib import Path

import pytest

_noted: dict[str, tuple[str, str]] = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    lines = report.capstdout.strip().splitlines()
    printed = lines[-1] if lines else ""
    if report.when == "call" or report.outcome != "passed":
        _noted[report.nodeid] = (report.outcome, printed)
    elif report.when == "teardown" and not _noted[report.nodeid][1]:
        # What a fixture counted over the whole test, such as the rounds of a race.
        _noted[report.nodeid] = (report.outcome, printed)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput"):
        Path(os.environ["PROMISES_NOTED"]).write_text(json.dumps(_noted))
