"""What a letter says, written from the rows it is about at the moment it is sent."""

from collections.abc import Callable

from clearbill.paper import invitation_mail, ticket_mail
from clearbill.paper.mail_frame import Mail
from clearbill.queries.branding import logo_file
from clearbill.records.models import Letter

# A writer gives the mail, or None where its cause is gone.
_WRITERS: dict[str, Callable[[Letter], Mail | None]] = {
    "invitation": invitation_mail.invitation,
    "reset": invitation_mail.reset,
    "ticket": ticket_mail.about_ticket,
}


def written(letter: Letter) -> Mail | None:
    """The mail of a letter; None where what it was about no longer asks for it.

    The connection must see the reseller's rows. It reads the logo's file: hold no lock meanwhile.
    """
    if letter.kind == "plain":
        logo = logo_file(letter.reseller_id, letter.data.get("logo", ""))
        return Mail(letter.subject, letter.text, letter.html, logo)
    return _WRITERS[letter.kind](letter)
