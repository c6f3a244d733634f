"""The forms that a person types into, and the queries that a page answers.

In a base value `{n}` becomes a number that is new each time, so that no name is taken.
"""

from typing import NamedTuple

from hostile.payloads import CONTROLS, SHORT, hostile


class Form(NamedTuple):
    """Where it is sent; what is typed, with values that are good; and what stands beside that."""

    address: str
    typed: dict[str, str]
    others: dict[str, str] = {}


TRIED = {
    "all": hostile(),
    "200 signs": hostile(200),
    "60 signs": hostile(60),
    "digits": "9" * 5000,
    **{name: CONTROLS[name] for name in ("tab", "header", "bidi")},
}
"""Every payload, at three lengths; and what one line, a short column or a number refuses."""

FEW = (TRIED["all"], TRIED["digits"], TRIED["header"], SHORT["link"])
"""Those that a query or an odd request may stumble over."""

_PROFILE = {
    "name": "N{n}", "legal_name": "", "address": "", "tax_id": "", "purchase_order": "",
    "language": "en", "terms_days": "30", "recipients": "",
}  # fmt: skip
_TICKET = {"subject": "S", "text": "T", "category": "Invoice", "priority": "Low"}
_LOOK = {"colour": "#1d4f91", "accent_colour": "#1d4f91", "footer": ""}
_MAIL = dict.fromkeys(("reply_to", "bcc", "subject_en", "body_en", "subject_de", "body_de"), "")

FORMS = {
    "settings": Form(
        "console/hostile/settings/",
        {"name": "N{n}", "time_zone": "UTC", "legal_name": "", "address": "", "tax_id": "",
         "bank_details": "", "legal_text": "", "terms_days": "30"},
    ),
    "branding": Form("console/hostile/settings/branding/", _LOOK),
    "mails": Form("console/hostile/settings/mails/", _MAIL, {"kind": "published"}),
    "test mail": Form(
        "console/hostile/settings/mails/",
        {"subject_en": "", "body_en": ""},
        {"do": "test", "subject_de": "", "body_de": ""},
    ),
    "custom field": Form(
        "console/hostile/settings/fields/",
        {"name": "N{n}", "kind": "choice", "choices": "a"},
        {"form": "add"},
    ),
    "tax": Form(
        "console/hostile/settings/taxes/",
        {"name": "N{n}", "category": "E", "percent": "0", "reason": "R"},
    ),
    "rate": Form(
        "console/hostile/settings/currencies/",
        {"base": "USD", "quote": "CHF", "month": "2024-09", "rate": "1", "source": "S"},
        {"form": "rate"},
    ),
    "shown currency": Form(
        "console/hostile/settings/currencies/", {"another": "CHF"}, {"form": "shown"}
    ),
    "numbers": Form("console/hostile/settings/numbers/", {"prefix": "A{n}-", "start": "1"}),
    "invitation": Form(
        "console/hostile/settings/people/",
        {"email": "i{n}@staff.example", "role": "sales"},
        {"do": "invite"},
    ),
    "new customer": Form("console/hostile/customers/new/", _PROFILE),
    "customer": Form("console/hostile/customers/{european}/", _PROFILE),
    "defaults": Form(
        "console/hostile/customers/{buyer}/billing/", {"field_1": ""}, {"form": "defaults"}
    ),
    "portal user": Form(
        "console/hostile/customers/{buyer}/users/", {"email": "i{n}@b.example"}, {"do": "invite"}
    ),
    "markup": Form(
        "console/hostile/markups/",
        {"percent": "1", "valid_from": "2030-01", "provider": "", "customer": ""},
    ),
    "draft": Form(
        "console/hostile/documents/{draft}/edit/",
        {"due_date": "", "purchase_order": "", "field_1": "", "field_2": "", "note": ""},
    ),
    "line": Form(
        "console/hostile/documents/{draft}/lines/",
        {"text": "x", "amount": "1.00", "charge_type": "Fee"},
    ),
    "status": Form(
        "console/hostile/documents/{open}/status/",
        {"to": "Closed", "reason": "", "payment_comment": "", "paid_on": "2024-10-01"},
    ),
    "question to the operator": Form("console/hostile/tickets/new/", _TICKET),
    "answer": Form("console/hostile/tickets/T-000001/", {"text": "A"}),
    "new account's customer": Form(
        "console/hostile/unassigned/assign/",
        {"name": "N{n}", "valid_from": "2024-09-01", "customer": ""},
        {"provider": "microsoft-csp", "account": f"left {hostile()}"},
    ),
    "bulk": Form(
        "console/hostile/bulk/start/",
        {"to": "Closed", "reason": "", "comment": "", "paid_on": ""},
        {"what": "status", "seen": "{open}:1"},
    ),
    "question": Form("portal/hostile/support/new/", _TICKET),
    "more": Form("portal/hostile/support/T-000001/", {"text": "A"}),
    "colleague": Form("portal/hostile/users/", {"email": "c{n}@b.example"}, {"do": "invite"}),
    "own name": Form("portal/hostile/profile/", {"name": "", "language": "en"}),
}  # fmt: skip

