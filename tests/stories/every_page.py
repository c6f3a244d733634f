"""All pages that a person sees, from the URL configuration, in the demo as it is served.

What a page is, its answer says: an address that takes no GET, a download, and one that only sends
people on are none. `looked_at` opens each page once and notes all that could be wrong with it.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import APIResponse, Browser, ConsoleMessage, Page

from stories.world import answers, free_port, until

_LEVELS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
SCHEMES: Mapping[str, Any] = {
    "light": {"type": "tag", "values": [*_LEVELS, "best-practice"]},
    "dark": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}
"""What axe looks for: a scheme changes colours alone, so the rest is looked for once."""

SIZES = [{"width": width, "height": 900} for width in (320, 768, 1440)]

TESTS = Path(__file__).parent.parent

OPENS: Mapping[str, tuple[str, ...]] = {
    "console": ("owner",),
    "portal": ("customer",),
    "": (
        "choosing a password",
        "nobody",
        "half signed in",
        "with a second factor",
        "owner",
        "asked for a second factor",
    ),
}
"""Who a page is opened as, by its door: the first of them who gets to see it."""

_ROWS = """
import sys, django
django.setup()
from stories.rows import main
main(sys.argv[1:])
"""
_MEASURES = """() => new Promise((done) => {
  let moved = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((each) => { moved += each.value; }))
    .observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => requestAnimationFrame(() => done({
    moved,
    files: [...document.querySelectorAll("script[src], link[rel=stylesheet]")]
      .map((each) => each.src || each.href),
  })));
})"""
_WIDER = """() => document.scrollingElement.scrollWidth > innerWidth
  ? [`${document.scrollingElement.scrollWidth} px at ${innerWidth}`] : []"""
_AXE = """([where, options]) => axe.run(where, options).then((found) => found.violations.flatMap(
  (rule) => rule.nodes.slice(0, 3).map((node) => [
    rule.id, node.html.slice(0, 160), ...node.any.map((each) => each.message.slice(0, 160)),
  ].join(" | "))))"""
_OPENERS = """() => {
  const openers = [...document.querySelectorAll("[data-dialog]")];
  return [...new Set(openers.map((each) => each.dataset.dialog))]
    .filter((id) => document.getElementById(id));
}"""


@dataclass(frozen=True)
class Listed:
    """A page: its pattern's name, an address, and who opens it."""

    name: str
    address: str
    who: str


@dataclass
class Site:
    """The demo as it is served. `pages` are those to look at; `problems` say what to add."""

    url: str
    sessions: dict[str, str]
    pages: list[Listed] = field(default_factory=list)
    onward: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)

    def size_of(self, page: Page, file: str) -> int:
        """The bytes of a style or script as the page runs it, not as it travels."""
        if file not in self.sizes:
            self.sizes[file] = len(page.context.request.get(file).body())
        return self.sizes[file]


@dataclass
class Look:
    """What was seen on one page; empty where all is well."""

    page: Listed
    said: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    moved: float = 0
    wide: list[str] = field(default_factory=list)
    bytes: int = 0


