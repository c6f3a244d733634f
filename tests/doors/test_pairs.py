"""All pairs of states, by page and by command: each door takes the arrows of the table alone."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from clearbill.actions.discard_documents import discard_documents
from clearbill.cli.main import cli
from clearbill.records import tenancy
from clearbill.records.models import Document, Reseller
from clearbill.rules.lifecycle import Kind, Status, arrow
from doors.two_resellers import Month, member
from makers import OWNER, change, make_drafts, make_reseller

pytestmark = pytest.mark.django_db(transaction=True)

CASES = [(kind, start) for kind in Kind for start in Status]


def documents_in(reseller: Reseller, folder: Path, start: Status, count: int) -> list[Document]:
    """Documents that came to a status by allowed changes."""
    with tenancy.using(reseller.pk):
        codes = [d.code for d in make_drafts(reseller, folder, count)]
        if start is Status.DISCARDED:
            discard_documents(reseller_id=reseller.pk, actor=OWNER, documents=codes)
        elif start is not Status.DRAFT:
            change(reseller, *codes, to=Status.OPEN)
            if start is not Status.OPEN:
                change(reseller, *codes, to=start, reason="because")
        return list(Document.objects.order_by("pk"))


def status_now(document: Document) -> str:
    with tenancy.using(document.reseller_id):
        return Document.objects.values_list("status", flat=True).get(pk=document.pk)


def expected(start: Status, end: Status, kind: Kind) -> str:
    return (end if arrow(start, end, kind) else start).value


@pytest.mark.parametrize(("kind", "start"), CASES)
def test_pages_take_the_arrows_alone(tmp_path: Path, kind: Kind, start: Status) -> None:
    reseller = make_reseller(kind=kind)
    owner = member(Month(reseller, 0, 0), "owner")
    documents = documents_in(reseller, tmp_path, start, len(Status))
    for end, document in zip(Status, documents, strict=True):
        address = f"/console/north/documents/{document.code}/"
        form = {"to": end.value, "reason": "because", "version": str(document.version)}
        door = "discard/" if end is Status.DISCARDED else "status/"
        answer = owner.post(address + door, form)
        assert answer.status_code in (302, 422)
        assert status_now(document) == expected(start, end, kind), (start, end)


@pytest.mark.parametrize(("kind", "start"), CASES)
def test_commands_take_the_arrows_alone(tmp_path: Path, kind: Kind, start: Status) -> None:
    reseller = make_reseller(kind=kind)
    documents = documents_in(reseller, tmp_path, start, len(Status))
    for end, document in zip(Status, documents, strict=True):
        to = end.value.lower().replace(" ", "-")
        words = ["status", document.code, "--to", to, "--reason", "because"]
        words = ["discard", document.code] if end is Status.DISCARDED else words
        done = CliRunner().invoke(cli, ["documents", *words, "--reseller", "north", "--json"])
        [result] = json.loads(done.stdout)["documents"]
        assert status_now(document) == expected(start, end, kind) == result["status"]
        refused = start is not end and not arrow(start, end, kind)
        assert (done.exit_code, bool(result["refused"])) == (int(refused), refused), (start, end)
