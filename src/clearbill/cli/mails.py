"""`clearbill mails`: what was sent, what waits, and what did not go out; and what becomes of it."""

from typing import Any

import click

from clearbill.actions.letters import dismiss, send_again
from clearbill.cli.common import Here, for_reseller, say, table
from clearbill.queries import mails as reading
from clearbill.records import clock
from clearbill.records.models import Letter
from clearbill.rules.access import allowed


@click.group("mails")
def group() -> None:
    """E-mails about documents, and all others; never what they say."""


@group.command("list")
@click.option("--unsent", is_flag=True, help="Failed, or waiting for more than 15 minutes.")
@for_reseller
def list_all(here: Here, unsent: bool, as_json: bool) -> None:
    """List the latest e-mails; those about no document for roles that read the trail."""
    here.actor.require("documents.read")
    found = reading.unsent(here.id, clock.now()) if unsent else reading.latest(here.id)
    sees_letters = allowed(here.actor.role, "documents.read_trail")
    rows = [_described(each) for each in found if each.document or sees_letters]
    head = ("created_at", "letter", "kind", "document", "recipient", "state", "error")
    say(
        {"mails": rows},
        as_json,
        lambda: table([[str(r[c] or "") for c in head] for r in rows], head),
    )


@group.command("again")
@click.argument("letter_id", metavar="LETTER", type=int)
@for_reseller
def again(here: Here, letter_id: int, as_json: bool) -> None:
    """Send an e-mail about no document again that failed; `documents resend` is for the others."""
    letter = send_again(reseller_id=here.id, actor=here.actor, letter_id=letter_id)
    _say(letter, as_json)


@group.command("dismiss")
@click.argument("letter_id", metavar="LETTER", type=int)
@for_reseller
def take_back(here: Here, letter_id: int, as_json: bool) -> None:
    """Take back an e-mail about no document that failed or waits: it is sent no more."""
    letter = dismiss(reseller_id=here.id, actor=here.actor, letter_id=letter_id)
    _say(letter, as_json)


def _say(letter: Letter, as_json: bool) -> None:
    value = {"letter": letter.pk, "recipient": letter.recipient, "state": letter.state}
    say(value, as_json, lambda: [f"e-mail {letter.pk} to {letter.recipient}: {letter.state}"])


def _described(each: reading.Listed) -> dict[str, Any]:
    return {
        "letter": each.letter,
        "kind": each.kind,
        "document": each.document or None,
        "recipient": each.recipient,
        "state": each.state,
        "created_at": each.created_at.isoformat(),
        "sent_at": each.sent_at.isoformat() if each.sent_at else None,
        "error": each.error or None,
    }
