"""Two at once: one of them wins, the other says so, and nothing is counted twice.

Each race is run in rounds (`chance.RACES`), each with a reseller of its own.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

import databases
import focus_files
from chance import RACES
from databases import Database
from races.processes import Racers, Ran

pytestmark = pytest.mark.django_db(transaction=True)
SEPTEMBER = "2024-09-01"


@dataclass(frozen=True)
class Round:
    """A reseller of one round, and what is done to its documents at once."""

    database: Database
    racers: Racers
    folder: Path
    reseller: int

    def usage(self, count: int, *, cost: str = "10.00") -> str:
        """A file of usage of so many accounts."""
        rows = [
            focus_files.row(
                SubAccountId=f"{n:04d}", SubAccountName=f"Customer {n:04d}", BilledCost=cost
            )
            for n in range(1, count + 1)
        ]
        return str(focus_files.write_csv(self.folder / f"{self.reseller}-{cost}.csv", rows))

    def assigned(self, count: int) -> None:
        """Usage of so many customers, ready for a generation."""
        from clearbill.actions.accounts import assign_all
        from clearbill.actions.import_usage import import_usage
        from makers import OWNER

        file = Path(self.usage(count))
        import_usage(reseller_id=self.reseller, actor=OWNER, files=[file])
        assign_all(reseller_id=self.reseller, actor=OWNER)

    def drafts(self, count: int) -> list[str]:
        """The Document IDs of drafts of so many customers."""
        from clearbill.actions.generate_documents import run_generation, start_run
        from makers import OWNER
        from makers import SEPTEMBER as MONTH

        self.assigned(count)
        run = start_run(reseller_id=self.reseller, actor=OWNER, month=MONTH)
        run_generation(reseller_id=self.reseller, run_id=run.pk)
        return [row["code"] for row in self.rows("SELECT code FROM records_document ORDER BY id")]

    def published(self, count: int) -> list[str]:
        """The Document IDs of open documents of so many customers."""
        from clearbill.actions.change_status import Change, change_status
        from clearbill.rules.lifecycle import Status
        from makers import OWNER

        codes = self.drafts(count)
        change = Change(to=Status.OPEN)
        change_status(reseller_id=self.reseller, actor=OWNER, documents=codes, change=change)
        return codes

    def race(self, *jobs: tuple[str, dict[str, Any]]) -> list[Ran]:
        """Run jobs of `races.work` at once, for this reseller."""
        return self.racers.race(
            [(what, {"reseller": self.reseller, **values}) for what, values in jobs]
        )

    def rows(self, statement: str) -> list[dict[str, Any]]:
        """Rows of this reseller alone."""
        options = f"-c clearbill.reseller={self.reseller}"
        with psycopg.connect(
            self.database.application, options=options, row_factory=dict_row
        ) as connection:
            return connection.execute(statement).fetchall()

    def holds(self) -> None:
        """Every invariant holds."""
        from clearbill.queries.verify import verify
        from clearbill.records import tenancy

        with tenancy.using(self.reseller):
            assert list(verify(self.reseller)) == []


@pytest.fixture
def rounds(own_database: Database, tmp_path: Path) -> Iterator[Iterator[Round]]:
    """Rounds in a database of this race alone, which Django's connections open too."""
    from django.db import connections

    from makers import make_reseller

    before = connections["default"].settings_dict["NAME"]
    databases.point_django_at(own_database.name)
    with Racers(own_database.environment()) as racers:
        yield (
            Round(own_database, racers, tmp_path, make_reseller(f"r{number}").pk)
            for number in range(RACES)
        )
    databases.point_django_at(before)


def changed(ran: list[Ran]) -> list[str]:
    """What any of the processes changed, once for each time."""
    return sorted(code for each in ran for code in each.answer)


def test_two_generations_of_one_period_make_one_draft_each(rounds: Iterator[Round]) -> None:
    for each in rounds:
        each.assigned(60)
        job = ("generate", {"month": SEPTEMBER})
        each.race(job, job)
        made = each.rows("SELECT customer_id FROM records_document")
        assert len(made) == len({row["customer_id"] for row in made}) == 60
        lost = each.rows("SELECT reason FROM records_runresult WHERE outcome <> 'Created'")
        assert len(lost) == 60
        assert all("exists" in row["reason"] for row in lost)
        each.holds()


def test_four_publishers_of_the_same_drafts_number_each_once(rounds: Iterator[Round]) -> None:
    for each in rounds:
        codes = each.drafts(400)
        orders = [codes, codes[::-1], codes[200:] + codes[:200], codes[100:] + codes[:100]]
        ran = each.race(*(("change", {"documents": order, "to": "Open"}) for order in orders))
        assert changed(ran) == sorted(codes)
        numbers = each.rows("SELECT sequence FROM records_document ORDER BY sequence")
        assert [row["sequence"] for row in numbers] == list(range(1, 401))
        events = each.rows("SELECT count(*) FROM records_event WHERE to_status = 'Open'")
        assert events == [{"count": 400}]
        each.holds()


