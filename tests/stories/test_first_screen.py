"""What one sees without scrolling, and how many actions a publication takes."""

import csv
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from pypdf import PdfReader

from stories.conftest import SignIn
from stories.test_reference_page import draft_of, owner, reseller
from stories.world import World

__all__ = ["owner", "reseller"]


@pytest.fixture
def draft(world: World, reseller: str) -> dict[str, str]:
    """A draft with more lines than fit on a screen."""
    documents = world.run("documents", "list", "--status", "draft", "--reseller", reseller)
    largest = max(documents["documents"], key=lambda each: float(each["total"]))
    assert isinstance(largest, dict)
    return largest


def bottom(part: Locator) -> float:
    box = part.bounding_box()
    assert box is not None, "not shown"
    return box["y"] + box["height"]


def seen_first(page: Page) -> Iterator[Locator]:
    """What the reference shows at the top of a document, and its first five lines."""
    yield page.get_by_test_id("status")
    yield page.get_by_test_id("period")
    yield page.get_by_test_id("total-at-the-top")
    for name in ("DISCARD", "UPDATE INVOICE STATUS"):
        yield page.get_by_role("button", name=name)
    yield page.get_by_text("DOWNLOAD ▼")
    rows = page.locator("details.section[open] table.lines tbody tr")
    for number in range(min(5, rows.count())):
        yield rows.nth(number)


def test_a_document_is_seen_without_scrolling(
    world: World, reseller: str, owner: tuple[str, str], draft: dict[str, str], sign_in: SignIn
) -> None:
    page = sign_in(*owner)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{world.url}/console/{reseller}/documents/{draft['id']}/")
    parts = list(seen_first(page))
    assert len(parts) >= 8
    assert [bottom(part) for part in parts if bottom(part) > 900] == []


def test_a_list_shows_twenty_rows_without_scrolling(
    world: World, reseller: str, owner: tuple[str, str], sign_in: SignIn
) -> None:
    page = sign_in(*owner)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{world.url}/console/{reseller}/documents/?range=all")
    rows = page.locator("tr[data-open]")
    expect(rows.nth(19)).to_be_visible()
    assert bottom(rows.nth(19)) <= 900


def test_a_phone_shows_total_and_download_first(
    world: World, reseller: str, owner: tuple[str, str], draft: dict[str, str], sign_in: SignIn
) -> None:
    page = sign_in(*owner)
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"{world.url}/console/{reseller}/documents/{draft['id']}/")
    for part in (page.get_by_test_id("total-at-the-top"), page.get_by_text("DOWNLOAD ▼")):
        assert bottom(part) <= 640
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 320


def test_a_customers_phone_shows_total_and_download_first(
    world: World, reseller: str, draft: dict[str, str], sign_in: SignIn
) -> None:
    mine = next(
        each
        for each in world.run("documents", "list", "--reseller", reseller)["documents"]
        if each["status"] == "Draft" and float(each["total"]) > 0 and each["id"] != draft["id"]
    )
    world.run("documents", "status", mine["id"], "--to", "open", "--reseller", reseller)
    address = f"phone@{reseller}.example"
    password = world.add_user(reseller, address, "--customer", str(mine["customer_id"]))
    page = sign_in(address, password)
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"{world.url}/portal/{reseller}/invoices/{mine['id']}/")
    for part in (page.get_by_test_id("total-at-the-top"), page.get_by_text("DOWNLOAD ▼")):
        assert bottom(part) <= 640


def test_from_sign_in_to_a_published_draft_in_at_most_seven_actions(
    world: World, reseller: str, owner: tuple[str, str], page: Page
) -> None:
    actions = 0

    def act(does: Locator, how: str, *given: str) -> None:
        nonlocal actions
        actions += 1
        getattr(does, how)(*given)

    page.goto(f"{world.url}/accounts/login/")
    # Typing an address and a password, and sending them, is one action: signing in.
    page.get_by_label("Email").fill(owner[0])
    page.get_by_label("Password").fill(owner[1])
    act(page.get_by_role("button", name="Sign in"), "click")
    act(page.get_by_role("link", name=re.compile("^Drafts to review")), "click")
    act(page.locator("tr[data-open]").first, "dblclick")
    act(page.get_by_role("combobox", name="Status", exact=True), "select_option", "Open")
    act(page.get_by_role("button", name="UPDATE STATUS"), "click")
    act(page.get_by_role("dialog").get_by_role("button", name="Accept"), "click")
    expect(page.get_by_test_id("status")).to_have_text("Open")
    assert actions <= 7


