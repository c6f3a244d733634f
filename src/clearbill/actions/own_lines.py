"""Lines of their own that staff add to a draft."""

from decimal import Decimal

from django.db.models import Max

from clearbill.actions import trail
from clearbill.actions.change_status import stale
from clearbill.actions.common import Actor, Refused, Words, check_texts
from clearbill.actions.locks import lock_documents
from clearbill.actions.totals import retotal
from clearbill.records import clock, tenancy
from clearbill.records.models import Document, DocumentLine
from clearbill.rules.charge_types import CHARGE_TYPES
from clearbill.rules.lifecycle import Status
from clearbill.rules.money import NotAnAmount, minor_unit, read_amount

MOST_TEXT = 500


def add_own_line(
    *,
    reseller_id: int,
    actor: Actor,
    document: str,
    text: str,
    amount: str,
    charge_type: str = "Adjustment",
    expected: int | None = None,
) -> int:
    """Add a line to a draft, in the document's currency; the line's position.

    `amount` is text such as `-12.50`, in whole minor units of the currency. A refresh keeps the
    line. Raises `Refused` by field.
    """
    actor.require("documents.edit")
    text = " ".join(text.split())
    _check(text, charge_type)
    with tenancy.transaction(reseller_id):
        found = lock_draft(reseller_id, document, expected)
        price = _amount(amount, found.currency)
        lines = DocumentLine.objects.filter(reseller_id=reseller_id, document=found)
        position: int = (lines.aggregate(last=Max("position"))["last"] or 0) + 1
        DocumentLine.objects.create(**_row(found, position, text, price, charge_type))
        retotal(reseller_id, [found])
        _record(found, actor, "line added", {"text": text, "amount": f"{price:f}"})
    return position


def remove_own_line(
    *, reseller_id: int, actor: Actor, document: str, position: int, expected: int | None = None
) -> None:
    """Take one of staff's own lines off a draft. Lines of usage cannot be removed: `Refused`."""
    actor.require("documents.edit")
    with tenancy.transaction(reseller_id):
        found = lock_draft(reseller_id, document, expected)
        lines = DocumentLine.objects.filter(
            reseller_id=reseller_id, document=found, own=True, position=position
        )
        line = lines.first()
        if line is None:
            raise Refused(
                "%(document)s has no line of yours at position %(position)s",
                document=document,
                position=position,
            )
        lines.delete()
        retotal(reseller_id, [found])
        _record(
            found, actor, "line removed", {"text": line.description, "amount": f"{line.price:f}"}
        )


def lock_draft(reseller_id: int, code: str, expected: int | None) -> Document:
    """The draft, locked. Raises `Refused` for what is none here, is published, or was changed."""
    found = lock_documents(reseller_id, [code]).get(code)
    if found is None:
        raise Refused("no document %(document)s here", document=code)
    if expected is not None and expected != found.version:
        raise Refused(stale(found))
    if found.status != Status.DRAFT:
        raise Refused(
            "%(document)s is %(status)s: what it says is frozen",
            document=code,
            status=Words(found.status),
        )
    return found


def _check(text: str, charge_type: str) -> None:
    check_texts(DocumentLine, {"description": text})
    if not text:
        raise Refused("say what the line is for", field="text")
    if len(text) > MOST_TEXT:
        raise Refused(
            "a line's text is at most %(most)s characters long", field="text", most=MOST_TEXT
        )
    if charge_type not in CHARGE_TYPES:
        raise Refused(
            "%(charge_type)r is no charge type; use one of %(words)s",
            field="charge_type",
            charge_type=charge_type,
            words=tuple(CHARGE_TYPES),
        )


def _amount(text: str, currency: str) -> Decimal:
    try:
        amount = read_amount(text, integer_digits=12)
    except NotAnAmount as error:
        raise Refused("%(error)s; write it as -1250.50", field="amount", error=error) from None
    decimals = minor_unit(currency)
    if amount != amount.quantize(Decimal(1).scaleb(-decimals)):
        raise Refused(
            "an amount in %(currency)s has at most %(decimals)s decimals",
            field="amount",
            currency=currency,
            decimals=decimals,
        )
    if not amount:
        raise Refused("a line of 0 says nothing: give an amount", field="amount")
    return amount.quantize(Decimal(1).scaleb(-decimals))


def _row(
    document: Document, position: int, text: str, price: Decimal, charge_type: str
) -> dict[str, object]:
    nothing = dict.fromkeys(("cost", "list_cost", "cost_converted", "list_converted"), Decimal(0))
    return {
        "reseller_id": document.reseller_id,
        "document": document,
        "position": position,
        **dict.fromkeys(
            ("account", "account_name", "service", "sku", "provider_charge", "unit"), ""
        ),
        "description": text,
        "charge_type": charge_type,
        "currency": document.currency,
        "cost_currency": document.currency,
        # Unique on the document, and never one of a usage line, which has no leading bar.
        "line_key": f"|own|{position:06d}",
        "qty": Decimal(1),
        **nothing,
        "rule": None,
        "a": Decimal(1),
        "b": Decimal(0),
        "c": Decimal(0),
        "exact": price,
        "price": price,
        "rows": 0,
        "own": True,
    }


def _record(document: Document, actor: Actor, what: str, data: dict[str, object]) -> None:
    trail.append(
        reseller_id=document.reseller_id,
        who=actor.name,
        at=clock.now(),
        entries=[trail.Entry(document, what, data={**data, "total": f"{document.total:f}"})],
    )
