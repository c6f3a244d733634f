"""What stories share: one running installation, a Chromium, people who sign in."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

import databases
from clearbill.wiring.embedded import Server
from stories.world import World, running

CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# What is expected comes when it comes: how fast a machine is, is no story's matter.
expect.set_options(timeout=30_000)

SignIn = Callable[[str, str], Page]


@pytest.fixture(scope="session")
def world(
    server: Server, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """`serve`, `work` and a mail server on a database of their own."""
    folder = tmp_path_factory.mktemp("world")
    with (
        databases.copy(server, template) as database,
        running(database.environment(), folder) as started,
    ):
        yield started


# Not for the session: while Playwright runs, Django takes this process for asynchronous.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=CHROMIUM)
        yield browser
        browser.close()


def _chromium() -> str | None:
    """The machine's own Chromium, or None for the one that Playwright brings."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


@pytest.fixture
def messages() -> list[str]:
    """What the browser's console said: every story ends with it empty."""
    return []


@pytest.fixture
def page(chromium: Browser, messages: list[str]) -> Iterator[Page]:
    """A page in a context of its own; any console error, CSP message or failed script fails."""
    context = chromium.new_context(accept_downloads=True, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(30_000)
    page = context.new_page()
    page.on("console", lambda said: messages.append(said.text) if _is_wrong(said) else None)
    page.on("pageerror", lambda error: messages.append(str(error)))
    yield page
    context.close()
    assert messages == []


def _is_wrong(said: ConsoleMessage) -> bool:
    # A form with a fault is answered with 422, which Chromium reports as if it were a loss.
    return said.type == "error" and "status of 422" not in said.text


@pytest.fixture
def sign_in(page: Page, world: World) -> SignIn:
    """Sign a person in through the form, as people do."""

    def through_the_form(address: str, password: str) -> Page:
        page.goto(f"{world.url}/accounts/login/")
        page.get_by_label("Email").fill(address)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "/accounts/login" not in url)
        return page

    return through_the_form


@pytest.fixture(scope="session")
def sample(samples: Path) -> Path:
    return samples / "focus-sample-1.0" / "focus_sample.csv"
