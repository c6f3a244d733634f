"""Background entry points: every name that a verb defers exists, and tenants' jobs need one."""

import re
from pathlib import Path

import pytest
from procrastinate.contrib.django import app

import clearbill
from clearbill.jobs import tasks
from clearbill.records import tenancy

ACTIONS = Path(clearbill.__file__).parent / "actions"


def test_every_task_that_a_verb_defers_exists() -> None:
    named = {
        name
        for file in ACTIONS.glob("*.py")
        for name in re.findall(r'configure_task\(\s*"(\w+)"', file.read_text())
    }
    assert named == {"bulk", "generate", "send_letter", "send_mail", "store_published"}
    assert named <= set(app.tasks)


def test_a_tenants_job_without_a_reseller_fails() -> None:
    with pytest.raises(tenancy.NoReseller):
        tasks.mark(reseller_id=0)


def test_tries_are_spaced_and_end() -> None:
    class Job:
        attempts = 3

    decide = tasks.BackOff(5).get_retry_decision
    assert decide(exception=OSError(), job=Job()) is not None  # type: ignore[arg-type]
    Job.attempts = 5
    assert decide(exception=OSError(), job=Job()) is None  # type: ignore[arg-type]
