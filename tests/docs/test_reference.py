"""docs/reference.md names a test for every sentence; each of them exists."""

import re
from pathlib import Path

import pytest

from docs.test_tables import table

ROOT = Path(__file__).parents[2]
ROWS = table("reference.md", "the reference says")


@pytest.mark.parametrize(("said", "shown_by"), [(row[0], row[2]) for row in ROWS])
def test_the_test_of_each_sentence_exists(said: str, shown_by: str) -> None:
    file, _, name = shown_by.strip("`").partition("::")
    text = (ROOT / file).read_text()
    assert re.search(rf"^def {name}\(", text, re.MULTILINE), f"{said}: {shown_by}"
