"""What a form leads to is as readable as what an address opens."""

import pytest
from playwright.sync_api import Page

from stories.company import Company, set_up
from stories.conftest import SignIn
from stories.posted_pages import POSTED, wrong_with
from stories.world import World


@pytest.fixture(scope="module")
def company(world: World, tmp_path_factory: pytest.TempPathFactory) -> Company:
    return set_up(world, "posted", tmp_path_factory.mktemp("posted"))


@pytest.fixture
def owner(company: Company, sign_in: SignIn) -> Page:
    return sign_in(company.owner, company.password)


def test_what_a_form_leads_to_is_readable_and_fits(company: Company, owner: Page) -> None:
    found: dict[str, list[str]] = {}
    for name, (leads_to, status) in POSTED.items():
        assert leads_to(owner, company.console).status == status, name
        found[name] = wrong_with(owner)
    assert {name: said for name, said in found.items() if said} == {}
