"""Giving a person access: a global user, and one membership per reseller."""

import secrets

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from clearbill.actions.access_trail import record
from clearbill.actions.common import Actor, Refused, check_texts
from clearbill.records import clock, tenancy
from clearbill.records.models import Customer, Membership, User
from clearbill.rules.access import STAFF, Role


def add_user(
    *,
    reseller_id: int,
    actor: Actor,
    email: str,
    role: str,
    customer_id: int | None = None,
    password: str | None = None,
    name: str = "",
) -> str | None:
    """Give `email` a role at the reseller, and return the one-time password it was given.

    Returns None where the user existed already (of another reseller, say): it keeps its own.
    A portal user's `customer_id` is required; `role` is then ignored. Raises `Refused` for a bad
    address, a weak password, or somebody who is a member already.
    """
    actor.require("users.edit")
    email = email.strip().lower()
    role = Role.PORTAL.value if customer_id is not None else role
    _check(email, role, customer_id)
    check_texts(User, {"email": email, "name": name})
    with tenancy.transaction(reseller_id):
        if (
            customer_id is not None
            and not Customer.objects.filter(reseller_id=reseller_id, pk=customer_id).exists()
        ):
            raise Refused("no customer %(id)s here", field="customer", id=customer_id)
        user = User.objects.filter(email=email).first()
        given = None
        if user is None:
            given = password or secrets.token_urlsafe(12)
            user = create_user(email, name, given)
        _, created = Membership.objects.get_or_create(
            user=user,
            reseller_id=reseller_id,
            defaults={"role": role, "customer_id": customer_id},
        )
        if not created:
            raise Refused("%(email)s is a member here already", field="email", email=email)
        record(
            reseller_id=reseller_id,
            actor=actor,
            what="added",
            subject=email,
            role=role,
            customer=customer_id,
        )
    return given


def _check(email: str, role: str, customer_id: int | None) -> None:
    try:
        validate_email(email)
    except ValidationError:
        raise Refused("%(email)r is no e-mail address", field="email", email=email) from None
    if role not in (*STAFF, Role.PORTAL):
        raise Refused(
            "%(role)r is no role; use owner, billing, sales or auditor", field="role", role=role
        )
    if role == Role.PORTAL and customer_id is None:
        raise Refused("a portal user needs its customer", field="customer")


def create_user(email: str, name: str, password: str) -> User:
    """A new person with a password, inside the caller's transaction. `Refused` for a weak one."""
    user = User(email=email, name=name, created_at=clock.now())
    try:
        validate_password(password, user)
    except ValidationError as error:
        said = " ".join(error.messages)
        raise Refused(said, field="password") from None
    user.set_password(password)
    user.save()
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user
