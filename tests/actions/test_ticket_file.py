"""What comes with a ticket is at most 10 MB, whichever door it comes through."""

import pytest

from clearbill.actions.common import Refused
from clearbill.actions.tickets import Upload, open_ticket
from clearbill.records.models import Reseller, User
from makers import OWNER

TEN_MEGABYTES = 10 * 1024 * 1024


def ask(reseller: Reseller, size: int) -> str:
    """The code of a ticket of staff with a file of so many bytes."""
    user = User.objects.create(email="a@north.example", created_at=reseller.created_at)
    return open_ticket(
        reseller_id=reseller.pk, actor=OWNER, user_id=user.pk, subject="Look", category="Other",
        priority="Normal", text="Here.", upload=Upload("bill.bin", b"x" * size),
    ).code  # fmt: skip


def test_a_file_may_have_ten_megabytes(north: Reseller) -> None:
    assert ask(north, TEN_MEGABYTES) == "T-000001"


def test_a_larger_file_is_refused(north: Reseller) -> None:
    with pytest.raises(Refused, match="10 MB"):
        ask(north, TEN_MEGABYTES + 1)
