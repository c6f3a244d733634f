"""Addresses of the URL configuration: all of them, and what is said where an example is missing."""

import pytest
from django.http import HttpResponse
from django.urls import path

from addresses import Address, NoExample, every_address


def test_every_door_is_among_the_addresses() -> None:
    names = {each.name for each in every_address()}
    assert {"account_login", "join", "console:document", "portal:invoice"} <= names


def test_a_new_address_without_an_example_says_what_to_add() -> None:
    pattern = path("things/<int:thing_id>/", lambda request: HttpResponse(), name="thing")
    names = tuple(pattern.pattern.converters)
    address = Address("console:thing", str(pattern.pattern), names, pattern.callback)
    with pytest.raises(NoExample, match=r"thing_id: add an example .*stories/rows\.py"):
        address.filled({"code": "D-000001"})
