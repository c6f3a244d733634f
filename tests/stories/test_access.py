"""Who comes in, by which mail, what they then see, and who is out at the next request."""

import re
import time

import pytest
from playwright.sync_api import Page, expect

from stories.company import TOTAL, Company, set_up
from stories.conftest import SignIn
from stories.visits import (
    Visitor,
    code_of,
    enter,
    expect_stranger,
    forgive,
    letter_about,
    link_in,
    sign_in_at,
    text_of,
    visitor,
)
from stories.world import World

__all__ = ["visitor"]

RESET = "choose a new password"
NEW_PASSWORD = "quite another sentence"


@pytest.fixture(scope="module")
def company(world: World, tmp_path_factory: pytest.TempPathFactory) -> Company:
    return set_up(world, "access", tmp_path_factory.mktemp("access"))


@pytest.fixture
def owner(company: Company, sign_in: SignIn) -> Page:
    """The first browser, with the owner signed in."""
    return sign_in(company.owner, company.password)


def ask_for_reset(page: Page, world: World, address: str) -> str:
    """Ask for a new password from the login page; the words of the answer."""
    page.goto(f"{world.url}/accounts/login/")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("Email").fill(address)
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    return page.locator("main").inner_text()


def choose_password(page: Page, link: str, password: str) -> None:
    page.goto(link)
    page.get_by_label("New Password", exact=True).fill(password)
    page.get_by_label("New Password (again)").fill(password)
    page.get_by_role("button", name="Save the password").click()
    expect(page.get_by_role("status")).to_contain_text("Password successfully changed.")


def test_a_forgotten_password_is_chosen_anew_by_the_link_of_a_mail(
    company: Company, page: Page
) -> None:
    person = "forgetful@customer.example"
    old = company.add_portal_user(person)
    answer = ask_for_reset(page, company.world, person)
    assert "If the address is known here, a link is on its way to it." in answer
    letter = letter_about(company.world, person, RESET)
    assert letter["subject"] == "Access Cloud: choose a new password"
    choose_password(page, link_in(letter), NEW_PASSWORD)
    enter(page, person, old)
    expect(page.get_by_role("alert")).to_contain_text("do not fit together")
    enter(page, person, NEW_PASSWORD)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    expect(page.locator("main")).to_contain_text(TOTAL)


def test_a_reset_answers_the_same_to_an_address_that_nobody_has(
    company: Company, page: Page
) -> None:
    known, unknown = "known@customer.example", "nobody@customer.example"
    company.add_portal_user(known)
    answers = [ask_for_reset(page, company.world, each) for each in (unknown, known)]
    assert answers[0] == answers[1]
    # The mail to the known address is sent later than one to the unknown would have been.
    letter_about(company.world, known, RESET)
    assert company.world.post.to(unknown) == []


def test_a_reset_link_opens_nothing_a_second_time(company: Company, page: Page) -> None:
    person = "twice@customer.example"
    company.add_portal_user(person)
    ask_for_reset(page, company.world, person)
    link = link_in(letter_about(company.world, person, RESET))
    choose_password(page, link, NEW_PASSWORD)
    page.goto(link)
    expect(page.locator("main")).to_contain_text("This link was used already, or it has expired.")
    expect(page.get_by_label("New Password", exact=True)).to_have_count(0)


def invite_as_owner(owner: Page, company: Company, person: str) -> str:
    """Invite from the customer's page; the link of the mail that arrives."""
    owner.goto(company.customers_page)
    card = owner.locator("#portal-users")
    card.get_by_label("Invite by e-mail").fill(person)
    card.get_by_role("button", name="Invite", exact=True).click()
    expect(owner.get_by_role("status")).to_contain_text(f"{person} is invited.")
    expect(owner.get_by_role("row", name=re.compile(person))).to_contain_text("Invited")
    letter = letter_about(company.world, person, "your access")
    assert "Access Cloud gives you access to the invoices of Contoso." in text_of(letter)
    return link_in(letter)


def join(page: Page, link: str, name: str) -> None:
    page.goto(link)
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Choose a password").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Accept the invitation").click()


def test_an_invited_person_joins_by_mail_and_sees_the_document(
    company: Company, owner: Page, visitor: Visitor, messages: list[str]
) -> None:
    link = invite_as_owner(owner, company, "new@customer.example")
    guest = visitor("Guest")
    join(guest, link, "Nora New")
    guest.get_by_role("link", name="Invoice", exact=True).click()
    guest.get_by_role("link", name=company.number).click()
    expect(guest.get_by_test_id("total")).to_have_text(TOTAL)
    expect(guest.get_by_role("heading", name=f"Tax invoice {company.number}")).to_be_visible()
    guest.context.clear_cookies()
    guest.goto(link)
    expect(guest.get_by_role("heading", name="This link is no longer valid")).to_be_visible()
    expect(guest.locator("main")).to_contain_text("It was used already")
    forgive(messages, 404)
    owner.reload()
    expect(owner.get_by_role("row", name=re.compile("Nora New"))).to_contain_text("Active")


