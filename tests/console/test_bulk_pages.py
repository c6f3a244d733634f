"""The bulk bar: chosen, confirmed, carried out; zip, CSV, and payments from a file."""

import csv
import html
import io
import re
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pypdf import PdfReader

from clearbill.actions.bulk import run_bulk
from clearbill.actions.custom_fields import add_field
from clearbill.actions.number_series import change_series
from clearbill.paper import downloads
from clearbill.records import clock, tenancy
from clearbill.records.models import BillingProfile, BulkJob, BulkResult, Document
from console.reading import read, words
from console.test_queries import AT_MOST, FRAME, NOT_COUNTED
from doors.two_resellers import MARKERS, OPERATOR, Month, make_month, member

pytestmark = pytest.mark.django_db(transaction=True)

BULK = "/console/north/bulk/"


def hidden(answer: Any) -> dict[str, str]:
    """What a confirmation hands on by hidden fields."""
    found = re.findall(
        r'<input type="hidden" name="(\w+)" value="([^"]*)"', answer.content.decode()
    )
    return {name: html.unescape(value) for name, value in found if "csrf" not in name}


def confirm(client: Client, chosen: dict[str, Any], **given: str) -> Any:
    """Choose, then confirm what is shown."""
    shown = client.post(BULK, chosen)
    assert shown.status_code == 200
    return client.post(f"{BULK}start/", {**hidden(shown), **given})


def carry_out(month: Month) -> BulkJob:
    """What the worker does with the job that was started last."""
    with tenancy.using(month.reseller.pk):
        job = BulkJob.objects.latest("pk")
        return run_bulk(reseller_id=month.reseller.pk, job_id=job.pk)


def status(month: Month, name: str) -> str:
    with tenancy.using(month.reseller.pk):
        return Document.objects.get(code=month.documents[name]).status


def test_ticked_documents_are_confirmed_and_changed(month: Month, owner: Client) -> None:
    chosen = {"what": "status", "code": [month.documents["draft"], month.documents["open"]]}
    text = words(owner.post(BULK, chosen))
    assert "Update status of 2 documents?" in text
    assert "Total in USD USD 3,108.52" in text
    assert "1 Draft, 1 Open" in text
    assert "Open (1 of 2 can) Closed (2 of 2 can)" in text
    assert words(confirm(owner, chosen, to="Closed")) == ""
    job = carry_out(month)
    assert "Done : update status to Closed, 2 of 2. 2 done" in read(owner, f"{BULK}{job.pk}/")
    assert (status(month, "draft"), status(month, "open")) == ("Closed", "Closed")


def three(month: Month) -> list[str]:
    return [month.documents[name] for name in ("draft", "open", "other")]


def test_the_confirmation_counts_what_is_refused_as_the_verb_says_it(
    month: Month, owner: Client
) -> None:
    give = {"reseller_id": month.reseller.pk, "actor": OPERATOR}
    add_field(name="Cost centre", kind="text", required=True, **give)  # type: ignore[arg-type]
    chosen = {"what": "status", "code": three(month)}
    text = words(owner.post(BULK, chosen))
    assert "Open (0 of 3 can) Closed (2 of 3 can)" in text
    assert "0 become Open 2 are so already 1 is refused: fill in first: Cost centre" in text
    assert "2 become Voided 1 is refused: Draft does not become Voided" in text
    confirm(owner, chosen, to="Open")
    job = carry_out(month)
    assert "fill in first: Cost centre" in read(owner, f"{BULK}{job.pk}/")


def test_what_is_discarded_or_mailed_again_is_counted_too(month: Month, owner: Client) -> None:
    text = words(owner.post(BULK, {"what": "discard", "code": three(month)}))
    assert "1 is discarded 2 are refused: Published tax invoice: void it" in text
    text = words(owner.post(BULK, {"what": "resend", "code": three(month)}))
    assert "0 are e-mailed again 2 are refused: the customer has no recipient" in text
    assert "1 is refused: it is Draft: the customer does not see it" in text


