"""Logo and colours on paper; names in every alphabet; the words of both languages."""

import hashlib
import io
import re
from pathlib import Path
from typing import Any

import pytest
from fontTools.ttLib import TTFont
from PIL import Image
from pypdf import PdfReader

from actions.test_branding import picture
from clearbill.paper import fonts
from clearbill.paper.logo import reencoded
from clearbill.paper.mail import published_mail
from clearbill.paper.pdf import _families, render_pdf, render_picture
from clearbill.paper.text import FONT_FOLDERS, coverage
from clearbill.paper.words import english, german
from clearbill.paper.worker import render_pdf_isolated, render_picture_isolated
from paper.documents import a_buyer, a_document, a_line, a_section, a_seller
from paper.test_pdf import text, valid

JAPANESE = "株式会社サンプル"
SELLER = {**a_seller(), "colour": "#7c3aed", "accent_colour": "#e8590c"}
LOGO = reencoded(picture(mode="RGBA", at=(300, 100)))


def read(made: bytes) -> str:
    return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(made)).pages)


def branded(**changes: Any) -> dict[str, Any]:
    return a_document(seller=SELLER, **changes)


def fills(made: bytes) -> str:
    """The page's drawing instructions, as text."""
    content = PdfReader(io.BytesIO(made)).pages[0].get_contents()
    assert content is not None
    return content.get_data().decode("latin-1")


def cjk_folder(folder: Path) -> Path:
    """A folder with a font of the name that Debian's has, which knows one Japanese word.

    Latin glyphs stand in for the letters: what is tried is which font is asked.
    """
    source = next(path for path in FONT_FOLDERS[0].rglob("*.ttf") if "Italic" not in path.name)
    with TTFont(source) as font:
        known = {ord(letter): name for letter, name in zip(JAPANESE, "ABCDEFGHIJ", strict=False)}
        for table in font["cmap"].tables:
            table.cmap = dict(known)
        for record in font["name"].names:
            if record.nameID in (1, 4, 16):
                record.string = "Noto Sans CJK JP"
        font.save(folder / "cjk.ttf")
    return folder


def test_the_logo_stands_in_the_place_of_the_name_with_the_name_as_its_text() -> None:
    made = render_pdf(branded(), draft=False, logo=LOGO)
    (image,) = PdfReader(io.BytesIO(made)).pages[0].images
    assert image.image is not None
    assert image.image.size == (300, 100)
    assert b"Northwind Cloud" in made or "Northwind Cloud" in read(made)
    assert valid(made)


def test_the_same_logo_gives_the_same_bytes_in_any_process() -> None:
    here = render_pdf(branded(), draft=False, logo=LOGO)
    there = render_pdf_isolated(branded(), draft=False, logo=LOGO)
    assert hashlib.sha256(here).hexdigest() == hashlib.sha256(there).hexdigest()
    assert here != render_pdf(branded(), draft=False)


@pytest.mark.parametrize("shape", [(900, 20), (20, 360), (1, 1)])
def test_a_logo_of_any_shape_leaves_the_document_on_its_page(shape: tuple[int, int]) -> None:
    made = render_pdf(branded(), draft=True, logo=reencoded(picture(at=shape)))
    assert len(PdfReader(io.BytesIO(made)).pages) == 1


def test_bars_have_the_accent_colour_and_text_that_can_be_read_on_it() -> None:
    page = Image.open(io.BytesIO(render_picture(branded())))
    pixels = page.convert("RGB").getcolors(1 << 20) or []
    counted = {colour: count for count, colour in pixels}
    assert counted[(232, 89, 12)] > 5_000
    assert (124, 58, 237) in counted


def test_a_picture_is_the_first_page_of_a_long_document_too() -> None:
    many = [a_section([a_line(n) for n in range(1, 60)])]
    made = render_picture_isolated({**branded(), "sections": many}, logo=LOGO)
    with Image.open(io.BytesIO(made)) as page:
        assert (page.format, page.size) == ("PNG", (794, 1123))


@pytest.mark.parametrize(
    "name",
    [
        "Škoda Çelik ÅÄÖ Ñandú",
        "Żółć Łódź Ąę",
        "Ωμέγα Ελλάς",
        "Привет Ґанок Ђорђе",
        "Größe ẞ",
        "Đặng",
    ],
)
def test_names_in_european_letters_are_read_back(name: str) -> None:
    buyer = {**a_buyer(), "legal_name": name, "address": f"{name}\n12345 {name}"}
    shown = text(
        a_document([a_section([a_line(description=name)])], buyer=buyer, purchase_order=name)
    )
    assert shown.count(name) >= 4
    assert "[U+" not in shown


