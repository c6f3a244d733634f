"""A reseller's colours: the figures of WCAG, what is refused, and what text goes on them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearbill.rules.colour import (
    BLACK,
    TEXT,
    WHITE,
    BadColour,
    checked,
    colour,
    contrast,
    readable,
    text_on,
    tint,
)

COLOURS = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


@pytest.mark.parametrize(
    ("one", "other", "figure"),
    [
        (BLACK, WHITE, 21.0),
        (WHITE, WHITE, 1.0),
        ("#777777", WHITE, 4.48),
        ("#1d4f91", WHITE, 8.15),
        ("#ff0000", WHITE, 4.0),
    ],
)
def test_contrast_has_the_figures_of_wcag(one: str, other: str, figure: float) -> None:
    assert contrast(one, other) == pytest.approx(figure, abs=0.01)
    assert contrast(other, one) == contrast(one, other)


@given(COLOURS)
def test_text_can_be_read_on_every_colour(chosen: str) -> None:
    assert contrast(chosen, text_on(chosen)) >= TEXT


@given(COLOURS)
def test_a_colour_as_text_can_be_read_on_what_it_lies_on(chosen: str) -> None:
    for behind in (("#ffffff", "#f6f7f9"), ("#161d29", "#0f141d")):
        shown = readable(chosen, *behind)
        assert min(contrast(shown, each) for each in behind) >= TEXT


def test_a_colour_that_can_be_read_already_stays_as_it_is() -> None:
    assert readable("#1d4f91", WHITE) == "#1d4f91"
    assert text_on("#1d4f91") == WHITE
    assert text_on("#ffc107") == BLACK


@pytest.mark.parametrize("text", ["#ABC", " #aabbcc ", "#AABBCC"])
def test_colours_are_written_one_way(text: str) -> None:
    assert colour(text) == "#aabbcc"


@pytest.mark.parametrize(
    "text", ["", "blue", "#12345", "#1d4f91;}", "#gggggg", "rgb(1,2,3)", "#1d4f91\n}"]
)
def test_what_is_no_colour_is_refused(text: str) -> None:
    with pytest.raises(BadColour, match="no colour"):
        colour(text)


@pytest.mark.parametrize(("text", "figure"), [("#ffffff", "1.0"), ("#ffc107", "1.6")])
def test_a_colour_that_the_page_swallows_is_refused_with_the_figures(
    text: str, figure: str
) -> None:
    with pytest.raises(BadColour, match=f"is {figure}:1, at least 3:1"):
        checked(text)


def test_a_figure_is_never_rounded_up_to_the_one_it_misses() -> None:
    nearly = next(
        shade
        for shade in (f"#{n:02x}{n:02x}{n:02x}" for n in range(255, 0, -1))
        if 2.95 <= contrast(shade, WHITE) < 3
    )
    with pytest.raises(BadColour, match=r"2\.9:1"):
        checked(nearly)


def test_a_tint_lies_between_background_and_colour() -> None:
    assert tint(BLACK, WHITE, 0) == WHITE
    assert tint(BLACK, WHITE, 0.5) == "#808080"
