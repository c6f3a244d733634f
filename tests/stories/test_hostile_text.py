"""Hostile text in every column, read in a browser: no payload runs, and no page breaks."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Dialog, Page, expect

from hostile.payloads import RAN, SCRIPT, hostile
from stories.world import World

TESTS = Path(__file__).parent.parent
RECIPIENT = f'"{SCRIPT}"@recipient.example'
RUN = """() => {
  const all = [...document.querySelectorAll("*")];
  const names = (each) => [...each.attributes].map((attribute) => attribute.name);
  return [
    ...[...document.scripts].filter((each) => !each.src.startsWith(location.origin)),
    ...all.filter((each) => names(each).some((name) => name.startsWith("on"))),
    ...all.filter((each) => (each.href || "").toString().startsWith("javascript:")),
    ...document.querySelectorAll("img[src='x'], title *, textarea *, option *"),
  ].map((each) => each.outerHTML.slice(0, 200));
}"""
"""What no page of ours has: scripts inside it, handlers, and what payloads would make."""


@pytest.fixture(scope="module")
def filled(world: World, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The addresses of both doors, and a session for each, of a reseller full of payloads."""
    done = subprocess.run(
        [sys.executable, "-m", "hostile.fill", str(tmp_path_factory.mktemp("hostile"))],
        env={
            **world.environment,
            "PYTHONPATH": os.pathsep.join([str(TESTS.parent / "src"), str(TESTS)]),
            "DJANGO_SETTINGS_MODULE": "clearbill.wiring.settings",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


@pytest.fixture
def dialogs(page: Page) -> Iterator[list[str]]:
    """What a page alerts: every story ends with it empty."""
    said: list[str] = []

    def note(dialog: Dialog) -> None:
        said.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", note)
    yield said
    assert said == []


def enter(page: Page, world: World, filled: dict[str, Any], door: str) -> None:
    page.context.add_cookies(
        [{"name": "sessionid", "value": filled["sessions"][door], "url": world.url}]
    )


def pages(page: Page, world: World, addresses: list[str]) -> Iterator[str]:
    """Those of the addresses that are pages for this person, and neither files nor forms alone."""
    for address in addresses:
        answer = page.request.get(f"{world.url}{address}", max_redirects=0)
        assert answer.status < 500, address
        if answer.status == 200 and answer.headers["content-type"].startswith("text/html"):
            yield address


def look(page: Page, address: str) -> None:
    """Open a page; what payloads would do to it has not happened."""
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 200, address
    assert page.evaluate(RUN) == [], address
    assert page.title() not in ("", "run"), address
    assert RAN not in page.content(), address


@pytest.mark.parametrize(("door", "least"), [("console", 50), ("portal", 10)])
def test_no_page_of_a_door_runs_a_payload(
    world: World, filled: dict[str, Any], page: Page, dialogs: list[str], door: str, least: int
) -> None:
    enter(page, world, filled, door)
    seen = 0
    for address in pages(page, world, filled["addresses"][door]):
        look(page, f"{world.url}{address}")
        seen += 1
    assert seen >= least


def test_what_is_typed_into_a_template_is_previewed_as_text(
    world: World, filled: dict[str, Any], page: Page, dialogs: list[str]
) -> None:
    enter(page, world, filled, "console")
    page.goto(f"{world.url}/console/hostile/settings/mails/")
    page.get_by_label("Text in English").fill(f'{SCRIPT} "><img src=x onerror=alert(1)>')
    expect(page.locator("#preview")).to_contain_text("Not saved yet")
    expect(page.locator("#preview .mail")).to_contain_text(SCRIPT)
    page.get_by_label("Text in English").fill("n{{7*7}}n")
    expect(page.locator("#preview")).to_contain_text("there is no {7*7}")
    assert page.evaluate(RUN) == []


def test_a_search_shows_its_words_as_text(
    world: World, filled: dict[str, Any], page: Page, dialogs: list[str]
) -> None:
    enter(page, world, filled, "console")
    page.goto(f"{world.url}/console/hostile/overview/")
    search = page.get_by_label("Search customers and documents")
    for words in (hostile(), "javascript:alert(1)", "</title><script>alert(1)</script>"):
        search.fill(words)
        search.press("Enter")
        expect(search).to_have_value(words)
        assert page.evaluate(RUN) == []


def test_a_mail_arrives_at_its_recipient_alone(world: World, filled: dict[str, Any]) -> None:
    letter = world.post.wait_for(RECIPIENT)
    assert [str(each.addr_spec) for each in letter["to"].addresses] == [RECIPIENT]
    assert letter["bcc"] is letter["cc"] is None
    [sent] = [recipients for recipients, each in world.post.letters if each is letter]
    assert sent == [RECIPIENT]
    text = letter.get_body(("plain",))
    assert text is not None
    assert SCRIPT in text.get_content()
