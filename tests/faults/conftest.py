"""Faults within one process are tried on one reseller, whose rows this connection sees."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from clearbill.records.models import Reseller

# Models are imported in the fixture: a conftest is read before Django is set up where its folder
# is named on the command line.


@pytest.fixture
def north(transactional_db: None) -> "Iterator[Reseller]":
    from clearbill.records import tenancy
    from makers import make_reseller

    reseller = make_reseller()
    with tenancy.using(reseller.pk):
        yield reseller