def press_beside(page: Page, button: str, person: str) -> None:
    page.get_by_role("button", name=f"{button} {person}", exact=True).click()


def test_a_suspended_portal_user_is_out_at_the_next_request_and_in_again_later(
    company: Company, owner: Page, visitor: Visitor, messages: list[str]
) -> None:
    person, place = "gone@customer.example", f"{company.portal}/invoices/{company.document}/"
    password = company.add_portal_user(person)
    guest = sign_in_at(visitor("Guest"), place, person, password)
    expect(guest.get_by_test_id("total")).to_have_text(TOTAL)
    owner.goto(company.customers_page)
    press_beside(owner, "Suspend", person)
    expect(owner.get_by_role("status")).to_contain_text(f"{person} is suspended")
    expect_stranger(guest, place)
    enter(guest, person, password)
    expect(guest.locator("main")).to_contain_text("it is not yours to see")
    forgive(messages, 404)
    press_beside(owner, "Reactivate", person)
    expect(owner.get_by_role("status")).to_contain_text(f"{person} may sign in again.")
    guest.goto(place)
    expect(guest.get_by_test_id("total")).to_have_text(TOTAL)


@pytest.fixture
def looking(company: Company, owner: Page) -> Page:
    """The owner, who looks at the portal as the customer."""
    owner.goto(company.customers_page)
    owner.get_by_role("button", name="See the portal as this customer").click()
    expect(owner.get_by_role("heading", name="Overview")).to_be_visible()
    return owner


def test_staff_see_as_the_customer_what_the_customer_sees(
    company: Company, looking: Page, messages: list[str]
) -> None:
    banner = looking.get_by_role("region", name="Reading only")
    expect(banner).to_contain_text("You are looking as Contoso. Reading only.")
    looking.get_by_role("link", name="Invoice", exact=True).click()
    expect(looking.locator("tr[data-open]")).to_have_count(1)
    expect(looking.locator("main")).not_to_contain_text(company.draft)
    looking.get_by_role("link", name=company.number).click()
    expect(looking.get_by_test_id("total")).to_have_text(TOTAL)
    looking.goto(f"{company.portal}/invoices/{company.draft}/")
    expect(looking.get_by_role("heading", name="Not found")).to_be_visible()
    forgive(messages, 404)
    looking.goto(f"{company.portal}/")
    banner.get_by_role("button", name="Leave").click()
    expect(looking.get_by_role("heading", name="Contoso", exact=True)).to_be_visible()
    assert looking.url == company.customers_page
    looking.goto(f"{company.console}/documents/{company.document}/")
    expect(looking.get_by_test_id("total")).to_have_text(TOTAL)


def test_staff_who_look_as_the_customer_submit_no_ticket(
    company: Company, looking: Page, messages: list[str]
) -> None:
    looking.goto(f"{company.portal}/support/new/")
    looking.get_by_label("Subject").fill("In the customer's name")
    looking.get_by_label("Category").select_option(index=1)
    looking.get_by_label("Description").fill("Nobody of the customer asked this.")
    looking.get_by_role("button", name="Submit").click()
    expect(looking.get_by_role("heading", name="Reading only")).to_be_visible()
    expect(looking.locator("main")).to_contain_text(
        "You are looking at the portal as Contoso. Nothing was changed"
    )
    forgive(messages, 403)
    assert company.world.run("tickets", "list", "--reseller", company.slug)["tickets"] == []


def test_staff_who_look_as_the_customer_invite_nobody(company: Company, looking: Page) -> None:
    looking.goto(f"{company.portal}/users/")
    expect(looking.get_by_label("Invite by e-mail")).to_have_count(0)
    cookies = {each["name"]: each["value"] for each in looking.context.cookies()}
    # The page offers no form, so this sends the one that an administrator would.
    answer = looking.request.post(
        f"{company.portal}/users/",
        form={"do": "invite", "email": "friend@owner.example"},
        headers={"X-CSRFToken": cookies["csrftoken"], "Referer": looking.url},
    )
    assert answer.status == 403
    assert "Nothing was changed, since only the customer may do this." in answer.text()
    users = company.world.run("users", "list", "--invited", "--reseller", company.slug)["users"]
    assert "friend@owner.example" not in [each["email"] for each in users]