def test_a_line_written_during_publication_is_refused(rounds: Iterator[Round]) -> None:
    for each in rounds:
        codes = each.drafts(200)
        publish = ("change", {"documents": codes, "to": "Open"})
        published, wrote = each.race(publish, ("add_lines", {"documents": codes}))
        assert sorted(published.answer) == sorted(codes)
        assert set(wrote.answer.values()) == {"refused 23514"}
        stored = "SELECT count(*) FROM records_documentline l WHERE l.document_id = d.id"
        for row in each.rows(f"SELECT frozen, ({stored}) AS lines FROM records_document d"):
            frozen = json.loads(row["frozen"])
            assert sum(len(section["lines"]) for section in frozen["sections"]) == row["lines"]


def test_void_against_close_ends_in_one_of_them(rounds: Iterator[Round]) -> None:
    for each in rounds:
        codes = each.published(40)
        void = ("change_each", {"documents": codes, "to": "Voided", "reason": "wrong"})
        ran = each.race(void, ("change_each", {"documents": codes, "to": "Closed"}))
        assert changed(ran) == sorted(codes)
        ended = each.rows(
            "SELECT d.status, e.to_status FROM records_document d JOIN LATERAL (SELECT to_status"
            " FROM records_event WHERE document_id = d.id ORDER BY seq DESC LIMIT 1) e ON true"
        )
        assert all(row["status"] == row["to_status"] for row in ended)
        each.holds()


def test_a_delivery_against_a_generation_is_seen_whole_or_not_at_all(
    rounds: Iterator[Round],
) -> None:
    for each in rounds:
        each.assigned(40)
        newer = each.usage(40, cost="11.00")
        each.race(("generate", {"month": SEPTEMBER}), ("take_in", {"file": newer}))
        assert len(each.rows("SELECT DISTINCT total FROM records_document")) == 1
        each.holds()


def test_a_delivery_against_a_publication_is_refused_or_marks_what_is_still_a_draft(
    rounds: Iterator[Round],
) -> None:
    for each in rounds:
        codes = each.drafts(120)
        newer = each.usage(120, cost="11.00")
        publish = ("change", {"documents": codes, "to": "Open"})
        published, taken = each.race(publish, ("take_in", {"file": newer}))
        left = each.rows("SELECT code FROM records_document WHERE status = 'Draft' AND stale <> ''")
        assert len(published.answer) + len(left) == 120
        assert taken.answer == ("taken" if left else "refused")
        each.holds()


def test_an_account_changes_hands_or_its_document_is_published(rounds: Iterator[Round]) -> None:
    for each in rounds:
        codes = each.drafts(40)
        numbers = [f"{number:04d}" for number in range(2, 41)]
        publish = ("change_each", {"documents": codes[1:], "to": "Open"})
        give = ("assign", {"customer": "Customer 0001", "day": SEPTEMBER,
                           "accounts": numbers[::-1]})  # fmt: skip
        published, given = each.race(publish, give)
        names = dict(zip(codes[1:], numbers, strict=True))
        kept = {names[code] for code in published.answer}
        assert kept.isdisjoint(given.answer)
        assert kept | set(given.answer) == set(numbers)
        each.holds()


def test_an_account_that_changes_hands_during_a_generation_is_billed_to_one_or_marked(
    rounds: Iterator[Round],
) -> None:
    for each in rounds:
        each.assigned(40)
        numbers = [f"{number:04d}" for number in range(40, 1, -1)]
        give = ("assign", {"customer": "Customer 0001", "day": SEPTEMBER, "accounts": numbers})
        _, given = each.race(("generate", {"month": SEPTEMBER}), give)
        assert given.answer == numbers
        # A fresh draft holds the usage that is its customer's now, and nothing else.
        held = each.rows(
            "SELECT d.code FROM records_document d"
            " JOIN records_documentline l ON l.document_id = d.id"
            " JOIN records_provideraccount p ON p.account = l.account"
            " JOIN records_assignment a ON a.account_id = p.id AND a.valid_to IS NULL"
            " WHERE d.stale = '' AND a.customer_id <> d.customer_id"
        )
        assert held == []
        each.holds()


def test_a_draft_is_discarded_or_published_and_never_both(rounds: Iterator[Round]) -> None:
    for each in rounds:
        codes = each.drafts(30)
        publish = ("change_each", {"documents": codes, "to": "Open"})
        ran = each.race(publish, ("discard", {"documents": codes[::-1]}))
        assert changed(ran) == sorted(codes)
        each.holds()