UNNAMED = {
    "console/hostile/settings/branding/": {"do": "preview", **_LOOK},
    "console/hostile/settings/mails/": {"do": "preview", "document": "", "language": "", **_MAIL},
    "console/hostile/settings/fields/": {"form": "change", "field": "", "name": "", "position": ""},
    "console/hostile/customers/{buyer}/billing/": {"form": "taxes", "tax": ""},
    "console/hostile/views/save/": {"name": "", "q": "", "customer": "", "sort": ""},
    "console/hostile/views/delete/": {"name": ""},
    "console/hostile/generate/start/": {"period": "", "provider": "", "customer": "", "some": "1"},
    "console/hostile/bulk/": {"what": "", "query": "", "of": "", "code": "", "seen": ""},
    "console/hostile/bulk/start/": {"what": "", "each": "", "seen": "", "query": "", "of": ""},
    "console/hostile/documents/{voided}/refresh/": {"back": "", "version": ""},
    "console/hostile/documents/{voided}/discard/": {"back": "", "version": ""},
    "console/hostile/documents/{open}/resend/": {"back": ""},
    "console/hostile/unassigned/unassign/": {"provider": "", "account": "", "until": ""},
    "console/hostile/settings/people/": {"do": "", "id": "", "email": "", "role": ""},
    "console/hostile/overview/unsent-mail/": {"do": "again", "letter": ""},
    "accounts/login/": {"login": "", "password": "", "next": ""},
    "accounts/password/reset/": {"email": ""},
    "theme/": {"theme": "", "next": ""},
}
"""Forms whose answer need name no field: previews, what no page offers, and the sign-in's."""

_LIST = ("q", "customer", "provider", "period", "currency", "least", "most", "status", "sort",
         "range", "first", "last", "after")  # fmt: skip

QUERIES = {
    "console/hostile/": ("q", "after"),
    "console/hostile/search/": ("q",),
    "console/hostile/documents/": _LIST,
    "console/hostile/documents.csv": (*_LIST, "of"),
    "console/hostile/customers/": ("q", "after"),
    "console/hostile/customers/{buyer}/": ("period", "email"),
    "console/hostile/customers/{buyer}/invoices/": _LIST,
    "console/hostile/customers/{buyer}/users/": ("email",),
    "console/hostile/overview/": ("provider", "currency", "month"),
    "console/hostile/overview/unsent-mail/": ("after",),
    "console/hostile/documents/{voided}/": ("back", "currency"),
    "console/hostile/documents/{voided}/confirm/": ("to", "back"),
    "console/hostile/documents/{voided}/refresh/": ("back",),
    "console/hostile/documents/{voided}/print/": ("currency", "back"),
    "console/hostile/generate/": ("period", "provider", "customer", "some"),
    "console/hostile/unassigned/": ("all",),
    "console/hostile/settings/mails/": ("kind", "language", "document"),
    "console/hostile/settings/branding/preview/": ("colour", "accent_colour", "footer"),
    "console/hostile/settings/currencies/": ("pair", "month", "after"),
    "console/hostile/settings/access-trail/": ("q", "after"),
    "console/hostile/tickets/": ("state", "after"),
    "console/hostile/tickets/new/": ("document", "line", "subject", "text", "category"),
    "portal/hostile/invoices/": ("status", "after"),
    "portal/hostile/invoices/{open}/": ("currency",),
    "portal/hostile/usage/": ("month", "currency"),
    "portal/hostile/support/": ("state", "after"),
    "portal/hostile/support/new/": ("document", "line", "subject", "text"),
    "accounts/login/": ("next",),
}
"""Addresses that read a query, with the names that they read."""

NOWHERE = (
    "console/hostile/documents/{}/", "console/hostile/documents/{}/pdf/",
    "console/hostile/documents/{}/csv/", "console/hostile/tickets/{}/",
    "console/hostile/settings/branding/{}.png", "console/hostile/unassigned/assign/?account={}",
    "portal/hostile/invoices/{}/", "portal/hostile/support/{}/", "portal/hostile/brand/{}.png",
    "join/hostile/{}/",
)  # fmt: skip
"""Addresses that are there for nobody where a payload stands in them."""
