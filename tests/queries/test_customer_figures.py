"""The customer's page: its figures are those of the documents below them."""

from decimal import Decimal
from pathlib import Path

import pytest

from clearbill.actions.accounts import assign_account, assign_all
from clearbill.queries.customer_figures import Margin, figures
from clearbill.records import clock, tenancy
from makers import OWNER, generate, give_usage, make_reseller, rows_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_margin_is_of_what_the_documents_say_to_the_cent(tmp_path: Path) -> None:
    north = make_reseller(markup="100")
    with tenancy.using(north.pk):
        give_usage(north, tmp_path, rows_of("0001", cost="0.007"))
        assign_all(reseller_id=north.pk, actor=OWNER)
        first = generate(north).documents[0]
        give_usage(north, tmp_path, rows_of("0002", cost="0.007", ProviderName="Oracle"))
        assign_account(
            reseller_id=north.pk,
            actor=OWNER,
            provider="oracle",
            account="0002",
            customer_id=first.customer_id,
        )
        drafts = [first, *generate(north).documents]
        today = clock.now().date()
        found = figures(north.pk, first.customer_id, today=today, with_margin=True)
    assert [draft.subtotal for draft in drafts] == [Decimal("0.01")] * 2
    assert found.margins == [Margin("USD", Decimal("0.02"), Decimal("0.014"))]
