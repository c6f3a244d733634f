"""The theme: there from the first byte, and chosen with script and without."""

import pytest
from playwright.sync_api import Browser, Page, expect

from stories.conftest import SignIn
from stories.world import World

SLUG = "look"
ADDRESS = "owner@look.example"


@pytest.fixture(scope="module")
def password(world: World) -> str:
    """The password of a new reseller's owner."""
    world.run("resellers", "add", SLUG, "--name", "Look Cloud", "--currency", "USD",
              "--kind", "tax-invoice")  # fmt: skip
    world.run("users", "second-factor", "--optional", "--reseller", SLUG)
    return world.add_user(SLUG, ADDRESS, "--role", "owner")


def test_a_theme_is_chosen_at_once_and_kept(
    world: World, password: str, page: Page, sign_in: SignIn
) -> None:
    sign_in(ADDRESS, password)
    page.locator("header summary", has_text="Account").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    sent = page.goto(f"{world.url}/console/{SLUG}/overview/")
    assert sent is not None
    assert 'data-theme="dark"' in sent.text()
    page.locator("header summary", has_text="Account").click()
    page.get_by_role("button", name="System").click()
    expect(page.locator("html")).not_to_have_attribute("data-theme", "dark")


def test_a_theme_is_chosen_without_script(
    world: World, password: str, page: Page, sign_in: SignIn, chromium: Browser
) -> None:
    sign_in(ADDRESS, password)
    state = page.context.storage_state()
    context = chromium.new_context(java_script_enabled=False, storage_state=state)
    plain = context.new_page()
    plain.goto(f"{world.url}/console/{SLUG}/overview/")
    plain.locator("header summary", has_text="Account").click()
    plain.get_by_role("button", name="Dark").click()
    expect(plain.locator("html")).to_have_attribute("data-theme", "dark")
    assert plain.url == f"{world.url}/console/{SLUG}/overview/"
    context.close()
