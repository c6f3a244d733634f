"""The page of promises is what the list and the tests say."""

import re

import pytest

from promises import ATTACKS, FAULTS, Promise
from promises.__main__ import PAGE, ROOT, page

EACH = (*FAULTS, *ATTACKS)


@pytest.mark.parametrize("promise", EACH, ids=lambda each: each.happens)
def test_a_promise_is_held_by_tests_that_there_are(promise: Promise) -> None:
    for test in promise.tests:
        file, _, name = test.partition("::")
        assert re.search(rf"^def {name}\(", (ROOT / "tests" / file).read_text(), re.MULTILINE)


def test_the_page_has_the_row_of_each_promise() -> None:
    noted = {f"tests/{test}": ("passed", "") for each in EACH for test in each.tests}
    told = [_words(row) for row in PAGE.read_text().splitlines()]
    assert told == [_words(row) for row in page(noted).splitlines()]


def test_a_test_that_did_not_run_is_named() -> None:
    with pytest.raises(KeyError, match="test_kills"):
        page({})


def _words(row: str) -> str:
    """A row without what this run of the tests counted."""
    return row.rpartition(" | ")[0] if row.startswith("|") else row
