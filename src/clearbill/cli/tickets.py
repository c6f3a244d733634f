"""`clearbill tickets`: what was asked, and its answers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from clearbill.actions.tickets import Upload, answer_ticket, close_ticket, reopen_ticket
from clearbill.cli.common import Here, for_reseller, refuse, say, table
from clearbill.queries import tickets as reading
from clearbill.records.models import Ticket

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


def _tickets(here: Here) -> Any:
    return Ticket.objects.filter(reseller_id=here.id).select_related("customer", "document")


@group.command("list")
@click.option("--state", type=click.Choice(["Open", "Answered", "Closed"]))
@for_reseller
def list_all(here: Here, state: str | None, as_json: bool) -> None:
    """List tickets, the latest change first."""
    here.actor.require("tickets.read")
    found = _tickets(here).filter(state=state) if state else _tickets(here)
    rows = [_described(each) for each in found.order_by("-updated_at", "-pk")]
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
    here.actor.require("tickets.read")
    ticket = _tickets(here).filter(code=code).first()
    if ticket is None:
        refuse(f"no ticket {code!r} here")
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


@group.command("answer")
@click.argument("code", metavar="TICKET")
@click.option("--text", required=True)
@click.option("--file", type=_FILE, help="One file of at most 10 MB.")
@for_reseller
def answer(here: Here, code: str, text: str, file: Path | None, as_json: bool) -> None:
    """Answer a ticket, staff's own to the operator among them; the asker gets a mail."""
    answer_ticket(
        reseller_id=here.id,
        actor=here.actor,
        ticket=code,
        text=text,
        upload=Upload(file.name, file.read_bytes()) if file else None,
        as_operator=True,
    )
    say({"ticket": code, "state": "Answered"}, as_json, lambda: [f"{code} is answered"])


@group.command("close")
@click.argument("code", metavar="TICKET")
@for_reseller
def close(here: Here, code: str, as_json: bool) -> None:
    """Close a ticket."""
    close_ticket(reseller_id=here.id, actor=here.actor, ticket=code)
    say({"ticket": code, "state": "Closed"}, as_json, lambda: [f"{code} is closed"])


@group.command("reopen")
@click.argument("code", metavar="TICKET")
@for_reseller
def reopen(here: Here, code: str, as_json: bool) -> None:
    """Open a closed ticket again."""
    reopen_ticket(reseller_id=here.id, actor=here.actor, ticket=code)
    say({"ticket": code, "state": "Open"}, as_json, lambda: [f"{code} is open"])
