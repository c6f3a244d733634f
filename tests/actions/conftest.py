"""Verbs are tried on one reseller, whose rows this connection sees."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from clearbill.records.models import Reseller

# Models are imported in the fixtures: a conftest is read before Django is set up where its folder
# is named on the command line.


@pytest.fixture
def north(transactional_db: None) -> "Iterator[Reseller]":
    yield from _reseller("north", "tax-invoice")


@pytest.fixture
def statements(transactional_db: None) -> "Iterator[Reseller]":
    """A reseller that issues billing statements."""
    yield from _reseller("south", "statement")


def _reseller(slug: str, kind: str) -> "Iterator[Reseller]":
    from clearbill.records import tenancy
    from makers import make_reseller

    reseller = make_reseller(slug, kind=kind)
    with tenancy.using(reseller.pk):
        yield reseller
