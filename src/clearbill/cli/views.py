"""`clearbill views`: the views of lists that a person keeps."""

import click

from clearbill.actions.saved_views import delete_view, save_view
from clearbill.cli.common import Here, for_reseller, refuse, say, table
from clearbill.queries.listing import saved_views
from clearbill.records.models import User


@click.group("views")
def group() -> None:
    """A person's saved views; `--as` names the person."""


def _user_id(here: Here) -> int:
    user = User.objects.filter(email=here.actor.name).first()
    if user is None:
        refuse("a view belongs to a person: name one by --as")
    return user.pk


@group.command("list")
@for_reseller
def list_all(here: Here, as_json: bool) -> None:
    """List the views that the person keeps."""
    here.actor.require("views.save")
    rows = [{"name": v.name, "query": v.query} for v in saved_views(here.id, _user_id(here))]
    head = ("name", "query")
    say({"views": rows}, as_json, lambda: table([[r[c] for c in head] for r in rows], head))


@group.command("save")
@click.argument("name")
@click.option("--query", required=True, help="As in the address, such as status=Draft.")
@for_reseller
def save(here: Here, name: str, query: str, as_json: bool) -> None:
    """Keep a list's filters under a name; the same name keeps the new ones."""
    view = save_view(
        reseller_id=here.id, actor=here.actor, user_id=_user_id(here), name=name, query=query
    )
    say({"name": view.name, "query": view.query}, as_json, lambda: [f"{view.name}: {view.query}"])


@group.command("delete")
@click.argument("name")
@for_reseller
def delete(here: Here, name: str, as_json: bool) -> None:
    """Forget a view."""
    delete_view(reseller_id=here.id, actor=here.actor, user_id=_user_id(here), name=name)
    say({"name": name, "deleted": True}, as_json, lambda: [f"{name} is deleted"])
