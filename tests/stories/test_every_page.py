"""Every page of the URL configuration, in the demo: readable, quiet, at rest, small and its own.

A page that is added is looked at by itself; where it wants rows that are not known, the first test
says what to add. Each page is opened once, and each test asks for one thing that was seen on it.
"""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect

import databases
from clearbill.wiring.embedded import Server
from stories.every_page import (
    SIZES,
    Look,
    Site,
    context_of,
    demo,
    environment_of,
    listed,
    looked_at,
    rows,
)

ONLY_SEND_ON = {
    "home",
    # Of the sign-in library: for codes by mail, for those without a password, for a script.
    "account_confirm_login_code",
    "account_set_password",
    "mfa_login_webauthn",
}
"""Addresses that show nobody a page."""

OWN_BYTES = 60_000
STILL = 0.1
"""What counts as still in the field: a page that is painted while it arrives shifts a little."""


@pytest.fixture(scope="module")
def site(
    server: Server, template: str, chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """The demo in small, loaded, served, and its pages listed."""
    home = tmp_path_factory.mktemp("every-page")
    with databases.copy(server, template) as database:
        environment = environment_of(
            {**database.environment(), "CLEARBILL_FILES": str(home / "files")}
        )
        rows(environment, home, "load", "4")
        with demo(environment, home) as url:
            yield listed(chromium, url, rows(environment, home, "list"))


@pytest.fixture(scope="module")
def looks(site: Site, chromium: Browser) -> list[Look]:
    return list(looked_at(chromium, site))


def _where(looks: list[Look], what: Callable[[Look], object]) -> list[str]:
    return [f"{look.page.address}: {what(look)}" for look in looks if what(look)]


def test_every_address_has_an_example_and_answers(site: Site) -> None:
    assert site.problems == []


def test_what_shows_nobody_a_page_is_meant_to(site: Site) -> None:
    assert site.onward == ONLY_SEND_ON


def test_pages_of_all_doors_are_looked_at(looks: list[Look]) -> None:
    seen = {look.page.name for look in looks}
    assert {"console:document", "portal:invoice", "account_login", "join", "letter"} <= seen
    assert len(seen) > 70


def test_axe_finds_nothing_in_light_and_dark(looks: list[Look]) -> None:
    assert _where(looks, lambda look: look.findings) == []


def test_the_console_of_the_browser_stays_silent(looks: list[Look]) -> None:
    assert _where(looks, lambda look: look.said) == []


def test_no_page_asks_another_host(looks: list[Look]) -> None:
    assert _where(looks, lambda look: look.foreign) == []


def test_no_page_scrolls_sideways(looks: list[Look]) -> None:
    assert _where(looks, lambda look: look.wide) == []


def test_nothing_jumps_while_a_page_loads(looks: list[Look]) -> None:
    assert _where(looks, lambda look: look.moved if look.moved > STILL else 0) == []


def test_what_a_script_hides_is_hidden_before_it_runs(site: Site, chromium: Browser) -> None:
    context = context_of(chromium, site, "owner", viewport=SIZES[0])
    page = context.new_page()
    page.route("**/*.js", lambda route: route.abort())
    address = next(each.address for each in site.pages if each.name == "console:update-status")
    page.goto(f"{site.url}{address}")
    expect(page.locator(".later")).not_to_have_count(0)
    expect(page.locator(".later:visible")).to_have_count(0)
    context.close()


def test_styles_and_scripts_of_a_page_are_small(looks: list[Look]) -> None:
    assert all(look.bytes for look in looks)
    assert max(look.bytes for look in looks) < OWN_BYTES
