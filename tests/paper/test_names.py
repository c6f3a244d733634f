"""File names: readable, ASCII, and without a way out of the folder."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearbill.paper.names import file_name
from paper.documents import a_buyer, a_document


def named(name: str, ext: str = "pdf") -> str:
    return file_name(a_document(buyer={**a_buyer(), "name": name}), ext)


def test_a_name_says_whose_what_when_and_which() -> None:
    assert named("Contoso") == "Contoso_Microsoft-CSP_2024-09_D-000123.pdf"


def test_the_detailed_csv_is_told_from_the_csv() -> None:
    assert file_name(a_document(), "csv") == "Contoso_Microsoft-CSP_2024-09_D-000123.csv"
    assert file_name(a_document(), "csv", detailed=True) == (
        "Contoso_Microsoft-CSP_2024-09_D-000123_detailed.csv"
    )


def test_what_carries_cost_says_so_in_its_name() -> None:
    assert file_name(a_document(), "csv", detailed=True, with_cost=True) == (
        "Contoso_Microsoft-CSP_2024-09_D-000123_detailed-with-cost.csv"
    )


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("Müller & Söhne GmbH", "Muller-and-Sohne-GmbH"), ("Straße Øst", "Strasse-Ost"),
        ("Київ Їжак", "Kiiv-Izhak"), ("Ελλάδα", "Ellada"), ("../../etc/passwd", "etc-passwd"),
        ("中文", "Customer"), ("", "Customer"), ("O'Neil, Inc.", "ONeil-Inc"),
    ],
)  # fmt: skip
def test_letters_are_spelled_in_ascii(name: str, part: str) -> None:
    assert named(name) == f"{part}_Microsoft-CSP_2024-09_D-000123.pdf"


@given(st.text(), st.text())
def test_any_name_gives_a_safe_file_name(name: str, ext: str) -> None:
    made = named(name, ext + "pdf")
    assert re.fullmatch(r"[A-Za-z0-9_-]+\.[a-z0-9]+", made)
    assert len(made) < 250
