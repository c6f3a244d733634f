"""`clearbill users`: who may sign in, staff and customers' portal users."""

import sys
from collections.abc import Callable
from typing import Any

import click

from clearbill.actions import invitations, people
from clearbill.actions.users import add_user
from clearbill.cli.common import Here, customer_id, for_reseller, refuse, say, table
from clearbill.queries import people as reading
from clearbill.records.models import AccessEvent, Membership
from clearbill.rules.access import STAFF, Role

_MOST_EVENTS = 200


@click.group("users")
def group() -> None:
    """Staff of the reseller, and portal users of its customers."""


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
@click.option("--customer", metavar="ID", help="This customer's portal users alone.")
@click.option("--invited", is_flag=True, help="Open invitations too.")
@for_reseller
def list_all(here: Here, customer: str | None, invited: bool, as_json: bool) -> None:
    """List who has access."""
    here.actor.require("portal_users.read" if customer else "users.read")
    members = Membership.objects.filter(reseller=here.reseller).select_related("user")
    asked = reading.open_invitations(here.id)
    if customer:
        found = customer_id(here, customer)
        members, asked = members.filter(customer_id=found), asked.filter(customer_id=found)
    rows = [_member(m) for m in members.order_by("user__email")]
    if invited:
        rows += [
            {"email": i.email, "role": i.role, "customer": i.customer_id, "state": "Invited"}
            for i in asked.order_by("email")
        ]
    say(
        {"users": rows}, as_json, lambda: [f"{r['email']}  {r['role']}  {r['state']}" for r in rows]
    )


@group.command("invite")
@click.argument("email")
@click.option("--role", type=click.Choice([r.value for r in STAFF]), help="As staff.")
@click.option("--customer", metavar="ID", help="As a portal user of this customer.")
@click.option("--admin", is_flag=True, help="As administrator of the customer's people.")
@for_reseller
def invite(
    here: Here, email: str, role: str | None, customer: str | None, admin: bool, as_json: bool
) -> None:
    """Mail EMAIL a link that works for 7 days; an open invitation of it is revoked."""
    if (role is None) == (customer is None):
        raise click.UsageError("say either --role ROLE, or --customer ID for a portal user")
    made = invitations.invite(
        reseller_id=here.id,
        actor=here.actor,
        email=email,
        role=role or Role.PORTAL.value,
        customer_id=customer_id(here, customer) if customer else None,
        is_admin=admin,
    )
    value = {"email": made.email, "role": made.role, "expires_at": made.expires_at.isoformat()}
    say(value, as_json, lambda: [f"{made.email} is invited as {made.role}"])


@group.command("revoke")
@click.argument("email")
@for_reseller
def revoke(here: Here, email: str, as_json: bool) -> None:
    """Take the open invitation of EMAIL back."""
    found = reading.open_invitations(here.id).filter(email=email.lower()).first()
    if found is None:
        refuse(f"{email} is not invited here; `clearbill users list --invited` shows who is")
    made = invitations.revoke(reseller_id=here.id, actor=here.actor, invitation_id=found.pk)
    say({"email": made.email, "state": "Revoked"}, as_json, lambda: [f"{made.email}: revoked"])


def _on_member(name: str, verb: Callable[..., Membership], words: str, explained: str) -> None:
    """A command that does one thing to one person's access."""

    @group.command(name, help=explained)
    @click.argument("email")
    @for_reseller
    def command(here: Here, email: str, as_json: bool) -> None:
        _say(here, verb, email, words, as_json)


def _say(
    here: Here, verb: Callable[..., Membership], email: str, words: str, as_json: bool, **more: Any
) -> None:
    member = verb(
        reseller_id=here.id, actor=here.actor, membership_id=_membership(here, email).pk, **more
    )
    say(_member(member), as_json, lambda: [f"{member.user.email}: {words}"])


_on_member("suspend", people.suspend, "suspended", "Shut EMAIL out at its next request.")
_on_member("reactivate", people.reactivate, "active", "Let a suspended EMAIL in again.")
_on_member("reset", people.send_reset, "a link is on its way", "Mail EMAIL a password reset.")


@group.command("sessions")
@click.argument("email")
@for_reseller
def sessions(here: Here, email: str, as_json: bool) -> None:
    """List where EMAIL is signed in, the newest first."""
    member = _membership(here, email)
    here.actor.require("portal_users.read" if member.customer_id else "users.read")
    rows = [
        {
            "session": each.pk,
            "since": each.created_at.isoformat(),
            "from": each.ip,
            "browser": each.user_agent,
        }
        for each in reading.sessions(member.user_id)
    ]
    head = ("session", "since", "from", "browser")
    say({"sessions": rows}, as_json, lambda: table([[str(r[c]) for c in head] for r in rows], head))


@group.command("end-sessions")
@click.argument("email")
@click.option("--session", "session_id", type=int, help="This one alone; `users sessions` lists.")
@for_reseller
def end_sessions(here: Here, email: str, session_id: int | None, as_json: bool) -> None:
    """Sign EMAIL out everywhere, at other resellers too, or of one session."""
    words = "signed out" if session_id is None else f"session {session_id} is ended"
    _say(here, people.end_sessions, email, words, as_json, session_id=session_id)


@group.command("set-role")
@click.argument("email")
@click.argument("role", type=click.Choice([r.value for r in STAFF]))
@for_reseller
def set_role(here: Here, email: str, role: str, as_json: bool) -> None:
    """Give EMAIL, one of the staff, another ROLE."""
    _say(here, people.set_role, email, role, as_json, role=role)


@group.command("set-administrator")
@click.argument("email")
@click.option("--yes/--no", "is_admin", default=True)
@for_reseller
def set_administrator(here: Here, email: str, is_admin: bool, as_json: bool) -> None:
    """Make EMAIL, a portal user, administrator of its customer's people, or no longer."""
    words = "administrator" if is_admin else "no administrator"
    _say(here, people.set_administrator, email, words, as_json, is_admin=is_admin)


@group.command("second-factor")
@click.option("--required/--optional", required=True)
@for_reseller
def second_factor(here: Here, required: bool, as_json: bool) -> None:
    """Whether staff must have a second factor before the console opens."""
    people.set_mfa_required(reseller_id=here.id, actor=here.actor, required=required)
    say({"required": required}, as_json, lambda: ["required" if required else "optional"])


@group.command("trail")
@for_reseller
def trail(here: Here, as_json: bool) -> None:
    """Who changed whose access, the latest 200 first."""
    here.actor.require("access.read_trail")
    rows = [_event(e) for e in reading.trail(here.id).order_by("-at", "-id")[:_MOST_EVENTS]]
    head = ("at", "subject", "what", "who")
    say({"events": rows}, as_json, lambda: table([[r[c] for c in head] for r in rows], head))


def _membership(here: Here, email: str) -> Membership:
    found = Membership.objects.filter(reseller=here.reseller, user__email=email.lower()).first()
    if found is None:
        refuse(f"{email} has no access here; `clearbill users list` shows who has")
    return found


def _member(m: Membership) -> dict[str, Any]:
    return {
        "email": m.user.email,
        "role": m.role,
        "customer": m.customer_id,
        "state": m.state,
        "administrator": m.is_admin,
    }


def _event(event: AccessEvent) -> dict[str, str]:
    return {
        "at": event.at.isoformat(),
        "subject": event.subject,
        "what": event.what,
        "who": event.who,
    }
