"""Whether a document's change is mailed, and why not: one law for verbs, pages and commands."""

from collections.abc import Sequence
from decimal import Decimal

SWITCHED_OFF = "this e-mail is switched off under Settings > E-mails"
NOTHING_DUE = "the document comes to 0.00"
NO_RECIPIENT = "the customer has no recipient: add one on the customer's page"


def why_no_mail(
    *, recipients: Sequence[str], total: Decimal, mails_zero: bool, switched_on: bool
) -> str:
    """Why nobody is told, empty where the recipients are.

    `mails_zero` is the reseller's wish to mail documents that come to 0.00, `switched_on` whether
    the e-mail of this kind of change is.
    """
    if not switched_on:
        return SWITCHED_OFF
    if total == 0 and not mails_zero:
        return NOTHING_DUE
    return "" if recipients else NO_RECIPIENT
