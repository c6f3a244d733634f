"""The reference page by keyboard alone: found, opened, reviewed, published, void."""

import re

import pytest
from playwright.sync_api import Page, expect

from stories.keyboard import Keyboard
from stories.world import World

SLUG = "keys"


@pytest.fixture(scope="module")
def people(world: World, sample: object) -> tuple[str, str]:
    world.run("resellers", "add", SLUG, "--name", "Keys Cloud", "--currency", "USD",
              "--kind", "tax-invoice")  # fmt: skip
    world.run("users", "second-factor", "--optional", "--reseller", SLUG)
    world.run("import", str(sample), "--reseller", SLUG)
    world.run("accounts", "assign", "--all", "--reseller", SLUG)
    world.run("generate", "--period", "2024-09", "--provider", "AWS", "--reseller", SLUG)
    address = "owner@keys.example"
    return address, world.add_user(SLUG, address, "--role", "owner")


@pytest.fixture
def keys(page: Page, world: World, people: tuple[str, str]) -> Keyboard:
    """Signed in, by keyboard."""
    keyboard = Keyboard(page)
    page.goto(f"{world.url}/accounts/login/")
    keyboard.tab_to("Email:" if page.get_by_text("Email:").count() else "Email")
    keyboard.type(people[0])
    keyboard.press("Tab")
    keyboard.type(people[1])
    keyboard.press("Enter")
    page.wait_for_url(re.compile(f"/console/{SLUG}/"))
    return keyboard


def open_draft(keys: Keyboard, customer: str) -> None:
    keys.tab_to("Customer Invoices")
    keys.press("Enter")
    keys.page.wait_for_url(re.compile(f"/console/{SLUG}/$"))
    keys.tab_to("Search customers")
    keys.type(customer)
    keys.press("Enter")
    keys.page.wait_for_url(re.compile(r"q="))
    keys.tab_to(customer)
    keys.press("Enter")
    keys.page.wait_for_url(re.compile(r"/customers/\d+/invoices/"))
    row = keys.page.get_by_role("row", name=re.compile("D-0000")).first
    row.focus()
    keys.press("Enter")
    expect(keys.page.get_by_test_id("status")).to_have_text("Draft")


def test_a_draft_is_published_from_its_bar_and_voided_in_the_dialog(keys: Keyboard) -> None:
    open_draft(keys, "Atlas Nimbus")
    keys.tab_to("Status")
    keys.press("ArrowDown")
    keys.tab_to("UPDATE STATUS")
    keys.press("Enter")
    dialog = keys.page.get_by_role("dialog", name="Confirm status change")
    expect(dialog).to_be_visible()
    assert keys.page.evaluate("document.activeElement.closest('dialog') !== null")
    keys.press("Escape")
    expect(dialog).to_be_hidden()
    assert keys.focused == "UPDATE STATUS"
    keys.press("Enter")
    keys.tab_to("Accept")
    keys.press("Enter")
    expect(keys.page.get_by_test_id("status")).to_have_text("Open")
    void(keys)


def void(keys: Keyboard) -> None:
    keys.tab_to("UPDATE INVOICE STATUS")
    keys.press("Enter")
    dialog = keys.page.get_by_role("dialog", name="Update Invoice Status")
    expect(dialog).to_be_visible()
    assert keys.focused == "Status"
    keys.type("V")
    keys.tab_to("Reason")
    keys.type("by keyboard")
    keys.tab_to("UPDATE")
    keys.press("Enter")
    expect(keys.page.get_by_test_id("status")).to_have_text("Voided")


def test_discard_gives_the_focus_back_when_it_is_cancelled(keys: Keyboard) -> None:
    open_draft(keys, "Zenith Voyager")
    keys.tab_to("DISCARD")
    keys.press("Enter")
    dialog = keys.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Zenith Voyager")
    keys.press("Escape")
    expect(dialog).to_be_hidden()
    assert keys.focused == "DISCARD"
    keys.press("Enter")
    keys.tab_to("Discard")
    keys.press("Enter")
    expect(keys.page.get_by_role("status")).to_contain_text("is discarded")


def test_the_search_is_a_slash_away(keys: Keyboard) -> None:
    keys.page.locator("h1").first.click()
    keys.press("/")
    keys.type("Orion")
    keys.press("Enter")
    expect(keys.page.get_by_role("heading", name="Search: Orion")).to_be_visible()
