"""A question on a line, its answer by mail, and back again; staff ask the operator."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from stories.company import TOTAL, Company, set_up
from stories.conftest import SignIn
from stories.visits import Visitor, letter_about, link_in, sign_in_at, text_of, visitor
from stories.world import World

__all__ = ["visitor"]

ASKER = "asker@customer.example"
PASSWORD = "a long enough sentence"


@pytest.fixture(scope="module")
def company(world: World, tmp_path_factory: pytest.TempPathFactory) -> Company:
    made = set_up(world, "support", tmp_path_factory.mktemp("support"))
    made.add_portal_user(ASKER)
    return made


@pytest.fixture
def asker(company: Company, visitor: Visitor) -> Page:
    """The customer's browser, at the open document."""
    place = f"{company.portal}/invoices/{company.document}/"
    return sign_in_at(visitor("Customer"), place, ASKER, PASSWORD)


def fill_ticket(page: Page, subject: str, text: str) -> None:
    page.get_by_label("Subject").fill(subject)
    page.get_by_label("Category").select_option("Invoice")
    page.get_by_label("Priority").select_option("High")
    page.get_by_label("Description").fill(text)


def ask_about_the_line(page: Page, company: Company, subject: str) -> str:
    """From a line of the document to a ticket; its number."""
    page.get_by_text("Details", exact=True).first.click()
    page.get_by_role("link", name="Ask about this line").first.click()
    expect(page.get_by_text(f"About {company.number}: Compute Hours of a machine.")).to_be_visible()
    fill_ticket(page, subject, "We had one machine for an hour.")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("status")).to_contain_text("is submitted.")
    expect_the_line(page)
    return page.url.rstrip("/").rsplit("/", 1)[1]


def expect_the_line(page: Page) -> None:
    """The line is attached as the customer sees it on the document."""
    about = page.locator(".card", has=page.get_by_role("heading", name="About this line"))
    expect(about).to_contain_text("Hours of a machine")
    expect(about).to_contain_text(TOTAL)


def answer_in_the_queue(page: Page, company: Company, ticket: str, words: str) -> None:
    """From the navigation to the ticket, and the answer to it."""
    page.get_by_role("link", name="Tickets", exact=True).click()
    row = page.get_by_role("row", name=re.compile(ticket))
    for cell in ("Contoso", company.number, "Invoice", "High", "Open"):
        expect(row).to_contain_text(cell)
    row.get_by_role("link", name=ticket).click()
    expect_the_line(page)
    expect(page.get_by_text("We had one machine for an hour.")).to_be_visible()
    page.get_by_label("Answer").fill(words)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status")).to_contain_text(f"Answered; a mail goes out to {ASKER}.")


def test_a_customer_asks_about_a_line_and_the_answer_comes_by_mail(
    company: Company, asker: Page, sign_in: SignIn
) -> None:
    ticket = ask_about_the_line(asker, company, "One machine?")
    asked = letter_about(company.world, company.owner, ticket)
    assert asked["subject"] == f"New ticket {ticket} (Contoso, {company.number}): One machine?"
    assert "We had one machine for an hour." in text_of(asked)
    owner = sign_in(company.owner, company.password)
    owner.goto(link_in(asked))
    expect(owner.get_by_role("heading", name=f"{ticket} One machine?")).to_be_visible()
    answer_in_the_queue(owner, company, ticket, "It was a very large one.")
    answered = letter_about(company.world, ASKER, ticket)
    assert answered["subject"] == f"Answer to your ticket {ticket} ({company.number}): One machine?"
    assert "It was a very large one." in text_of(answered)
    asker.goto(link_in(answered))
    expect(asker.get_by_role("article")).to_have_count(2)
    expect(asker.get_by_role("article").last).to_contain_text("It was a very large one.")
    expect(state(asker)).to_contain_text("Answered")


def state(page: Page) -> Locator:
    """The line under the ticket's heading in the portal: its state, and the document."""
    return page.locator(".heading p.quiet")


def test_a_customer_answers_back_closes_and_reopens(company: Company, asker: Page) -> None:
    here = ("--reseller", company.slug)
    ticket = ask_about_the_line(asker, company, "Once more?")
    company.world.run("tickets", "answer", ticket, "--text", "Yes.", *here)
    asker.goto(link_in(letter_about(company.world, ASKER, ticket)))
    expect(state(asker)).to_have_text(f"Answered · {company.number}")
    asker.get_by_label("Say more").fill("It was a small one.")
    asker.get_by_role("button", name="Send").click()
    expect(state(asker)).to_have_text(f"Open · {company.number}")
    expect(asker.get_by_role("article").last).to_contain_text("It was a small one.")
    assert letter_about(company.world, company.owner, f"More on ticket {ticket}")
    asker.get_by_role("button", name="Close ticket").click()
    expect(state(asker)).to_have_text(f"Closed · {company.number}")
    asker.get_by_role("button", name="Reopen").click()
    expect(state(asker)).to_have_text(f"Open · {company.number}")
    assert company.world.run("tickets", "show", ticket, *here)["state"] == "Open"


def open_help(page: Page, choice: str) -> None:
    page.locator("header summary", has_text="?").click()
    page.get_by_role("banner").get_by_role("link", name=choice, exact=True).click()


def test_staff_submit_a_ticket_with_a_file_and_find_it_under_my_tickets(
    company: Company, sign_in: SignIn, tmp_path: Path
) -> None:
    page = sign_in(company.owner, company.password)
    open_help(page, "Submit a ticket")
    fill_ticket(page, "How do I void?", "I billed the wrong one.")
    given = tmp_path / "screen.txt"
    given.write_text("what I saw, in words", encoding="utf-8")
    page.get_by_label("File").set_input_files(given)
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("status")).to_contain_text("is submitted.")
    open_help(page, "My tickets")
    row = page.get_by_role("row", name=re.compile("How do I void?"))
    expect(row).to_contain_text("Open")
    row.get_by_role("link").click()
    with page.expect_download() as started:
        page.get_by_role("link", name="screen.txt").click()
    assert started.value.path().read_text(encoding="utf-8") == "what I saw, in words"


def test_empty_fields_are_named_in_a_summary_whose_links_lead_to_them(
    company: Company, asker: Page
) -> None:
    asker.goto(f"{company.portal}/support/new/")
    asker.get_by_role("button", name="Submit").click()
    summary = asker.get_by_role("alert")
    expect(summary).to_be_focused()
    for words, label in (
        ("give a subject", "Subject"),
        ("choose one of", "Category"),
        ("describe what you ask", "Description"),
    ):
        summary.get_by_role("link", name=words).click()
        expect(asker.get_by_label(label)).to_be_focused()
        expect(asker.get_by_label(label)).to_have_attribute("aria-invalid", "true")
        expect(asker.get_by_label(label)).to_have_accessible_description(re.compile(words))
