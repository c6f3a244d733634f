"""How a reseller looks today; documents have their own, frozen, in `seller`."""

import re
from dataclasses import dataclass

from clearbill.records.files import file_store
from clearbill.records.models import ResellerSettings

DEFAULT_COLOUR = "#1d4f91"
DEFAULT_ACCENT = "#1f5aa6"

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Brand:
    """Colours as `#rrggbb`; `logo` is the SHA-256 that a logo is kept by, empty without one."""

    colour: str
    accent_colour: str
    footer: str
    logo: str


def brand(reseller_id: int) -> Brand:
    """The reseller's branding, in one query."""
    row = ResellerSettings.objects.only("colour", "accent_colour", "footer", "logo_hash").get(
        reseller_id=reseller_id
    )
    return Brand(row.colour, row.accent_colour, row.footer, row.logo_hash)


def logo_file(reseller_id: int, sha256: str) -> bytes | None:
    """A logo that this reseller has or had, by its hash; None for another's and for no hash."""
    key = f"branding/{reseller_id}/{sha256}.png"
    if not _SHA256.fullmatch(sha256) or not file_store().exists(key):
        return None
    return file_store().read_bytes(key)
