"""kill -9 at every statement, COPY, commit and rename of a small month: all or nothing, then done.

Each kill hits a fresh copy of the same database. What is left must satisfy every invariant as it
stands, and the same command run again must come to what it comes to undisturbed.
"""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

import databases
import focus_files
from chance import ROUNDS
from clearbill.wiring.embedded import Server
from clerk import Clerk
from databases import Database

HERE = ("--reseller", "north")
EVERY = 1 if ROUNDS > 1 else 15
"""In `make test` every fifteenth point, in `make test-all` each of them."""

COMMANDS = {
    "import": ("import", "{folder}/september.csv"),
    "generate": ("generate", "--period", "2024-09"),
    "publish": ("documents", "status", "D-000001", "D-000002", "D-000003", "--to", "open",
                "--notify"),
}  # fmt: skip
STAGES = list(COMMANDS)

_STATE = """
SELECT 'usage', count(*), coalesce(sum(s.cost), 0) FROM records_usageslice s
UNION ALL SELECT 'statements', count(*), coalesce(sum(stored_sum), 0) FROM records_importstatement
UNION ALL SELECT 'documents ' || status, count(*), coalesce(sum(total), 0) FROM records_document
 GROUP BY status
UNION ALL SELECT 'lines', count(*), coalesce(sum(exact), 0) FROM records_documentline
UNION ALL SELECT 'claims', count(*), 0 FROM records_claim
UNION ALL SELECT 'numbers', count(*), coalesce(sum(sequence), 0) FROM records_document
 WHERE invoice_number IS NOT NULL
UNION ALL SELECT 'mails', count(*), 0 FROM records_delivery
UNION ALL SELECT 'jobs ' || task_name, count(*), 0 FROM procrastinate_jobs
 WHERE task_name IN ('store_published', 'send_mail') GROUP BY task_name
 ORDER BY 1
"""


@dataclass(frozen=True)
class Bench:
    """A loaded process and the month before each stage: a database and a folder of files."""

    server: Server
    clerk: Clerk
    folder: Path
    before: dict[str, tuple[str, Path]]

    @contextmanager
    def fresh(self, stage: str, name: str) -> Iterator["Trial"]:
        """The month as it is before a stage, in a copy that may be broken."""
        template, files = self.before[stage]
        mine = self.folder / name
        shutil.copytree(files, mine)
        with databases.copy(self.server, template) as database:
            yield Trial(self, database, mine)
        shutil.rmtree(mine)


@dataclass(frozen=True)
class Trial:
    """One copy of the month."""

    bench: Bench
    database: Database
    files: Path

    def run(self, *arguments: str, first: str = "", **variables: str) -> Any:
        words = [each.format(folder=self.bench.folder) for each in arguments]
        return self.bench.clerk.run(
            [*words, "--json"],
            environment={
                **self.database.environment(),
                "CLEARBILL_FILES": str(self.files),
                **variables,
            },
            first=first,
        )

    def done(self, *arguments: str) -> None:
        ended = self.run(*arguments)
        assert ended.returncode == 0, f"{arguments}: {ended.stderr}"

    def state(self) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database.owner) as connection:
            return connection.execute(_STATE).fetchall()

    def half_written(self) -> list[str]:
        """Files that a stopped writing left under the name of a whole one."""
        with psycopg.connect(self.database.owner) as connection:
            named = {path for (path,) in connection.execute("SELECT path FROM records_usageimport")}
        return [path for path in named if not (self.files / path).is_file()]


@pytest.fixture(scope="module")
def bench(
    server: Server, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("kills")
    rows = [
        focus_files.row(SubAccountId=f"000{n}", SubAccountName=f"Customer {n}", BilledCost=cost)
        for n, cost in ((1, "10.005"), (2, "0.335"), (3, "120"))
    ]
    focus_files.write_csv(folder / "september.csv", rows)
    with (
        databases.copy(server, template) as database,
        closing(Clerk(_environment(database, folder))) as clerk,
    ):
        bench = Bench(server, clerk, folder, {})
        trial = Trial(bench, database, folder / "files")
        trial.files.mkdir()
        trial.done("resellers", "add", "north", "--name", "North", "--currency", "USD",
                   "--kind", "tax-invoice")  # fmt: skip
        with _kept(bench, trial):
            yield bench


@contextmanager
def _kept(bench: Bench, trial: Trial) -> Iterator[None]:
    """The stages one by one, with a copy of everything before each."""
    with _snapshot(bench, trial, "import"):
        trial.done(*COMMANDS["import"], *HERE)
        trial.done("accounts", "assign", "--all", *HERE)
        for customer in trial_customers(trial):
            trial.done("customers", "set", customer, "--recipient", f"{customer}@example.org",
                       *HERE)  # fmt: skip
        with _snapshot(bench, trial, "generate"):
            trial.done(*COMMANDS["generate"], *HERE)
            with _snapshot(bench, trial, "publish"):
                yield


def trial_customers(trial: Trial) -> list[str]:
    with psycopg.connect(trial.database.owner) as connection:
        return [str(pk) for (pk,) in connection.execute("SELECT id FROM records_customer")]


@contextmanager
def _snapshot(bench: Bench, trial: Trial, stage: str) -> Iterator[None]:
    files = bench.folder / f"before {stage}"
    shutil.copytree(trial.files, files)
    with databases.copy(bench.server, trial.database.name) as kept:
        bench.before[stage] = (kept.name, files)
        yield


def _environment(database: Database, folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        **database.environment(),
        "CLEARBILL_HOME": str(folder),
        "CLEARBILL_URL": "http://localhost",
    }


@pytest.mark.parametrize("stage", STAGES)
def test_a_month_survives_a_kill_at_any_point(bench: Bench, stage: str) -> None:
    command = [*COMMANDS[stage], *HERE]
    with bench.fresh(stage, "undisturbed") as trial:
        notes = bench.folder / f"points of {stage}"
        counted = trial.run(*command, first="faults.points:count", FAULT_POINTS=str(notes))
        assert counted.returncode == 0, counted.stderr
        points = notes.read_text().splitlines()
        wanted = trial.state()
    tried = range(0, len(points), EVERY)
    for at in tried:
        with bench.fresh(stage, f"killed at {at}") as trial:
            killed = trial.run(*command, first="faults.points:arm", FAULT_AT=str(at))
            assert killed.returncode == -signal.SIGKILL, f"{points[at]}: {killed.stderr}"
            assert trial.half_written() == []
            trial.done("verify")
            trial.run(*command)
            assert trial.state() == wanted, f"after a kill at {at}, {points[at]}"
            trial.done("verify")
    print(f"{stage}: {len(points)} points, {len(tried)} kills, 0 lost")
