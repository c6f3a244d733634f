"""What two people, or one impatient one, do to the same document."""

import re

import pytest
from playwright.sync_api import Page, expect

import focus_files
from chance import RACES
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


@pytest.fixture(scope="module")
def drafts(world: World, owner: object, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Two drafts for each round of a race."""
    rows = [
        focus_files.row(SubAccountId=f"{n:04d}", SubAccountName=f"Many {n}", ProviderName="Oracle")
        for n in range(2 * RACES)
    ]
    file = focus_files.write_csv(tmp_path_factory.mktemp("many") / "oracle.csv", rows)
    world.run("import", str(file), "--reseller", SLUG)
    world.run("accounts", "assign", "--all", "--reseller", SLUG)
    world.run("generate", "--period", "2024-09", "--provider", "Oracle", "--reseller", SLUG)
    found = world.run("documents", "list", "--provider", "Oracle", "--reseller", SLUG)
    return [each["id"] for each in found["documents"]]


def history(world: World, code: str) -> list[str]:
    events = world.run("documents", "history", code, "--reseller", SLUG)["events"]
    return [event["to"] for event in events]


def ask_for(page: Page, status: str) -> None:
    """Choose a status and come to the dialog that asks whether it is meant."""
    page.get_by_role("combobox", name="Status", exact=True).select_option(status)
    page.get_by_role("button", name="UPDATE STATUS").click()
    expect(page.get_by_role("dialog").get_by_role("button", name="Accept")).to_be_visible()


def test_a_double_click_on_accept_changes_once(
    world: World, owner: tuple[str, str], drafts: list[str], sign_in: SignIn
) -> None:
    page = sign_in(*owner)
    for code in drafts[:RACES]:
        open_document(page, world, code)
        ask_for(page, "Open")
        page.get_by_role("dialog").get_by_role("button", name="Accept").dblclick()
        expect(page.get_by_test_id("status")).to_have_text("Open")
        assert history(world, code) == ["Draft", "Open"]
    print(f"{RACES} double clicks, {RACES} changes")


def test_of_two_tabs_that_accept_at_once_one_changes_the_document(
    world: World, owner: tuple[str, str], drafts: list[str], sign_in: SignIn
) -> None:
    page = sign_in(*owner)
    tabs = {"Open": page, "Closed": page.context.new_page()}
    for code in drafts[RACES:]:
        for status, tab in tabs.items():
            open_document(tab, world, code)
            ask_for(tab, status)
        for tab in tabs.values():
            # A click of Playwright's waits for the answer, and the other tab would come too late.
            accept = tab.get_by_role("dialog").get_by_role("button", name="Accept")
            accept.evaluate("button => { setTimeout(() => button.click()) }")
        for tab in tabs.values():
            changed = tab.get_by_test_id("status").filter(has_not_text="Draft")
            expect(changed.or_(tab.get_by_text("was changed by")).first).to_be_visible()
        refused = [tab.get_by_text("was changed by").count() for tab in tabs.values()]
        assert (sorted(refused), len(history(world, code))) == ([0, 1], 2)
    print(f"{RACES} documents in two tabs, {RACES} changes")


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
