"""A logo as it is kept: brought from any PNG or JPEG to one small, harmless PNG."""

import io
import struct
import warnings
import zlib

from PIL import Image, ImageOps

MOST_BYTES = 2 * 1024 * 1024
MOST_PIXELS = 4_000
KEPT = (900, 360)
"""Greatest width and height that are kept: 600 dpi of the largest place that a document has."""

_DAMAGE = (OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError, KeyError,
           OverflowError, MemoryError, zlib.error, struct.error, Image.DecompressionBombError,
           Image.DecompressionBombWarning)  # fmt: skip


class NoLogo(ValueError):
    """What was given is no logo; the message says why and what to give instead."""


def reencoded(data: bytes) -> bytes:
    """The image's pixels as a PNG of at most `KEPT`, with transparency and without all else.

    Content counts, not the file's name. Raises `NoLogo` for what is no PNG or JPEG, larger than
    `MOST_BYTES` or wider or higher than `MOST_PIXELS`; pixels are unpacked only after that.
    """
    if len(data) > MOST_BYTES:
        raise NoLogo("a logo has at most 2 MB: give a smaller file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _written(_read(data))
    except NoLogo:
        raise
    except _DAMAGE:
        raise NoLogo(
            "this is no whole PNG or JPEG: save the picture as PNG and try again"
        ) from None


def size(png: bytes) -> tuple[int, int]:
    """Width and height, in pixels, of a PNG that `reencoded` made."""
    width, height = struct.unpack(">II", png[16:24])
    return int(width), int(height)


def fitted(pixels: tuple[int, int], place: tuple[int, int]) -> tuple[int, int]:
    """The largest whole width and height of the same shape inside `place`, at least 1 each."""
    share = min(place[0] / pixels[0], place[1] / pixels[1])
    return max(1, round(pixels[0] * share)), max(1, round(pixels[1] * share))


def _read(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as opened:
        if max(opened.size) > MOST_PIXELS:
            width, height = opened.size
            raise NoLogo(
                f"the picture has {width} × {height} pixels; at most {MOST_PIXELS:,} each way"
            )
        opened.load()
        # A photograph's turn is metadata, which is about to go.
        turned = ImageOps.exif_transpose(opened)
        return turned.convert("RGBA" if turned.has_transparency_data else "RGB")


def _written(image: Image.Image) -> bytes:
    image.thumbnail(KEPT, Image.Resampling.LANCZOS)
    # Into a fresh picture: profiles, texts and dates of the one that was given stay behind.
    clean = Image.new(image.mode, image.size)
    clean.paste(image)
    out = io.BytesIO()
    clean.save(out, "PNG", optimize=True)
    return out.getvalue()
