"""People beside the first one: browsers of their own, the mail they get, the codes they type."""

import base64
import hmac
import re
import struct
from collections.abc import Callable, Iterator
from email.message import EmailMessage

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from stories.world import World, until

Visitor = Callable[[str], Page]


@pytest.fixture
def visitor(chromium: Browser, messages: list[str]) -> Iterator[Visitor]:
    """Opens a page in another browser, which calls itself by the name given."""
    contexts = []

    def another(browser: str) -> Page:
        context = chromium.new_context(
            accept_downloads=True, viewport={"width": 1280, "height": 900}, user_agent=browser
        )
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: _keep(said, messages))
        page.on("pageerror", lambda error: messages.append(str(error)))
        return page

    yield another
    for context in contexts:
        context.close()


def _keep(said: ConsoleMessage, messages: list[str]) -> None:
    if said.type == "error" and "status of 422" not in said.text:
        messages.append(said.text)


def forgive(messages: list[str], status: int) -> None:
    """Take out what Chromium says about a page that was meant to be refused with this status."""
    said = [each for each in messages if f"status of {status}" in each]
    assert said, f"no page was refused with {status}: {messages}"
    messages[:] = [each for each in messages if each not in said]


def enter(page: Page, address: str, password: str) -> None:
    """Fill the form of sign-in that is open, and send it."""
    page.get_by_label("Email").fill(address)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def sign_in_at(page: Page, address: str, person: str, password: str) -> Page:
    """Open an address as a stranger, sign in, and arrive."""
    page.goto(address)
    enter(page, person, password)
    page.wait_for_url(address)
    return page


def expect_stranger(page: Page, address: str) -> None:
    """The address leads to sign-in and shows nothing of what it was before."""
    page.goto(address)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_label("Password")).to_be_visible()


def letter_about(world: World, address: str, words: str) -> EmailMessage:
    """The first mail to an address whose subject has these words."""

    def found() -> EmailMessage | None:
        return next((each for each in world.post.to(address) if words in each["subject"]), None)

    return until(found, f"mail to {address} about {words}")


def text_of(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def link_in(letter: EmailMessage) -> str:
    """The first link of a mail's text."""
    link = re.search(r"http://\S+", text_of(letter))
    assert link is not None, text_of(letter)
    return link[0]


def code_of(secret: str, moment: float) -> str:
    """The six digits that an authenticator app shows at a moment (RFC 6238)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, struct.pack(">Q", int(moment) // 30), "sha1")
    place = digest[-1] & 15
    number = int.from_bytes(digest[place : place + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"