def test_the_confirmation_lists_the_documents(
    month: Month, owner: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = {"what": "status", "code": three(month)}
    shown = owner.post(BULK, chosen)
    assert f"{month.documents['open']} INV-000001 Contoso Open USD 1,554.26" in words(shown)
    assert f'href="/console/north/documents/{month.documents["draft"]}/"' in shown.content.decode()
    monkeypatch.setattr("clearbill.queries.bulk.LISTED", 2)
    assert "and 1 more" in words(owner.post(BULK, chosen))


def test_the_confirmation_asks_no_more_for_more_documents(month: Month, owner: Client) -> None:
    for chosen in ({"code": three(month)}, {"all": "1", "query": "range=all"}):
        with CaptureQueriesContext(connection) as asked:
            owner.post(BULK, {"what": "status", **chosen})
        statements = [q["sql"] for q in asked if not q["sql"].startswith(NOT_COUNTED)]
        assert len(statements) <= FRAME + AT_MOST, "\n".join(statements)


def test_the_mail_box_is_not_ticked(month: Month, owner: Client) -> None:
    answer = owner.post(BULK, {"what": "status", "code": month.documents["draft"]})
    assert '<input type="checkbox" id="id_notify" name="notify">' in answer.content.decode()


@pytest.fixture
def stale(month: Month) -> str:
    """The draft, whose usage has changed since."""
    code = month.documents["draft"]
    with tenancy.using(month.reseller.pk):
        Document.objects.filter(code=code).update(stale="newer usage was imported")
    return code


def test_stale_drafts_are_counted_and_refused_unless_one_says_so(
    month: Month, owner: Client, stale: str
) -> None:
    chosen = {"what": "status", "code": [stale, month.documents["open"]]}
    shown = owner.post(BULK, chosen)
    assert (
        "1 of 2 is a stale draft: it does not hold its usage and prices as they are now."
        in words(shown)
    )
    box = '<input type="checkbox" id="id_as_it_stands" name="as_it_stands">'
    assert box in shown.content.decode()
    confirm(owner, chosen, to="Open")
    carry_out(month)
    assert status(month, "draft") == "Draft"
    confirm(owner, chosen, to="Open", as_it_stands="on")
    carry_out(month)
    assert status(month, "draft") == "Open"


def test_a_confirmation_without_stale_drafts_says_nothing_of_them(
    month: Month, owner: Client
) -> None:
    shown = owner.post(BULK, {"what": "status", "code": month.documents["draft"]})
    assert "stale" not in words(shown)


def test_all_that_match_are_resolved_on_the_server(month: Month, owner: Client) -> None:
    given = {"what": "discard", "all": "1", "query": "status=Draft&range=all"}
    assert "Discard drafts of 1 document?" in words(owner.post(BULK, given))
    confirm(owner, given)
    carry_out(month)
    assert (status(month, "draft"), status(month, "open")) == ("Discarded", "Open")


def test_all_of_a_customers_table_are_that_customers(month: Month, owner: Client) -> None:
    given = {"what": "status", "all": "1", "of": str(month.customers["Contoso"])}
    assert hidden(owner.post(BULK, given))["seen"].split(",") == [
        f"{month.documents['open']}:2",
        f"{month.documents['draft']}:1",
    ]


def test_what_matches_later_than_the_confirmation_is_not_in_it(month: Month, owner: Client) -> None:
    shown = hidden(owner.post(BULK, {"what": "discard", "all": "1", "query": "status=Draft"}))
    confirm(owner, {"what": "status", "code": month.documents["open"]}, to="Closed")
    carry_out(month)
    owner.post(f"{BULK}start/", {**shown, "all": "1"})
    with tenancy.using(month.reseller.pk):
        assert BulkJob.objects.latest("pk").codes == [month.documents["draft"]]


def test_what_somebody_changed_since_is_refused_alone(month: Month, owner: Client) -> None:
    codes = [month.documents["draft"], month.documents["open"]]
    shown = hidden(owner.post(BULK, {"what": "status", "code": codes}))
    with tenancy.using(month.reseller.pk):
        Document.objects.filter(code=codes[0]).update(version=7)
    owner.post(f"{BULK}start/", {**shown, "to": "Closed"})
    job = carry_out(month)
    assert (status(month, "draft"), status(month, "open")) == ("Draft", "Closed")
    assert "look at it again" in read(owner, f"{BULK}{job.pk}/")


def test_another_resellers_documents_are_never_chosen(
    month: Month, owner: Client, tmp_path: Path
) -> None:
    south = make_month("south", tmp_path)
    confirm(owner, {"what": "discard", "all": "1", "query": "range=all"})
    carry_out(month)
    assert (status(month, "draft"), status(south, "draft")) == ("Discarded", "Draft")
    south_id = str(south.customers["Contoso"])
    for what in ("status", "zip", "csv"):
        answer = owner.post(BULK, {"what": what, "all": "1", "of": south_id, "query": "range=all"})
        assert answer.status_code == 302, "nothing of theirs is there to choose"


def test_nothing_ticked_leads_back_to_the_table(owner: Client) -> None:
    answer = owner.post(BULK, {"what": "status", "query": "status=Draft"}, follow=True)
    assert "Tick at least one document first." in words(answer)
    assert answer.redirect_chain == [("/console/north/documents/?status=Draft", 302)]


def test_an_unknown_verb_is_no_page(month: Month, owner: Client) -> None:
    code = month.documents["open"]
    assert owner.post(BULK, {"what": "delete", "code": code}).status_code == 404
    assert owner.post(f"{BULK}start/", {"what": "delete", "seen": code}).status_code == 404


def test_the_count_is_asked_for_on_the_server(
    month: Month, owner: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clearbill.actions.bulk.TYPED_FROM", 1)
    chosen = {"what": "status", "code": [month.documents["open"], month.documents["other"]]}
    for typed in ({}, {"count": "3"}):
        answer = confirm(owner, chosen, to="Closed", **typed)
        assert answer.status_code == 422
        assert "type 2 to confirm so many documents" in words(answer)
    assert confirm(owner, chosen, to="Closed", count="2").status_code == 302


def test_mail_to_many_customers_asks_for_the_count_too(
    month: Month, owner: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clearbill.actions.bulk.TYPED_FROM_MAILED", 1)
    with tenancy.using(month.reseller.pk):
        BillingProfile.objects.update(recipients=["pay@example.com"])
    chosen = {"what": "status", "code": [month.documents["open"], month.documents["other"]]}
    assert confirm(owner, chosen, to="Closed", notify="on").status_code == 422
    assert confirm(owner, {**chosen, "what": "resend"}).status_code == 422
    assert confirm(owner, chosen, to="Closed").status_code == 302


def test_a_reason_that_is_missing_is_shown_at_its_field(month: Month, owner: Client) -> None:
    chosen = {"what": "status", "code": month.documents["open"]}
    answer = confirm(owner, chosen, to="Voided")
    assert answer.status_code == 422
    assert '<a href="#id_reason">' in answer.content.decode()
    assert hidden(answer)["seen"] == f"{month.documents['open']}:2"


def test_a_job_is_found_again_and_its_results_are_a_file(month: Month, owner: Client) -> None:
    confirm(owner, {"what": "resend", "code": month.documents["draft"]})
    job = carry_out(month)
    assert f"Job {job.pk} E-mail again Done 1 of 1" in read(owner, f"{BULK}jobs/")
    answer: Any = owner.get(f"{BULK}{job.pk}/results.csv")
    (row,) = csv.DictReader(io.StringIO(b"".join(answer).decode("utf-8-sig")))
    assert (row["Document ID"], row["Outcome"]) == (month.documents["draft"], "Refused")
    assert (row["Customer"], row["Invoice number"]) == ("Contoso", "")


def test_a_job_under_way_shows_its_bar_and_is_stopped(month: Month, owner: Client) -> None:
    confirm(owner, {"what": "discard", "code": month.documents["draft"]})
    with tenancy.using(month.reseller.pk):
        job = BulkJob.objects.latest("pk")
    page = owner.get(f"{BULK}{job.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert '<progress max="1" value="0"' in page
    assert "<html" not in page
    assert "Stop after this batch" not in read(member(month, "sales"), f"{BULK}{job.pk}/")
    assert "Cancelled" in words(owner.post(f"{BULK}{job.pk}/cancel/", follow=True))


def test_a_document_that_succeeded_is_linked(month: Month, owner: Client) -> None:
    confirm(owner, {"what": "status", "code": month.documents["open"]}, to="Closed")
    job = carry_out(month)
    page = owner.get(f"{BULK}{job.pk}/").content.decode()
    assert f'>{month.documents["open"]}</a></td><td class="nowrap">INV-000001</td>' in page
    assert "INV-000001 Contoso Done" in read(owner, f"{BULK}{job.pk}/")


def test_the_time_that_is_left_follows_the_pace(month: Month, owner: Client) -> None:
    confirm(owner, {"what": "status", "all": "1"}, to="Closed")
    with tenancy.using(month.reseller.pk):
        job = BulkJob.objects.latest("pk")
        BulkResult.objects.create(reseller=month.reseller, job=job, code="D-000001", outcome="Done")
        started = clock.now() - timedelta(minutes=4)
        BulkJob.objects.filter(pk=job.pk).update(state="Running", started_at=started)
    assert "1 of 3. 1 done, 0 were so already, 0 refused. About 8 min left." in read(
        owner, f"{BULK}{job.pk}/"
    )


def opened(answer: Any) -> zipfile.ZipFile:
    assert answer.streaming
    return zipfile.ZipFile(io.BytesIO(b"".join(answer)))


def test_the_zip_has_a_pdf_for_each(month: Month, owner: Client) -> None:
    chosen = {"what": "zip", "code": [month.documents["draft"], month.documents["open"]]}
    archive = opened(owner.post(BULK, chosen))
    assert archive.testzip() is None
    assert archive.namelist() == [
        f"Contoso_AWS_2024-09_{month.documents['open']}.pdf",
        f"Contoso_Oracle_2024-09_{month.documents['draft']}.pdf",
    ]
    assert all(archive.read(name).startswith(b"%PDF") for name in archive.namelist())


def test_a_pdf_that_fails_is_a_text_with_the_reason(
    month: Month, owner: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = downloads.pdf

    def fails(document: Document) -> bytes:
        if document.code == month.documents["open"]:
            raise RuntimeError("the logo is gone")
        return real(document)

    monkeypatch.setattr(downloads, "pdf", fails)
    archive = opened(owner.post(BULK, {"what": "zip", "all": "1", "query": "customer=contoso"}))
    name = f"{month.documents['open']}.txt"
    assert len(archive.namelist()) == 2
    assert archive.read(name).decode() == f"There is no PDF of {name[:-4]}: the logo is gone.\n"


def test_ticked_rows_are_exported(month: Month, owner: Client) -> None:
    answer: Any = owner.post(BULK, {"what": "csv", "code": month.documents["other"]})
    rows = list(csv.DictReader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
    assert [row["Customer"] for row in rows] == ["Fabrikam"]


def test_sales_download_and_change_nothing(month: Month) -> None:
    sales = member(month, "sales")
    code = month.documents["draft"]
    for what in ("zip", "csv"):
        answer: Any = sales.post(BULK, {"what": what, "code": code})
        assert answer.status_code == 200
        content = b"".join(answer)
        if what == "zip":
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                content = archive.read(archive.namelist()[0])
                content = "".join(
                    p.extract_text() for p in PdfReader(io.BytesIO(content)).pages
                ).encode()
        assert not [marker for marker in MARKERS if marker.encode() in content]
    for what in ("status", "discard", "resend"):
        assert sales.post(BULK, {"what": what, "code": code}).status_code == 403
        assert sales.post(f"{BULK}start/", {"what": what, "seen": f"{code}:1"}).status_code == 403
    page = sales.get("/console/north/documents/").content.decode()
    assert re.findall(r'name="what" value="(\w+)"', page) == ["zip", "csv"]


def test_a_custom_field_is_found_by_the_search(month: Month, owner: Client) -> None:
    with tenancy.using(month.reseller.pk):
        Document.objects.filter(code=month.documents["draft"]).update(custom_words="Kst 4711")
    assert month.documents["draft"] in read(owner, "/console/north/documents/?q=kst+4711")


def paid(client: Client, text: str) -> Any:
    file = SimpleUploadedFile("paid.csv", text.encode())
    return client.post(f"{BULK}paid/", {"file": file})


def invoice_number(month: Month, name: str) -> str:
    with tenancy.using(month.reseller.pk):
        return str(Document.objects.get(code=month.documents[name]).invoice_number)


def test_payments_from_a_file_are_shown_confirmed_and_closed(month: Month, owner: Client) -> None:
    number = invoice_number(month, "open").lower()
    shown = paid(owner, f"number,date,comment\n{number},2024-10-05,SEPA\nINV-999999\n")
    assert "1 of 2 lines can be closed" in words(shown)
    assert "no document has this number" in words(shown)
    assert "Close 1 document …" in words(shown)
    answer = owner.post(BULK, hidden(shown))
    assert 'value="Closed" selected' in answer.content.decode()
    owner.post(f"{BULK}start/", {**hidden(answer), "to": "Closed", "comment": "all"})
    carry_out(month)
    with tenancy.using(month.reseller.pk):
        closed = Document.objects.get(code=month.documents["open"])
    assert (str(closed.paid_on), closed.payment_comment) == ("2024-10-05", "SEPA")


def test_each_line_says_what_is_wrong_with_it(month: Month, owner: Client) -> None:
    number, code = invoice_number(month, "open"), month.documents["open"]
    lines = [number, code, month.documents["draft"], f"{month.documents['other']},2999-01-01"]
    text = words(paid(owner, "\n".join(lines)))
    assert f"names {code}, as line 1 does" in text
    assert "is a draft: publish it first" in text
    assert "the payment date lies in the future" in text
    assert "1 of 4 lines can be closed" in text


def test_a_number_that_two_documents_have_is_nobodys(month: Month, owner: Client) -> None:
    code = month.documents["open"]
    start = int(code.removeprefix("D-"))
    change_series(reseller_id=month.reseller.pk, actor=OPERATOR, prefix="D-", start=start)
    confirm(owner, {"what": "status", "code": month.documents["draft"]}, to="Open")
    carry_out(month)
    assert invoice_number(month, "draft") == code
    text = words(paid(owner, code))
    assert f"names {code} and {month.documents['draft']}: write the Document ID" in text
    assert "0 of 1 line can be closed" in text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe1", "no text in UTF-8"),
        (b"", "names no document"),
        (b"x" * 1_000_001, "at most 1 MB"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(owner: Client, content: bytes, said: str) -> None:
    answer = owner.post(f"{BULK}paid/", {"file": SimpleUploadedFile("paid.csv", content)})
    assert answer.status_code == 422
    assert said in words(answer)


def test_payments_that_were_lost_on_the_way_are_refused(month: Month, owner: Client) -> None:
    given = {"what": "status", "to": "Closed", "seen": f"{month.documents['open']}:2"}
    for each in ("{", "[1]", '{"a": 1}'):
        answer = owner.post(f"{BULK}start/", {**given, "each": each})
        assert answer.status_code == 422
        assert "give the file again" in words(answer)


@pytest.mark.parametrize("text", ["INV-000001\rINV-000002\rx", "INV-1\n" + "x" * 200_000, "a\0b"])
def test_a_file_of_payments_that_is_odd_is_answered(owner: Client, text: str) -> None:
    file = SimpleUploadedFile("paid.csv", text.encode())
    assert owner.post(f"{BULK}paid/", {"file": file}).status_code in (200, 422)


@pytest.mark.parametrize(
    "each", ['{"D-000001": {"comment": "a\\u0000b"}}', '{"\\u0000": {}}', "[" * 100_000, '["x"]']
)
def test_payments_that_a_browser_made_up_are_answered(
    month: Month, owner: Client, each: str
) -> None:
    chosen = {"what": "status", "code": month.documents["open"]}
    assert confirm(owner, chosen, to="Closed", each=each).status_code in (302, 422)


def test_a_mailing_names_customers_where_the_link_opens_nothing(
    month: Month, owner: Client
) -> None:
    chosen = {"code": [month.documents["draft"]], "what": "status"}
    assert "has no portal access" not in words(owner.post(BULK, chosen))
    with tenancy.using(month.reseller.pk):
        customer = Document.objects.get(code=month.documents["draft"]).customer
        BillingProfile.objects.filter(customer=customer).update(recipients=["New@x.example"])
    said = words(owner.post(BULK, chosen))
    assert f"Somebody at {customer.name} has no portal access: the link in the e-mail" in said
