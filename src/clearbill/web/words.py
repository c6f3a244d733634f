"""Words that pages translate although they stand in the data: statuses, charge types, roles.

Nothing reads this list but the tool that gathers strings (`make messages`), and the test that
compares it with the rules.
"""

from django.utils.translation import gettext_noop as _


def pgettext(context: str, text: str) -> str:
    """Django has none that leaves the text as it is."""
    return text


STATUSES = (_("Draft"), _("Open"), _("Past Due"), _("Closed"), _("Voided"), _("Discarded"))
CHARGE_TYPES = (
    _("Usage"),
    _("Subscription"),
    _("One-time"),
    _("Tax"),
    _("Credit"),
    _("Adjustment"),
    _("Support"),
    _("Discount"),
    _("Fee"),
)
KINDS = (_("Tax invoice"), _("Billing statement"))
TICKETS = (
    _("Invoice"),
    _("Payment"),
    _("Access"),
    _("Other"),
    _("Low"),
    _("Normal"),
    _("High"),
    _("Urgent"),
)
TICKET_STATES = (
    # A closed ticket is not what a closed invoice is, in German at least.
    pgettext("ticket", "Open"),
    pgettext("ticket", "Answered"),
    pgettext("ticket", "Closed"),
)
MEMBERSHIPS = (_("Active"), _("Suspended"), _("Invited"), _("Expired"))
ROLES = (_("Owner"), _("Billing"), _("Sales"), _("Auditor"))
FIELDS = (_("subject"), _("text"), _("name"), _("email"))
