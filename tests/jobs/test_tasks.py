"""Background entry points: every name that a verb defers exists, and tenants' jobs need one."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from procrastinate.contrib.django import app

import clearbill
from clearbill.jobs import tasks
from clearbill.records import tenancy
from makers import make_reseller

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


def test_a_sweep_of_each_reseller_is_deferred(transactional_db: None) -> None:
    first, second = make_reseller("north"), make_reseller("south")
    everywhere: Any = tasks.sweep_work_everywhere
    everywhere.func(None, 0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT args FROM procrastinate_jobs WHERE task_name = 'sweep_jobs'")
        assert [json.loads(args)["reseller_id"] for (args,) in cursor] == [first.pk, second.pk]
    tasks.sweep_work(reseller_id=first.pk)


def test_a_job_is_tried_as_often_as_said() -> None:
    class Job:
        attempts = 3

    decide = tasks.BackOff(5).get_retry_decision
    assert decide(exception=OSError(), job=Job()) is not None  # type: ignore[arg-type]
    # The fifth is the one that failed now.
    Job.attempts = 4
    assert decide(exception=OSError(), job=Job()) is None  # type: ignore[arg-type]
