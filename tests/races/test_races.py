"""Two at once: one of them wins, the other says so, and nothing is counted twice."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

import databases
import focus_files
from databases import Database
from races.processes import race

pytestmark = pytest.mark.django_db(transaction=True)
SEPTEMBER = "2024-09-01"


@pytest.fixture
def world(own_database: Database) -> Iterator[Database]:
    """A database of this race alone, which Django's connections open too."""
    from django.db import connections

    before = connections["default"].settings_dict["NAME"]
    databases.point_django_at(own_database.name)
    yield own_database
    databases.point_django_at(before)


def prepared(count: int, folder: Path, *, drafts: bool) -> tuple[int, list[str]]:
    """A reseller with usage of so many customers, and their drafts if asked for."""
    import makers
    from clearbill.actions.accounts import assign_all
    from clearbill.records import tenancy

    reseller = makers.make_reseller()
    with tenancy.using(reseller.pk):
        if drafts:
            documents = makers.make_drafts(reseller, folder, count)
            return reseller.pk, [d.code for d in documents]
        accounts = [f"{number:04d}" for number in range(1, count + 1)]
        makers.give_usage(reseller, folder, makers.rows_of(*accounts))
        assign_all(reseller_id=reseller.pk, actor=makers.OWNER)
        return reseller.pk, []


def rows(world: Database, statement: str) -> list[dict[str, Any]]:
    with psycopg.connect(world.owner, row_factory=dict_row) as connection:
        return connection.execute(statement).fetchall()


def nothing_is_broken(reseller: int) -> None:
    from clearbill.queries.verify import verify
    from clearbill.records import tenancy

    with tenancy.using(reseller):
        assert list(verify(reseller)) == []


def test_two_generations_of_one_period_make_one_draft_each(
    world: Database, tmp_path: Path, rounds: int
) -> None:
    reseller, _ = prepared(60, tmp_path, drafts=False)
    job = ("generate", {"reseller": reseller, "month": SEPTEMBER})
    race(world.environment(), [job, job])
    made = rows(world, "SELECT customer_id, run_id FROM records_document")
    assert len(made) == len({row["customer_id"] for row in made}) == 60
    lost = rows(world, "SELECT reason FROM records_runresult WHERE outcome <> 'Created'")
    assert len(lost) == 60
    assert all("exists" in row["reason"] for row in lost)
    nothing_is_broken(reseller)


def test_four_publishers_of_the_same_drafts_number_each_once(
    world: Database, tmp_path: Path
) -> None:
    reseller, codes = prepared(200, tmp_path, drafts=True)
    orders = [codes, codes[::-1], codes[100:] + codes[:100], codes[50:] + codes[:50]]
    ran = race(
        world.environment(),
        [("change", {"reseller": reseller, "documents": o, "to": "Open"}) for o in orders],
    )
    assert sorted(code for r in ran for code in r.answer) == sorted(codes)
    numbers = rows(world, "SELECT sequence FROM records_document ORDER BY sequence")
    assert [row["sequence"] for row in numbers] == list(range(1, 201))
    events = rows(world, "SELECT count(*) FROM records_event WHERE to_status = 'Open'")
    assert events == [{"count": 200}]
    nothing_is_broken(reseller)


def test_a_line_written_during_publication_is_refused(world: Database, tmp_path: Path) -> None:
    reseller, codes = prepared(200, tmp_path, drafts=True)
    publish = ("change", {"reseller": reseller, "documents": codes, "to": "Open"})
    write = ("add_lines", {"reseller": reseller, "documents": codes})
    published, wrote = race(world.environment(), [publish, write])
    assert sorted(published.answer) == sorted(codes)
    assert set(wrote.answer.values()) == {"refused 23514"}
    stored = "SELECT count(*) FROM records_documentline l WHERE l.document_id = d.id"
    for row in rows(world, f"SELECT frozen, ({stored}) AS lines FROM records_document d"):
        frozen = json.loads(row["frozen"])
        assert sum(len(section["lines"]) for section in frozen["sections"]) == row["lines"]


