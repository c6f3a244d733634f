"""`clearbill tickets`: what was asked, and its answers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from django.db.models import QuerySet

from clearbill.actions.tickets import (
    Upload,
    answer_ticket,
    close_ticket,
    open_ticket,
    reopen_ticket,
    reply_to_ticket,
)
from clearbill.cli.common import Here, for_reseller, refuse, say, table
from clearbill.queries import tickets as reading
from clearbill.records.models import Ticket
from clearbill.rules.access import Role
from clearbill.rules.tickets import MOST_BYTES

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("tickets")
def group() -> None:
    """Questions of customers, and of staff to the operator."""


def _described(ticket: Ticket) -> dict[str, Any]:
    return {
        "ticket": ticket.code,
        "for": ticket.queue,
        "state": ticket.state,
        "subject": ticket.subject,
        "category": ticket.category,
        "priority": ticket.priority,
        "who": ticket.who,
        "customer": ticket.customer.name if ticket.customer else None,
        "document": ticket.document.code if ticket.document else None,
        "line": ticket.line,
    }


def _tickets(here: Here) -> "QuerySet[Ticket]":
    """What one sees, the latest change first: the operator everything, staff the customers' and
    their own, a portal user those of its customer."""
    if here.member is None:
        return reading.of_reseller(here.id)
    if here.member.role == Role.PORTAL:
        here.actor.require("portal.ask")
        return reading.of_customer(here.id, here.member.customer_id or 0)
    here.actor.require("tickets.read")
    return reading.queue(here.id) | reading.of_staff(here.id, here.member.user_id)


def _found(here: Here, code: str) -> Ticket:
    """A ticket that one sees: another's does not exist."""
    ticket = _tickets(here).filter(code=code).first()
    if ticket is None:
        refuse(f"no ticket {code!r} here; `clearbill tickets list` shows them")
    return ticket


def _upload(path: Path | None) -> Upload | None:
    if path is None:
        return None
    # One byte more than a file may have is enough to have it refused.
    with path.open("rb") as file:
        return Upload(path.name, file.read(MOST_BYTES + 1))


@group.command("list")
@click.option("--state", type=click.Choice(["Open", "Answered", "Closed"]))
@for_reseller
def list_all(here: Here, state: str | None, as_json: bool) -> None:
    """List tickets, the latest change first."""
    found = _tickets(here).filter(state=state) if state else _tickets(here)
    rows = [_described(each) for each in found]
    head = ("ticket", "for", "state", "priority", "customer", "who", "subject")
    say(
        {"tickets": rows},
        as_json,
        lambda: table([[str(r[c] or "") for c in head] for r in rows], head),
    )


@group.command("show")
@click.argument("code", metavar="TICKET")
@for_reseller
def show(here: Here, code: str, as_json: bool) -> None:
    """Show a ticket with what was said on it."""
    ticket = _found(here, code)
    thread = [
        {"who": each.who, "at": each.at.isoformat(), "text": each.text, "file": each.file_name}
        for each in reading.thread(ticket)
    ]
    value = {**_described(ticket), "about": ticket.about, "thread": thread}

    def words() -> Iterator[str]:
        yield f"{ticket.code} {ticket.state}: {ticket.subject}"
        for each in thread:
            yield f"\n{each['who']}, {each['at']}\n{each['text']}"

    say(value, as_json, words)


@group.command("new")
@click.option("--subject", required=True)
@click.option("--category", required=True, type=click.Choice(list(Ticket.CATEGORIES)))
@click.option(
    "--priority", default="Normal", show_default=True, type=click.Choice(list(Ticket.PRIORITIES))
)
@click.option("--text", required=True)
@click.option("--document", default="", metavar="ID", help="What it is about.")
@click.option("--line", type=int, help="The line of that document.")
@click.option("--file", type=_FILE, help="One file of at most 10 MB.")
@for_reseller
def new(here: Here, file: Path | None, as_json: bool, **given: Any) -> None:
    """Ask, as whom --as names: staff the operator, a portal user its reseller."""
    if here.member is None:
        raise click.UsageError("say --as EMAIL: whose question it is, and who is answered")
    if given["line"] is not None and not given["document"]:
        raise click.UsageError("--line goes with --document")
    ticket = open_ticket(
        reseller_id=here.id,
        actor=here.actor,
        user_id=here.member.user_id,
        customer_id=here.member.customer_id,
        upload=_upload(file),
        **given,
    )
    value = {"ticket": ticket.code, "state": ticket.state}
    say(value, as_json, lambda: [f"{ticket.code} is submitted"])


@group.command("reply")
@click.argument("code", metavar="TICKET")
@click.option("--text", required=True)
@click.option("--file", type=_FILE, help="One file of at most 10 MB.")
@for_reseller
def reply(here: Here, code: str, text: str, file: Path | None, as_json: bool) -> None:
    """Say more on what one asked, as whom --as names; the ticket is open again."""
    if here.member is None:
        raise click.UsageError("say --as EMAIL: who asked; the operator answers")
    found = _found(here, code)
    if here.member.role != Role.PORTAL and found.queue != Ticket.OPERATOR:
        refuse(f"{code} is a customer's: answer it by `clearbill tickets answer`")
    reply_to_ticket(
        reseller_id=here.id, actor=here.actor, ticket=code, text=text, upload=_upload(file)
    )
    say({"ticket": code, "state": "Open"}, as_json, lambda: [f"{code} is open"])


@group.command("answer")
@click.argument("code", metavar="TICKET")
@click.option("--text", required=True)
@click.option("--file", type=_FILE, help="One file of at most 10 MB.")
@for_reseller
def answer(here: Here, code: str, text: str, file: Path | None, as_json: bool) -> None:
    """Answer a ticket; the asker gets a mail. Staff's own are the operator's, without --as."""
    answer_ticket(
        reseller_id=here.id,
        actor=here.actor,
        ticket=_found(here, code).code,
        text=text,
        upload=_upload(file),
        as_operator=here.member is None,
    )
    say({"ticket": code, "state": "Answered"}, as_json, lambda: [f"{code} is answered"])


@group.command("close")
@click.argument("code", metavar="TICKET")
@for_reseller
def close(here: Here, code: str, as_json: bool) -> None:
    """Close a ticket."""
    close_ticket(reseller_id=here.id, actor=here.actor, ticket=_found(here, code).code)
    say({"ticket": code, "state": "Closed"}, as_json, lambda: [f"{code} is closed"])


@group.command("reopen")
@click.argument("code", metavar="TICKET")
@for_reseller
def reopen(here: Here, code: str, as_json: bool) -> None:
    """Open a closed ticket again."""
    reopen_ticket(reseller_id=here.id, actor=here.actor, ticket=_found(here, code).code)
    say({"ticket": code, "state": "Open"}, as_json, lambda: [f"{code} is open"])
