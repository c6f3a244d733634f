"""What the console's tests share: one reseller's month, and people who look at it."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from django.test import Client

    from doors.two_resellers import Month

# Models are imported in the fixtures: a conftest is read before Django is set up where its folder
# is named on the command line.


@pytest.fixture
def owner(month: "Month") -> "Client":
    from doors.two_resellers import member

    return member(month, "owner")


@pytest.fixture
def draft(month: "Month") -> str:
    """The address of the draft."""
    return f"/console/north/documents/{month.documents['draft']}/"


@pytest.fixture
def published(month: "Month") -> str:
    """The address of Contoso's open document."""
    return f"/console/north/documents/{month.documents['open']}/"
