"""Templates of e-mails: known parameters are filled in once, unknown ones refused by name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearbill.rules.templates import PARAMETERS, UnknownParameter, check, filled

VALUES = {name: f"<{name}>" for name in PARAMETERS}


def test_every_parameter_is_filled_in() -> None:
    template = " ".join(f"{{{name}}}" for name in PARAMETERS)
    assert filled(template, VALUES) == " ".join(f"<{name}>" for name in PARAMETERS)


@pytest.mark.parametrize(
    "bad", ["{nothing}", "{Total}", "{ total }", "{}", "{0}", "{total!r}", "{link.__class__}"]
)
def test_an_unknown_parameter_is_refused_with_its_name_and_the_list(bad: str) -> None:
    with pytest.raises(UnknownParameter) as caught:
        check(f"Dear {{customer}}, {bad}")
    assert bad in str(caught.value)
    assert "{customer}, {provider}" in str(caught.value)


def test_a_value_that_looks_like_a_parameter_is_not_filled_in() -> None:
    assert filled("{customer}", {**VALUES, "customer": "{total} {x}"}) == "{total} {x}"


@pytest.mark.parametrize("text", ["a { b", "} and {", "100 % {", "%s %(total)s $total"])
def test_what_is_no_parameter_is_plain_text(text: str) -> None:
    assert filled(text, VALUES) == text


@given(st.text())
def test_any_text_is_filled_in_or_refused(text: str) -> None:
    try:
        check(text)
    except UnknownParameter:
        return
    assert isinstance(filled(text, VALUES), str)
