"""Words that the console translates although rules and queries hold them.

As in `web/words.py`: nothing reads this list but the tool that gathers strings (`make messages`),
and the test that compares it with where they stand.
"""

from django.utils.translation import gettext_noop as N_

FIELD_KINDS = (N_("Text"), N_("Number"), N_("Date"), N_("Choice"))
MAIL_KINDS = (N_("Published"), N_("Status changed"))
TAX_CATEGORIES = (
    N_("Standard rate"),
    N_("Zero rated"),
    N_("Exempt"),
    N_("Reverse charge"),
    N_("Intra-community supply"),
    N_("Export"),
    N_("Outside the scope of tax"),
)
ACCESS = (
    N_("was added"),
    N_("was invited"),
    N_("was invited again"),
    N_("is no longer invited"),
    N_("accepted the invitation"),
    N_("has another role"),
    N_("is an administrator, or no longer"),
    N_("was suspended"),
    N_("was reactivated"),
    N_("was sent a link to choose a new password"),
    N_("was signed out"),
    N_("was looked at in the portal"),
    N_("asks staff for a second factor, or no longer"),
)
