"""The e-mails of access: an invitation, and a link to choose a new password.

Their links are made here, when the mail is written, so that no table holds what opens a door.
"""

from urllib.parse import quote

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.urls import reverse

from clearbill.paper import mail_frame as frame
from clearbill.paper.looks import look_of
from clearbill.paper.mail_frame import Look, Mail
from clearbill.paper.text import one_line
from clearbill.queries.people import invitation_token, open_invitations
from clearbill.records import clock
from clearbill.records.models import BillingProfile, Letter, Membership
from clearbill.rules.access import Role
from clearbill.rules.periods import shown_date

_WORDS = {
    "en": {
        "invite_subject": "{seller}: your access",
        "invite_staff": "{who} invites you to work in {seller}'s billing as {role}.",
        "invite_portal": "{seller} gives you access to the invoices of {customer}.",
        "invite_button": "Accept the invitation",
        "invite_until": "The link is for you alone. It works once, until {day}.",
        "reset_subject": "{seller}: choose a new password",
        "reset": "Somebody asked for a new password for {recipient}.",
        "reset_button": "Choose a new password",
        "reset_until": "The link works once, within {hours} hours. If it was not you who asked,"
        " leave it: your password stays as it is.",
        "later": "Later you sign in here: {address}",
        "sent": "This message was sent to {recipient}.",
    },
    "de": {
        "invite_subject": "{seller}: Ihr Zugang",
        "invite_staff": "{who} lädt Sie ein, in der Abrechnung von {seller} zu arbeiten"
        " (Rolle {role}).",
        "invite_portal": "{seller} gibt Ihnen Zugang zu den Rechnungen von {customer}.",
        "invite_button": "Einladung annehmen",
        "invite_until": "Der Link gilt nur für Sie. Er öffnet sich einmal, bis zum {day}.",
        "reset_subject": "{seller}: neues Passwort wählen",
        "reset": "Für {recipient} wurde ein neues Passwort angefordert.",
        "reset_button": "Neues Passwort wählen",
        "reset_until": "Der Link gilt einmal, innerhalb von {hours} Stunden. Haben nicht Sie ihn"
        " angefordert, dann lassen Sie ihn liegen: Ihr Passwort bleibt, wie es ist.",
        "later": "Später melden Sie sich hier an: {address}",
        "sent": "Diese Nachricht ging an {recipient}.",
    },
}


def invitation(letter: Letter) -> Mail | None:
    """The mail with an invitation's link; None where it was revoked, accepted or is over."""
    found = (
        open_invitations(letter.reseller_id)
        .filter(pk=letter.data["invitation"], expires_at__gt=clock.now())
        .select_related("reseller", "customer")
        .first()
    )
    if found is None:
        return None
    reseller = found.reseller
    return _written(
        "invite",
        "invite_portal" if found.customer_id else "invite_staff",
        language=_language(letter.reseller_id, found.customer_id),
        link=f"{settings.CLEARBILL_URL}/join/{reseller.slug}/{invitation_token(found)}/",
        address=_door(reseller.slug, found.role),
        look=look_of(reseller),
        customer=found.customer.name if found.customer_id else "",
        role=found.role.title(),
        who=found.who,
        day=shown_date(found.expires_at.date()),
        recipient=letter.recipient,
    )


def reset(letter: Letter) -> Mail | None:
    """The mail with a link to choose a password; None where the person was suspended meanwhile."""
    member = (
        Membership.objects.filter(
            reseller_id=letter.reseller_id,
            pk=letter.data["membership"],
            state=Membership.ACTIVE,
        )
        .select_related("user", "reseller")
        .first()
    )
    if member is None:
        return None
    # Through the portal's own sign-in, in its looks; staff's has none.
    portal = f"/portal/{member.reseller.slug}/" if member.customer_id else ""
    query = f"?next={quote(portal, safe='')}" if portal else ""
    uid, key = user_pk_to_url_str(member.user), default_token_generator.make_token(member.user)
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
    return _written(
        "reset",
        "reset",
        language=_language(letter.reseller_id, member.customer_id),
        link=settings.CLEARBILL_URL + path.replace("UID-KEY", quote(f"{uid}-{key}")) + query,
        address=_door(member.reseller.slug, member.role),
        look=look_of(member.reseller),
        hours=str(settings.PASSWORD_RESET_TIMEOUT // 3600),
        recipient=letter.recipient,
    )


def _language(reseller_id: int, customer_id: int | None) -> str:
    """That of the customer's documents; staff read English, as the console does."""
    if customer_id is None:
        return "en"
    profile = BillingProfile.objects.filter(
        reseller_id=reseller_id, customer_id=customer_id, is_default=True
    ).first()
    return "de" if profile is not None and profile.language.startswith("de") else "en"


def _door(slug: str, role: str) -> str:
    room = "portal" if role == Role.PORTAL else "console"
    return f"{settings.CLEARBILL_URL}/{room}/{slug}/"


def _written(
    kind: str, opening: str, *, language: str, link: str, look: Look, address: str, **values: str
) -> Mail:
    # Names are put on one line, so that none can end a header or fake a paragraph.
    told = {name: one_line(value) for name, value in values.items()}
    told |= {"seller": one_line(look.name), "address": frame.shown_address(address)}
    word = _WORDS[language]
    first, until, button, later, sent, subject = (
        word[name].format(**told)
        for name in (opening, f"{kind}_until", f"{kind}_button", "later", "sent", f"{kind}_subject")
    )
    parts = [
        frame.paragraph(first, below=24),
        frame.button(button, link, look),
        frame.paragraph(until),
        frame.small(later, sent),
    ]
    return Mail(
        subject[:200],
        "\n\n".join([first, f"{button}:\n{link}", until, later, sent]) + "\n",
        frame.page(parts, look, title=subject, language=language),
        look.logo,
    )
