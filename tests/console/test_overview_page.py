"""Overview: each count leads to its list, charts carry their numbers, roles see what they may."""

import re
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clearbill.actions.accounts import assign_account
from clearbill.actions.resellers import change_reseller
from clearbill.actions.users import add_user
from clearbill.records import clock, tenancy
from clearbill.records.models import (
    BillingPeriod,
    BillingRun,
    Delivery,
    Document,
    RunResult,
    Ticket,
    User,
)
from clearbill.rules.lifecycle import Status
from console.reading import read, words
from console.test_queries import AT_MOST, FRAME
from doors.two_resellers import OPERATOR, Month, make_month, member
from makers import change, make_reseller

pytestmark = pytest.mark.django_db(transaction=True)

OVERVIEW = "/console/north/overview/"


def tile(client: Client, kind: str) -> tuple[str, str]:
    """The words of one kind of work, and where it leads."""
    page = client.get(OVERVIEW).content.decode()
    found = re.search(rf'data-testid="{kind}">(.*?)</li>', page, re.DOTALL)
    assert found is not None, kind
    link = re.search(r'href="([^"]*)"', found[1])
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found[1])).strip()
    return text, link[1].replace("&amp;", "&") if link else ""


def test_drafts_lead_to_the_list_of_drafts(month: Month, owner: Client) -> None:
    text, link = tile(owner, "drafts")
    assert text.startswith("Drafts to review 1 USD 1,554.26")
    listed = owner.get(link).content.decode()
    assert month.documents["draft"] in listed
    assert month.documents["open"] not in listed


def test_past_due_leads_to_the_list_of_past_due(month: Month, owner: Client) -> None:
    with tenancy.using(month.reseller.pk):
        change(month.reseller, month.documents["open"], to=Status.PAST_DUE)
    text, link = tile(owner, "past-due")
    assert text.startswith("Past due 1 USD 1,554.26")
    listed = owner.get(link).content.decode()
    assert month.documents["open"] in listed
    assert month.documents["other"] not in listed


def test_unassigned_money_leads_to_its_accounts(owner: Client) -> None:
    text, link = tile(owner, "unassigned")
    assert text.startswith("Unassigned money 1 USD 1.50")
    assert "0078" in read(owner, link)


def test_sales_sees_that_accounts_wait_and_not_what_they_cost(month: Month) -> None:
    text, _link = tile(member(month, "sales"), "unassigned")
    assert text.startswith("Unassigned money 1 Accounts")


def test_unsent_mail_leads_to_its_documents(month: Month, owner: Client) -> None:
    with tenancy.using(month.reseller.pk):
        document = Document.objects.get(code=month.documents["open"])
        Delivery.objects.create(
            reseller=month.reseller, document=document, event=document.events.latest("seq"),
            recipient="ap@contoso.example", state=Delivery.FAILED, message_id="x",
            created_at=document.created_at,
        )  # fmt: skip
    text, link = tile(owner, "unsent")
    assert text.startswith("Unsent mail 1 USD 1,554.26")
    listed = read(owner, link)
    assert month.documents["open"] in listed
    assert month.documents["other"] not in listed


def test_stale_drafts_lead_to_their_list(month: Month, owner: Client) -> None:
    with tenancy.using(month.reseller.pk):
        Document.objects.filter(code=month.documents["draft"]).update(stale="newer usage")
    text, link = tile(owner, "stale")
    assert text.startswith("Stale drafts 1 USD 1,554.26")
    assert month.documents["draft"] in read(owner, link)


def test_charts_carry_their_numbers_as_tables(owner: Client) -> None:
    text = read(owner, OVERVIEW)
    assert "Sep 24 4,662.78" in text
    assert "What is due, by age USD 3,108.52 due" in text
    assert re.search(r"AWS 1–30 Sep 2024 Partly generated|AWS 1–30 Sep 2024 Published", text)


def test_a_chart_has_a_name_a_description_and_no_inline_style(owner: Client) -> None:
    page = owner.get(OVERVIEW).content.decode()
    drawn = re.findall(r'<svg class="chart \w+" role="img"[^>]*><title id="([^"]+)">', page)
    assert drawn
    assert all(page.count(f'aria-labelledby="{name}"') == 1 for name in drawn)
    assert page.count("<desc") == len(drawn)
    assert 'style="' not in page


