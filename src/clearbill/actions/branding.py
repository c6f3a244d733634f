"""How a reseller's documents, portal and e-mails look: two colours, a footer, a logo."""

import hashlib

from clearbill.actions.common import Actor, Refused, check_words
from clearbill.paper.logo import NoLogo, reencoded
from clearbill.records import tenancy
from clearbill.records.files import file_store
from clearbill.records.models import ResellerSettings
from clearbill.rules.colour import BadColour, checked

MOST_FOOTER = 500


def set_branding(
    *, reseller_id: int, actor: Actor, colour: str, accent_colour: str, footer: str
) -> None:
    """Set the colour of headings and buttons, that of section bars, and the text at the foot.

    Published documents keep what they froze. Raises `Refused` for a colour that cannot be seen
    on white paper, with its contrast.
    """
    actor.require("settings.edit")
    values = {
        "colour": _colour("colour", colour),
        "accent_colour": _colour("accent_colour", accent_colour),
        "footer": footer.strip(),
    }
    check_words("footer", values["footer"], most=MOST_FOOTER)
    with tenancy.transaction(reseller_id):
        ResellerSettings.objects.filter(reseller_id=reseller_id).update(**values)


def set_logo(*, reseller_id: int, actor: Actor, data: bytes) -> str:
    """Take a PNG or JPEG as the logo, made anew from its pixels; returns the SHA-256 it is kept by.

    The file of a hash never changes and never goes: published documents refer to it. Raises
    `Refused` for anything else than a picture of bounded size.
    """
    actor.require("settings.edit")
    try:
        png = reencoded(data)
    except NoLogo as error:
        raise Refused(str(error), field="logo") from None
    digest = hashlib.sha256(png).hexdigest()
    key = f"branding/{reseller_id}/{digest}.png"
    store = file_store()
    # A damaged file is mended by giving the same picture again.
    if not store.holds(key, digest):
        store.write_bytes(key, png)
    _keep(reseller_id, key, digest)
    return digest


def remove_logo(*, reseller_id: int, actor: Actor) -> None:
    """Print the reseller's name instead of a logo on documents to come."""
    actor.require("settings.edit")
    _keep(reseller_id, "", "")


def _keep(reseller_id: int, key: str, digest: str) -> None:
    with tenancy.transaction(reseller_id):
        ResellerSettings.objects.filter(reseller_id=reseller_id).update(
            logo_path=key, logo_hash=digest
        )


def _colour(name: str, text: str) -> str:
    try:
        return checked(text)
    except BadColour as error:
        raise Refused(str(error), field=name) from None
