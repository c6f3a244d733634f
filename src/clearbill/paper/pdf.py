"""The PDF of a document: PDF/A-3b, tagged, and the same bytes for the same document.

`render_pdf` works in this process, whose memory then keeps the renderer's cache of the last ten
documents; servers call `render_pdf_isolated`, which borrows a worker process and recycles it.
"""

import io
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pikepdf
import typst
from pikepdf import pdfa

from clearbill.paper.text import FONT_FOLDERS, PLAIN_LETTERS, coverage, printable
from clearbill.paper.view import view

_FIRST_FAMILIES = ("Noto Sans", "Noto Sans Arabic")
_CJK_FAMILIES = ("Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans CJK TC", "Noto Sans CJK KR")
# Han letters are drawn differently in each country: kana and hangul tell which one it is.
_JAPANESE, _KOREAN = re.compile("[\u3040-\u30ff]"), re.compile("[\u1100-\u11ff\uac00-\ud7af]")
_SCREEN_PPI = 96
_METADATA_DATE = re.compile(rb"(<xmp:MetadataDate>)[^<]*(</xmp:MetadataDate>)|"
                            rb'(xmp:MetadataDate=")[^"]*(")')  # fmt: skip


class CannotPrint(Exception):
    """The renderer refused the document even in plain letters; the message is its own."""


def render_pdf(
    document: Mapping[str, Any],
    *,
    draft: bool,
    font_folders: Sequence[Path] = (),
    logo: bytes | None = None,
) -> bytes:
    """The canonical document as a PDF/A-3b file; a draft says so on each page and has no number.

    The same document gives the same bytes in any process, today and tomorrow, as long as the
    renderer and the fonts stay. `font_folders` adds fonts (CJK, say) to those that travel with
    the package; the machine's own fonts are never taken. Letters that no font has are printed
    as `[U+4E2D]`: ask `unprintable` before. `logo` is a PNG that `paper.logo` made.
    """
    compiled = _compiled(document, draft, (*FONT_FOLDERS, *font_folders), logo, format="pdf")
    return _archived(compiled[0], _issued(document))


def render_picture(
    document: Mapping[str, Any], *, font_folders: Sequence[Path] = (), logo: bytes | None = None
) -> bytes:
    """The first page as a PNG for a screen, as the PDF of the published document would look."""
    folders = (*FONT_FOLDERS, *font_folders)
    return _compiled(document, False, folders, logo, format="png", ppi=_SCREEN_PPI)[0]


def _compiled(
    document: Mapping[str, Any],
    draft: bool,
    folders: tuple[Path, ...],
    logo: bytes | None,
    **options: Any,
) -> list[bytes]:
    """The pages of a picture, or the one file of a PDF."""
    try:
        return _compile(document, draft, folders, coverage(folders), logo, options)
    except typst.TypstError:
        # Letters that exist one by one may still not combine; then they become code points too.
        return _compile(document, draft, folders, PLAIN_LETTERS, logo, options)


def unprintable(document: Mapping[str, Any], *, font_folders: Sequence[Path] = ()) -> list[str]:
    """The letters of the document that no font has, as `中 U+4E2D`, sorted; [] if all is well."""
    covered = coverage((*FONT_FOLDERS, *font_folders))
    if covered >= _ASCII and json.dumps(document, ensure_ascii=False).isascii():
        return []
    seen: set[str] = set()

    def note(text: str) -> str:
        seen.update(unicodedata.normalize("NFC", text))
        return text

    view(document, draft=False, clean=note)
    return [f"{char} U+{ord(char):04X}" for char in sorted(seen) if _is_missing(char, covered)]


_ASCII = frozenset(range(0x20, 0x7F))


def _is_missing(char: str, covered: frozenset[int]) -> bool:
    return char != "\n" and ord(char) not in covered


def _issued(document: Mapping[str, Any]) -> datetime:
    """The moment written into the file: midnight UTC of the issue date, else of the period's end.

    It must come from the document: a clock would make each rendering another file.
    """
    day = datetime.fromisoformat(document["issue_date"] or document["period_end"])
    return day.replace(tzinfo=UTC)