def test_a_new_reseller_sees_its_first_steps_alone(transactional_db: None) -> None:
    south = Month(make_reseller("south"), run=0, usage_import=0)
    text = words(member(south, "owner").get("/console/south/overview/"))
    assert "0 of 6 done" in text
    assert "To do" not in text


def test_nothing_to_do_says_so(month: Month, owner: Client) -> None:
    with tenancy.using(month.reseller.pk):
        assign_account(
            reseller_id=month.reseller.pk, actor=OPERATOR, provider="aws", account="0078",
            customer_id=month.customers["Contoso"],
        )  # fmt: skip
        change(month.reseller, month.documents["draft"], to=Status.OPEN)
    assert "To do Nothing to do" in read(owner, OVERVIEW)


def test_tickets_lead_to_their_queue(month: Month, owner: Client) -> None:
    with tenancy.using(month.reseller.pk):
        Ticket.objects.create(
            reseller=month.reseller, counter=1, code="T-000001", opened_by=User.objects.all()[0],
            who="ap@contoso.example", customer_id=month.customers["Contoso"], subject="Why?",
            category="Invoice", priority="Normal", created_at=clock.now(), updated_at=clock.now(),
        )  # fmt: skip
    text, link = tile(owner, "tickets")
    assert text.startswith("Open tickets 1 ")
    assert "T-000001" in read(owner, link)


def test_a_customer_that_failed_leads_to_the_run(month: Month, owner: Client) -> None:
    with tenancy.using(month.reseller.pk):
        run = BillingRun.objects.get(pk=month.run)
        RunResult.objects.create(
            reseller=month.reseller, run=run, customer_id=month.customers["Fabrikam"],
            billing_period=BillingPeriod.objects.all()[0], outcome=RunResult.FAILED,
            reason="its usage is damaged", amount=0, currency="USD",
        )  # fmt: skip
    text, link = tile(owner, "failed")
    assert text.startswith("Customers that failed in the last run 1 ")
    assert "its usage is damaged" in read(owner, link)


def test_first_steps_lead_to_their_pages_and_go_when_they_are_taken(
    month: Month, owner: Client
) -> None:
    page = owner.get(OVERVIEW).content.decode()
    assert "4 of 6 done" in page
    assert '<a href="/console/north/settings/">Fill in who you are</a>' in page
    with tenancy.using(month.reseller.pk):
        change_reseller(
            reseller_id=month.reseller.pk, actor=OPERATOR, legal_name="North", address="Here"
        )
        add_user(
            reseller_id=month.reseller.pk, actor=OPERATOR, email="p@contoso.example",
            role="portal", customer_id=month.customers["Contoso"],
        )  # fmt: skip
    assert "First steps" not in read(owner, OVERVIEW)


def test_steps_that_a_role_may_not_take_are_no_links(month: Month) -> None:
    page = member(month, "auditor").get(OVERVIEW).content.decode()
    assert "Fill in who you are" in page
    assert ">Fill in who you are</a>" not in page


def test_another_resellers_figures_are_not_in_it(
    month: Month, owner: Client, tmp_path: Path
) -> None:
    before = read(owner, OVERVIEW)
    make_month("south", tmp_path)
    assert read(owner, OVERVIEW) == before


def test_people_land_on_overview_after_signing_in(owner: Client) -> None:
    answer = owner.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (302, OVERVIEW)


def test_the_customers_page_shows_margin_to_those_who_read_cost(month: Month) -> None:
    page = f"/console/north/customers/{month.customers['Contoso']}/"
    assert "Margin USD 1,554.26 50.0 % of 3,108.52" in read(member(month, "owner"), page)
    sales = read(member(month, "sales"), page)
    assert "Margin" not in sales
    assert "Open USD 1,554.26 1 document" in sales


@pytest.mark.parametrize("page", ["overview/", "overview/unsent-mail/", "styleguide/"])
def test_these_pages_ask_at_most_four_times(owner: Client, page: str) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert owner.get(f"/console/north/{page}").status_code == 200
    statements = [q["sql"] for q in asked if "set_config" not in q["sql"]]
    assert len(statements) <= FRAME + AT_MOST, "\n".join(statements)
