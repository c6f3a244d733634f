"""What the dialogs say before a status changes."""

import re
from datetime import date, timedelta

import pytest
from django.test import Client

from clearbill.console.status_words import early_due, what_follows
from clearbill.records import clock
from clearbill.records.models import Document
from clearbill.rules.lifecycle import Kind
from console.reading import read

pytestmark = pytest.mark.django_db(transaction=True)

TODAY = date(2024, 10, 3)
EARLY = re.compile(r"It is due on \d{1,2} \w{3} \d{4}: Past Due is early\.")


@pytest.mark.parametrize(
    ("start", "end", "says"),
    [
        ("Draft", "Open", "numbered and frozen"),
        ("Draft", "Closed", "settled at once"),
        ("Past Due", "Open", "owed again, by the extended due date"),
        ("Closed", "Open", "The payment came back"),
        ("Open", "Closed", "settled: nothing is owed"),
        ("Open", "Voided", "its usage can be billed again"),
    ],
)
def test_each_status_says_what_follows_from_it(start: str, end: str, says: str) -> None:
    document = Document(status=start, kind=Kind.TAX_INVOICE.value, total=10)
    assert says in what_follows(document, [end])[end]


@pytest.mark.parametrize(("kind", "total"), [(Kind.STATEMENT, 10), (Kind.TAX_INVOICE, 0)])
def test_what_takes_no_number_is_not_promised_one(kind: Kind, total: int) -> None:
    document = Document(status="Draft", kind=kind.value, total=total)
    assert "numbered" not in what_follows(document, ["Open"])["Open"]


def test_past_due_is_early_until_the_due_date_in_force_has_passed() -> None:
    day = timedelta(days=1)
    assert early_due(Document(due_date=TODAY), 30, TODAY) == TODAY
    assert early_due(Document(due_date=TODAY - day), 30, TODAY) is None
    extended = Document(due_date=TODAY - day, due_extended_to=TODAY + day)
    assert early_due(extended, 30, TODAY) == TODAY + day
    assert early_due(Document(), 30, TODAY) == TODAY + timedelta(days=30)


def test_both_dialogs_warn_before_past_due_comes_early(owner: Client, draft: str) -> None:
    for page in (draft, f"{draft}status/", f"{draft}confirm/?to=Past Due"):
        assert EARLY.search(read(owner, page)), page


def test_nothing_is_early_after_the_due_date(
    owner: Client, published: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert EARLY.search(read(owner, f"{published}status/"))
    later = clock.today("UTC") + timedelta(days=31)
    monkeypatch.setattr(clock, "today", lambda zone: later)
    assert not EARLY.search(read(owner, f"{published}status/"))


def test_the_update_dialog_explains_what_may_follow(owner: Client, published: str) -> None:
    text = read(owner, f"{published}status/")
    assert "Closed : It is settled: nothing is owed any more." in text
    assert "Nothing follows Voided: it cannot be undone." in text
