"""`clearbill bulk`, `views` and the filters of `documents list`."""

import csv
import zipfile
from pathlib import Path
from typing import Any

import pytest

from clearbill.actions.users import add_user
from clearbill.records import tenancy
from clearbill.records.models import Document, Reseller
from cli.test_answers import Run, attempt, month, run, usage
from makers import OWNER

__all__ = ["month", "run", "usage"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ids(month: dict[str, Any]) -> list[str]:
    """The two drafts of September."""
    return [document["id"] for document in month["documents"]]


def refused(*arguments: str, stdin: str = "") -> str:
    done = attempt(*arguments, "--reseller", "north", stdin=stdin)
    assert done.exit_code == 1, done.output
    return done.output


def test_documents_are_changed_by_filters_or_by_name(run: Run, ids: list[str]) -> None:
    done = run("bulk", "status", "--to", "open", "--status", "draft", "--customer", "customer 0001")
    assert (done["state"], done["done"], done["refused"]) == ("Done", 1, 0)
    again = run("bulk", "status", *ids, "--to", "open")
    assert (again["done"], again["unchanged"]) == (1, 1)
    assert [each["id"] for each in again["results"]] == ids


def test_stale_drafts_are_published_where_one_says_so(run: Run, ids: list[str]) -> None:
    with tenancy.using(Reseller.objects.get().pk):
        Document.objects.update(stale="newer usage was imported")
    assert "2 of 2 were refused" in refused("bulk", "status", *ids, "--to", "open")
    assert run("bulk", "status", *ids, "--to", "open", "--as-it-stands")["done"] == 2


def test_all_there_are_is_never_meant_by_silence(run: Run, ids: list[str]) -> None:
    for verb in (["status", "--to", "open"], ["discard"], ["resend"]):
        assert attempt("bulk", *verb, "--reseller", "north").exit_code == 2
        both = attempt("bulk", *verb, ids[0], "--status", "draft", "--reseller", "north")
        assert both.exit_code == 2


def test_payments_of_a_file_close_their_documents(run: Run, ids: list[str]) -> None:
    run("bulk", "status", *ids, "--to", "open")
    text = "INV-000001,2024-10-05,SEPA\nD-000009\n"
    told = refused("bulk", "status", "--to", "closed", "--from", "-", stdin=text)
    assert "line 2: no document has this number" in told
    assert "nothing was changed" in told
    shown = run("bulk", "status", "--to", "closed", "--from", "-", "--dry-run", stdin=text)
    assert [line["wrong"] for line in shown["lines"]] == [None, "no document has this number"]
    done = run("bulk", "status", "--to", "closed", "--from", "-", "--leave-out", stdin=text)
    assert [each["id"] for each in done["results"]] == [ids[0]]


def test_a_file_may_name_drafts_to_publish_but_none_to_close(run: Run, ids: list[str]) -> None:
    text = "\n".join(ids)
    told = refused("bulk", "status", "--to", "closed", "--from", "-", stdin=text)
    assert "line 1: is a draft: publish it first" in told
    assert run("bulk", "status", "--to", "open", "--from", "-", stdin=text)["done"] == 2


def test_a_document_that_is_refused_is_named_and_the_exit_says_so(run: Run, ids: list[str]) -> None:
    told = refused("bulk", "status", ids[0], "D-000009", "--to", "open")
    assert "no document D-000009 here" in told
    assert "1 of 2 were refused" in told
    assert "it needs a reason" in refused("bulk", "status", ids[0], "--to", "voided")


def test_drafts_are_discarded_and_mails_sent_again(run: Run, ids: list[str]) -> None:
    run("bulk", "status", ids[0], "--to", "open")
    assert "no recipient" in refused("bulk", "resend", ids[0])
    assert run("bulk", "discard", "--status", "draft")["done"] == 1
    assert run("documents", "list", "--status", "discarded")["documents"][0]["id"] == ids[1]


def test_a_zip_holds_the_pdfs(run: Run, ids: list[str], tmp_path: Path) -> None:
    target = tmp_path / "month.zip"
    assert run("bulk", "zip", "--period", "2024-09", "-o", str(target))["documents"] == 2
    with zipfile.ZipFile(target) as archive:
        assert [name[-12:] for name in archive.namelist()] == [f"{code}.pdf" for code in ids]
    assert "no document fits" in refused("bulk", "zip", "--period", "2023-01", "-o", str(target))
    assert "is a folder" in refused("bulk", "zip", *ids, "-o", str(tmp_path))


def test_a_job_in_the_background_is_listed_shown_and_cancelled(run: Run, ids: list[str]) -> None:
    job = run("bulk", "status", *ids, "--to", "open", "--background")
    assert (job["state"], job["results"]) == ("Queued", [])
    assert run("bulk", "list")["jobs"][0]["job"] == job["job"]
    assert run("bulk", "cancel", str(job["job"]))["state"] == "Cancelled"
    assert run("bulk", "show", str(job["job"]))["state"] == "Cancelled"
    assert "no bulk job 0 here" in refused("bulk", "show", "0")


def test_a_list_is_filtered_sorted_and_written_as_csv(
    run: Run, ids: list[str], tmp_path: Path
) -> None:
    assert run("documents", "list", "--sort", "-id")["documents"][0]["id"] == ids[1]
    assert run("documents", "list", "--least", "10.02")["documents"] == []
    assert attempt("documents", "list", "--least", "1e99", "--reseller", "north").exit_code == 2
    assert attempt("documents", "list", "--sort", "x", "--reseller", "north").exit_code == 2
    target = tmp_path / "list.csv"
    run("documents", "list", "--search", ids[1], "--csv", str(target))
    with target.open(encoding="utf-8-sig", newline="") as lines:
        assert [row["Document ID"] for row in csv.DictReader(lines)] == [ids[1]]
    done = attempt("documents", "list", "--csv", "-", "--reseller", "north")
    assert done.stdout.count("\n") == 3


def test_a_person_keeps_views(run: Run) -> None:
    north = Reseller.objects.get(slug="north")
    with tenancy.using(north.pk):
        add_user(reseller_id=north.pk, actor=OWNER, email="s@north.example", role="sales")
    person = ("--as", "s@north.example")
    run("views", "save", "Drafts", "--query", "status=Draft", *person)
    assert run("views", "list", *person)["views"] == [{"name": "Drafts", "query": "status=Draft"}]
    run("views", "delete", "Drafts", *person)
    assert run("views", "list", *person)["views"] == []
    assert "name one by --as" in refused("views", "list")
