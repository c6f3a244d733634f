"""What a reseller types about looks and mails is seen at once, and saved by itself never."""

import pytest
from playwright.sync_api import Page, expect

from stories.conftest import SignIn
from stories.world import World

SLUG = "looks"
OWNER = "owner@looks.example"


@pytest.fixture
def owner(world: World, sign_in: SignIn) -> str:
    """Signed in as the owner of a new reseller without any document; its settings' address."""
    if not any(each["slug"] == SLUG for each in world.run("resellers", "list")["resellers"]):
        world.run("resellers", "add", SLUG, "--name", "Looks", "--currency", "EUR",
                  "--kind", "tax-invoice")  # fmt: skip
        world.run("users", "second-factor", "--optional", "--reseller", SLUG)
        world.add_user(SLUG, OWNER, "--role", "owner")
    sign_in(OWNER, "a long enough sentence")
    return f"{world.url}/console/{SLUG}/settings"


def test_a_colour_is_seen_on_a_document_before_it_is_saved(
    world: World, owner: str, page: Page
) -> None:
    page.goto(f"{owner}/branding/")
    page.get_by_label("Section bars").fill("#0f766e")
    expect(page.locator("#preview")).to_contain_text("#0f766e")
    expect(page.locator("#preview")).to_contain_text("Not saved yet")
    expect(page.locator("img.paper")).to_have_js_property("complete", True)
    assert page.locator("img.paper").evaluate("image => image.naturalWidth") == 794
    assert (
        world.run("settings", "show", "--reseller", SLUG)["branding"]["accent_colour"] == "#1f5aa6"
    )


def test_a_mail_is_seen_as_it_is_typed_and_a_test_of_it_arrives(
    world: World, owner: str, page: Page
) -> None:
    page.goto(f"{owner}/mails/?kind=status-changed")
    page.get_by_label("Text in English").fill("Dear {customer},\n\nnow {status}.")
    expect(page.locator("#preview")).to_contain_text("Dear Contoso Manufacturing Ltd.,")
    page.get_by_label("Subject in English").fill("{sum}")
    expect(page.locator("#preview")).to_contain_text("there is no {sum}")
    page.get_by_label("Subject in English").fill("About {number}")
    page.get_by_role("button", name="Send test").click()
    letter = world.post.wait_for(OWNER)
    assert letter["subject"] == "Test: About INV-000042"
    text = letter.get_body(("plain",))
    assert text is not None
    assert "now Past Due." in text.get_content()
    mails = world.run("settings", "show", "--reseller", SLUG)["mails"]
    assert mails["status-changed"]["body_en"] == ""
