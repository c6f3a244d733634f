"""Every law is tried as the application's role and as the owner."""

from collections.abc import Iterator

import pytest

from databases import Database
from law.fixtures import Law, law_as


@pytest.fixture(params=["application", "owner"])
def law(request: pytest.FixtureRequest, database: Database) -> Iterator[Law]:
    with law_as(database, request.param) as made:
        yield made
