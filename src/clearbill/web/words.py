"""Words that pages translate although they stand in the data: statuses, charge types, kinds.

Nothing reads this list but the tool that gathers strings (`make messages`), and the test that
compares it with the rules.
"""

from django.utils.translation import gettext_noop as _

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
    _("Answered"),
    _("Invoice"),
    _("Payment"),
    _("Access"),
    _("Other"),
    _("Low"),
    _("Normal"),
    _("High"),
    _("Urgent"),
)
MEMBERSHIPS = (_("Active"), _("Suspended"))
