"""Pieces that are kept: for each content, viewer and language its own, and never too many."""

from django.utils import translation
from markupsafe import Markup, escape

from clearbill.web.kept import Kept


class Maker:
    """Counts how often a piece is made."""

    def __init__(self, text: str = "piece") -> None:
        self.text, self.made = text, 0

    def __call__(self) -> Markup:
        self.made += 1
        return escape(self.text)


def test_a_piece_is_made_once() -> None:
    kept, maker = Kept(), Maker()
    assert [kept("hash", True, caller=maker) for _ in range(3)] == ["piece"] * 3
    assert maker.made == 1


def test_content_viewer_and_language_have_pieces_of_their_own() -> None:
    kept, maker = Kept(), Maker()
    for content, sees_cost in (("a", True), ("a", False), ("b", True)):
        kept(content, sees_cost, caller=maker)
    with translation.override("de"):
        kept("a", True, caller=maker)
    assert maker.made == 4


def test_what_may_still_change_is_not_kept() -> None:
    kept, maker = Kept(), Maker()
    for content in ("", None, ""):
        kept(content, caller=maker)
    assert maker.made == 3


def test_what_was_not_asked_for_longest_makes_room() -> None:
    kept, maker = Kept(most=10), Maker("four")
    for content in ("a", "b", "a", "c"):
        kept(content, caller=maker)
    kept("a", caller=maker)
    assert maker.made == 3
    kept("b", caller=maker)
    assert maker.made == 4


def test_a_piece_that_is_too_large_is_not_kept() -> None:
    kept, maker = Kept(most=10), Maker("eleven ones")
    assert [kept("a", caller=maker) for _ in range(2)] == ["eleven ones"] * 2
    assert maker.made == 2
