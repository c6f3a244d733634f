"""How a reseller's letters look today; mails about documents look as these were frozen."""

import structlog

from clearbill.paper.mail_frame import Look
from clearbill.queries.branding import brand, logo_file
from clearbill.records.models import Reseller

log = structlog.get_logger(__name__)


def look_of(reseller: Reseller) -> Look:
    """Name, colour and logo of the reseller. The logo is left out where it cannot be read."""
    found = brand(reseller.pk)
    try:
        logo = logo_file(reseller.pk, found.logo)
    except OSError as error:
        # The words are what people wait for.
        log.warning("letter without its logo", error=str(error))
        logo = None
    return Look(reseller.name, found.colour, logo)
