"""The reference page, sentence by sentence, in a browser: both ways of changing a status."""

import re
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from stories.conftest import SignIn
from stories.world import World

RECIPIENT = "accounts@customer.example"
AZURE = "Atlas Orion (/subscriptions/ed570627-0265-4620-bb42-bae06bcfa914)"


@pytest.fixture(scope="module")
def reseller(request: pytest.FixtureRequest, world: World, sample: Path) -> str:
    """A reseller with the real sample and drafts of September, of the module that asks alone.

    Another module's stories run in the same installation where chance gives both to one process.
    """
    slug: str = request.module.__name__.rpartition("test_")[2].replace("_", "-")
    world.run("resellers", "add", slug, "--name", "Reference Cloud", "--currency", "USD",
              "--kind", "tax-invoice")  # fmt: skip
    world.run("users", "second-factor", "--optional", "--reseller", slug)
    world.run("import", str(sample), "--reseller", slug)
    world.run("accounts", "assign", "--all", "--reseller", slug)
    world.run("generate", "--period", "2024-09", "--reseller", slug)
    return slug


@pytest.fixture(scope="module")
def owner(world: World, reseller: str) -> tuple[str, str]:
    address = f"owner@{reseller}.example"
    return address, world.add_user(reseller, address, "--role", "owner")


def draft_of(world: World, reseller: str, customer: str) -> dict[str, str]:
    documents = world.run("documents", "list", "--reseller", reseller)["documents"]
    return next(d for d in documents if d["customer"] == customer and d["status"] == "Draft")


def find(page: Page, world: World, reseller: str, draft: dict[str, str]) -> None:
    """From the navigation to the document, by search and two double-clicks."""
    page.goto(f"{world.url}/console/{reseller}/")
    page.get_by_role("link", name="Customer Invoices").first.click()
    search = page.get_by_label("Search customers", exact=True)
    search.fill(draft["customer"])
    search.press("Enter")
    page.get_by_role("row", name=re.compile(re.escape(draft["customer"]))).dblclick()
    page.get_by_role("row", name=re.compile(draft["id"])).dblclick()
    expect(page.get_by_role("heading", name=re.compile(draft["id"]))).to_be_visible()


def test_a_draft_is_found_opened_and_published_from_its_bottom_bar(
    world: World, reseller: str, owner: tuple[str, str], sign_in: SignIn
) -> None:
    draft = draft_of(world, reseller, "Atlas Nimbus")
    page = sign_in(*owner)
    find(page, world, reseller, draft)
    expect(page.get_by_test_id("status")).to_have_text("Draft")
    expect(page.get_by_test_id("period")).to_have_text("1–30 Sep 2024")
    expect(page.get_by_test_id("total")).to_contain_text(draft["total"])
    page.get_by_role("combobox", name="Status", exact=True).select_option("Open")
    page.get_by_role("button", name="UPDATE STATUS").click()
    dialog = page.get_by_role("dialog", name="Confirm status change")
    expect(dialog).to_contain_text("This will change the status of the invoice. Are you sure?")
    expect(dialog.get_by_label("Send notification email to customer")).not_to_be_checked()
    dialog.get_by_role("button", name="Accept").click()
    expect(page.get_by_test_id("status")).to_have_text("Open")
    expect(page.get_by_role("status")).to_contain_text("Open")
    shown = world.run("documents", "show", draft["id"], "--reseller", reseller)
    assert (shown["status"], shown["total"]) == ("Open", draft["total"])
    assert "draft" not in shown["available_actions"]


def test_cancel_leaves_the_draft_as_it_was(
    world: World, reseller: str, owner: tuple[str, str], sign_in: SignIn
) -> None:
    draft = draft_of(world, reseller, "Zenith Voyager")
    page = sign_in(*owner)
    find(page, world, reseller, draft)
    page.get_by_role("combobox", name="Status", exact=True).select_option("Closed")
    page.get_by_role("button", name="UPDATE STATUS").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert draft_of(world, reseller, "Zenith Voyager")["status"] == "Draft"


