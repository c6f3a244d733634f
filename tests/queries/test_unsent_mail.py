"""Which e-mails are unsent: failed or late, and not made up for by a later one."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from clearbill.actions.customers import change_customer
from clearbill.actions.notify import resend_notification
from clearbill.queries import overview
from clearbill.records import clock, tenancy
from clearbill.records.models import Delivery, Document, Letter, Reseller
from clearbill.rules.lifecycle import Status
from makers import OWNER, change, make_drafts, make_reseller

pytestmark = pytest.mark.django_db(transaction=True)

LATE = timedelta(minutes=16)


@pytest.fixture
def north() -> Iterator[Reseller]:
    made = make_reseller("north")
    with tenancy.using(made.pk):
        yield made


@pytest.fixture
def mailed(north: Reseller, tmp_path: Path) -> Document:
    """A published document whose customer's mail is queued."""
    draft = make_drafts(north, tmp_path)[0]
    change_customer(
        reseller_id=north.pk,
        actor=OWNER,
        customer_id=draft.customer_id,
        recipients=["ap@contoso.example"],
    )
    change(north, draft.code, to=Status.OPEN, notify=True)
    return draft


def unsent(north: Reseller, later: timedelta = timedelta()) -> tuple[int, list[str]]:
    """The count on Overview and the Document IDs of the list behind it."""
    now = clock.now() + later
    today = clock.today("UTC")
    count = overview.standing(north.pk, today=today, now=now).work["unsent"].count
    return count, [d.code for d in overview.documents_with_unsent_mail(north.pk, now)]


def test_a_mail_that_waits_is_unsent_after_a_quarter_of_an_hour(
    north: Reseller, mailed: Document
) -> None:
    assert unsent(north) == (0, [])
    assert unsent(north, LATE) == (1, [mailed.code])


def test_a_failed_mail_is_unsent_with_its_documents_amount(
    north: Reseller, mailed: Document
) -> None:
    Delivery.objects.update(state=Delivery.FAILED)
    assert unsent(north) == (1, [mailed.code])
    found = overview.standing(north.pk, today=clock.today("UTC"), now=clock.now())
    assert found.work["unsent"].amounts == (("USD", Decimal(10)),)


def test_a_later_mail_that_went_out_makes_up_for_it(north: Reseller, mailed: Document) -> None:
    Delivery.objects.update(state=Delivery.FAILED)
    resend_notification(reseller_id=north.pk, actor=OWNER, document=mailed.code)
    assert unsent(north) == (1, [mailed.code])
    Delivery.objects.filter(state=Delivery.QUEUED).update(state=Delivery.SENT)
    assert unsent(north) == (0, [])


def test_one_of_two_recipients_who_got_it_does_not_hide_the_other(
    north: Reseller, mailed: Document
) -> None:
    Delivery.objects.update(state=Delivery.FAILED)
    first = Delivery.objects.get()
    first.pk, first.recipient, first.state = None, "b@contoso.example", Delivery.SENT
    first.message_id = "another"
    first.save(force_insert=True)
    assert unsent(north) == (1, [mailed.code])


def test_letters_are_counted_too(north: Reseller) -> None:
    Letter.objects.create(
        reseller=north, kind="plain", recipient="new@contoso.example", message_id="letter-1",
        state=Letter.FAILED, created_at=clock.now(),
    )  # fmt: skip
    assert unsent(north) == (1, [])
    assert [each.recipient for each in overview.unsent_letters(north.pk, clock.now())] == [
        "new@contoso.example"
    ]
