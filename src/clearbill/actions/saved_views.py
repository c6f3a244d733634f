"""Views that people keep: the filters of a list under a name, each for its user alone."""

from clearbill.actions.common import Actor, Refused, check_words
from clearbill.records import tenancy
from clearbill.records.models import SavedView
from clearbill.rules.text import tidy

MOST_VIEWS = 50
LONGEST_NAME = 60


def save_view(*, reseller_id: int, actor: Actor, user_id: int, name: str, query: str) -> SavedView:
    """Keep a list's query (`status=Draft&sort=-total`) under a name; the same name keeps the new
    one. Raises `Refused` for a name that is empty or too long, and beyond 50 views."""
    actor.require("views.save")
    name = tidy(name)
    if not name:
        raise Refused("give the view a name", field="name")
    check_words("name", name, most=LONGEST_NAME)
    check_words("query", query)
    with tenancy.transaction(reseller_id):
        theirs = SavedView.objects.select_for_update().filter(reseller_id=reseller_id, user=user_id)
        if not theirs.filter(name=name).exists() and theirs.count() >= MOST_VIEWS:
            raise Refused(
                "a person keeps %(most)s views: delete one first", field="name", most=MOST_VIEWS
            )
        view, _ = SavedView.objects.update_or_create(
            reseller_id=reseller_id, user_id=user_id, name=name, defaults={"query": query}
        )
    return view


def delete_view(*, reseller_id: int, actor: Actor, user_id: int, name: str) -> None:
    """Forget a view of one's own. Raises `Refused` where there is none of that name."""
    actor.require("views.save")
    with tenancy.transaction(reseller_id):
        gone, _ = SavedView.objects.filter(
            reseller_id=reseller_id, user=user_id, name=name
        ).delete()
    if not gone:
        raise Refused("you have no view %(name)r", field="name", name=name)