def test_arabic_names_are_read_back() -> None:
    name = "شركة المثال"
    shown = text(a_document([a_section([a_line(description=name)])]))
    # A PDF may give back right-to-left text in either order; each letter must be there.
    assert "[U+" not in shown
    assert set(name) - {" "} <= set(re.sub(r"\s", "", shown))


def test_japanese_names_are_printed_where_a_font_has_them(tmp_path: Path) -> None:
    document = a_document([a_section([a_line(description=JAPANESE)])])
    made = render_pdf(document, draft=False, font_folders=[cjk_folder(tmp_path)])
    assert JAPANESE in read(made)
    assert valid(made)
    bare = text(document)
    assert "[U+682A][U+5F0F]" in bare
    assert JAPANESE not in bare


def test_fonts_of_the_machine_change_no_document_that_needs_none(tmp_path: Path) -> None:
    more = render_pdf(branded(), draft=False, font_folders=[cjk_folder(tmp_path)])
    assert more == render_pdf(branded(), draft=False)


def test_the_cjk_fonts_of_this_machine_are_used_where_they_are() -> None:
    folders = [fonts.DEBIAN_CJK] if fonts.DEBIAN_CJK.is_dir() else []
    known = ord("株") in coverage((*FONT_FOLDERS, *folders))
    shown = read(render_pdf(a_document(purchase_order="株"), draft=False, font_folders=folders))
    assert ("株" in shown) is known
    assert ("[U+682A]" in shown) is not known


def test_names_of_all_our_customers_letters_are_printed_by_the_machines_fonts() -> None:
    if not fonts.DEBIAN_CJK.is_dir():
        pytest.skip("fonts-noto-cjk is not installed")
    names = [
        "Łódź Świętojańska",
        "Αιγαίο Ενέργεια",
        "Щука и Сыновья",
        "株式会社サンプル",
        "Ångström",
    ]
    lines = [a_line(description=name) for name in names]
    made = render_pdf(a_document([a_section(lines)]), draft=False, font_folders=[fonts.DEBIAN_CJK])
    shown = read(made)
    assert [name for name in names if name.replace(" ", "") not in shown.replace(" ", "")] == []
    assert "[U+" not in shown


def test_kana_and_hangul_choose_the_country_of_han_letters() -> None:
    found = frozenset(f"Noto Sans CJK {each}" for each in ("SC", "TC", "JP", "KR"))
    assert _families(found, "漢字")[2].endswith("SC")
    assert _families(found, "漢字カナ")[2].endswith("JP")
    assert _families(found, "漢字한글")[2].endswith("KR")


def test_font_folders_come_from_the_setting_and_only_those_that_exist(
    tmp_path: Path, settings: Any
) -> None:
    settings.CLEARBILL_FONTS = f"{tmp_path}:{tmp_path}/nothing"
    assert fonts.more_folders() == (tmp_path,)


@pytest.mark.parametrize("part", ["DOCUMENT", "MAIL", "BODIES"])
def test_both_languages_have_the_same_words(part: str) -> None:
    charge_types = {"Usage", "Subscription", "One-time", "Tax", "Credit", "Adjustment", "Support",
                    "Discount", "Fee"}  # fmt: skip
    ours, theirs = getattr(english, part), getattr(german, part)
    assert set(theirs) - charge_types == set(ours)
    for name, word in ours.items():
        assert re.findall(r"{\w+}", word) == re.findall(r"{\w+}", theirs[name]) or part == "MAIL"


def test_a_mail_has_the_colour_of_the_seller_and_no_other_letter_of_it_in_english() -> None:
    made = published_mail(
        a_document(seller=SELLER, language="de"),
        recipient="a@b.example",
        link="https://x.example/",
        status="Closed",
        logo=LOGO,
    )
    assert "background:#7c3aed;color:#ffffff" in made.html
    assert 'src="cid:logo" alt="Northwind Cloud" width="180" height="60"' in made.html
    assert (
        made.subject == "Northwind Cloud: Microsoft CSP Rechnung INV-000042 (Beglichen), "
        "01.09.2024 – 30.09.2024"
    )
    assert "USD 599,00" in made.text
    assert "Status:          Beglichen" in made.text
