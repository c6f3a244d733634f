"""Every view says who may open it, and refuses the others by name."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from clearbill.rules.access import Forbidden
from clearbill.web.permissions import TenantRequest, permission, public, views


def request_of(role: str, address: str = "/", **form: str) -> HttpRequest:
    made: Any = RequestFactory().post(address, form)
    made.membership = SimpleNamespace(role=role)
    made.user, made._messages = SimpleNamespace(email="a@b.example"), []
    return made  # type: ignore[no-any-return]


@permission("documents.discard")
def discard(request: TenantRequest) -> HttpResponse:
    return HttpResponse("done")


@permission("documents.read")
def refused_inside(request: TenantRequest) -> HttpResponse:
    raise Forbidden("an action says no")


def test_a_role_that_may_gets_the_view() -> None:
    assert discard(request_of("billing")).status_code == 200


@pytest.mark.parametrize("view", [discard, refused_inside])
def test_a_role_that_may_not_gets_a_page_that_names_it(view: Any) -> None:
    answer = view(request_of("sales"))
    assert answer.status_code == 403
    assert "The role sales may not" in answer.content.decode()


def test_an_unknown_verb_fails_when_the_view_is_made() -> None:
    with pytest.raises(KeyError):
        permission("documents.frobnicate")


def test_a_nul_character_is_refused_before_the_database_sees_it() -> None:
    with pytest.raises(BadRequest):
        discard(request_of("owner", name="a\0b"))
    with pytest.raises(BadRequest):
        discard(request_of("owner", "/?q=%00"))


def test_a_public_view_says_why() -> None:
    @public("it shows nothing")
    def nothing() -> HttpResponse:
        return HttpResponse()

    assert nothing.permission == "public: it shows nothing"  # type: ignore[attr-defined]


def test_all_addresses_are_walked() -> None:
    found = dict(views())
    assert "console/<slug:slug>/documents/<str:code>/status/" in found
    assert "portal/<slug:slug>/" in found
