"""The console's words are marked for translation, in templates and in Python, although they are
English whatever the reader prefers: what nobody marks, no translation can begin with."""

import ast
import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file
from jinja2 import Environment, nodes

from clearbill.console import words
from clearbill.queries.mail_templates import KIND_NAMES
from clearbill.queries.people import EVENTS
from clearbill.rules import custom_fields, tax
from messages import KEYWORDS, PACKAGE

TEMPLATES = [
    # An article is one text, which is translated as a whole and not between its tags.
    path
    for path in sorted((PACKAGE / "console" / "jinja2").rglob("*.html"))
    if path.parent.name != "help" and path.name != "styleguide.html"
] + [PACKAGE / "wiring" / "jinja2" / "console_base.html"]

PIECES = re.compile(
    r"<(script|style|code|kbd)\b.*?</\1>|<[^>]*>|{%.*?%}|{#.*?#}", re.DOTALL | re.IGNORECASE
)
EXPRESSION = re.compile(r"{{.*?}}(#[a-z]+\b)?", re.DOTALL)
READ_OUT = re.compile(r'\b(?:title|aria-label|placeholder|alt)="([^"]*)"')
LETTERS = re.compile(r"[A-Za-z]{2}")
SENTENCE = re.compile(r"[A-Za-z]{2,} [a-z]{2,}")
"""Two words, the second a small one: names of statuses (`Past Due`) are data."""


def unmarked(template: str) -> list[str]:
    """Texts between two tags or blocks, in attributes and in expressions that nobody marked."""
    bare = EXPRESSION.sub("", template)
    pieces = [*PIECES.sub("\n\n", bare).split("\n\n"), *READ_OUT.findall(bare)]
    texts = [html.unescape(" ".join(each.split())) for each in pieces]
    said = [each.value for each in _constants(Environment(autoescape=True).parse(template))]
    return [t for t in texts if LETTERS.search(t)] + [t for t in said if SENTENCE.search(t)]


def _constants(node: nodes.Node) -> Iterator[nodes.Const]:
    """The texts of expressions that are not handed to `_`."""
    if isinstance(node, nodes.Call) and getattr(node.node, "name", "") == "_":
        return
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node
    for below in node.iter_child_nodes():
        yield from _constants(below)


def test_every_text_of_the_consoles_templates_is_marked() -> None:
    page = "<p>No {{ x }} of it</p><b title='a'>{{ _('In it') }}</b>{% if x %}Out{% endif %}"
    assert unmarked(page) == ["No of it", "Out"]
    assert unmarked("<i title=\"A\">{{ 'one line' if x else _('%(n)s lines', n=n) }}</i>") == [
        "one line"
    ]
    found = {path.name: unmarked(path.read_text(encoding="utf-8")) for path in TEMPLATES}
    assert {name: texts for name, texts in found.items() if texts} == {}, "wrap them in {{ _() }}"


MARKS = {"_", "N_", "ngettext", "Refused", "Words"}
NO_PAGE = {"Http404", "csv_line"}
"""What is called with words that stand on no page: a 404's reason, the columns of a file."""


def bare_texts(node: ast.AST, pattern: re.Pattern[str]) -> Iterator[str]:
    """Texts below a node that fit a pattern and stand in no mark, docstring or key."""
    match node:
        case ast.Call(func=ast.Name(id=name)) if name in MARKS | NO_PAGE:
            return
        case ast.Expr(value=ast.Constant()):
            return
        # It reads a refusal's English.
        case ast.FunctionDef(name="_field"):
            return
        case ast.Constant(value=str(text)) if pattern.search(text):
            yield text
    below = node.values if isinstance(node, ast.Dict) else ast.iter_child_nodes(node)
    for each in below:
        yield from bare_texts(each, pattern)


def calls(tree: ast.AST, *names: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[0] in names:
            yield node


def unmarked_in(source: str) -> list[str]:
    """The sentences of a module, and what it says by `messages`, that nobody marked."""
    tree = ast.parse(source)
    said = [text for each in calls(tree, "messages") for text in bare_texts(each.args[1], LETTERS)]
    return [*bare_texts(tree, SENTENCE), *said]


def modules(*rooms: str) -> list[Path]:
    return [path for room in rooms for path in sorted((PACKAGE / room).rglob("*.py"))]


def test_every_sentence_of_the_consoles_python_is_marked() -> None:
    marked = "messages.info(request, _('Not %(x)s so', x=x))\nraise Http404('no such thing')"
    assert unmarked_in(marked) == []
    bare = "x = f'{code} is gone'\nmessages.info(request, 'Added.')"
    assert unmarked_in(bare) == [" is gone", "Added."]
    found = {
        path.name: unmarked_in(path.read_text(encoding="utf-8"))
        for path in [*modules("console"), PACKAGE / "web" / "messages.py"]
        # Figures of the style guide, made up.
        if path.name != "samples.py"
    }
    assert {name: texts for name, texts in found.items() if texts} == {}, "wrap them in _()"


def put_together(source: str) -> list[str]:
    """Refusals whose words are put together before `Refused` gets them: no entry has them."""
    return [
        ast.unparse(each.args[0])
        for each in calls(ast.parse(source), "Refused", "Words", "_NotTaken")
        if each.args and isinstance(each.args[0], ast.JoinedStr | ast.BinOp)
    ]


def test_a_refusal_is_a_template_with_values() -> None:
    assert put_together("Refused(f'no {x}')\nRefused('no %(x)s', x=x)") == ["f'no {x}'"]
    found = {
        path.name: put_together(path.read_text(encoding="utf-8"))
        for path in modules("actions", "console", "web")
    }
    assert {name: texts for name, texts in found.items() if texts} == {}


@pytest.mark.parametrize("room", ["actions", "console"])
def test_no_two_entries_run_together(room: str) -> None:
    """`Refused("a" if x else "b")` would be gathered as one entry `ab`, which nothing says."""
    for path in modules(room):
        written = {
            node.value
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant)
        }
        found = extract_from_file("python", path, keywords=KEYWORDS)
        entries = {
            t for _, text, _, _ in found for t in (text if isinstance(text, tuple) else [text])
        }
        assert entries - written == set(), path.name


def test_words_that_the_console_says_are_those_of_rules_and_queries() -> None:
    assert set(words.ACCESS) == set(EVENTS.values())
    assert set(words.FIELD_KINDS) == set(custom_fields.KINDS.values())
    assert set(words.MAIL_KINDS) == set(KIND_NAMES.values())
    assert set(words.TAX_CATEGORIES) == set(tax.CATEGORIES.values())
