"""Which letters the fonts have, read without what is not asked for."""

from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.ttLib import TTCollection, TTFont

from clearbill.paper.text import FONT_FOLDERS, coverage, one_line

FAR = {0x41: "a", 0x4E2D: "b", 0x20000: "a", 0x20001: "b"}
NEAR = {0x42: "a", 0x5B57: "b"}


def a_font(letters: dict[int, str]) -> TTFont:
    made = FontBuilder(1000, isTTF=True)
    made.setupGlyphOrder([".notdef", "a", "b"])
    made.setupCharacterMap(letters)
    return made.font


@pytest.mark.parametrize("letters", [FAR, NEAR])
def test_a_font_covers_what_its_table_names(tmp_path: Path, letters: dict[int, str]) -> None:
    a_font(letters).save(tmp_path / "a.ttf")
    assert coverage((tmp_path,)) == set(letters)


def test_a_collection_covers_what_one_of_its_fonts_does(tmp_path: Path) -> None:
    both = TTCollection()
    both.fonts = [a_font(FAR), a_font(NEAR)]
    both.save(str(tmp_path / "both.ttc"))
    assert coverage((tmp_path,)) == {*FAR, *NEAR}


def test_fonts_cover_what_fonttools_reads_in_them() -> None:
    paths = [path for folder in FONT_FOLDERS for path in folder.rglob("*.[to]tf")]
    assert coverage() == {point for path in paths for point in TTFont(path).getBestCmap()}


@pytest.mark.parametrize(
    ("text", "line"),
    [("  a  b ", "a b"), ("a\tb\n", "a b"), ("a\x00b\x7f", "a b"), ("\u00ad\u202eä  b", "ä b")],
)
def test_white_space_is_drawn_together_and_what_is_invisible_goes(text: str, line: str) -> None:
    assert one_line(text) == line
