"""Queries keep resellers apart by themselves: the database's policies are a second wall.

Every page is read twice, as the application and as a role that the policies do not hold. Where a
query forgets its reseller, the other one's rows are in the second answer.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from clearbill.console import urls as console
from clearbill.portal import urls as portal
from clearbill.wiring import roles
from doors.test_access_matrix import addresses, body
from doors.two_resellers import Month, make_month, member

pytestmark = pytest.mark.django_db(transaction=True)

_ONCE = re.compile(r'(name="csrfmiddlewaretoken" value|hx-headers)="[^"]*"')


@contextmanager
def no_policies() -> Iterator[None]:
    """Django connects as the owner of the tables."""
    default = connections["default"].settings_dict
    connections.close_all()
    before, default["USER"] = default["USER"], roles.OWNER
    try:
        yield
    finally:
        connections.close_all()
        default["USER"] = before


def read(client: Any, address: str) -> tuple[int, str]:
    answer = client.get(address)
    return answer.status_code, _ONCE.sub("", body(answer))


@pytest.mark.parametrize("door", ["console", "portal"])
def test_no_page_needs_the_policies_to_show_its_own_reseller_alone(
    month: Month, tmp_path: Path, door: str
) -> None:
    south = make_month("south", tmp_path)
    client = member(south, "owner") if door == "console" else member(south, "portal", "Contoso")
    month.ids()
    patterns = console.urlpatterns if door == "console" else portal.urlpatterns
    asked = [address for address, _, _ in addresses(door, patterns, south, south)]
    guarded = {address: read(client, address) for address in asked}
    with no_policies():
        alone = {address: read(client, address) for address in asked}
    assert [address for address in asked if alone[address] != guarded[address]] == []


def test_no_page_needs_the_policies_to_find_no_row_of_another_reseller(
    month: Month, tmp_path: Path
) -> None:
    south = make_month("south", tmp_path)
    owner = member(south, "owner")
    # Document IDs count from one at each reseller, so a code names one's own document.
    foreign = [
        address
        for address, _, names_a_row in addresses("console", console.urlpatterns, south, month)
        if names_a_row and "/documents/" not in address
    ]
    with no_policies():
        found = [each for each in foreign if owner.get(each).status_code not in (404, 405)]
    assert found == []