def test_the_access_trail_names_who_looked_as_the_customer(company: Company, looking: Page) -> None:
    looking.goto(f"{company.console}/settings/access-trail/?q=Contoso")
    looked = looking.get_by_role("row").nth(1)
    expect(looked).to_contain_text("Contoso")
    expect(looked).to_contain_text("was looked at in the portal")
    expect(looked).to_contain_text(company.owner)


def set_up_an_app(page: Page, password: str) -> str:
    """From the page that asks for a second factor to recovery codes; the app's secret."""
    expect(page.get_by_role("heading", name="Set up a second factor")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Strict Cloud asks its staff for a second factor")
    page.get_by_role("link", name="Set up an app").click()
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Confirm").click()
    secret = page.get_by_label("Authenticator secret").input_value()
    page.get_by_label("Authenticator code").fill(code_of(secret, time.time()))
    page.get_by_role("button", name="Activate").click()
    codes = page.get_by_label("Unused codes")
    expect(codes).to_have_value(re.compile(r"^\S{6,}(\s+\S{6,}){9}\s*$"))
    return secret


def test_a_new_resellers_owner_sets_up_an_app_before_the_console_opens(
    world: World, page: Page, sign_in: SignIn
) -> None:
    world.run("resellers", "add", "strict", "--name", "Strict Cloud", "--currency", "USD",
              "--kind", "statement")  # fmt: skip
    password = world.add_user("strict", "owner@strict.example", "--role", "owner")
    sign_in("owner@strict.example", password)
    page.goto(f"{world.url}/console/strict/customers/")
    secret = set_up_an_app(page, password)
    page.get_by_role("link", name="Home").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.locator("header summary", has_text="Account").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    enter(page, "owner@strict.example", password)
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Sign In").click()
    expect(page.get_by_role("alert")).to_contain_text("Incorrect code.")
    # The code of half a minute ahead, since the one of now has been used.
    page.get_by_label("Code").fill(code_of(secret, time.time() + 30))
    page.get_by_role("button", name="Sign In").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def test_a_customers_administrator_invites_and_suspends_a_colleague(
    company: Company, page: Page, visitor: Visitor
) -> None:
    place, person = f"{company.portal}/users/", "colleague@customer.example"
    password = company.add_portal_user("admin@customer.example", administrator=True)
    sign_in_at(page, place, "admin@customer.example", password)
    page.get_by_label("Invite by e-mail").fill(person)
    page.get_by_role("button", name="Invite", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text(f"{person} is invited.")
    colleague = visitor("Colleague")
    join(colleague, link_in(letter_about(company.world, person, "your access")), "Carl")
    expect(colleague.locator("main")).to_contain_text(TOTAL)
    page.reload()
    press_beside(page, "Suspend", person)
    expect(page.get_by_role("status")).to_contain_text(f"{person} is suspended")
    expect(page.get_by_role("row", name=re.compile(person))).to_contain_text("Suspended")
    expect_stranger(colleague, f"{company.portal}/")


def test_one_session_is_ended_and_the_other_goes_on(
    company: Company, owner: Page, visitor: Visitor
) -> None:
    person, place = "clerk@access.example", f"{company.console}/documents/{company.document}/"
    password = company.world.add_user(company.slug, person, "--role", "billing")
    laptop, phone = visitor("Laptop"), visitor("Phone")
    for browser in (laptop, phone):
        sign_in_at(browser, place, person, password)
    owner.goto(f"{company.console}/settings/people/")
    owner.get_by_role("link", name=f"Manage {person}").click()
    expect(owner.get_by_role("row", name=re.compile("Laptop|Phone"))).to_have_count(2)
    owner.get_by_role("row", name=re.compile("Laptop")).get_by_role("button").click()
    expect(owner.get_by_role("status")).to_contain_text("The session is ended.")
    expect(owner.get_by_role("row", name=re.compile("Laptop"))).to_have_count(0)
    expect_stranger(laptop, place)
    phone.goto(place)
    expect(phone.get_by_test_id("total")).to_have_text(TOTAL)


def test_a_person_ends_ones_own_other_sessions(
    company: Company, page: Page, visitor: Visitor
) -> None:
    person, place = "both@customer.example", f"{company.portal}/profile/"
    password = company.add_portal_user(person)
    laptop = sign_in_at(visitor("Laptop"), place, person, password)
    sign_in_at(page, place, person, password)
    page.get_by_role("main").get_by_role("link", name="Sessions").click()
    expect(page.get_by_text("Laptop")).to_be_visible()
    page.get_by_role("button", name="Sign Out Other Sessions").click()
    expect(page.get_by_text("Laptop")).to_have_count(0)
    expect_stranger(laptop, place)
    page.goto(place)
    expect(page.get_by_label("E-mail")).to_have_value(person)
