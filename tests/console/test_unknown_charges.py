"""A charge category that nobody knows is billed at cost, and marked while it is a draft."""

from pathlib import Path

import pytest

from clearbill.actions.accounts import assign_all
from clearbill.records import tenancy
from clearbill.rules.lifecycle import Status
from console.reading import read
from doors.two_resellers import Month, member
from makers import OWNER, change, generate, give_usage, make_reseller, rows_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_draft_names_the_word_and_the_published_document_does_not(tmp_path: Path) -> None:
    reseller = make_reseller(markup="50")
    with tenancy.using(reseller.pk):
        give_usage(reseller, tmp_path, rows_of("0001", ChargeCategory="Roundup"))
        assign_all(reseller_id=reseller.pk, actor=OWNER)
        document = generate(reseller).documents[0]
    owner = member(Month(reseller, 0, 0), "owner")
    address = f"/console/north/documents/{document.code}/"
    text = read(owner, address)
    assert "no known charge category: Roundup" in text
    assert "USD 10.00" in text
    with tenancy.using(reseller.pk):
        change(reseller, document.code, to=Status.OPEN)
    assert "no known charge category" not in read(owner, address)
