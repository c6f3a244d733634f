"""The fonts beside those that travel with the package, for letters that only they have."""

import os
from pathlib import Path

from django.conf import settings

DEBIAN_CJK = Path("/usr/share/fonts/opentype/noto")
"""Where Debian's fonts-noto-cjk lies."""


def more_folders() -> tuple[Path, ...]:
    """The folders of `CLEARBILL_FONTS`, else Debian's CJK fonts where they are installed.

    They count for letters that the package's own fonts lack, so that a document in other letters
    is the same file on every machine.
    """
    named = [Path(part) for part in settings.CLEARBILL_FONTS.split(os.pathsep) if part]
    return tuple(folder for folder in named or [DEBIAN_CJK] if folder.is_dir())
