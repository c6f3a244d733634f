"""Handing a mail in, and what the mail server's answer means: try again, or never."""

import smtplib

from django.core.mail import EmailMessage
from django.db import close_old_connections

ERRORS = (smtplib.SMTPException, OSError)
"""What sending raises where the server refuses, sleeps or hangs up."""

MOST_ATTEMPTS = 12
"""Tries before a mail is shown as failed; the worker backs off up to two hours between."""


class NotSent(Exception):
    """The mail server did not take it; the job is to try again."""


def hand_in(mail: EmailMessage) -> None:
    """Give a mail to the mail server. Raises what is in `ERRORS`.

    The database may have restarted meanwhile: its connection is looked at before it is used again,
    or what went out could not be recorded, and would go out once more.
    """
    try:
        mail.send()
    finally:
        close_old_connections()


def refused_for_good(error: Exception) -> bool:
    """Whether the recipient or the message itself was answered with 5xx: it never will be taken.

    All else is between us and the server (a password, a greeting, a sender), and is mended there
    while mails wait.
    """
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and 500 <= error.smtp_code < 600


def words(error: Exception) -> str:
    """The server's answer as staff read it, at most 500 letters."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "; ".join(_answer(*each) for each in error.recipients.values())[:500]
    if isinstance(error, smtplib.SMTPResponseException):
        return _answer(error.smtp_code, error.smtp_error)[:500]
    return f"{type(error).__name__}: {error}"[:500]


def _answer(code: int, text: bytes | str) -> str:
    return f"{code} {text.decode(errors='replace') if isinstance(text, bytes) else text}"
