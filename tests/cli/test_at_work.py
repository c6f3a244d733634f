"""A command that carries work out itself gives a sign of life: no worker has it in the queue."""

from typing import Any

import psycopg
import pytest

from clearbill.actions import working
from clearbill.actions.generate_documents import run_generation
from cli.test_answers import Run, run, usage
from databases import Database

__all__ = ["run", "usage"]

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_generation_is_seen_to_be_at_work(
    run: Run, usage: str, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    free: list[Any] = []

    def looks(**given: Any) -> Any:
        key = working._key(working.GENERATE, given["run_id"])
        with psycopg.connect(database.application) as other:
            row = other.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", key).fetchone()
            free.append(row)
        return run_generation(**given)

    monkeypatch.setattr("clearbill.cli.imports.run_generation", looks)
    run("import", usage)
    run("generate", "--period", "2024-09")
    assert free == [(False,)]