def test_what_is_typed_and_not_saved_holds_publication_back(
    world: World, reseller: str, owner: tuple[str, str], sign_in: SignIn
) -> None:
    page = sign_in(*owner)
    find(page, world, reseller, draft_of(world, reseller, "Zenith Voyager"))
    page.get_by_label("Purchase order").fill("PO-7")
    page.get_by_role("combobox", name="Status", exact=True).select_option("Open")
    for button in ("UPDATE STATUS", "UPDATE INVOICE STATUS"):
        page.get_by_role("button", name=button, exact=True).click()
        expect(page.get_by_text("Not saved yet")).to_be_focused()
        expect(page.get_by_role("dialog")).to_be_hidden()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_label("Purchase order")).to_have_value("PO-7")
    page.get_by_role("button", name="UPDATE INVOICE STATUS").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def test_the_customer_is_told_follows_the_link_and_finds_the_same_total(
    world: World, reseller: str, owner: tuple[str, str], sign_in: SignIn
) -> None:
    draft = draft_of(world, reseller, "Orion Apollo")
    customer = str(draft["customer_id"])
    world.run("customers", "set", customer, "--recipient", RECIPIENT, "--reseller", reseller)
    password = world.add_user(reseller, RECIPIENT, "--customer", customer)
    page = sign_in(*owner)
    find(page, world, reseller, draft)
    page.get_by_role("button", name="UPDATE INVOICE STATUS").click()
    dialog = page.get_by_role("dialog", name="Update Invoice Status")
    expect(dialog.get_by_label("Notify Recipient")).to_be_checked()
    dialog.get_by_label("Status").select_option("Open")
    dialog.get_by_role("button", name="UPDATE").click()
    expect(page.get_by_test_id("status")).to_have_text("Open")
    letter = world.post.wait_for(RECIPIENT)
    number = world.run("documents", "show", draft["id"], "--reseller", reseller)["number"]
    assert str(letter["subject"]).strip() == f"Reference Cloud: AWS invoice {number}, 1–30 Sep 2024"
    body = letter.get_body(("plain",))
    assert body is not None
    read_by_customer(page, world, str(body.get_content()), password, draft)


def read_by_customer(
    page: Page, world: World, text: str, password: str, draft: dict[str, str]
) -> None:
    link = re.search(r"http://\S+", text)
    assert link is not None
    page.context.clear_cookies()
    page.goto(link[0])
    page.get_by_label("Email").fill(RECIPIENT)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_test_id("total")).to_contain_text(draft["total"])
    expect(page.get_by_test_id("status")).to_have_text("Open")


def test_downloads_carry_the_total_of_the_screen(
    world: World, reseller: str, owner: tuple[str, str], sign_in: SignIn, tmp_path: Path
) -> None:
    draft = draft_of(world, reseller, "Pioneer Eclipse")
    page = sign_in(*owner)
    find(page, world, reseller, draft)
    page.get_by_text("DOWNLOAD", exact=False).first.click()
    with page.expect_download() as started:
        page.get_by_role("link", name="Download CSV", exact=True).click()
    assert started.value.suggested_filename == f"Pioneer-Eclipse_AWS_2024-09_{draft['id']}.csv"
    started.value.save_as(tmp_path / "shown.csv")
    rows = (tmp_path / "shown.csv").read_text("utf-8-sig").splitlines()
    price = rows[0].split(",").index("Price")
    total = sum((Decimal(row.rsplit(",", len(rows[0].split(",")) - price)[1]) for row in rows[1:]),
                Decimal(0))  # fmt: skip
    assert total == Decimal(draft["total"])


