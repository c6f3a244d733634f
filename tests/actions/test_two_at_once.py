"""Two verbs at once: the second waits for what the first holds, and then sees what it left.

The first has done its work and not committed when the second begins, every time: what races
leave to chance is certain here.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import psycopg
import pytest
from django.db import IntegrityError, connections, transaction

from clearbill.actions import people
from clearbill.actions.accounts import assign_all
from clearbill.actions.common import Actor, Refused
from clearbill.actions.generate_documents import run_generation, start_run
from clearbill.actions.users import add_user
from clearbill.records import tenancy
from clearbill.records.models import DocumentLine, Membership, Reseller, RunResult
from clearbill.rules.lifecycle import Status
from databases import Database
from makers import OWNER, SEPTEMBER, change, give_usage, make_drafts, rows_of

T = TypeVar("T")
WAITING = """
SELECT count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


class Together:
    """Two verbs of one reseller, a connection each."""

    def __init__(self, reseller: Reseller, watch: psycopg.Connection) -> None:
        self.reseller = reseller
        self.watch = watch

    def second(self, first: Callable[[], object], second: Callable[[], T]) -> T:
        """What the second answers that began before the first committed."""
        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                first()
                late = pool.submit(self._apart, second)
                while not late.done() and not self._is_waiting():
                    continue
            return late.result(timeout=30)

    def _apart(self, verb: Callable[[], T]) -> T:
        try:
            tenancy.set_session(self.reseller.pk)
            return verb()
        finally:
            connections.close_all()

    def _is_waiting(self) -> bool:
        return self.watch.execute(WAITING).fetchone() != (0,)


@pytest.fixture
def at_once(north: Reseller, database: Database) -> Iterator[Together]:
    with psycopg.connect(database.superuser, autocommit=True) as watch:
        yield Together(north, watch)


def test_what_was_closed_meanwhile_is_not_voided(
    north: Reseller, tmp_path: Path, at_once: Together
) -> None:
    code = make_drafts(north, tmp_path)[0].code
    change(north, code, to=Status.OPEN)
    voided = at_once.second(
        lambda: change(north, code, to=Status.CLOSED),
        lambda: change(north, code, to=Status.VOIDED, reason="wrong")[0],
    )
    # Our own words, from the status as it is then; the database would refuse it as well.
    assert (voided.status, voided.changed) == ("Closed", False)


def test_two_publications_take_a_number_each(
    north: Reseller, tmp_path: Path, at_once: Together
) -> None:
    one, other = (draft.code for draft in make_drafts(north, tmp_path, 2))
    result = at_once.second(
        lambda: change(north, one, to=Status.OPEN), lambda: change(north, other, to=Status.OPEN)[0]
    )
    assert (result.changed, result.invoice_number) == (True, "INV-000002")


def test_two_changes_are_two_links_of_one_chain(
    north: Reseller, tmp_path: Path, at_once: Together
) -> None:
    codes = [draft.code for draft in make_drafts(north, tmp_path, 2)]
    change(north, *codes, to=Status.OPEN)
    one, other = codes
    assert at_once.second(
        lambda: change(north, one, to=Status.CLOSED),
        lambda: change(north, other, to=Status.CLOSED)[0].changed,
    )


def test_a_second_run_finds_what_the_first_has_made(
    north: Reseller, tmp_path: Path, at_once: Together
) -> None:
    give_usage(north, tmp_path, rows_of("0001"))
    assign_all(reseller_id=north.pk, actor=OWNER)
    runs = [start_run(reseller_id=north.pk, actor=OWNER, month=SEPTEMBER).pk for _ in range(2)]
    at_once.second(
        lambda: run_generation(reseller_id=north.pk, run_id=runs[0]),
        lambda: run_generation(reseller_id=north.pk, run_id=runs[1]),
    )
    assert RunResult.objects.get(run=runs[1]).outcome == RunResult.EXISTS


def test_newer_usage_waits_for_a_publication_and_is_refused(
    north: Reseller, tmp_path: Path, at_once: Together
) -> None:
    code = make_drafts(north, tmp_path)[0].code
    with pytest.raises(Refused, match=f"is billed on {code}"):
        at_once.second(
            lambda: change(north, code, to=Status.OPEN),
            lambda: give_usage(north, tmp_path, rows_of("0001", cost="11.00")),
        )


def test_of_two_owners_who_suspend_each_other_one_stays(north: Reseller, at_once: Together) -> None:
    owners = [Actor(f"{name}@north.example") for name in ("first", "second")]
    for each in owners:
        add_user(reseller_id=north.pk, actor=OWNER, email=each.name, role=each.role)
    ids = list(Membership.objects.order_by("pk").values_list("pk", flat=True))
    given = {"reseller_id": north.pk}
    with pytest.raises(Refused, match="last active owner"):
        at_once.second(
            lambda: people.suspend(actor=owners[0], membership_id=ids[1], **given),
            lambda: people.suspend(actor=owners[1], membership_id=ids[0], **given),
        )


def test_a_line_waits_for_a_publication_and_is_refused(
    north: Reseller, tmp_path: Path, at_once: Together
) -> None:
    code = make_drafts(north, tmp_path)[0].code
    line = DocumentLine.objects.get()
    line.position, line.line_key = 2, "extra"
    with pytest.raises(IntegrityError, match="taken from drafts alone"):
        at_once.second(
            lambda: change(north, code, to=Status.OPEN), lambda: line.save(force_insert=True)
        )
