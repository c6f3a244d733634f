"""What a mail server's answer means, in words for those who mend addresses and not servers."""

import re

NOT_TRIED = "Nothing has tried to send it yet: the background worker may be down."

_ANSWERS = (
    (r"\b5\.2\.2\b|\b552\b|quota|mailbox.*full", "The recipient's mailbox is full."),
    (r"\b5\.1\.\d|\b55[013]\b|no (such )?(user|mailbox)|unknown (user|recipient)",
     "The recipient's mail server knows no such address."),
    (r"\b53[0-9]\b|\b5\.7\.8\b|[Aa]uthentication", "Our mail server refused our sign-in."),
    (r"\b554\b|\b5\.7\.\d|spam|blocked|policy",
     "The recipient's mail server takes no mail from us."),
    (r"\b4\d\d\b|[Gg]reylist", "The mail server asks to come again later."),
    (r"ConnectionRefused|gaierror|Timeout|timed out|Disconnected|unreachable|ConnectionReset",
     "Our mail server cannot be reached."),
    (r"SSL|certificate", "The connection to our mail server is not trusted."),
    (r"^withdrawn|^what it was about", "Nobody is owed it any more."),
)  # fmt: skip
"""What an answer holds, and what it says; the first that is found holds."""


def in_plain_words(answer: str) -> str:
    """One sentence for what `actions/mail_server.words` kept; empty means that none came."""
    if not answer:
        return NOT_TRIED
    for pattern, words in _ANSWERS:
        if re.search(pattern, answer):
            return words
    return "The mail server did not take it."
