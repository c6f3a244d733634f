"""Overview: each count leads to its list, charts carry their numbers, roles see what they may."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clearbill.actions.accounts import assign_account, assign_all
from clearbill.actions.customers import change_customer
from clearbill.actions.generate_documents import start_run
from clearbill.actions.letters import queue_letter
from clearbill.actions.resellers import change_reseller
from clearbill.actions.users import add_user
from clearbill.records import clock, tenancy
from clearbill.records.models import (
    BillingPeriod,
    BillingRun,
    BulkJob,
    Delivery,
    Document,
    Letter,
    RunResult,
    Ticket,
    User,
)
from clearbill.rules.lifecycle import Status
from console.reading import read, words
from console.test_queries import AT_MOST, FRAME
from doors.two_resellers import OPERATOR, SEPTEMBER, Month, make_month, member
from makers import change, make_reseller

pytestmark = pytest.mark.django_db(transaction=True)

OVERVIEW = "/console/north/overview/"
UNSENT = f"{OVERVIEW}unsent-mail/"


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


def test_customers_without_a_rate_lead_to_the_run_that_left_them(
    month: Month, owner: Client
) -> None:
    with tenancy.using(month.reseller.pk):
        RunResult.objects.create(
            reseller=month.reseller, run_id=month.run, customer_id=month.customers["Contoso"],
            billing_period=BillingPeriod.objects.all()[0], outcome=RunResult.LEFT,
            reason="no rate from EUR to USD is known", amount="12.50", currency="EUR",
        )  # fmt: skip
    text, link = tile(owner, "no-rate")
    assert text.startswith("Customers left for want of a rate 1 EUR 12.50")
    assert "no rate from EUR to USD is known" in read(owner, link)
    sales, nowhere = tile(member(month, "sales"), "no-rate")
    assert (sales.startswith("Customers left for want of a rate 1 The"), nowhere) == (True, "")


def test_unsent_mail_leads_to_its_documents(month: Month, owner: Client) -> None:
    with tenancy.using(month.reseller.pk):
        document = Document.objects.get(code=month.documents["open"])
        Delivery.objects.create(
            reseller=month.reseller, document=document, event=document.events.latest("seq"),
            recipient="ap@contoso.example", state=Delivery.FAILED, message_id="x", attempts=1,
            last_error="550 5.1.1 no mailbox of that name here", created_at=document.created_at,
        )  # fmt: skip
    text, link = tile(owner, "unsent")
    assert text.startswith("Unsent mail 1 USD 1,554.26")
    listed = read(owner, link)
    for words_of_it in (
        "ap@contoso.example Contoso INV-000001", "The recipient's mail server knows no such address"
        ". 550 5.1.1 no mailbox of that name here 1 None: it failed", "Send again",
    ):  # fmt: skip
        assert words_of_it in listed
    assert month.documents["other"] not in listed


def test_a_mail_about_a_document_is_sent_again_from_the_list(month: Month, owner: Client) -> None:
    document = {"document": month.documents["open"]}
    assert "has no recipient" in words(owner.post(UNSENT, document, follow=True))
    with tenancy.using(month.reseller.pk):
        change_customer(
            reseller_id=month.reseller.pk, actor=OPERATOR, recipients=["new@contoso.example"],
            customer_id=month.customers["Contoso"],
        )  # fmt: skip
    said = words(owner.post(UNSENT, document, follow=True))
    assert "A mail about D-000001 goes out to new@contoso.example." in said
    assert owner.post(UNSENT, {"document": "D-999999"}).status_code == 404
    assert member(month, "sales").post(UNSENT, document).status_code == 403


def test_a_mail_that_was_just_asked_for_blames_no_worker(month: Month, owner: Client) -> None:
    with tenancy.using(month.reseller.pk):
        document = Document.objects.get(code=month.documents["open"])
        for state, error in ((Delivery.FAILED, "550 5.1.1 no mailbox"), (Delivery.QUEUED, "")):
            Delivery.objects.create(
                reseller=month.reseller, document=document, event=document.events.latest("seq"),
                recipient=f"{state}@contoso.example", state=state, message_id=state, attempts=0,
                last_error=error, created_at=clock.now(),
            )  # fmt: skip
    listed = read(owner, UNSENT)
    assert "It is being sent." in listed
    assert "worker may be down" not in listed


def test_a_mail_that_waits_says_when_it_is_tried_next(month: Month, owner: Client) -> None:
    with tenancy.using(month.reseller.pk):
        queue_letter(reseller_id=month.reseller.pk, kind="plain", recipient="ap@contoso.example")
        Letter.objects.update(created_at=clock.now() - timedelta(hours=1))
        when = clock.now().strftime("%Y, %H:")
    listed = read(owner, UNSENT)
    assert "Nothing has tried to send it yet" in listed
    assert f"worker may be down. 0 {clock.now():%-d %b} {when}" in listed


def test_stale_drafts_lead_to_their_list(month: Month, owner: Client) -> None:
    with tenancy.using(month.reseller.pk):
        Document.objects.filter(code=month.documents["draft"]).update(stale="newer usage")
    text, link = tile(owner, "stale")
    assert text == "Stale drafts 1 Usage, prices or rates have changed since they were made."
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
        assign_all(reseller_id=month.reseller.pk, actor=OPERATOR)
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


def unsent_letter(month: Month) -> Letter:
    """An e-mail about no document that the mail server refused."""
    with tenancy.using(month.reseller.pk):
        made = queue_letter(
            reseller_id=month.reseller.pk, kind="plain", recipient="gone@x.example",
            subject="S", text="T",
        )  # fmt: skip
        Letter.objects.update(state=Letter.FAILED, last_error="550 no such mailbox")
    return made


@pytest.mark.parametrize(
    ("do", "said", "state"),
    [
        ("again", "The e-mail to gone@x.example is being sent again.", "Queued"),
        ("dismiss", "The e-mail to gone@x.example is dismissed.", "Withdrawn"),
    ],
)
def test_a_letter_is_sent_again_or_dismissed(
    month: Month, owner: Client, do: str, said: str, state: str
) -> None:
    letter = unsent_letter(month)
    assert tile(owner, "unsent")[0].startswith("Unsent mail 1 ")
    page = words(owner.get(UNSENT))
    assert "550 no such mailbox 0 None: it failed" in page
    given = {"letter": letter.pk, "do": do}
    assert said in words(owner.post(UNSENT, given, follow=True))
    with tenancy.using(month.reseller.pk):
        assert Letter.objects.get().state == state
    assert 'data-testid="unsent"' not in owner.get(OVERVIEW).content.decode()


def test_a_letter_that_is_none_and_a_reader_change_nothing(month: Month, owner: Client) -> None:
    letter = unsent_letter(month)
    given = {"letter": str(letter.pk), "do": "dismiss"}
    assert owner.post(UNSENT, {**given, "do": "burn"}).status_code == 404
    assert owner.post(UNSENT, {**given, "letter": "9" * 5000}).status_code == 404
    missing = owner.post(UNSENT, {**given, "letter": "999"}, follow=True)
    assert "There is no such e-mail here" in words(missing)
    auditor = member(month, "auditor")
    assert "Send again" not in words(auditor.get(UNSENT))
    assert auditor.post(UNSENT, given).status_code == 403


def test_a_voided_invoice_leads_to_generate_with_its_month(month: Month, owner: Client) -> None:
    with tenancy.using(month.reseller.pk):
        change(month.reseller, month.documents["open"], to=Status.VOIDED, reason="wrong")
    text, link = tile(owner, "voided")
    assert text.startswith("Usage of voided invoices, not billed again 1 USD")
    assert '<option value="2024-09" selected>' in owner.get(link).content.decode()
    sales, nowhere = tile(member(month, "sales"), "voided")
    assert ("USD" in sales, nowhere) == (False, "")


def test_late_usage_leads_to_its_list_and_to_its_explanation(month: Month, owner: Client) -> None:
    with tenancy.using(month.reseller.pk):
        assign_account(
            reseller_id=month.reseller.pk, actor=OPERATOR, provider="aws", account="0078",
            customer_id=month.customers["Contoso"],
        )  # fmt: skip
    text, link = tile(owner, "late")
    assert text.startswith("Late usage, not billed 1 USD")
    page = owner.get(link).content.decode()
    assert "INV-000001" in page
    assert "help/generate/#late" in page
    assert "Unbilled cost" not in words(member(month, "sales").get(link))


def test_a_failed_run_is_to_do_until_another_run(month: Month, owner: Client) -> None:
    with tenancy.using(month.reseller.pk):
        BillingRun.objects.update(state=BillingRun.FAILED, reason="it was tried 5 times")
    text, link = tile(owner, "failed-run")
    assert text.startswith("The last run failed 1 ")
    page = owner.get(link).content.decode()
    assert "The run failed: it was tried 5 times." in page
    assert "data-done" in page
    with tenancy.using(month.reseller.pk):
        start_run(reseller_id=month.reseller.pk, actor=OPERATOR, month=SEPTEMBER)
    assert 'data-testid="failed-run"' not in owner.get(OVERVIEW).content.decode()


def test_a_failed_bulk_job_is_to_do_until_somebody_dismisses_it(
    month: Month, owner: Client
) -> None:
    month.ids()
    with tenancy.using(month.reseller.pk):
        BulkJob.objects.update(state=BulkJob.FAILED, reason="its process is gone")
        job = BulkJob.objects.get().pk
    text, link = tile(owner, "failed-jobs")
    assert text.startswith("Bulk jobs that failed 1 ")
    assert f"Job {job}" in read(owner, link)
    address = f"/console/north/bulk/{job}/"
    page = owner.get(address).content.decode()
    assert "It failed: its process is gone." in page
    assert "data-done" in page
    assert "It is cancelled." in words(owner.post(f"{address}cancel/", follow=True))
    assert 'data-testid="failed-jobs"' not in owner.get(OVERVIEW).content.decode()