def test_the_next_draft_is_one_action_away(
    world: World, reseller: str, owner: tuple[str, str], sign_in: SignIn
) -> None:
    drafts = world.run("documents", "list", "--status", "draft", "--reseller", reseller)
    # Newest first, as the list has them.
    first, second = sorted((each["id"] for each in drafts["documents"]), reverse=True)[:2]
    page = sign_in(*owner)
    page.goto(f"{world.url}/console/{reseller}/documents/{first}/")
    page.get_by_role("link", name="Next draft").click()
    expect(page.get_by_role("heading", name=re.compile(second))).to_be_visible()


def test_another_currency_is_shown_under_a_banner_and_nowhere_else(
    world: World, reseller: str, owner: tuple[str, str], draft: dict[str, str], sign_in: SignIn
) -> None:
    world.run("rates", "set", "USD", "EUR", "0.5", "--month", "2024-09", "--reseller", reseller)
    world.run("rates", "show-in", "EUR", "--reseller", reseller)
    page = sign_in(*owner)
    page.goto(f"{world.url}/console/{reseller}/documents/{draft['id']}/")
    page.get_by_label("Currency").select_option("EUR")
    expect(page.get_by_text("Shown in EUR to read, not to pay.")).to_be_visible()
    expect(page.get_by_test_id("total")).to_contain_text("EUR")
    with page.expect_download() as started:
        page.get_by_text("DOWNLOAD ▼").click()
        page.get_by_role("link", name="Download CSV").click()
    with started.value.path().open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["Currency"] for row in rows} == {"USD"}
    assert sum(Decimal(row["Price"]) for row in rows) == Decimal(draft["total"])


def test_a_custom_field_goes_from_configuration_to_the_pdf(
    world: World, reseller: str, owner: tuple[str, str], sign_in: SignIn, tmp_path: Path
) -> None:
    draft = draft_of(world, reseller, "Zenith Voyager")
    page = sign_in(*owner)
    page.goto(f"{world.url}/console/{reseller}/settings/fields/")
    page.get_by_label("Name").first.fill("Projekt Ω")
    page.get_by_role("button", name=re.compile("Add")).first.click()
    expect(page.get_by_text("Projekt Ω").first).to_be_visible()
    page.goto(f"{world.url}/console/{reseller}/documents/{draft['id']}/")
    page.get_by_label("Projekt Ω").fill("4711-Łódź")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("4711-Łódź").first).to_be_visible()
    target = tmp_path / "draft.pdf"
    world.run("documents", "export", draft["id"], "--as", "pdf", "-o", str(target),
              "--reseller", reseller)  # fmt: skip
    text = "".join(each.extract_text() for each in PdfReader(target).pages)
    assert "Projekt Ω" in text
    assert "4711-Łódź" in text


def test_the_download_menu_closes_by_a_download(
    world: World, reseller: str, owner: tuple[str, str], draft: dict[str, str], sign_in: SignIn
) -> None:
    page = sign_in(*owner)
    page.goto(f"{world.url}/console/{reseller}/documents/{draft['id']}/")
    page.get_by_text("DOWNLOAD ▼").click()
    with page.expect_download():
        page.get_by_role("link", name="Download CSV", exact=True).click()
    expect(page.get_by_role("link", name="Download CSV", exact=True)).to_be_hidden()


def test_what_a_dialog_says_to_fill_in_first_takes_one_to_the_field(
    world: World, reseller: str, owner: tuple[str, str], draft: dict[str, str], sign_in: SignIn
) -> None:
    world.run("fields", "add", "Shop floor", "--required", "--reseller", reseller)
    page = sign_in(*owner)
    page.goto(f"{world.url}/console/{reseller}/documents/{draft['id']}/")
    page.get_by_role("button", name="UPDATE INVOICE STATUS").click()
    page.get_by_role("dialog").get_by_role("link", name="Shop floor").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_label("Shop floor")).to_be_focused()
    world.run("fields", "change", "Shop floor", "--optional", "--reseller", reseller)
