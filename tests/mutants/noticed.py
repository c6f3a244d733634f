"""A plugin of the runs on a mutant: which code is tried, and which test noticed first.

Only a test that fails by itself has noticed. One that could not begin (a file that is no Python
any more, a migration that does not run) shows that the mutant is broken.
"""

import os
from pathlib import Path

import pytest
from hypothesis import Phase, settings

import clearbill

# The first example that fails is enough: nobody reads it, and to find a smaller one takes minutes.
settings.register_profile(
    "mutant",
    deadline=None,
    max_examples=60,
    report_multiple_bugs=False,
    phases=[Phase.explicit, Phase.generate],
)


def pytest_configure(config: pytest.Config) -> None:
    tried = Path(clearbill.__file__)
    if not tried.is_relative_to(config.rootpath):
        raise pytest.UsageError(f"{tried} is tried, not the copy in {config.rootpath}")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.failed and report.when == "call":
        Path(os.environ["MUTANT_NOTICED"]).write_text(report.nodeid)
