"""`make pictures`: one sheet a page, at three widths, light and dark, from the demo as served.

Sheets go to `pictures/`, which is not kept; those of `docs/tour.md` to `docs/pictures/`. Words
after the command take only the pages whose names hold one of them, and leave the tour as it is.
"""

import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from stories.conftest import CHROMIUM, _chromium
from stories.every_page import (
    Listed,
    Site,
    context_of,
    demo,
    environment_of,
    listed,
    rows,
)

ROOT = Path(__file__).parent.parent
WIDTHS = (320, 768, 1440)
SCHEMES = ("light", "dark")
HIGHEST = 2400


def names(pages: Sequence[Listed]) -> dict[str, Listed]:
    """Pages by the names of their sheets; of a page with several rows each has a number."""
    found: dict[str, Listed] = {}
    for page in pages:
        name = page.name.replace(":", "-")
        same = sum(each.startswith(f"{name}~") or each == name for each in found)
        found[f"{name}~{same + 1}" if same else name] = page
    return found


def sheets(browser: Browser, site: Site, pages: dict[str, Listed]) -> None:
    """Six pictures of each page beside each other, as `pictures/NAME.png`."""
    for who in dict.fromkeys(page.who for page in pages.values()):
        shots: dict[str, list[Image.Image]] = {}
        for width in WIDTHS:
            for scheme in SCHEMES:
                context = context_of(
                    browser, site, who, viewport={"width": width, "height": 900},
                    color_scheme=scheme,
                )  # fmt: skip
                page = context.new_page()
                for name, each in pages.items():
                    if each.who == who:
                        page.goto(f"{site.url}{each.address}")
                        shots.setdefault(name, []).append(_taken(page, full_page=True))
                context.close()
        for name, pictures in shots.items():
            _joined(pictures).save(ROOT / "pictures" / f"{name}.png")


def _taken(page: Page, *, full_page: bool = False) -> Image.Image:
    return Image.open(BytesIO(page.screenshot(animations="disabled", full_page=full_page)))


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


@dataclass(frozen=True)
class Stop:
    """A picture of the tour: a page by its pattern's name, and what is done on it first.

    `number` chooses among the rows that a page is listed with.
    """

    picture: str
    page: str
    scheme: str = "light"
    act: Callable[[Page], None] | None = None
    number: int = 0


def _to_the_totals(page: Page) -> None:
    page.get_by_role("heading", name="Totals per provider").scroll_into_view_if_needed()
    page.evaluate("scrollBy(0, 560)")


def _to_the_largest_draft(page: Page) -> None:
    page.goto(f"{page.url}&status=Draft&sort=-total")
    page.locator("tr[data-open] a").first.click()
    page.get_by_role("button", name="UPDATE STATUS", exact=True).wait_for()


def _tick_three(page: Page) -> None:
    for number in range(3):
        page.locator("input[name=code]").nth(number).check()


def _open_a_line(page: Page) -> None:
    _to_the_largest_draft(page)
    page.locator("table.lines details summary").first.click()
    page.evaluate("scrollTo(0, 180)")


def _ask_to_publish(page: Page) -> None:
    _to_the_largest_draft(page)
    form = page.locator("form[data-confirm-status]").first
    form.locator("select").select_option("Open")
    form.locator("button").first.click()


TOUR = (
    Stop("overview", "console:overview"),
    Stop("preview", "console:generate", act=_to_the_totals, number=1),
    Stop("list", "console:documents", act=_tick_three),
    Stop("console", "console:documents", act=_to_the_largest_draft),
    Stop("why", "console:documents", act=_open_a_line),
    Stop("publish", "console:documents", act=_ask_to_publish),
    Stop("refresh", "console:refresh"),
    Stop("voided", "console:document", scheme="dark", number=3),
    Stop("branding", "console:settings-branding"),
    Stop("portal", "portal:overview"),
)


def tour(browser: Browser, site: Site) -> None:
    """The pictures of `docs/tour.md`, in few colours, so that they stay small."""
    folder = ROOT / "docs" / "pictures"
    for stop in TOUR:
        page = [each for each in site.pages if each.name == stop.page][stop.number]
        context = context_of(
            browser, site, page.who, viewport={"width": 1440, "height": 900},
            color_scheme=stop.scheme,
        )  # fmt: skip
        opened = context.new_page()
        opened.goto(f"{site.url}{page.address}")
        if stop.act:
            stop.act(opened)
        picture = _taken(opened).convert("P", palette=Image.Palette.ADAPTIVE, colors=128)
        picture.save(folder / f"{stop.picture}.png", optimize=True)
        context.close()


def main(words: Sequence[str]) -> None:
    (ROOT / "pictures").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        home, environment = Path(folder), environment_of({})
        browser = playwright.chromium.launch(executable_path=_chromium(), args=CHROMIUM)
        with demo(environment, home) as url:
            site = listed(browser, url, rows(environment, home, "list"))
            pages = names(site.pages)
            wanted = {
                name: page
                for name, page in pages.items()
                if not words or any(word in name for word in words)
            }
            sheets(browser, site, wanted)
            if not words:
                tour(browser, site)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
