"""The theme: a cookie that the server reads, set without script by a small form."""

import pytest
from django.test import Client

from clearbill.wiring.theme import THEMES

pytestmark = pytest.mark.django_db

PAGE = "/no-such-page/"


def opening(client: Client) -> str:
    """The page's first tag."""
    page = client.get(PAGE).content.decode()
    return page[page.index("<html") : page.index("<head>")].strip()


@pytest.mark.parametrize("theme", THEMES)
def test_a_chosen_theme_is_in_the_page_from_its_first_byte(theme: str) -> None:
    client = Client()
    answer = client.post("/theme/", {"theme": theme, "next": "/accounts/login/"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/accounts/login/")
    assert opening(client) == f'<html lang="en" data-theme="{theme}">'


def test_system_forgets_the_theme() -> None:
    client = Client()
    client.post("/theme/", {"theme": "dark"})
    client.post("/theme/", {"theme": ""})
    assert opening(client) == '<html lang="en">'


def test_a_cookie_that_somebody_made_up_is_no_theme() -> None:
    client = Client()
    client.cookies["theme"] = 'x" onload="alert(1)'
    assert opening(client) == '<html lang="en">'


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "javascript:1", "", "foo", "admin:index"]
)
def test_nobody_is_sent_elsewhere(target: str) -> None:
    answer = Client().post("/theme/", {"theme": "dark", "next": target})
    assert answer.headers["Location"] == "/"


def test_a_theme_is_not_chosen_by_a_link() -> None:
    assert Client().get("/theme/", {"theme": "dark"}).status_code == 405


def test_pages_name_the_readers_language() -> None:
    answer = Client().get(PAGE, headers={"Accept-Language": "de"})
    assert '<html lang="de">' in answer.content.decode()


def test_the_sign_in_page_has_the_theme_too() -> None:
    client = Client()
    client.post("/theme/", {"theme": "dark"})
    page = client.get("/accounts/login/").content.decode()
    assert '<html lang="en" data-theme="dark">' in page
