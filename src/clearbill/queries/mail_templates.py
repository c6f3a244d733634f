"""The two e-mails about documents, as a reseller words them; without a row all is built-in."""

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef

from clearbill.records.models import Document, MailTemplate, Membership
from clearbill.rules.access import STAFF
from clearbill.rules.lifecycle import Status

LANGUAGES = ("en", "de")
KIND_NAMES = {
    MailTemplate.PUBLISHED: "Published",
    MailTemplate.STATUS_CHANGED: "Status changed",
}


def kind_for(*, publishes: bool) -> str:
    """The kind of mail that a status change sends: leaving Draft publishes."""
    return MailTemplate.PUBLISHED if publishes else MailTemplate.STATUS_CHANGED


def kind_again(status: str) -> str:
    """The kind of a mail that is sent again: it tells of the publication as long as nothing has
    changed since."""
    return kind_for(publishes=status == Status.OPEN)


def of_kind(reseller_id: int, kind: str) -> MailTemplate:
    """The reseller's template; an unsaved one that changes nothing where it has none."""
    found = MailTemplate.objects.filter(reseller_id=reseller_id, kind=kind).first()
    return found or MailTemplate(reseller_id=reseller_id, kind=kind)


def all_kinds(reseller_id: int) -> dict[str, MailTemplate]:
    """Both templates, by kind, in one query."""
    stored = {each.kind: each for each in MailTemplate.objects.filter(reseller_id=reseller_id)}
    return {
        kind: stored.get(kind) or MailTemplate(reseller_id=reseller_id, kind=kind)
        for kind in MailTemplate.KINDS
    }


def switched_off() -> ArraySubquery:
    """The kinds of mail that the reseller has switched off, to annotate its settings with."""
    return ArraySubquery(
        MailTemplate.objects.filter(reseller=OuterRef("reseller"), enabled=False).values("kind")
    )


def example(reseller_id: int, code: str = "") -> Document | None:
    """The document that a preview shows: the one of this Document ID, else the newest published.

    None where there is no such document; a code finds drafts too.
    """
    documents = (
        Document.objects.filter(reseller_id=reseller_id)
        .exclude(status=Status.DISCARDED)
        .select_related("customer", "provider", "profile", "replaces")
    )
    if code:
        return documents.filter(code=code).first()
    return documents.exclude(status=Status.DRAFT).order_by("-published_at", "-pk").first()


def is_staff(reseller_id: int, email: str) -> bool:
    """Whether the address is an active staff member's: nobody else is sent a test."""
    return Membership.objects.filter(
        reseller_id=reseller_id,
        user__email=email.strip().lower(),
        state=Membership.ACTIVE,
        role__in=[role.value for role in STAFF],
    ).exists()