def _compile(
    document: Mapping[str, Any],
    draft: bool,
    folders: tuple[Path, ...],
    covered: frozenset[int],
    logo: bytes | None,
    options: Mapping[str, Any],
) -> list[bytes]:
    fonts, found = _fonts(folders)
    data = json.dumps(
        view(document, draft=draft, clean=lambda text: printable(text, covered), logo=logo),
        ensure_ascii=False,
    )
    if options["format"] == "pdf":
        options = {
            **options,
            "pdf_standards": "a-3b",
            "timestamp": int(_issued(document).timestamp()),
        }
    made = typst.compile(
        _template(),
        font_paths=fonts,
        ignore_system_fonts=True,
        sys_inputs={
            "data": data,
            "fonts": json.dumps(_families(found, data)),
            # Inputs are texts alone, and a path would have to be inside the template's folder.
            "logo": json.dumps(list(logo or b"")),
        },
        **options,
    )
    return made if isinstance(made, list) else [made]


@lru_cache(maxsize=1)
def _template() -> bytes:
    return files("clearbill.paper").joinpath("templates/invoice.typ").read_bytes()


@lru_cache(maxsize=4)
def _fonts(folders: tuple[Path, ...]) -> tuple[typst.Fonts, frozenset[str]]:
    fonts = typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(folder) for folder in folders],
    )
    return fonts, frozenset(fonts.families())


def _families(found: frozenset[str], text: str) -> list[str]:
    """The fonts in the order they are asked for a letter: our own, those for CJK, others."""
    cjk = [name for name in _CJK_FAMILIES if name in found]
    for pattern, country in ((_JAPANESE, "JP"), (_KOREAN, "KR")):
        if pattern.search(text):
            cjk.sort(key=lambda name, country=country: not name.endswith(country))  # type: ignore[misc]
    wanted = [*_FIRST_FAMILIES, *cjk]
    return wanted + sorted(found - set(wanted))


def _archived(compiled: bytes, issued: datetime) -> bytes:
    """The compiled file with what PDF/A readers stumble over taken out, and no clock in it."""
    with pikepdf.open(io.BytesIO(compiled)) as pdf, pikepdf.new() as front:
        for descriptor in _descriptors(pdf):
            if "/CIDSet" in descriptor:
                del descriptor["/CIDSet"]
        # To prepare the whole file would look through all its objects for what it never has.
        _take(pdf, front)
        pdfa.prepare(front, "3b")
        _pin_metadata_date(front, issued)
        _take(front, pdf)
        out = io.BytesIO()
        pdf.save(out, **pdfa.resolve_save_kwargs("3b", deterministic_id=True))
    return out.getvalue()


def _take(source: pikepdf.Pdf, into: pikepdf.Pdf) -> None:
    """What says that a file is PDF/A."""
    into.Root.Metadata = into.copy_foreign(source.Root.Metadata)
    intent = into.copy_foreign(source.Root.OutputIntents[0])
    into.Root.OutputIntents = pikepdf.Array([intent])
    for name, value in source.docinfo.items():
        into.docinfo[name] = value


def _pin_metadata_date(pdf: pikepdf.Pdf, issued: datetime) -> None:
    metadata = pdf.Root.Metadata
    moment = issued.isoformat().encode()
    pinned, changed = _METADATA_DATE.subn(
        lambda match: (match[1] or match[3]) + moment + (match[2] or match[4]),
        metadata.read_bytes(),
    )
    if changed != 1:
        raise CannotPrint(f"{changed} metadata dates where one was expected")
    metadata.write(pinned)


def _descriptors(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    """What describes the fonts of the pages. Looking through all objects is slow: a tagged file
    has several for each cell."""
    for page in pdf.pages:
        for font in page.resources.get("/Font", {}).values():
            for descendant in font.get("/DescendantFonts", []):
                yield descendant.FontDescriptor
