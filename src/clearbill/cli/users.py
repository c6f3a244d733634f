"""`clearbill users`: who may sign in."""

import sys

import click

from clearbill.actions.users import add_user
from clearbill.cli.common import Here, customer_id, for_reseller, say
from clearbill.records.models import Membership
from clearbill.rules.access import STAFF, Role


@click.group("users")
def group() -> None:
    """Add users: staff of the reseller, and portal users of its customers."""


@group.command("add")
@click.argument("email")
@click.option("--role", type=click.Choice([r.value for r in (*STAFF, Role.PORTAL)]))
@click.option("--customer", metavar="ID", help="Makes a portal user of this customer.")
@click.option("--name", default="")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@for_reseller
def add(
    here: Here,
    email: str,
    role: str | None,
    customer: str | None,
    name: str,
    password_stdin: bool,
    as_json: bool,
) -> None:
    """Give EMAIL a role; prints a one-time password."""
    if role is None and customer is None:
        raise click.UsageError("say --role ROLE, or --customer ID for a portal user")
    given = add_user(
        reseller_id=here.id,
        actor=here.actor,
        email=email,
        role=role or Role.PORTAL.value,
        customer_id=customer_id(here, customer) if customer else None,
        password=sys.stdin.readline().rstrip("\n") if password_stdin else None,
        name=name,
    )
    shown = None if password_stdin else given
    role = Role.PORTAL.value if customer else role
    value = {"email": email.lower(), "role": role, "password": shown}
    words = f"{email} ({role})" + (f", password {shown}" if shown else "")
    say(value, as_json, lambda: [words])


@group.command("list")
@for_reseller
def list_all(here: Here, as_json: bool) -> None:
    """List who has access."""
    here.actor.require("users.read")
    rows = [
        {"email": m.user.email, "role": m.role, "customer": m.customer_id, "state": m.state}
        for m in Membership.objects.filter(reseller=here.reseller)
        .select_related("user")
        .order_by("user__email")
    ]
    say(
        {"users": rows}, as_json, lambda: [f"{r['email']}  {r['role']}  {r['state']}" for r in rows]
    )
