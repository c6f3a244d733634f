"""A logo of too many pixels is refused, however few bytes and whatever shape it has."""

from io import BytesIO

import pytest
from PIL import Image

from clearbill.paper.logo import NoLogo, reencoded


def png(width: int, height: int) -> bytes:
    out = BytesIO()
    Image.new("RGB", (width, height)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("shape", [(4_001, 1), (1, 4_001)])
def test_a_picture_beyond_four_thousand_pixels_is_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(NoLogo, match="at most 4,000 each way"):
        reencoded(png(*shape))
    assert reencoded(png(4_000, 1))
