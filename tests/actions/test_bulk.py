"""Many documents at once: one that fails stops no other, and a job that died goes on."""

from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import OperationalError

from clearbill.actions import bulk as module
from clearbill.actions.bulk import cancel_bulk, must_type_count, run_bulk, start_bulk
from clearbill.actions.change_status import change_status
from clearbill.actions.common import Actor, Refused
from clearbill.actions.people import set_role, suspend
from clearbill.actions.users import add_user
from clearbill.queries.verify import verify
from clearbill.records.models import (
    BillingProfile,
    BulkJob,
    BulkResult,
    Document,
    Event,
    Membership,
    Reseller,
)
from clearbill.rules.access import Forbidden
from clearbill.rules.lifecycle import Status
from databases import Database
from makers import OWNER, change, make_drafts

CLI = Actor("cli:tester")
BILLING = Actor("b@north.example", "billing")


def start(reseller: Reseller, documents: list[Document], **values: Any) -> BulkJob:
    given: dict[str, Any] = {"verb": "status", "arguments": {"to": "Open"}, **values}
    return start_bulk(
        reseller_id=reseller.pk,
        actor=given.pop("actor", CLI),
        codes=[d.code for d in documents],
        versions={d.code: d.version for d in documents},
        **given,
    )


def outcomes(job: BulkJob) -> dict[str, int]:
    found: dict[str, int] = {}
    for outcome in BulkResult.objects.filter(job=job).values_list("outcome", flat=True):
        found[outcome] = found.get(outcome, 0) + 1
    return found


def test_two_hundred_drafts_are_published_and_one_that_fails_is_named(
    north: Reseller, tmp_path: Path
) -> None:
    drafts = make_drafts(north, tmp_path, 200)
    Document.objects.filter(pk=drafts[77].pk).update(subtotal=11, total=11)
    job = start(north, drafts)
    assert run_bulk(reseller_id=north.pk, job_id=job.pk).state == BulkJob.DONE
    assert outcomes(job) == {"Done": 199, "Refused": 1}
    refused = BulkResult.objects.get(outcome="Refused")
    assert (refused.code, "do not add up" in refused.message) == (drafts[77].code, True)
    assert Document.objects.filter(status=Status.OPEN).count() == 199
    Document.objects.filter(pk=drafts[77].pk).update(subtotal=10, total=10)
    assert list(verify(north.pk)) == []


def test_a_job_that_died_half_way_goes_on_where_it_was(
    north: Reseller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 2)
    drafts = make_drafts(north, tmp_path, 5)
    job = start(north, drafts)
    keep = module._keep
    calls: list[int] = []

    def dies(*given: Any) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        keep(*given)

    monkeypatch.setattr(module, "_keep", dies)
    with pytest.raises(KeyboardInterrupt):
        run_bulk(reseller_id=north.pk, job_id=job.pk)
    monkeypatch.setattr(module, "_keep", keep)
    run_bulk(reseller_id=north.pk, job_id=job.pk)
    # What a batch changed and its results are one transaction: nothing is done twice.
    assert outcomes(job) == {"Done": 5}
    assert Event.objects.filter(what="status").count() == 5
    numbers = Document.objects.order_by("sequence").values_list("sequence", flat=True)
    assert list(numbers) == [1, 2, 3, 4, 5]


def test_a_job_stops_between_batches(
    north: Reseller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 1)
    drafts = make_drafts(north, tmp_path, 3)
    job = start(north, drafts)
    keep = module._keep

    def stops(*given: Any) -> None:
        keep(*given)
        cancel_bulk(reseller_id=north.pk, actor=OWNER, job_id=job.pk)

    monkeypatch.setattr(module, "_keep", stops)
    assert run_bulk(reseller_id=north.pk, job_id=job.pk).state == BulkJob.CANCELLED
    assert Document.objects.filter(status=Status.OPEN).count() == 1


def test_what_changed_since_it_was_chosen_is_refused_alone(north: Reseller, tmp_path: Path) -> None:
    drafts = make_drafts(north, tmp_path, 2)
    job = start(north, drafts)
    Document.objects.filter(pk=drafts[0].pk).update(version=7)
    run_bulk(reseller_id=north.pk, job_id=job.pk)
    assert outcomes(job) == {"Refused": 1, "Done": 1}


