"""Hostile text wherever it may be typed: refused at its field, or shown as text, and never run."""

import csv
import email
import email.policy
import io
import re
import zipfile
from collections.abc import Iterator
from itertools import count
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest
from click.testing import CliRunner
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections
from django.test import Client
from lxml import etree, html
from pypdf import PdfReader
from pytest_django import DjangoDbBlocker

import databases
import focus_files
from clearbill.actions.change_status import Change, change_status
from clearbill.cli.main import cli
from clearbill.records import tenancy
from clearbill.records.models import Customer, Document
from clearbill.rules.lifecycle import Status
from clearbill.rules.text import is_hostile
from clearbill.wiring.embedded import Server
from hostile.columns import NOBODY_TYPES, text_columns
from hostile.fill import (
    BUYER,
    OWNER,
    RECIPIENT,
    HostileMonth,
    fill,
    refuse_all,
    send_all,
    visitor,
    walk,
)
from hostile.forms import FEW, FORMS, NOWHERE, QUERIES, TRIED, UNNAMED, Form
from hostile.payloads import EVERY, MARK, PAYLOADS, RAN, SCRIPT, hostile

WOULD_RUN = re.compile(r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
NUMBERS = count(1)
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")


@pytest.fixture(scope="module")
def month(
    server: Server,
    template: str,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[HostileMonth]:
    """Made once, in a database of its own, with its mails in `sent`."""
    usual = str(connections["default"].settings_dict["NAME"])
    with databases.copy(server, template) as made, django_db_blocker.unblock():
        databases.point_django_at(made.name)
        filled = fill(tmp_path_factory.mktemp("hostile"))
        mail.outbox.clear()
        send_all(filled.reseller)
        filled.sent = list(mail.outbox)
        refuse_all(filled.reseller, filled.documents["open"])
        yield filled
        databases.point_django_at(usual)


@pytest.fixture(scope="module")
def owner(month: HostileMonth) -> Client:
    return visitor(OWNER)


@pytest.fixture(scope="module")
def buyer(month: HostileMonth) -> Client:
    return visitor(BUYER)


def test_every_text_column_holds_a_payload_or_nobody_types_it(
    month: HostileMonth, owner: Client
) -> None:
    wrong = []
    with tenancy.using(month.reseller.pk), connection.cursor() as cursor:
        for name, table, column in text_columns():
            cursor.execute(
                f"SELECT count(*) FROM {table} WHERE {column}::text LIKE %s", [f"%{MARK}%"]
            )
            [held] = cursor.fetchone() or [0]
            if bool(held) == (name in NOBODY_TYPES):
                wrong.append(name)
    assert wrong == [], "fill them in hostile/fill.py, or say why nobody types them"
    assert set(NOBODY_TYPES) <= {name for name, _, _ in text_columns()}


class Answer(NamedTuple):
    status: int
    kind: str
    content: bytes
    saved_as: str = ""


def answer_of(answer: Any) -> Answer:
    content = b"".join(answer) if answer.streaming else bytes(answer.content)
    return Answer(
        answer.status_code,
        answer.headers.get("Content-Type", ""),
        content,
        answer.headers.get("Content-Disposition", ""),
    )


@pytest.fixture(scope="module")
def answers(month: HostileMonth, owner: Client, buyer: Client) -> dict[str, Answer]:
    """What all addresses of both doors answer, those of documents for each document."""
    clients = {"console": owner, "portal": buyer}
    return {
        address: answer_of(clients[door].get(address))
        for door, addresses in walk(month).items()
        for address in addresses
    }


def of_kind(answers: dict[str, Answer], kind: str) -> dict[str, bytes]:
    return {
        address: each.content
        for address, each in answers.items()
        if each.status == 200 and each.kind.startswith(kind)
    }


def tags(page: bytes | str) -> Iterator[etree._Element]:
    text = page.decode() if isinstance(page, bytes) else page
    return html.fromstring(text).iter(etree.Element)


def words(page: bytes | str) -> str:
    return "".join(text for each in tags(page) for text in (each.text or "", each.tail or ""))


def made_of_payloads(page: bytes | str) -> list[str]:
    """Tags that no page of ours has: scripts of its own, handlers, the payloads' picture."""
    return [
        etree.tostring(each).decode()[:200]
        for each in tags(page)
        if (each.tag == "script" and "src" not in each.attrib)
        or (each.tag == "img" and each.get("src") == "x")
        or any(str(name).startswith("on") for name in each.attrib)
        or str(each.get("href", "")).startswith("javascript:")
    ]


def test_every_address_answers_and_no_page_is_made_of_payloads(
    month: HostileMonth, answers: dict[str, Answer]
) -> None:
    hidden = [month.documents["draft"], month.documents["closed"]]
    for address, each in answers.items():
        unseen = address.startswith("/portal/") and any(code in address for code in hidden)
        assert each.status in ({404} if unseen else {200, 302, 405}), address
        assert re.fullmatch(r'(attachment; filename="[A-Za-z0-9 ._-]+")?', each.saved_as), address
    pages = of_kind(answers, "text/html")
    for address, page in pages.items():
        assert made_of_payloads(page) == [], address
        assert RAN.encode() not in page, address
    assert sum(MARK in words(page) for page in pages.values()) > 60


def cells_that_would_run(content: bytes) -> list[str]:
    rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    return [c for row in rows for c in row if WOULD_RUN.match(c) and not NUMBER.fullmatch(c)]


def test_no_cell_of_any_csv_would_run(
    month: HostileMonth, owner: Client, answers: dict[str, Answer]
) -> None:
    found = of_kind(answers, "text/csv")
    chosen = {"what": "csv", "all": "1", "query": "range=all"}
    found["bulk"] = answer_of(owner.post("/console/hostile/bulk/", chosen)).content
    for address, content in found.items():
        assert cells_that_would_run(content) == [], address
    kinds = {re.sub(r"D-\d+", "D", address) for address in found}
    assert len(kinds) == 7
    assert found["bulk"].count(b"\r\n") == 1 + len(month.documents)


def squeezed(text: str) -> str:
    """The plain signs of a text: a PDF breaks its lines, and has no letters for some others."""
    return re.sub(r"[^!-~]", "", text)


def test_every_pdf_prints_payloads_as_text(answers: dict[str, Answer]) -> None:
    printed = {k: squeezed(v) for k, v in PAYLOADS.items() if k not in ("emoji", "terminal")}
    found = of_kind(answers, "application/pdf")
    assert len(found) == 6
    # A customer's is the very file that staff have.
    for content, address in {content: address for address, content in found.items()}.items():
        reader = PdfReader(io.BytesIO(content))
        text = squeezed("".join(page.extract_text() for page in reader.pages))
        missing = [name for name, payload in printed.items() if payload not in text]
        assert missing == [], address
        assert RAN not in text, address
        assert "root:" not in text, address
        assert not re.search(rb"/(JavaScript|JS|Launch|URI|EmbeddedFile)\b", content), address


def test_the_zip_holds_a_pdf_of_each_document(month: HostileMonth, owner: Client) -> None:
    chosen = {"what": "zip", "all": "1", "query": "range=all"}
    content = answer_of(owner.post("/console/hostile/bulk/", chosen)).content
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        names = packed.namelist()
        assert [packed.read(name)[:4] for name in names] == [b"%PDF"] * len(month.documents)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+\.pdf", name) for name in names), names


def test_mails_have_one_recipient_and_headers_of_one_line(month: HostileMonth) -> None:
    allowed = {"content-type", "mime-version", "subject", "from", "to", "reply-to", "date",
               "message-id", "content-transfer-encoding"}  # fmt: skip
    invited = {f'"i{SCRIPT}"@{role}.example' for role in ("owner", "portal")}
    assert {to for message in month.sent for to in message.recipients()} == {
        RECIPIENT, OWNER.name, BUYER.name, *invited
    }  # fmt: skip
    for message in month.sent:
        read = email.message_from_bytes(message.message().as_bytes(), policy=email.policy.default)
        assert {name.lower() for name in read} <= allowed
        assert not any("\n" in str(value) for value in read.values())
        [to] = message.recipients()
        assert [str(each.addr_spec) for each in read["to"].addresses] == [to]


def test_mails_say_payloads_as_text(month: HostileMonth) -> None:
    said = [part for message in month.sent for part in parts(message)]
    assert any(SCRIPT in text for kind, text in said if kind == "text/plain")
    pages = [text for kind, text in said if kind == "text/html"]
    assert any(SCRIPT in words(page) for page in pages)
    for page in pages:
        assert made_of_payloads(page) == []
        assert RAN not in page


def parts(message: Any) -> list[tuple[str, str]]:
    read = email.message_from_bytes(message.message().as_bytes(), policy=email.policy.default)
    return [
        (part.get_content_type(), str(part.get_content()))
        for part in read.walk()
        if part.get_content_maintype() == "text"
    ]


def test_a_file_is_refused_with_its_words_as_text(
    month: HostileMonth, owner: Client, buyer: Client
) -> None:
    name, bad = f"={SCRIPT}.csv", focus_files.row(BilledCost=SCRIPT, ProviderName="W" * 200)
    for client, address, field, content, others in (
        (owner, "console/hostile/imports/", "files", focus_files.csv_text([bad]), {}),
        (owner, "console/hostile/imports/", "files", hostile(), {}),
        (owner, "console/hostile/settings/currencies/", "file", hostile(), {"form": "file"}),
        (owner, "console/hostile/settings/branding/", "logo", SCRIPT, {"do": "logo"}),
        (owner, "console/hostile/bulk/paid/", "file", EVERY, {}),
        (owner, "console/hostile/tickets/new/", "file", SCRIPT, {"subject": hostile(200)}),
        (buyer, "portal/hostile/support/new/", "file", SCRIPT, {"subject": hostile(200)}),
    ):
        file = SimpleUploadedFile(name, content.encode())
        answer = client.post(f"/{address}", {field: file, **others})
        assert answer.status_code in (200, 422), (address, answer.status_code)
        assert field != "files" or SCRIPT in words(answer.content)
        assert made_of_payloads(answer.content) == []


def test_payments_of_a_hostile_file_are_confirmed_as_text(
    month: HostileMonth, owner: Client
) -> None:
    lines = [f'{month.documents["open"]},2024-10-01,"{SCRIPT} =1+1"', SCRIPT, "=1+1,\x1b[31m"]
    file = SimpleUploadedFile("paid.csv", "\n".join(lines).encode())
    page = owner.post("/console/hostile/bulk/paid/", {"file": file})
    assert SCRIPT in words(page.content)
    form = {
        str(each.get("name")): str(each.get("value", ""))
        for each in tags(page.content)
        if each.get("type") == "hidden"
    }
    shown = owner.post("/console/hostile/bulk/", {**form, "what": "status"})
    assert shown.status_code == 200
    for each in (page, shown):
        assert made_of_payloads(each.content) == []


def placed(month: HostileMonth, address: str) -> str:
    with tenancy.using(month.reseller.pk):
        european = Customer.objects.exclude(pk=month.customers["Contoso"]).earliest("pk").pk
    ids = {"buyer": month.customers["Contoso"], "european": european}
    return "/" + address.format(**month.documents, **ids)


def sent(month: HostileMonth, client: Client, form: Form, typed: dict[str, str]) -> Any:
    """A form as its page sends it, with a version of the document that is right."""
    address, given = placed(month, form.address), {**form.typed, **form.others, **typed}
    code = address.split("/")[4]
    with tenancy.using(month.reseller.pk):
        document = Document.objects.filter(code=code).first()
    if document is not None:
        given["version"] = str(document.version)
    given = {k: v.replace("{n}", str(next(NUMBERS))) for k, v in given.items()}
    given["seen"] = given.get("seen", "").format(**month.documents)
    return client.post(address, given)


def reopen(month: HostileMonth) -> None:
    """The form of a closed document asks for less."""
    change_status(
        reseller_id=month.reseller.pk,
        actor=OWNER,
        documents=[month.documents["open"]],
        change=Change(to=Status.OPEN, reason="again"),
    )


def named(page: bytes) -> set[str]:
    """The fields that a page's errors are about."""
    found = list(tags(page))
    links = [each.get("href", "") for each in found if each.tag == "a" and _in_errors(each)]
    marked = [each.get("name", "") for each in found if each.get("aria-invalid") == "true"]
    return {*marked, *(re.sub(r"^#(id_)?|_new$", "", str(link)) for link in links)}


def _in_errors(link: etree._Element) -> bool:
    return any("data-errors" in each.attrib for each in link.iterancestors())


@pytest.mark.parametrize("name", FORMS)
def test_a_form_takes_a_payload_as_text_or_names_its_field(
    month: HostileMonth, owner: Client, buyer: Client, name: str
) -> None:
    form = FORMS[name]
    client = buyer if form.address.startswith("portal/") else owner
    for payload in TRIED.values():
        reopen(month)
        left = dict.fromkeys(form.typed, payload)
        while (answer := sent(month, client, form, left)).status_code == 422:
            assert made_of_payloads(answer.content) == []
            refused = named(answer.content) & set(left)
            assert refused, f"{payload[:40]!r} among {list(left)}: {named(answer.content)}"
            left = {key: text for key, text in left.items() if key not in refused}
        assert answer.status_code in (200, 302)
    page = client.get(answer.headers["Location"]) if answer.status_code == 302 else answer
    assert made_of_payloads(page.content) == []


@pytest.mark.parametrize("address", UNNAMED)
def test_what_no_page_sends_is_no_error_of_ours(
    month: HostileMonth, owner: Client, address: str
) -> None:
    client = owner if address.startswith("console/") else Client(SERVER_NAME="localhost")
    for payload in FEW:
        for given in ({}, *({key: payload} for key in UNNAMED[address])):
            answer = client.post(placed(month, address), {**UNNAMED[address], **given})
            assert answer.status_code in (200, 302, 404, 422, 429), (given, answer.status_code)
            assert not answer.content or made_of_payloads(answer.content) == []
            assert not answer.headers.get("Location", "").startswith("javascript:")


@pytest.mark.parametrize("address", QUERIES)
def test_a_query_is_shown_as_text(
    month: HostileMonth, owner: Client, buyer: Client, address: str
) -> None:
    client = buyer if address.startswith("portal/") else owner
    for payload in FEW:
        query = dict.fromkeys(QUERIES[address], payload)
        answer = answer_of(client.get(placed(month, address), query))
        assert answer.status in (200, 302), (address, payload[:40])
        if answer.kind.startswith("text/html") and answer.content:
            assert made_of_payloads(answer.content) == [], address
            assert RAN.encode() not in answer.content


def test_a_payload_in_an_address_leads_nowhere(
    month: HostileMonth, owner: Client, buyer: Client
) -> None:
    for address in NOWHERE:
        client = buyer if address.startswith("portal/") else owner
        for payload in (*FEW, "a\0b"):
            answer = client.get("/" + address.format(quote(payload, safe="")))
            assert answer.status_code in (400, 404), (address, payload[:40])
            assert made_of_payloads(answer.content) == []


@pytest.mark.parametrize("text", ["{{7*7}}", "{0.__class__}", "{customer.name}", "{link!r}"])
def test_a_template_runs_nothing(month: HostileMonth, owner: Client, text: str) -> None:
    for field in ("subject_en", "body_de"):
        answer = owner.post("/console/hostile/settings/mails/", {field: text})
        assert answer.status_code == 422
        assert named(answer.content) == {field}


def test_a_bulk_job_takes_document_ids_alone(month: HostileMonth, owner: Client) -> None:
    form = {"what": "status", "to": "Closed", "seen": "a/b:1"}
    answer = owner.post("/console/hostile/bulk/start/", form)
    assert answer.status_code == 422
    assert "is no Document ID" in words(answer.content)
    own = {"seen": f"{month.documents['open']}:1", "each": '{"a\\u0000": {"comment": "x"}}'}
    started = owner.post("/console/hostile/bulk/start/", {**form, **own}, follow=True)
    assert started.status_code == 200


def test_what_names_no_customer_is_no_markup_for_all(month: HostileMonth, owner: Client) -> None:
    form = {"percent": "1", "valid_from": "2031-01", "customer": SCRIPT}
    answer = owner.post("/console/hostile/markups/", form)
    assert answer.status_code == 422
    assert "customer" in named(answer.content)


def test_cookies_and_headers_are_no_part_of_a_page(month: HostileMonth) -> None:
    client = Client(SERVER_NAME="localhost")
    for name in ("theme", "language", "messages", "sessionid", "csrftoken"):
        client.cookies[name] = SCRIPT
    for header in ("Accept-Language", "Referer", "HX-Request", "HX-Target", "HX-Current-URL"):
        answer = client.get("/accounts/login/", headers={header: hostile()})
        assert answer.status_code == 200
        assert made_of_payloads(answer.content) == []


@pytest.mark.parametrize(
    "words",
    ["customers list", "accounts list", "documents list", "documents show {open}",
     "documents history {open}", "tickets list", "tickets show T-000001",
     "taxes list", "fields list", "rates list", "users list", "users trail", "bulk show 1"],
)  # fmt: skip
def test_no_command_prints_what_acts_on_a_terminal(month: HostileMonth, words: str) -> None:
    command = words.format(**month.documents).split()
    done = CliRunner().invoke(cli, [*command, "--reseller", "hostile"])
    assert done.exit_code == 0, done.output
    assert SCRIPT in done.output or "bulk" in command
    assert [sign for sign in done.output.replace("\n", "") if is_hostile(sign)] == []
