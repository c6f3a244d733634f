"""The list of mutants keeps up with the code: what it takes out is there, and so are the tests."""

from pathlib import Path

import pytest

from mutants import MUTANTS
from mutants.mutant import Mutant

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_what_a_mutant_takes_out_stands_once_in_its_file(mutant: Mutant) -> None:
    assert (ROOT / "src" / "clearbill" / mutant.file).read_text().count(mutant.old) == 1


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_tests_that_must_notice_exist(mutant: Mutant) -> None:
    for test in mutant.tests:
        file, _, name = test.partition("::")
        assert f"def {name.partition('[')[0]}" in (ROOT / "tests" / file).read_text()
