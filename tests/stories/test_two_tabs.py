"""What two people, or one impatient one, do to the same document."""

import re

import pytest
from playwright.sync_api import Page, expect

from stories.conftest import SignIn
from stories.world import World

SLUG = "tabs"


@pytest.fixture(scope="module")
def owner(world: World, sample: object) -> tuple[str, str]:
    world.run(
        "resellers", "add", SLUG, "--name", "Tabs", "--currency", "USD", "--kind", "statement"
    )
    world.run("users", "second-factor", "--optional", "--reseller", SLUG)
    world.run("import", str(sample), "--reseller", SLUG)
    world.run("accounts", "assign", "--all", "--reseller", SLUG)
    world.run("generate", "--period", "2024-09", "--provider", "AWS", "--reseller", SLUG)
    return "owner@tabs.example", world.add_user(SLUG, "owner@tabs.example", "--role", "owner")


def open_document(page: Page, world: World, code: str) -> None:
    page.goto(f"{world.url}/console/{SLUG}/documents/{code}/")


def test_a_stale_tab_is_refused_and_overwrites_nothing(
    world: World, owner: tuple[str, str], sign_in: SignIn
) -> None:
    page = sign_in(*owner)
    open_document(page, world, "D-000001")
    world.run("documents", "status", "D-000001", "--to", "open", "--reseller", SLUG)
    page.get_by_role("combobox", name="Status", exact=True).select_option("Closed")
    page.get_by_role("button", name="UPDATE STATUS").click()
    page.get_by_role("dialog").get_by_role("button", name="Accept").click()
    expect(page.get_by_role("alert").first).to_contain_text("was changed by cli:")
    shown = world.run("documents", "show", "D-000001", "--reseller", SLUG)
    assert shown["status"] == "Open"


def test_a_double_click_on_accept_changes_once(
    world: World, owner: tuple[str, str], sign_in: SignIn
) -> None:
    page = sign_in(*owner)
    open_document(page, world, "D-000002")
    page.get_by_role("combobox", name="Status", exact=True).select_option("Open")
    page.get_by_role("button", name="UPDATE STATUS").click()
    page.get_by_role("dialog").get_by_role("button", name="Accept").dblclick()
    expect(page.get_by_test_id("status")).to_have_text("Open")
    events = world.run("documents", "history", "D-000002", "--reseller", SLUG)["events"]
    assert [event["to"] for event in events] == ["Draft", "Open"]


def test_draft_in_the_bar_asks_for_another_status(
    world: World, owner: tuple[str, str], sign_in: SignIn
) -> None:
    page = sign_in(*owner)
    open_document(page, world, "D-000003")
    page.get_by_role("button", name="UPDATE STATUS").click()
    expect(page.get_by_text("choose Open to publish it")).to_be_visible()


def test_a_file_that_is_wrong_is_answered_with_line_and_column(
    world: World, owner: tuple[str, str], sign_in: SignIn
) -> None:
    page = sign_in(*owner)
    page.goto(f"{world.url}/console/{SLUG}/imports/")
    text = "BilledCost,BillingAccountId\n1.5,a\n"
    page.get_by_label(re.compile("^Files")).set_input_files(
        {"name": "september.csv", "mimeType": "text/csv", "buffer": text.encode()}
    )
    page.get_by_role("button", name="Import").click()
    expect(
        page.get_by_role("table", name="Errors").or_(page.get_by_label("Errors"))
    ).to_be_visible()
    expect(page.get_by_text("september.csv").first).to_be_visible()
