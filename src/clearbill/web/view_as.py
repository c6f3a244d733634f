"""Looking at the portal as a customer: kept in the session of the person who looks."""

from dataclasses import asdict, dataclass

from django.http import HttpRequest

from clearbill.records.models import Customer, Reseller

_KEY = "portal_as_customer"


@dataclass(frozen=True)
class Viewing:
    """Whose portal is looked at. The name stands here so that its banner asks no database."""

    slug: str
    customer: int
    name: str


def begin(request: HttpRequest, reseller: Reseller, customer: Customer) -> None:
    """From now on this session's portal pages of the reseller are the customer's, read only."""
    request.session[_KEY] = asdict(Viewing(reseller.slug, customer.pk, customer.name))


def leave(request: HttpRequest) -> None:
    request.session.pop(_KEY, None)


def viewing(request: HttpRequest, slug: str) -> Viewing | None:
    """Whom this session looks at in the portal of this reseller."""
    kept = request.session.get(_KEY)
    found = Viewing(**kept) if kept else None
    return found if found is not None and found.slug == slug else None
