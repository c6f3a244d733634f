"""Who may do what: one table of verbs and roles, which every door asks.

`docs/access.md` is the same table in prose; a test executes it.
"""

from enum import StrEnum


class Role(StrEnum):
    OWNER = "owner"
    BILLING = "billing"
    SALES = "sales"
    AUDITOR = "auditor"
    PORTAL = "portal"


STAFF = (Role.OWNER, Role.BILLING, Role.SALES, Role.AUDITOR)

_ALL_STAFF = frozenset(STAFF)
_WRITERS = frozenset({Role.OWNER, Role.BILLING})
_READS_COST = frozenset({Role.OWNER, Role.BILLING, Role.AUDITOR})

VERBS: dict[str, frozenset[Role]] = {
    "documents.read": _ALL_STAFF,
    "documents.read_cost": _READS_COST,
    "documents.read_trail": _READS_COST,
    "documents.generate": _WRITERS,
    "documents.change_status": _WRITERS,
    "documents.discard": _WRITERS,
    "documents.edit": _WRITERS,
    "documents.resend": _WRITERS,
    "documents.download": _ALL_STAFF,
    "documents.download_staff_detail": _READS_COST,
    "usage.read": _READS_COST,
    "usage.import": _WRITERS,
    "accounts.read": _ALL_STAFF,
    "accounts.assign": _WRITERS,
    "prices.read": _READS_COST,
    "prices.edit": _WRITERS,
    "customers.read": _ALL_STAFF,
    "customers.edit": _WRITERS,
    "settings.read": _ALL_STAFF,
    "settings.edit": frozenset({Role.OWNER, Role.BILLING}),
    "users.read": frozenset({Role.OWNER, Role.AUDITOR}),
    "users.edit": frozenset({Role.OWNER}),
    "portal_users.read": _ALL_STAFF,
    "portal_users.edit": _WRITERS,
    "portal.view_as_customer": _READS_COST,
    "access.read_trail": frozenset({Role.OWNER, Role.AUDITOR}),
    "tickets.read": _ALL_STAFF,
    "tickets.answer": _WRITERS | {Role.SALES},
    "tickets.ask_operator": _ALL_STAFF,
    "views.save": _ALL_STAFF,
    "styleguide": _ALL_STAFF,
    "portal.read": frozenset({Role.PORTAL}),
    "portal.download": frozenset({Role.PORTAL}),
    "portal.ask": frozenset({Role.PORTAL}),
    "portal.manage_users": frozenset({Role.PORTAL}),
}


class Forbidden(PermissionError):
    """The role may not take this verb; the message names both."""


def allowed(role: str, verb: str) -> bool:
    """Whether a role may take a verb. An unknown verb is a programming error: KeyError."""
    return role in VERBS[verb]


def require(role: str, verb: str) -> None:
    """Raise `Forbidden` unless the role may take the verb."""
    if not allowed(role, verb):
        raise Forbidden(f"the role {role} may not do this ({verb})")
