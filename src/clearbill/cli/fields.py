"""`clearbill fields`: custom fields, their defaults, and a draft's values."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from clearbill.actions.custom_fields import add_field, change_field, set_customer_defaults
from clearbill.actions.edit_draft import change_draft
from clearbill.cli.common import Here, customer_id, for_reseller, refuse, say, table
from clearbill.queries.custom_fields import drafts_held_back
from clearbill.records.models import CustomField
from clearbill.rules.custom_fields import KINDS
from clearbill.rules.text import counted


@click.group("fields")
def group() -> None:
    """Custom fields of documents."""


def _fields(here: Here) -> dict[str, int]:
    return dict(CustomField.objects.filter(reseller_id=here.id).values_list("name", "pk"))


def _field(known: Mapping[str, int], name: str) -> int:
    if name not in known:
        refuse(f"no custom field {name!r} here; `clearbill fields list` shows them")
    return known[name]


def _values(here: Here, given: Sequence[str]) -> dict[int, str]:
    """`NAME=VALUE` words, by the fields' ids."""
    known = _fields(here)
    found = {}
    for word in given:
        name, equals, value = word.partition("=")
        if not equals:
            raise click.UsageError(f"{word!r} is no NAME=VALUE")
        found[_field(known, name)] = value
    return found


@group.command("list")
@for_reseller
def list_all(here: Here, as_json: bool) -> None:
    """List the fields in their order."""
    here.actor.require("settings.read")
    names = ("name", "kind", "choices", "position", "required", "printed", "visible", "active")
    rows: list[dict[str, Any]] = [
        {name: getattr(each, name) for name in names}
        for each in CustomField.objects.filter(reseller_id=here.id).order_by("position", "pk")
    ]
    say({"fields": rows}, as_json, lambda: table([[str(r[c]) for c in names] for r in rows], names))


@group.command("add")
@click.argument("name", metavar="NAME")
@click.option("--kind", default="text", type=click.Choice(list(KINDS)))
@click.option("--choice", "choices", multiple=True, help="One of a choice's; repeat it.")
@click.option("--required/--optional", default=False, help="Before publication.")
@click.option("--printed/--not-printed", default=True)
@click.option("--visible/--hidden", default=True, help="To the customer.")
@for_reseller
def add(here: Here, name: str, as_json: bool, **given: Any) -> None:
    """Add a field to drafts and to documents from now on."""
    made = add_field(reseller_id=here.id, actor=here.actor, name=name, **given)
    count = drafts_held_back(made)
    said = [f"{made.name} is a field now", *_held_back(count)]
    say({"name": made.name, "kind": made.kind, "held_back": count}, as_json, lambda: said)


def _held_back(count: int) -> list[str]:
    return [f"{counted(count, 'draft')} cannot be published without it"] if count else []


@group.command("change")
@click.argument("name", metavar="NAME")
@click.option("--rename", metavar="NAME")
@click.option("--choice", "choices", multiple=True, help="All that there are from now on.")
@click.option("--position", type=int, help="Fields stand in the order of these numbers.")
@click.option("--required/--optional", default=None)
@click.option("--printed/--not-printed", default=None)
@click.option("--visible/--hidden", default=None)
@click.option("--active/--inactive", default=None)
@for_reseller
def change(
    here: Here,
    name: str,
    rename: str | None,
    choices: tuple[str, ...],
    position: int | None,
    as_json: bool,
    **flags: bool | None,
) -> None:
    """Change a field on drafts and documents to come."""
    given: dict[str, Any] = {flag: on for flag, on in flags.items() if on is not None}
    changed = change_field(
        reseller_id=here.id,
        actor=here.actor,
        field_id=_field(_fields(here), name),
        name=rename,
        choices=choices or None,
        position=position,
        **given,
    )
    count = drafts_held_back(changed)
    said = [f"{changed.name} is changed", *_held_back(count)]
    say({"name": changed.name, "held_back": count}, as_json, lambda: said)


@group.command("default")
@click.argument("customer", metavar="CUSTOMER")
@click.argument("given", nargs=-1, required=True, metavar="NAME=VALUE...")
@for_reseller
def default(here: Here, customer: str, given: tuple[str, ...], as_json: bool) -> None:
    """Set what a customer's next drafts begin with; an empty VALUE takes it away."""
    set_customer_defaults(
        reseller_id=here.id,
        actor=here.actor,
        customer_id=customer_id(here, customer),
        values=_values(here, given),
    )
    say({"customer": customer}, as_json, lambda: [f"{customer}: the next drafts begin with it"])


@group.command("set")
@click.argument("code", metavar="ID")
@click.argument("given", nargs=-1, required=True, metavar="NAME=VALUE...")
@for_reseller
def set_on_draft(here: Here, code: str, given: tuple[str, ...], as_json: bool) -> None:
    """Set a draft's fields; an empty VALUE takes one away."""
    change_draft(reseller_id=here.id, actor=here.actor, document=code, fields=_values(here, given))
    say({"id": code}, as_json, lambda: [f"{code} is changed"])
