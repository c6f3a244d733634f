"""A mail as Django sends it: text, HTML, and the logo as a part of it."""

from email.mime.image import MIMEImage

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from clearbill.paper.mail import message_id
from clearbill.paper.mail_frame import LOGO_ID, Mail


class _Message(EmailMultiAlternatives):
    """Its pictures are inside: most programs block those from elsewhere, which tell who reads."""

    mixed_subtype = "related"


def message(mail: Mail, *, recipient: str, key: str, reply_to: str = "") -> EmailMultiAlternatives:
    """A message to one recipient; the same `key` makes the same Message-ID."""
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">")
    made = _Message(
        subject=mail.subject,
        body=mail.text,
        to=[recipient],
        reply_to=[reply_to] if reply_to else None,
        headers={"Message-ID": message_id(key, domain)},
    )
    if mail.html:
        made.attach_alternative(mail.html, "text/html")
        if mail.logo is not None:
            made.attach(_picture(mail.logo))
    return made


def _picture(logo: bytes) -> MIMEImage:
    part = MIMEImage(logo, "png")
    part.add_header("Content-ID", f"<{LOGO_ID}>")
    part.add_header("Content-Disposition", "inline", filename="logo.png")
    return part