@contextmanager
def demo(environment: Mapping[str, str], home: Path) -> Iterator[str]:
    """`clearbill demo` on a free port, until left: its address."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "clearbill.wiring.main", "demo", "--port", str(port)],
        env={**environment, "CLEARBILL_HOME": str(home)},
        stdout=subprocess.DEVNULL,
    )
    try:
        url = f"http://localhost:{port}"
        until(lambda: answers(f"{url}/readyz") or process.poll(), "the demo", seconds=300)
        assert process.poll() is None, "the demo ended by itself"
        until(lambda: next((home / "mailbox").glob("*.eml"), None), "the demo's first mail")
        yield url
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def rows(environment: Mapping[str, str], home: Path, *words: str) -> str:
    """What `stories.rows` prints, in its own process."""
    done = subprocess.run(
        [sys.executable, "-c", _ROWS, *words],
        env={
            **environment,
            "DJANGO_SETTINGS_MODULE": "clearbill.wiring.settings",
            "CLEARBILL_HOME": str(home),
            "CLEARBILL_MAILBOX": str(home / "mailbox"),
            "PYTHONPATH": os.pathsep.join([str(TESTS), environment.get("PYTHONPATH", "")]),
        },
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def listed(browser: Browser, url: str, said: str) -> Site:
    """The pages that a person sees, of all addresses that `rows list` said."""
    found: dict[str, Any] = json.loads(said)
    site = Site(url, found["sessions"])
    contexts = {who: context_of(browser, site, who) for who in site.sessions}
    for each in found["pages"]:
        if each["problem"]:
            site.problems.append(each["problem"])
            continue
        _sort(site, each["name"], each["address"], contexts)
    for context in contexts.values():
        context.close()
    return site


def _sort(site: Site, name: str, address: str, contexts: Mapping[str, Any]) -> None:
    door = name.partition(":")[0] if ":" in name else ""
    seen: list[int] = []
    for who in OPENS[door]:
        answer = contexts[who].request.get(f"{site.url}{address}", max_redirects=0)
        seen.append(answer.status)
        if answer.status == 405 or (answer.status == 200 and not _is_html(answer)):
            return
        if answer.status == 200:
            site.pages.append(Listed(name, address, who))
            return
    if any(300 <= status < 400 for status in seen) and max(seen) < 500:
        site.onward.add(name)
    else:
        site.problems.append(f"{name} answers {seen} at {address}")


def _is_html(answer: APIResponse) -> bool:
    # What is served for a sandboxed frame is seen in it, on the page that has the frame.
    framed = "sandbox" in answer.headers.get("content-security-policy", "")
    return answer.headers["content-type"].startswith("text/html") and not framed


def context_of(browser: Browser, site: Site, who: str, **options: Any) -> Any:
    """A context in which somebody is signed in; nothing moves in it by itself."""
    context = browser.new_context(reduced_motion="reduce", **options)
    if site.sessions[who]:
        context.add_cookies([{"name": "sessionid", "value": site.sessions[who], "url": site.url}])
    return context


def looked_at(browser: Browser, site: Site) -> Iterator[Look]:
    """Each page, opened once at 320 px and then looked at in full, light and dark."""
    seen: set[str] = set()
    for who in dict.fromkeys(page.who for page in site.pages):
        context = context_of(browser, site, who, viewport=SIZES[0])
        page = context.new_page()
        for each in site.pages:
            if each.who == who:
                yield _look(page, site, each, seen)
        context.close()


def _look(page: Page, site: Site, listed: Listed, seen: set[str]) -> Look:
    look = Look(listed)
    heard = {
        "console": lambda said: look.said.extend(_wrong(said)),
        "pageerror": lambda error: look.said.append(str(error)),
        "request": lambda asked: look.foreign.extend(_foreign(asked.url, site.url)),
    }
    for event, listener in heard.items():
        page.on(event, listener)  # type: ignore[call-overload]
    page.set_viewport_size(SIZES[0])  # type: ignore[arg-type]
    page.emulate_media(color_scheme="light")
    page.goto(f"{site.url}{listed.address}")
    measured = page.evaluate(_MEASURES)
    look.moved = measured["moved"]
    look.bytes = sum(site.size_of(page, file) for file in measured["files"])
    for size in SIZES:
        page.set_viewport_size(size)  # type: ignore[arg-type]
        look.wide.extend(page.evaluate(_WIDER))
    look.findings = list(_findings(page, seen))
    for event, listener in heard.items():
        page.remove_listener(event, listener)
    return look


def _wrong(said: ConsoleMessage) -> Iterable[str]:
    return [said.text] if said.type in ("error", "warning") else []


def _foreign(asked: str, own: str) -> Iterable[str]:
    return [] if asked.startswith((own, "data:", "blob:")) else [asked]


def _findings(page: Page, seen: set[str]) -> Iterator[str]:
    """What axe finds on the page with all opened, and in each dialog; light and dark.

    A dialog that looks the same on many pages is inspected on the first of them.
    """
    page.evaluate(Axe().axe_script)
    page.evaluate("document.querySelectorAll('main details').forEach((d) => { d.open = true; })")
    yield from _inspect(page, "body")
    for name in page.evaluate(_OPENERS):
        made = page.evaluate("(id) => document.getElementById(id).innerHTML", name)
        if made not in seen:
            seen.add(made)
            page.evaluate("(id) => document.querySelector(`[data-dialog=${id}]`).click()", name)
            if not page.evaluate("(id) => document.getElementById(id).open", name):
                yield f"its button does not open #{name}"
                continue
            yield from _inspect(page, f"#{name}")
            page.evaluate("(id) => document.getElementById(id).close()", name)


def _inspect(page: Page, where: str) -> Iterator[str]:
    for scheme, rules in SCHEMES.items():
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for said in page.evaluate(_AXE, [where, {"runOnly": rules, "resultTypes": ["violations"]}]):
            yield f"{scheme} {where} {said}"


def environment_of(given: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without mail of the operator's, and with a given database."""
    return {name: value for name, value in os.environ.items() if name != "EMAIL_URL"} | dict(given)
