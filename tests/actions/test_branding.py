"""Branding: colours with their contrast, and a logo that is made anew from its pixels."""

import hashlib
import io
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin
from pypdf import PdfReader

from clearbill.actions.branding import remove_logo, set_branding, set_logo
from clearbill.actions.common import Actor, Refused
from clearbill.paper import downloads
from clearbill.paper.logo import KEPT, NoLogo, fitted, reencoded, size
from clearbill.queries import canonical
from clearbill.records.files import file_store
from clearbill.records.models import Document, Reseller, ResellerSettings
from clearbill.rules.access import Forbidden
from clearbill.rules.lifecycle import Status
from makers import OWNER, change, make_drafts

RED = (200, 30, 30)


def picture(kind: str = "PNG", mode: str = "RGB", at: tuple[int, int] = (40, 20)) -> bytes:
    out = io.BytesIO()
    Image.new(mode, at, RED if mode == "RGB" else (*RED, 90)).save(out, kind)
    return out.getvalue()


def stored() -> ResellerSettings:
    return ResellerSettings.objects.get()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims so many pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(name + body))
        return struct.pack(">I", len(body)) + name + body + crc

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def test_a_logo_is_kept_by_the_hash_of_its_pixels(north: Reseller) -> None:
    digest = set_logo(reseller_id=north.pk, actor=OWNER, data=picture())
    kept = file_store().read_bytes(stored().logo_path)
    assert stored().logo_path == f"branding/{north.pk}/{digest}.png"
    assert hashlib.sha256(kept).hexdigest() == digest == stored().logo_hash
    with Image.open(io.BytesIO(kept)) as logo:
        assert (logo.format, logo.getpixel((0, 0))) == ("PNG", RED)


def test_a_removed_logo_stays_for_what_was_published_with_it(
    north: Reseller, tmp_path: Path
) -> None:
    digest = set_logo(reseller_id=north.pk, actor=OWNER, data=picture())
    draft = make_drafts(north, tmp_path)[0]
    change(north, draft.code, to=Status.OPEN)
    remove_logo(reseller_id=north.pk, actor=OWNER)
    frozen = canonical.of(Document.objects.get(pk=draft.pk))["seller"]["logo"]
    assert frozen["sha256"] == digest
    assert file_store().exists(frozen["key"])
    assert stored().logo_path == ""


def test_colours_and_footer_are_set(north: Reseller) -> None:
    set_branding(
        reseller_id=north.pk, actor=OWNER, colour="#0A5", accent_colour="#123456", footer=" Hello "
    )
    row = stored()
    assert (row.colour, row.accent_colour, row.footer) == ("#00aa55", "#123456", "Hello")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"colour": "#ffee00"}, "colour"),
        ({"accent_colour": "url(x)"}, "accent_colour"),
        ({"footer": "x" * 501}, "footer"),
    ],
)
def test_bad_branding_is_refused_at_its_field(
    north: Reseller, values: dict[str, str], field: str
) -> None:
    given_values = {"colour": "#123456", "accent_colour": "#123456", "footer": "", **values}
    with pytest.raises(Refused) as caught:
        set_branding(reseller_id=north.pk, actor=OWNER, **given_values)
    assert caught.value.field == field
    assert stored().colour == "#1d4f91"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a" + b"\0" * 50,
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        picture()[:60],
        picture("GIF"),
        picture("BMP"),
        bomb(60_000, 60_000),
        bomb(4_001, 1),
        bomb(3_000, 3_000),
        b"\0" * (2 * 1024 * 1024 + 1),
    ],
    ids=["empty", "no gif", "svg", "cut", "gif", "bmp", "bomb", "wide", "hollow", "large"],
)
def test_what_is_no_small_whole_picture_is_refused(north: Reseller, data: bytes) -> None:
    with pytest.raises(Refused) as caught:
        set_logo(reseller_id=north.pk, actor=OWNER, data=data)
    assert caught.value.field == "logo"
    assert stored().logo_path == ""


def test_sales_brand_nothing(north: Reseller) -> None:
    sales = Actor("sales@north.example", "sales")
    with pytest.raises(Forbidden):
        set_logo(reseller_id=north.pk, actor=sales, data=picture())
    with pytest.raises(Forbidden):
        remove_logo(reseller_id=north.pk, actor=sales)


def test_metadata_stays_behind() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "secret of the maker")
    out = io.BytesIO()
    Image.new("RGB", (9, 9)).save(out, "PNG", pnginfo=info, icc_profile=b"secret profile")
    made = reencoded(out.getvalue())
    assert b"secret" not in made
    assert b"iCCP" not in made


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "1", "I;16", "CMYK"])
def test_every_kind_of_pixels_is_taken(mode: str) -> None:
    out = io.BytesIO()
    Image.new(mode, (8, 4)).save(out, "JPEG" if mode == "CMYK" else "PNG")
    assert size(reencoded(out.getvalue())) == (8, 4)


def test_transparency_stays_and_a_photograph_is_turned_upright() -> None:
    with Image.open(io.BytesIO(reencoded(picture(mode="RGBA")))) as logo:
        assert logo.getpixel((0, 0)) == (*RED, 90)
    exif = Image.Exif()
    exif[0x0112] = 6
    out = io.BytesIO()
    Image.new("RGB", (40, 20)).save(out, "JPEG", exif=exif)
    assert size(reencoded(out.getvalue())) == (20, 40)


def test_a_large_picture_is_made_smaller_in_its_shape() -> None:
    assert size(reencoded(picture(at=(4000, 1000)))) == (KEPT[0], 225)
    assert fitted((900, 225), (180, 64)) == (180, 45)
    assert fitted((4000, 1), (180, 64)) == (180, 1)


@given(st.binary(max_size=30), st.integers(8, 120), st.sampled_from(["PNG", "JPEG"]))
def test_a_damaged_picture_is_refused_or_read_and_nothing_else(
    junk: bytes, where: int, kind: str
) -> None:
    data = picture(kind)
    try:
        made = reencoded(data[:where] + junk + data[where + len(junk) :])
    except NoLogo:
        return
    assert made.startswith(b"\x89PNG")


def test_the_published_pdf_carries_the_logo_that_was_frozen(
    north: Reseller, tmp_path: Path
) -> None:
    set_logo(reseller_id=north.pk, actor=OWNER, data=picture(at=(300, 100)))
    draft = make_drafts(north, tmp_path)[0]
    change(north, draft.code, to=Status.OPEN)
    first = downloads.pdf(Document.objects.get(pk=draft.pk))
    set_logo(reseller_id=north.pk, actor=OWNER, data=picture(at=(100, 300)))
    assert downloads.pdf(Document.objects.get(pk=draft.pk)) == first
    (image,) = PdfReader(io.BytesIO(first)).pages[0].images
    assert image.image is not None
    assert image.image.size == (300, 100)


def test_a_document_is_not_printed_without_the_logo_it_names(
    north: Reseller, tmp_path: Path
) -> None:
    set_logo(reseller_id=north.pk, actor=OWNER, data=picture())
    draft = make_drafts(north, tmp_path)[0]
    file_store().write_bytes(stored().logo_path, b"another picture")
    with pytest.raises(downloads.Damaged, match="give it again in Branding"):
        downloads.pdf(Document.objects.get(pk=draft.pk))
    set_logo(reseller_id=north.pk, actor=OWNER, data=picture())
    assert downloads.pdf(Document.objects.get(pk=draft.pk)).startswith(b"%PDF")
