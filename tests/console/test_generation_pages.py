"""Generate: what is chosen is what is billed; a run tells what it did."""

import pytest
from django.test import Client

from clearbill.actions.generate_documents import run_generation
from clearbill.records import tenancy
from clearbill.records.models import BillingRun
from console.reading import read, words
from doors.two_resellers import Month, member

pytestmark = pytest.mark.django_db(transaction=True)

GENERATE = "/console/north/generate/"


def test_a_preview_shows_what_exists_and_what_is_left(month: Month, owner: Client) -> None:
    text = read(owner, f"{GENERATE}?period=2024-09")
    assert f"Contoso AWS 1–30 Sep 2024 Published: {month.documents['open']}" in text
    assert f"Contoso Oracle 1–30 Sep 2024 Exists: {month.documents['draft']}" in text
    assert "Nobody 0078 AWS 1–30 Sep 2024 Unassigned" in text
    assert "Generate 0 drafts" in text


def test_totals_per_provider_account_for_every_imported_amount(owner: Client) -> None:
    text = read(owner, f"{GENERATE}?period=2024-09")
    assert "AWS, USD 1,555.76 2 1,554.26 2 1.50 0.00 0.00 –" in text


def test_nothing_ticked_never_means_all(owner: Client) -> None:
    text = read(owner, f"{GENERATE}?period=2024-09&provider=aws&some=1")
    assert "Tick at least one customer, or choose all of them." in text
    assert "Totals per provider" not in text
    text = read(owner, f"{GENERATE}?period=2024-09&some=")
    assert "Tick at least one provider." in text


def test_only_ticked_customers_are_billed(month: Month, owner: Client) -> None:
    fabrikam = month.customers["Fabrikam"]
    text = read(owner, f"{GENERATE}?period=2024-09&provider=aws&some=1&customer={fabrikam}")
    assert "Fabrikam AWS 1–30 Sep 2024 Published" in text
    assert "Contoso AWS" not in text


def test_a_period_that_is_none_says_what_to_write(owner: Client) -> None:
    assert "write YYYY-MM" in read(owner, f"{GENERATE}?period=September")


def test_a_run_is_handed_to_the_worker_and_shows_its_progress(month: Month, owner: Client) -> None:
    answer = owner.post(f"{GENERATE}start/", {"period": "2024-09"}, follow=True)
    run = int(answer.redirect_chain[-1][0].rstrip("/").rsplit("/", 1)[-1])
    assert "Queued" in words(answer)
    assert "<progress" in answer.content.decode()
    with tenancy.using(month.reseller.pk):
        assert BillingRun.objects.get(pk=run).who == "owner-staff@north.example"
        run_generation(reseller_id=month.reseller.pk, run_id=run)
    text = read(owner, f"/console/north/runs/{run}/")
    assert "Done : 0 drafts made, 0 failed, 3 existed, 1 left." in text


def test_a_run_links_its_drafts_with_the_way_back(month: Month, owner: Client) -> None:
    page = owner.get(f"/console/north/runs/{month.run}/").content.decode()
    code = month.documents["draft"]
    back = f"%2Fconsole%2Fnorth%2Fruns%2F{month.run}%2F"
    assert f'href="/console/north/documents/{code}/?back={back}"' in page
    assert "Left" in page


def test_the_poll_gets_the_part_alone(month: Month, owner: Client) -> None:
    part = owner.get(f"/console/north/runs/{month.run}/", headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert "data-done" in part.content.decode()


def test_auditors_read_runs_and_start_none(month: Month) -> None:
    auditor = member(month, "auditor")
    assert auditor.get(f"/console/north/runs/{month.run}/").status_code == 200
    assert auditor.post(f"{GENERATE}start/", {"period": "2024-09"}).status_code == 403
