"""`make pictures`: one sheet a page, at three widths, light and dark, from the demo as served.

Sheets go to `pictures/`, which is not kept; the README's picture to `docs/pictures/`.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from stories.conftest import CHROMIUM, _chromium
from stories.world import free_port, until

ROOT = Path(__file__).parent.parent
WIDTHS = (320, 768, 1440)
SCHEMES = ("light", "dark")
HIGHEST = 2400


@contextmanager
def demo() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """The demo on a free port, in a folder of its own: its address and who may sign in."""
    port = free_port()
    with tempfile.TemporaryDirectory() as home:
        process = subprocess.Popen(
            [sys.executable, "-m", "clearbill.wiring.main", "demo", "--port", str(port)],
            env={**os.environ, "CLEARBILL_HOME": home},
        )
        try:
            base = f"http://localhost:{port}"
            until(lambda: _answers(f"{base}/readyz"), "the demo", seconds=180)
            yield base, json.loads((Path(home) / "demo-sign-ins.json").read_text())
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2):  # noqa: S310 - our own server
            return True
    except (urllib.error.URLError, OSError):
        return False


def sign_in(page: Page, base: str, person: dict[str, str]) -> None:
    page.goto(f"{base}/accounts/login/")
    page.get_by_label("Email").fill(person["email"])
    page.get_by_label("Password").fill(person["password"])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/accounts/" not in url)


def pages_of(page: Page, base: str, slug: str) -> dict[str, str]:
    """Name and address of every page, with the first rows that there are behind each."""
    console = f"{base}/console/{slug}/"
    pages = {
        "customer-invoices": "",
        "all-documents": "documents/?range=all",
        "generate": "generate/",
        "unassigned": "unassigned/",
        "accounts": "unassigned/?all=1",
        "markups": "markups/",
        "customers": "customers/",
        "imports": "imports/",
        "settings": "settings/",
        "help": "help/",
        "help-status": "help/update-status/",
        "search": "search/?q=an",
        "styleguide": "styleguide/",
    }
    found = {name: console + path for name, path in pages.items()}
    for name, path, pattern in (
        ("draft", "documents/?range=all&status=Draft", "tr[data-open] a[href*='/documents/D-']"),
        (
            "past-due",
            "documents/?range=all&status=Past+Due",
            "tr[data-open] a[href*='/documents/D-']",
        ),
        ("invoices-table", "", "tr[data-open] a"),
        ("customer", "customers/", "tr[data-open] a"),
        ("import", "imports/", "tr[data-open] a"),
        ("run", "generate/", "a[href*='/runs/']"),
    ):
        page.goto(console + path)
        found[name] = base + str(page.locator(pattern).first.get_attribute("href"))
    draft = found["draft"].split("?")[0]
    found |= {
        "dialog-update": f"{draft}status/",
        "dialog-confirm": f"{draft}confirm/?to=Open",
        "dialog-discard": f"{draft}discard/",
        "print": f"{draft}print/",
    }
    page.goto(console + "generate/")
    month = page.locator("select[name=period] option").first.get_attribute("value")
    found["preview"] = f"{console}generate/?period={month}"
    return found


def sheet(browser: Browser, base: str, person: dict[str, str], pages: dict[str, str]) -> None:
    """Six pictures of each page beside each other, as `pictures/NAME.png`."""
    shots: dict[str, list[Image.Image]] = {name: [] for name in pages}
    for width in WIDTHS:
        for scheme in SCHEMES:
            context = browser.new_context(
                viewport={"width": width, "height": 900},
                color_scheme="dark" if scheme == "dark" else "light",
            )
            page = context.new_page()
            if person:
                sign_in(page, base, person)
            for name, address in pages.items():
                page.goto(address)
                wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
                if wide:
                    print(f"{name} scrolls sideways at {width} px")
                shots[name].append(Image.open(BytesIO(page.screenshot(full_page=True))))
            context.close()
    for name, pictures in shots.items():
        _joined(pictures).save(ROOT / "pictures" / f"{name}.png")


def _joined(pictures: list[Image.Image]) -> Image.Image:
    cut = [p.crop((0, 0, p.width, min(p.height, HIGHEST))) for p in pictures]
    joined = Image.new(
        "RGB", (sum(p.width for p in cut) + 16 * len(cut), max(p.height for p in cut)), "#888"
    )
    left = 0
    for picture in cut:
        joined.paste(picture, (left, 0))
        left += picture.width + 16
    return joined


def for_the_readme(browser: Browser, base: str, person: dict[str, str], address: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    page = context.new_page()
    sign_in(page, base, person)
    page.goto(address)
    picture = Image.open(BytesIO(page.screenshot()))
    target = ROOT / "docs" / "pictures" / "console.png"
    target.parent.mkdir(exist_ok=True)
    picture.convert("P", palette=Image.Palette.ADAPTIVE, colors=128).save(target, optimize=True)
    context.close()


def main() -> None:
    (ROOT / "pictures").mkdir(exist_ok=True)
    with demo() as (base, people), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=CHROMIUM)
        owner = next(p for p in people if p["role"] == "owner")
        customer = next(p for p in people if p["door"] == "portal")
        page = browser.new_page()
        sign_in(page, base, owner)
        pages = pages_of(page, base, owner["slug"])
        for_the_readme(browser, base, owner, pages["draft"])
        sheet(browser, base, owner, pages)
        page.context.clear_cookies()
        sign_in(page, base, customer)
        invoices = f"{base}/portal/{customer['slug']}/invoices/"
        page.goto(invoices)
        one = base + str(page.locator("tr[data-open] a").first.get_attribute("href"))
        sheet(browser, base, customer, {"portal-invoices": invoices, "portal-invoice": one})
        login = f"{base}/accounts/login/"
        sheet(browser, base, {}, {"sign-in": login, "mailbox": f"{base}/mailbox/"})
        browser.close()


if __name__ == "__main__":
    main()