def test_void_against_close_ends_in_one_of_them(
    world: Database, tmp_path: Path, rounds: int
) -> None:
    reseller, codes = prepared(40 * rounds, tmp_path, drafts=True)
    job = {"reseller": reseller, "documents": codes}
    race(world.environment(), [("change", {**job, "to": "Open"})])
    void = ("change_each", {**job, "to": "Voided", "reason": "wrong"})
    ran = race(world.environment(), [void, ("change_each", {**job, "to": "Closed"})])
    assert sorted(code for r in ran for code in r.answer) == sorted(codes)
    ended = rows(
        world,
        "SELECT d.status, e.to_status FROM records_document d JOIN LATERAL (SELECT to_status"
        " FROM records_event WHERE document_id = d.id ORDER BY seq DESC LIMIT 1) e ON true",
    )
    assert all(row["status"] == row["to_status"] for row in ended)
    nothing_is_broken(reseller)


def test_a_delivery_against_a_generation_is_seen_whole_or_not_at_all(
    world: Database, tmp_path: Path
) -> None:
    reseller, _ = prepared(40, tmp_path, drafts=False)
    newer = focus_files.write_csv(
        tmp_path / "newer.csv",
        [focus_files.row(SubAccountId=f"{n:04d}", BilledCost="11.00") for n in range(1, 41)],
    )
    race(
        world.environment(),
        [
            ("generate", {"reseller": reseller, "month": SEPTEMBER}),
            ("take_in", {"reseller": reseller, "file": str(newer)}),
        ],
    )
    totals = rows(world, "SELECT DISTINCT total FROM records_document")
    assert len(totals) == 1
    nothing_is_broken(reseller)


def test_a_delivery_against_a_publication_is_refused_or_marks_what_is_still_a_draft(
    world: Database, tmp_path: Path
) -> None:
    reseller, codes = prepared(120, tmp_path, drafts=True)
    newer = focus_files.write_csv(
        tmp_path / "newer.csv",
        [focus_files.row(SubAccountId=f"{n:04d}", BilledCost="11.00") for n in range(1, 121)],
    )
    publish = ("change", {"reseller": reseller, "documents": codes, "to": "Open"})
    take_in = ("take_in", {"reseller": reseller, "file": str(newer)})
    published, taken = race(world.environment(), [publish, take_in])
    left = rows(world, "SELECT code FROM records_document WHERE status = 'Draft' AND stale <> ''")
    assert len(published.answer) + len(left) == 120
    assert taken.answer == ("taken" if left else "refused")
    nothing_is_broken(reseller)


def test_an_account_changes_hands_or_its_document_is_published(
    world: Database, tmp_path: Path
) -> None:
    reseller, codes = prepared(40, tmp_path, drafts=True)
    numbers = [f"{number:04d}" for number in range(2, 41)]
    publish = ("change_each", {"reseller": reseller, "documents": codes[1:], "to": "Open"})
    values = {"reseller": reseller, "customer": "Customer 0001", "day": SEPTEMBER}
    give = ("assign", {**values, "accounts": numbers[::-1]})
    published, given = race(world.environment(), [publish, give])
    names = dict(zip(codes[1:], numbers, strict=True))
    kept = {names[code] for code in published.answer}
    assert kept.isdisjoint(given.answer)
    assert kept | set(given.answer) == set(numbers)
    nothing_is_broken(reseller)


def test_a_draft_is_discarded_or_published_and_never_both(world: Database, tmp_path: Path) -> None:
    reseller, codes = prepared(60, tmp_path, drafts=True)
    publish = ("change_each", {"reseller": reseller, "documents": codes, "to": "Open"})
    ran = race(
        world.environment(),
        [publish, ("discard", {"reseller": reseller, "documents": codes[::-1]})],
    )
    assert sorted(code for r in ran for code in r.answer) == sorted(codes)
    nothing_is_broken(reseller)
