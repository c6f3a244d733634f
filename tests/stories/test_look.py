"""How pages stand: the theme is there from the first byte, nothing jumps, nothing is too wide."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

import focus_files
from stories.conftest import SignIn
from stories.world import World

SLUG = "look"
PASSWORD_OF = {"owner": "owner@look.example", "portal": "ap@look.example"}
PAGES = (
    ("owner", "console/look/overview/"),
    ("owner", "console/look/styleguide/"),
    ("owner", "console/look/overview/unsent-mail/"),
    ("portal", "portal/look/"),
    ("portal", "portal/look/usage/"),
)
SHIFTS = """() => new Promise((done) => {
  let moved = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((each) => { moved += each.value; }))
    .observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(moved), 300);
})"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def people(world: World, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A reseller with an open document, a draft and a waiting account; passwords by role."""
    world.run("resellers", "add", SLUG, "--name", "Look Cloud", "--currency", "USD",
              "--kind", "tax-invoice")  # fmt: skip
    world.run("users", "second-factor", "--optional", "--reseller", SLUG)
    folder = tmp_path_factory.mktemp("look")
    world.run("import", str(_usage(folder, "0012")), "--reseller", SLUG)
    world.run("accounts", "assign", "--all", "--reseller", SLUG)
    made = world.run("generate", "--period", "2024-09", "--reseller", SLUG)["documents"]
    world.run("documents", "status", made[0]["id"], "--to", "open", "--reseller", SLUG)
    world.run("import", str(_usage(folder, "0078", ProviderName="Oracle")), "--reseller", SLUG)
    customer = world.run("customers", "list", "--reseller", SLUG)["customers"][0]
    return {
        "owner": world.add_user(SLUG, PASSWORD_OF["owner"], "--role", "owner"),
        "portal": world.add_user(
            SLUG, PASSWORD_OF["portal"], "--role", "portal", "--customer", str(customer["id"])
        ),
    }


def _usage(folder: Path, account: str, **cells: str) -> Path:
    row = focus_files.row(SubAccountId=account, BilledCost="1234.50", **cells)
    return focus_files.write_csv(folder / f"{account}.csv", [row])


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest, page: Page) -> str:
    found: str = request.param
    page.emulate_media(color_scheme="dark" if found == "dark" else "light")
    return found


def test_a_theme_is_chosen_at_once_and_kept(
    world: World, people: dict[str, str], page: Page, sign_in: SignIn
) -> None:
    sign_in(PASSWORD_OF["owner"], people["owner"])
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
    world: World, people: dict[str, str], page: Page, sign_in: SignIn, chromium: Browser
) -> None:
    sign_in(PASSWORD_OF["owner"], people["owner"])
    state = page.context.storage_state()
    context = chromium.new_context(java_script_enabled=False, storage_state=state)
    plain = context.new_page()
    plain.goto(f"{world.url}/console/{SLUG}/overview/")
    plain.locator("header summary", has_text="Account").click()
    plain.get_by_role("button", name="Dark").click()
    expect(plain.locator("html")).to_have_attribute("data-theme", "dark")
    assert plain.url == f"{world.url}/console/{SLUG}/overview/"
    context.close()


def test_pages_neither_jump_nor_scroll_sideways(
    world: World, people: dict[str, str], page: Page, sign_in: SignIn
) -> None:
    for role, names in _by_role().items():
        page.context.clear_cookies()
        sign_in(PASSWORD_OF[role], people[role])
        for width in (320, 768, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            for name in names:
                page.goto(f"{world.url}/{name}")
                assert page.evaluate(SHIFTS) == 0, (name, width)
                assert page.evaluate("document.scrollingElement.scrollWidth") <= width, name


def test_axe_finds_nothing(
    world: World, people: dict[str, str], page: Page, scheme: str, sign_in: SignIn,
    chromium: Browser,
) -> None:  # fmt: skip
    for role, names in _by_role().items():
        page.context.clear_cookies()
        sign_in(PASSWORD_OF[role], people[role])
        # The pages' own policy would keep axe out.
        context = chromium.new_context(
            bypass_csp=True,
            color_scheme="dark" if scheme == "dark" else "light",
            storage_state=page.context.storage_state(),
        )
        for name in names:
            _inspect(context.new_page(), f"{world.url}/{name}")
        context.close()


def _inspect(page: Page, address: str) -> None:
    page.goto(address)
    page.evaluate("document.querySelectorAll('main details').forEach((d) => { d.open = true; })")
    found = Axe().run(page, options={"runOnly": RULES}).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == [], address


def _by_role() -> dict[str, list[str]]:
    return {role: [name for r, name in PAGES if r == role] for role in PASSWORD_OF}
