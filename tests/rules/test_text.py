"""Words from elsewhere: what acts is replaced, and what nobody sees is nothing."""

import pytest

from clearbill.rules.text import harmless, tidy


def test_a_name_is_kept_on_one_line_without_what_acts() -> None:
    assert tidy("  Ora\u202ecle \n Cloud\x1b ") == "Ora\ufffdcle Cloud\ufffd"
    assert harmless("a\nb\udcff") == "a\ufffdb\ufffd"


@pytest.mark.parametrize("text", ["", " ", "\u200b", "\u2060\u200d \ufeff", "\u00a0\u00ad"])
def test_a_name_of_invisible_signs_is_none(text: str) -> None:
    assert tidy(text) == ""


def test_invisible_signs_within_a_name_stay() -> None:
    for name in ("\u0645\u06cc\u200c\u062e", "\U0001f469\u200d\U0001f467"):
        assert tidy(name) == name