def test_a_date_range_lists_the_periods_that_it_overlaps_and_is_kept_on_back(
    world: World, reseller: str, owner: tuple[str, str], sign_in: SignIn
) -> None:
    draft = draft_of(world, reseller, "Nimbus Orion")
    page = sign_in(*owner)
    page.goto(f"{world.url}/console/{reseller}/customers/{draft['customer_id']}/invoices/")
    row = page.get_by_role("row", name=re.compile(draft["id"]))
    expect(row).to_contain_text("1–30 Sep 2024")
    page.get_by_label("From", exact=True).fill("2024-10-01")
    page.get_by_label("To", exact=True).fill("2024-10-31")
    page.get_by_role("button", name="Show range").click()
    expect(page.get_by_role("heading", name="No invoices here")).to_be_visible()
    expect(page.get_by_role("link", name="How to generate customer invoices")).to_be_visible()
    page.get_by_label("From", exact=True).fill("2024-09-30")
    page.get_by_role("button", name="Show range").click()
    row.dblclick()
    page.get_by_role("link", name="BACK").click()
    expect(page.get_by_label("From", exact=True)).to_have_value("2024-09-30")


def test_sections_open_and_close_by_their_blue_bars(
    world: World, reseller: str, owner: tuple[str, str], sign_in: SignIn
) -> None:
    draft = draft_of(world, reseller, "Orion Zenith")
    page = sign_in(*owner)
    find(page, world, reseller, draft)
    bar = page.locator("details.section > summary").first
    lines = page.locator("details.section").first.get_by_role("table").first
    expect(lines).to_be_visible()
    bar.click()
    expect(lines).to_be_hidden()
    bar.click()
    expect(lines.get_by_role("columnheader")).to_have_text(
        ["Description", "Qty", "Charge Type", "Price"]
    )
    zeros = page.get_by_text(re.compile(r"\d+ lines of 0\.00 \(show\)")).first
    expect(zeros).to_be_visible()


def test_the_download_menu_and_the_dialog_offer_what_the_reference_lists(
    world: World, reseller: str, owner: tuple[str, str], sign_in: SignIn
) -> None:
    draft = draft_of(
        world, reseller, "Atlas Orion (/subscriptions/ed570627-0265-4620-bb42-bae06bcfa914)"
    )
    page = sign_in(*owner)
    page.goto(f"{world.url}/console/{reseller}/documents/{draft['id']}/")
    page.get_by_text("DOWNLOAD ▼").click()
    for name in ("Download Detailed CSV Microsoft CSP", "Download CSV", "Download PDF", "Print"):
        expect(page.get_by_role("link", name=name, exact=True)).to_be_visible()
    page.get_by_role("link", name="Print", exact=True).click()
    expect(page.get_by_text("DRAFT").first).to_be_visible()
    expect(page.get_by_test_id("total")).to_contain_text(draft["total"])
    page.goto(f"{world.url}/console/{reseller}/documents/{draft['id']}/")
    page.get_by_role("button", name="UPDATE INVOICE STATUS").click()
    options = page.get_by_role("dialog").get_by_label("Status").locator("option")
    expect(options).to_have_text(["Draft", "Open", "Closed", "Past Due"])
    page.get_by_role("dialog").get_by_role("button", name="CANCEL").click()
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_a_published_tax_invoice_is_voided_not_discarded(
    world: World, reseller: str, owner: tuple[str, str], sign_in: SignIn
) -> None:
    draft = draft_of(world, reseller, "Voyager Orion")
    world.run("documents", "status", draft["id"], "--to", "open", "--reseller", reseller)
    page = sign_in(*owner)
    page.goto(f"{world.url}/console/{reseller}/documents/{draft['id']}/")
    expect(page.get_by_role("button", name="DISCARD")).to_be_disabled()
    expect(page.get_by_text("Published tax invoice: void it")).to_be_visible()
    page.get_by_role("button", name="UPDATE INVOICE STATUS").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Status").select_option("Voided")
    dialog.get_by_label("Reason").fill("billed to the wrong customer")
    dialog.get_by_role("button", name="UPDATE").click()
    expect(page.get_by_test_id("status")).to_have_text("Voided")
    expect(page.get_by_text("billed to the wrong customer")).to_be_visible()
