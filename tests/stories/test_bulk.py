"""Two hundred drafts published at once, one of which cannot be; and many documents taken out."""

import csv
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Download, Page, expect
from pypdf import PdfReader

import focus_files
from stories.conftest import SignIn
from stories.world import World

SLUG = "bulk"
OWNER = "owner@bulk.example"
PASSWORD = "a long enough sentence"
COUNT = 200
OWES_US = "Customer 0100"
REASON = "a tax invoice is not published with a negative total"
RESULT = "Done: update status to Open, 200 of 200. 199 done, 0 were so already, 1 refused."


@pytest.fixture(scope="module")
def credit(world: World, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A reseller with 200 drafts of USD 10.00; the id of the one that is worth less than nothing.

    A line of the reseller's own makes it so; no tax invoice is published with such a total.
    """
    here = ("--reseller", SLUG)
    world.run("resellers", "add", SLUG, "--name", "Bulk Cloud", "--currency", "USD",
              "--kind", "tax-invoice")  # fmt: skip
    world.run("users", "second-factor", "--optional", *here)
    world.add_user(SLUG, OWNER, "--role", "owner")
    world.run("import", str(_usage(tmp_path_factory.mktemp("bulk"))), *here)
    world.run("accounts", "assign", "--all", *here)
    made = world.run("generate", "--period", "2024-09", *here)["documents"]
    assert len(made) == COUNT
    code = next(str(each["id"]) for each in made if each["customer"] == OWES_US)
    world.run("drafts", "add-line", code, "--text", "Credit", "--amount", "-20.00", *here)
    return code


def _usage(folder: Path) -> Path:
    accounts = [f"{number:04d}" for number in range(1, COUNT + 1)]
    rows = [
        focus_files.row(SubAccountId=each, SubAccountName=f"Customer {each}", BilledCost="10.00")
        for each in accounts
    ]
    return focus_files.write_csv(folder / "september.csv", rows)


@pytest.fixture
def documents(world: World, credit: str, sign_in: SignIn) -> Page:
    """The owner at the list of all documents."""
    page = sign_in(OWNER, PASSWORD)
    page.get_by_role("link", name="Customer Invoices").click()
    page.get_by_role("link", name="All documents").click()
    return page


def choose_all_drafts(page: Page) -> None:
    """From the list to the question about all that match, over every page of it."""
    page.get_by_role("link", name=f"Draft {COUNT}").click()
    page.get_by_label("Tick all on this page").check()
    expect(page.get_by_text("50 selected")).to_be_visible()
    page.get_by_label(f"Select all {COUNT} that match").check()
    expect(page.get_by_text(f"{COUNT} selected")).to_be_visible()
    page.get_by_role("button", name="Update status").click()
    expect(page.get_by_role("heading", name="Update status of 200 documents?")).to_be_visible()
    # 199 times 10.00, and 10.00 with a credit of 20.00.
    expect(page.locator("main")).to_contain_text("USD 1,980.00")


def type_the_count(page: Page) -> None:
    """A wrong count starts nothing; the right one starts the job."""
    page.get_by_label("New status").select_option("Open")
    page.get_by_label("Type the number of documents").fill("199")
    page.get_by_role("button", name="Update status").click()
    expect(page.get_by_role("alert")).to_contain_text("type 200 to confirm so many documents")
    expect(page.get_by_label("New status")).to_have_value("Open")
    page.get_by_label("Type the number of documents").fill("200")
    page.get_by_role("button", name="Update status").click()
    expect(page.get_by_role("heading", name=re.compile(r"^Bulk job \d+$"))).to_be_visible()


def come_back_to_the_job(page: Page) -> None:
    """Leave, and find it again from the list."""
    page.get_by_role("link", name="Overview").click()
    page.get_by_role("link", name="Customer Invoices").click()
    page.get_by_role("link", name="All documents").click()
    page.get_by_role("link", name="Bulk jobs").click()
    row = page.get_by_role("row", name=re.compile("Update status to Open"))
    expect(row).to_contain_text("200 of 200")
    row.get_by_role("link").click()
    expect(page.get_by_role("main").get_by_role("status").last).to_contain_text(RESULT)


def test_two_hundred_drafts_are_published_and_the_one_that_cannot_be_is_named(
    world: World, credit: str, documents: Page
) -> None:
    page = documents
    choose_all_drafts(page)
    type_the_count(page)
    # The page asks by itself; nobody reloads it.
    expect(page.get_by_role("main").get_by_role("status").last).to_contain_text(
        RESULT, timeout=120_000
    )
    refused = page.get_by_role("region", name="Refused").get_by_role("row").nth(1)
    expect(refused).to_contain_text(REASON)
    refused.get_by_role("link", name=credit).click()
    expect(page.get_by_role("heading", name=re.compile(credit))).to_be_visible()
    expect(page.get_by_test_id("total")).to_have_text("USD −10.00")
    come_back_to_the_job(page)
    expect_gapless(world, credit)


def expect_gapless(world: World, credit: str) -> None:
    """199 are open under the numbers 1 to 199, each once, and the one that failed is a draft."""
    found = world.run("documents", "list", "--reseller", SLUG)["documents"]
    numbers = sorted(each["number"] for each in found if each["status"] == "Open")
    assert numbers == [f"INV-{number:06d}" for number in range(1, COUNT)]
    others = [(each["id"], each["status"], each["number"]) for each in found if not each["number"]]
    assert others == [(credit, "Draft", None)]


def filter_by_customer(page: Page, part: str) -> None:
    page.get_by_text("Filters", exact=True).click()
    page.get_by_label("Customer", exact=True).fill(part)
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("link", name=f"Customer: {part}")).to_be_visible()


def rows_of(download: Download) -> list[dict[str, str]]:
    with download.path().open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_an_export_carries_the_rows_that_the_filter_shows(documents: Page) -> None:
    filter_by_customer(documents, "Customer 001")
    expect(documents.locator("tr[data-open]")).to_have_count(10)
    with documents.expect_download() as started:
        documents.get_by_role("link", name="Export CSV").click()
    assert started.value.suggested_filename == f"{SLUG}_documents.csv"
    rows = rows_of(started.value)
    assert sorted(row["Customer"] for row in rows) == [
        f"Customer {number:04d}" for number in range(10, 20)
    ]
    assert {(row["Currency"], row["Total"]) for row in rows} == {("USD", "10.00")}


def test_an_export_of_ticked_rows_carries_these_alone(credit: str, documents: Page) -> None:
    filter_by_customer(documents, OWES_US[:-1])
    documents.get_by_label(f"Tick {credit}").check()
    expect(documents.get_by_text("1 selected")).to_be_visible()
    with documents.expect_download() as started:
        documents.get_by_role("button", name="Export CSV").click()
    rows = rows_of(started.value)
    assert [(row["Document ID"], row["Customer"], row["Total"]) for row in rows] == [
        (credit, OWES_US, "-10.00")
    ]


def test_three_ticked_documents_come_as_three_pdfs_in_a_zip(
    documents: Page, tmp_path: Path
) -> None:
    filter_by_customer(documents, "Customer 002")
    for number in range(3):
        documents.get_by_role("row").nth(number + 1).get_by_role("checkbox").check()
    expect(documents.get_by_text("3 selected")).to_be_visible()
    with documents.expect_download() as started:
        documents.get_by_role("button", name="Download PDFs (zip)").click()
    assert started.value.suggested_filename == f"{SLUG}_3-documents.zip"
    started.value.save_as(tmp_path / "three.zip")
    with zipfile.ZipFile(tmp_path / "three.zip") as archive:
        assert len(archive.namelist()) == 3
        for name in archive.namelist():
            assert name.startswith("Customer-002")
            text = PdfReader(archive.open(name)).pages[0].extract_text()
            assert "USD 10.00" in text.replace("\xa0", " ")
