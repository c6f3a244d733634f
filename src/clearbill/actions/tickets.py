"""Tickets: a customer asks its reseller, staff ask the operator; both are answered here."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from clearbill.actions.common import Actor, Refused, Words, check_texts, check_words
from clearbill.actions.letters import queue_letter
from clearbill.actions.people import customer_of
from clearbill.queries import canonical
from clearbill.queries import documents as reading
from clearbill.queries import tickets as reading_tickets
from clearbill.records import clock, tenancy
from clearbill.records.files import file_store
from clearbill.records.models import Document, NumberSeries, Ticket, TicketMessage
from clearbill.rules import tickets as rules
from clearbill.rules.access import Role
from clearbill.rules.text import tidy


@dataclass(frozen=True)
class Upload:
    """One file that comes with a message; its name is made harmless before it is kept."""

    name: str
    data: bytes


@dataclass(frozen=True)
class _Kept:
    name: str
    path: str
    sha256: str
    size: int


def open_ticket(
    *,
    reseller_id: int,
    actor: Actor,
    user_id: int,
    customer_id: int | None = None,
    subject: str,
    category: str,
    priority: str,
    text: str,
    document: str = "",
    line: int | None = None,
    upload: Upload | None = None,
) -> Ticket:
    """Ask: a customer its reseller, staff (without `customer_id`) the operator.

    `document` and `line` are attached as the asker sees them; a document that a customer may not
    see is refused like one that does not exist. Raises `Refused` by field.
    """
    actor.require("portal.ask" if customer_id else "tickets.ask_operator")
    _check(subject, category, priority, text)
    with _kept(reseller_id, upload) as kept, tenancy.transaction(reseller_id):
        about, found = _about(reseller_id, customer_id, document, line)
        counter = _next_counter(reseller_id)
        now = clock.now()
        ticket = Ticket.objects.create(
            reseller_id=reseller_id,
            counter=counter,
            code=f"T-{counter:06d}",
            queue=Ticket.RESELLER if customer_id else Ticket.OPERATOR,
            opened_by_id=user_id,
            who=actor.name,
            customer_id=customer_id,
            document=found,
            line=line if about else None,
            about=about,
            subject=" ".join(subject.split()),
            category=category,
            priority=priority,
            created_at=now,
            updated_at=now,
        )
        _say(ticket, actor, text, from_asker=True, kept=kept)
        _tell(ticket, _who_answers(ticket), "new", text)
    return ticket


def reply_to_ticket(
    *, reseller_id: int, actor: Actor, ticket: str, text: str, upload: Upload | None = None
) -> None:
    """The asker says more; an answered or closed ticket is open again."""
    with _kept(reseller_id, upload) as kept, tenancy.transaction(reseller_id):
        found = _locked(reseller_id, actor, ticket)
        actor.require("portal.ask" if found.customer_id else "tickets.ask_operator")
        _check_text(text)
        _say(found, actor, text, from_asker=True, kept=kept)
        _move(found, rules.AFTER_ASKER)
        _tell(found, _who_answers(found), "reply", text)


def answer_ticket(
    *,
    reseller_id: int,
    actor: Actor,
    ticket: str,
    text: str,
    upload: Upload | None = None,
    as_operator: bool = False,
) -> list[str]:
    """Answer what was asked, and mail the answer to the asker; who is mailed.

    Nobody is where the asker has no access any more: the answer stands on the ticket. Staff's own
    tickets are the operator's to answer (`as_operator`, from the command line).
    """
    actor.require("tickets.answer")
    with _kept(reseller_id, upload) as kept, tenancy.transaction(reseller_id):
        found = _locked(reseller_id, actor, ticket)
        if found.queue == Ticket.OPERATOR and not as_operator:
            raise Refused(
                "%(ticket)s is for the operator of this installation to answer", ticket=ticket
            )
        _check_text(text)
        _say(found, actor, text, from_asker=False, kept=kept)
        _move(found, rules.AFTER_ANSWER)
        asker = found.opened_by.email
        told = [asker] if reading_tickets.may_read(found, asker) else []
        _tell(found, told, "answer", text)
    return told


def close_ticket(*, reseller_id: int, actor: Actor, ticket: str) -> None:
    """Say that nothing is left to answer; the asker may reopen it by saying more."""
    _set_state(reseller_id, actor, ticket, rules.CLOSED)


def reopen_ticket(*, reseller_id: int, actor: Actor, ticket: str) -> None:
    """Open a closed ticket again."""
    _set_state(reseller_id, actor, ticket, rules.OPEN)


def _set_state(reseller_id: int, actor: Actor, ticket: str, state: str) -> None:
    with tenancy.transaction(reseller_id):
        found = _locked(reseller_id, actor, ticket)
        asks = actor.role == Role.PORTAL or found.queue == Ticket.OPERATOR
        own = "portal.ask" if found.customer_id else "tickets.ask_operator"
        actor.require(own if asks else "tickets.answer")
        if found.state != state:
            _move(found, state)


def _locked(reseller_id: int, actor: Actor, code: str) -> Ticket:
    """The ticket. To a portal user those of other customers do not exist, to a member of staff
    those that others asked the operator."""
    rows = Ticket.objects.select_for_update(of=("self",)).select_related(
        "opened_by", "customer", "document"
    )
    found = rows.filter(reseller_id=reseller_id, code=code).first()
    if found is None or not _is_theirs(found, actor):
        raise Refused("no ticket %(ticket)s here", ticket=code)
    return found


def _is_theirs(ticket: Ticket, actor: Actor) -> bool:
    if actor.is_command_line:
        return True
    if actor.role == Role.PORTAL:
        return ticket.customer_id == customer_of(ticket.reseller_id, actor)
    return ticket.queue == Ticket.RESELLER or ticket.opened_by.email == actor.name


def _check(subject: str, category: str, priority: str, text: str) -> None:
    wrong = []
    if not tidy(subject):
        wrong.append(("subject", Words("give a subject")))
    if category not in Ticket.CATEGORIES:
        wrong.append(("category", Words("choose one of %(words)s", words=Ticket.CATEGORIES)))
    if priority not in Ticket.PRIORITIES:
        wrong.append(("priority", Words("choose one of %(words)s", words=Ticket.PRIORITIES)))
    if not text.strip():
        wrong.append(("text", Words("describe what you ask")))
    if wrong:
        (field, message), *also = wrong
        raise Refused(message, field=field, also=also)
    check_texts(Ticket, {"subject": subject})
    _check_text(text)


def _check_text(text: str) -> None:
    if not text.strip():
        raise Refused("write something", field="text")
    check_words("text", text, most=rules.MOST_TEXT)


@contextmanager
def _kept(reseller_id: int, upload: Upload | None) -> Iterator[_Kept | None]:
    """The file in the store while the block runs; gone again where nothing came of it."""
    if upload is None:
        yield None
        return
    if len(upload.data) > rules.MOST_BYTES:
        raise Refused("a file has at most 10 MB", field="file")
    path = f"tickets/{reseller_id}/{secrets.token_hex(16)}"
    store = file_store()
    digest = store.write_bytes(path, upload.data)
    try:
        yield _Kept(rules.file_name(upload.name), path, digest, len(upload.data))
    except BaseException:
        # A connection that breaks after COMMIT raises too: a file that a row names is kept.
        with tenancy.transaction(reseller_id):
            recorded = TicketMessage.objects.filter(reseller_id=reseller_id, file_path=path)
            if not recorded.exists():
                store.delete(path)
        raise


def _about(
    reseller_id: int, customer_id: int | None, code: str, line: int | None
) -> tuple[dict[str, Any], Document | None]:
    """What is attached: the document, and its line as the asker sees it."""
    if not code:
        return {}, None
    documents = (
        reading.for_customer(reseller_id, customer_id)
        if customer_id
        else reading.visible(reseller_id)
    )
    found = documents.filter(code=code).first()
    if found is None:
        raise Refused("no document %(document)s here", field="document", document=code)
    document = reading.one(reseller_id, code)
    assert document is not None  # noqa: S101 - it was found above
    content = canonical.for_customer(canonical.of(document))
    for section in content["sections"]:
        for each in section["lines"]:
            if each["position"] == line:
                return {**each, "account": section["account"], "currency": found.currency}, found
    return {}, found


def _next_counter(reseller_id: int) -> int:
    NumberSeries.objects.get_or_create(
        reseller_id=reseller_id, name="tickets", defaults={"prefix": "T-"}
    )
    series = NumberSeries.objects.select_for_update().get(reseller_id=reseller_id, name="tickets")
    series.last_number += 1
    series.save(update_fields=["last_number"])
    return int(series.last_number)


def _say(ticket: Ticket, actor: Actor, text: str, *, from_asker: bool, kept: _Kept | None) -> None:
    TicketMessage.objects.create(
        reseller_id=ticket.reseller_id,
        ticket=ticket,
        who=actor.name,
        from_asker=from_asker,
        text=text.strip(),
        at=clock.now(),
        file_name=kept.name if kept else "",
        file_path=kept.path if kept else "",
        file_hash=kept.sha256 if kept else "",
        file_bytes=kept.size if kept else 0,
    )


def _move(ticket: Ticket, state: str) -> None:
    ticket.state, ticket.updated_at = state, clock.now()
    ticket.save(update_fields=["state", "updated_at"])


def _who_answers(ticket: Ticket) -> Sequence[str]:
    if ticket.queue == Ticket.OPERATOR:
        return [settings.CLEARBILL_OPERATOR_MAIL] if settings.CLEARBILL_OPERATOR_MAIL else []
    return reading_tickets.who_answers(ticket.reseller_id)


def _tell(ticket: Ticket, recipients: Sequence[str], what: str, text: str) -> None:
    for recipient in recipients:
        queue_letter(
            reseller_id=ticket.reseller_id,
            kind="ticket",
            recipient=recipient,
            text=text,
            data={"ticket": ticket.pk, "what": what},
        )
