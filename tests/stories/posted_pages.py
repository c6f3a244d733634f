"""Pages that only a form leads to, which no address opens: a confirmation, and refused forms."""

from collections.abc import Callable, Mapping

from playwright.sync_api import Page, Response, expect

from stories.every_page import _WIDER, SIZES, _findings


def chosen_in_bulk(page: Page, console: str) -> Response:
    """The question about documents that were ticked in the list."""
    page.goto(f"{console}/documents/?range=all")
    page.get_by_label("Tick all on this page").check()
    return _sent(page, "Update status")


def refused_in_bulk(page: Page, console: str) -> Response:
    chosen_in_bulk(page, console)
    page.get_by_label("New status").select_option("Voided")
    return _sent(page, "Update status")


def refused(address: str, field: str, value: str, button: str) -> Callable[[Page, str], Response]:
    """A form with one field at fault, sent without the browser's own checks."""

    def fill_and_send(page: Page, console: str) -> Response:
        page.goto(f"{console}/{address}")
        page.get_by_label(field, exact=True).fill(value)
        return _sent(page, button)

    return fill_and_send


POSTED: Mapping[str, tuple[Callable[[Page, str], Response], int]] = {
    "bulk": (chosen_in_bulk, 200),
    "bulk refused": (refused_in_bulk, 422),
    "customer": (refused("customers/new/", "Billing currency", "euros", "Save"), 422),
    "markup": (refused("markups/", "Percent", "a tenth", "Set markup"), 422),
    "ticket": (refused("tickets/new/", "Subject", "", "Submit"), 422),
}
"""What leads to each page, and the status that it comes with."""


def _sent(page: Page, button: str) -> Response:
    page.evaluate("document.querySelectorAll('form').forEach((f) => { f.noValidate = true; })")
    with page.expect_navigation() as answered:
        page.get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    return answered.value


def wrong_with(page: Page) -> list[str]:
    """What axe finds in light and dark, and each size at which the page scrolls sideways."""
    # Else colours are read while they go from one scheme to the other.
    page.emulate_media(reduced_motion="reduce")
    wide: list[str] = []
    for size in SIZES:
        page.set_viewport_size(size)  # type: ignore[arg-type]
        wide += page.evaluate(_WIDER)
    return [*wide, *_findings(page, set())]
