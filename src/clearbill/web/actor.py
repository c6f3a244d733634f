"""The actor of a request: who the trail will name."""

from typing import cast

from clearbill.actions.common import Actor
from clearbill.records.models import User
from clearbill.web.permissions import TenantRequest


def actor_of(request: TenantRequest) -> Actor:
    """The signed-in member, by e-mail, with the role at this reseller."""
    return Actor(cast(User, request.user).email, request.membership.role)