def test_payments_close_each_with_its_own_date(north: Reseller, tmp_path: Path) -> None:
    first, second = make_drafts(north, tmp_path, 2)
    change(north, first.code, second.code, to=Status.OPEN)
    documents = list(Document.objects.order_by("counter"))
    each = {first.code: {"paid_on": "2024-10-05", "comment": "SEPA"}}
    job = start(north, documents, arguments={"to": "Closed", "each": each})
    run_bulk(reseller_id=north.pk, job_id=job.pk)
    first.refresh_from_db()
    assert (str(first.paid_on), first.payment_comment) == ("2024-10-05", "SEPA")
    assert Document.objects.filter(status=Status.CLOSED).count() == 2


def test_discard_and_resend_are_bulk_too(north: Reseller, tmp_path: Path) -> None:
    drafts = make_drafts(north, tmp_path, 2)
    resend = start(north, drafts, verb="resend", arguments={})
    run_bulk(reseller_id=north.pk, job_id=resend.pk)
    assert outcomes(resend) == {"Refused": 2}
    discard = start(north, drafts, verb="discard", arguments={})
    run_bulk(reseller_id=north.pk, job_id=discard.pk)
    assert outcomes(discard) == {"Done": 2}


@pytest.mark.parametrize("verb", ["discard", "resend"])
def test_what_was_done_before_a_kill_is_not_done_again(
    north: Reseller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    monkeypatch.setattr(module, "BATCH", 1)
    documents = make_drafts(north, tmp_path, 3)
    if verb == "resend":
        BillingProfile.objects.update(recipients=["pay@example.com"])
        change(north, *(d.code for d in documents), to=Status.OPEN)
    job = start(north, list(Document.objects.order_by("pk")), verb=verb, arguments={})
    kept = module._keep

    def dies_after(job: BulkJob, results: Any) -> None:
        kept(job, results)
        if BulkResult.objects.count() == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(module, "_keep", dies_after)
    with pytest.raises(KeyboardInterrupt):
        run_bulk(reseller_id=north.pk, job_id=job.pk)
    monkeypatch.setattr(module, "_keep", kept)
    run_bulk(reseller_id=north.pk, job_id=job.pk)
    assert outcomes(job) == {"Done": 3}
    assert (
        Event.objects.filter(what={"discard": "discarded", "resend": "resent"}[verb]).count() == 3
    )


def test_a_document_that_breaks_a_batch_is_named_and_stops_no_other(
    north: Reseller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafts = make_drafts(north, tmp_path, 3)
    job = start(north, drafts)
    real = change_status

    def breaks(**given: Any) -> Any:
        if drafts[1].code in given["documents"]:
            raise ValueError("damaged")
        return real(**given)

    monkeypatch.setattr(module, "change_status", breaks)
    assert run_bulk(reseller_id=north.pk, job_id=job.pk).state == BulkJob.DONE
    assert outcomes(job) == {"Done": 2, "Refused": 1}
    assert BulkResult.objects.get(outcome="Refused").message == "it failed: ValueError"


def test_a_database_that_is_gone_is_no_fault_of_a_document(
    north: Reseller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = start(north, make_drafts(north, tmp_path, 1))

    def gone(**given: Any) -> Any:
        raise OperationalError

    monkeypatch.setattr(module, "change_status", gone)
    with pytest.raises(OperationalError):
        run_bulk(reseller_id=north.pk, job_id=job.pk)
    assert outcomes(job) == {}


def test_a_job_that_waits_is_cancelled_at_once(north: Reseller, tmp_path: Path) -> None:
    job = start(north, make_drafts(north, tmp_path, 1))
    cancel_bulk(reseller_id=north.pk, actor=OWNER, job_id=job.pk)
    assert run_bulk(reseller_id=north.pk, job_id=job.pk).state == BulkJob.CANCELLED
    assert outcomes(job) == {}
    with pytest.raises(Forbidden):
        cancel_bulk(reseller_id=north.pk, actor=Actor("s", "sales"), job_id=job.pk)
    with pytest.raises(Refused, match="no bulk job"):
        cancel_bulk(reseller_id=north.pk, actor=OWNER, job_id=0)


def test_voiding_asks_for_a_reason_before_it_starts(north: Reseller, tmp_path: Path) -> None:
    (draft,) = make_drafts(north, tmp_path)
    change(north, draft.code, to=Status.OPEN)
    documents = list(Document.objects.all())
    with pytest.raises(Refused, match="it needs a reason"):
        start(north, documents, arguments={"to": "Voided"})
    job = start(north, documents, arguments={"to": "Voided", "reason": "twice"})
    run_bulk(reseller_id=north.pk, job_id=job.pk)
    assert outcomes(job) == {"Done": 1}


def biller(north: Reseller) -> int:
    """The membership of who starts jobs as `BILLING`."""
    add_user(reseller_id=north.pk, actor=OWNER, email=BILLING.name, role="billing")
    return Membership.objects.get(user__email=BILLING.name).pk


def test_a_job_acts_as_who_asked(north: Reseller, tmp_path: Path) -> None:
    biller(north)
    job = start(north, make_drafts(north, tmp_path), actor=BILLING)
    run_bulk(reseller_id=north.pk, job_id=job.pk)
    assert Event.objects.get(what="status").who == BILLING.name


@pytest.mark.parametrize(
    ("lose", "why"),
    [
        (suspend, "b@north.example, who started the job, has no access any more"),
        (lambda **of: set_role(role="sales", **of), "the role sales may not do this"),
    ],
)
def test_who_loses_the_role_while_a_job_runs_changes_nothing_more(
    north: Reseller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lose: Any, why: str
) -> None:
    monkeypatch.setattr(module, "BATCH", 1)
    job, member = start(north, make_drafts(north, tmp_path, 3), actor=BILLING), biller(north)
    keep = module._keep

    def loses(*given: Any) -> None:
        keep(*given)
        lose(reseller_id=north.pk, actor=OWNER, membership_id=member)
        monkeypatch.setattr(module, "_keep", keep)

    monkeypatch.setattr(module, "_keep", loses)
    run_bulk(reseller_id=north.pk, job_id=job.pk)
    assert outcomes(job) == {"Done": 1, "Refused": 2}
    assert why in BulkResult.objects.latest("pk").message


def test_a_batch_holds_all_its_documents_before_the_first_call(
    north: Reseller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    documents = make_drafts(north, tmp_path, 2)
    own = {documents[0].code: {"comment": "a call of its own"}}
    job = start(north, documents, arguments={"to": "Closed", "each": own})
    left: list[int] = []

    def looks(**given: Any) -> Any:
        with psycopg.connect(database.owner) as other:
            unlocked = "SELECT id FROM records_document FOR UPDATE SKIP LOCKED"
            left.append(len(other.execute(unlocked).fetchall()))
        return change_status(**given)

    monkeypatch.setattr(module, "change_status", looks)
    run_bulk(reseller_id=north.pk, job_id=job.pk)
    assert (left, outcomes(job)) == ([0, 0], {"Done": 2})


def test_numbers_follow_document_ids_whatever_order_was_given(
    north: Reseller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 2)
    drafts = make_drafts(north, tmp_path, 5)
    job = start(north, drafts[::-1])
    run_bulk(reseller_id=north.pk, job_id=job.pk)
    numbers = Document.objects.order_by("counter").values_list("sequence", flat=True)
    assert list(numbers) == [1, 2, 3, 4, 5]


def test_payments_of_documents_that_were_not_chosen_are_left_out(
    north: Reseller, tmp_path: Path
) -> None:
    each = {"D-1\0": {"comment": "no text of PostgreSQL"}, "D-999999": {"paid_on": "2024-10-05"}}
    job = start(north, make_drafts(north, tmp_path), arguments={"to": "Closed", "each": each})
    assert job.arguments["each"] == {}
    own = {job.codes[0]: {"comment": "a\0b"}}
    with pytest.raises(Refused, match="no text"):
        start(north, list(Document.objects.all()), arguments={"to": "Closed", "each": own})


@pytest.mark.parametrize("name", ["issued", "due_extended_to", "paid_on"])
def test_a_date_that_is_none_is_refused_at_its_field(
    north: Reseller, tmp_path: Path, name: str
) -> None:
    to = "Closed" if name == "paid_on" else "Open"
    with pytest.raises(Refused, match="no date") as refused:
        start(north, make_drafts(north, tmp_path), arguments={"to": to, name: "soon"})
    assert refused.value.field == name


def test_readers_start_no_job_and_nothing_is_no_choice(north: Reseller, tmp_path: Path) -> None:
    drafts = make_drafts(north, tmp_path)
    with pytest.raises(Forbidden):
        start(north, drafts, actor=Actor("s@north.example", "sales"))
    with pytest.raises(Refused, match="choose at least one"):
        start(north, [])
    with pytest.raises(Refused, match="choose a status"):
        start(north, drafts, arguments={"to": "Paid"})


@pytest.mark.parametrize(
    ("count", "mailed", "notify", "typed"),
    [(50, 99, False, False), (51, 0, False, True), (11, 11, True, True), (11, 10, True, False)],
)
def test_the_count_is_typed_above_fifty_or_ten_mailed(
    count: int, mailed: int, notify: bool, typed: bool
) -> None:
    assert must_type_count(count, mailed, notify=notify) is typed
