"""Loading the demo by the verbs, in small: what comes about, and what stops it."""

from collections import Counter
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import override_settings

from clearbill.actions.common import Actor, Refused
from clearbill.actions.resellers import add_reseller
from clearbill.queries.verify import verify
from clearbill.records import tenancy
from clearbill.records.models import (
    Delivery,
    Document,
    Membership,
    ProviderAccount,
    Reseller,
    ResellerSettings,
)
from clearbill.wiring.demo import sign_ins
from clearbill.wiring.demo.load import load, loaded

pytestmark = pytest.mark.django_db(transaction=True)


def _load(home: Path, stop_at: str = "nothing", notify: bool = False) -> None:
    """Load two customers of each reseller; saying `stop_at` ends it as a kill would."""

    def say(words: str) -> None:
        if stop_at in words:
            raise KeyboardInterrupt

    with override_settings(CLEARBILL_HOME=home):
        load(home / "demo", say=say, notify=notify, customers=2)


def _statuses(slug: str) -> dict[str, int]:
    reseller = Reseller.objects.get(slug=slug)
    with tenancy.using(reseller.pk):
        return Counter(Document.objects.order_by().values_list("status", flat=True))


def _mails_owed() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'send_mail'")
        return int(cursor.fetchone()[0])


def test_a_load_leaves_what_a_visitor_is_told(tmp_path: Path) -> None:
    _load(tmp_path)
    assert loaded(tmp_path / "demo")
    _assert_statuses(_statuses("brightmoor"), documents=3)
    _assert_statuses(_statuses("alder-pike"), documents=2)
    assert sum(_waiting(reseller.pk) for reseller in Reseller.objects.all()) == 3
    for reseller in Reseller.objects.all():
        with tenancy.using(reseller.pk):
            assert list(verify(reseller.pk)) == []
    for person in _people(tmp_path):
        assert person.role == _member(person).role
    assert _member(person).user.check_password(person.password)
    assert _mails_owed() == 0


def test_a_documents_dates_follow_from_each_other(tmp_path: Path) -> None:
    """A reader who adds the terms to the day of publication comes to the due date."""
    _load(tmp_path)
    for reseller in Reseller.objects.all():
        with tenancy.using(reseller.pk):
            default = ResellerSettings.objects.get().terms_days
            for each in Document.objects.exclude(published_at=None).select_related("profile"):
                assert each.published_at is not None
                assert each.created_at < each.published_at <= each.status_at
                issued = each.published_at.astimezone(ZoneInfo(reseller.time_zone)).date()
                terms = each.profile.terms_days or default
                assert (each.issue_date, each.due_date) == (issued, issued + timedelta(terms or 30))


def _assert_statuses(found: dict[str, int], documents: int) -> None:
    """One month closed, one open or past due, one in draft."""
    assert (found["Closed"], found["Draft"]) == (documents, documents)
    assert found["Open"] + found["Past Due"] == documents
    assert found["Open"] * found["Past Due"] > 0


def _waiting(reseller_id: int) -> int:
    with tenancy.using(reseller_id):
        return ProviderAccount.objects.filter(assignments__isnull=True).count()


def _member(person: sign_ins.SignIn) -> Membership:
    return Membership.objects.select_related("user").get(
        reseller__slug=person.slug, user__email=person.email
    )


@pytest.mark.parametrize("word", ["rows of usage", "Brightmoor Cloud:"])
def test_a_load_that_was_stopped_is_continued(tmp_path: Path, word: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        _load(tmp_path, stop_at=word)
    assert not loaded(tmp_path / "demo")
    password = {person.password for person in _people(tmp_path)}
    _load(tmp_path)
    assert loaded(tmp_path / "demo")
    assert sum(_statuses("brightmoor").values()) == 9
    assert len(password | {person.password for person in _people(tmp_path)}) == 1


def _people(home: Path) -> list[sign_ins.SignIn]:
    with override_settings(CLEARBILL_HOME=home):
        return sign_ins.kept()


def test_loading_twice_makes_nothing_twice(tmp_path: Path) -> None:
    _load(tmp_path)
    once = (_statuses("brightmoor"), _statuses("alder-pike"), Membership.objects.count())
    _load(tmp_path)
    assert (_statuses("brightmoor"), _statuses("alder-pike"), Membership.objects.count()) == once


def test_mail_goes_to_customers_that_can_sign_in_where_it_is_asked_for(tmp_path: Path) -> None:
    _load(tmp_path, notify=True)
    with tenancy.using(Reseller.objects.get(slug="brightmoor").pk):
        to = set(Delivery.objects.values_list("recipient", flat=True))
    assert "eleni.papadaki@aigaio.example.com" in to
    assert _mails_owed() > 0


def test_a_database_with_resellers_of_its_own_is_left_alone(tmp_path: Path) -> None:
    add_reseller(actor=Actor("t"), slug="real", name="Real", currency="USD", kind="statement")
    with pytest.raises(Refused, match="resellers of its own"):
        _load(tmp_path)
    assert Reseller.objects.count() == 1


def test_a_demo_of_another_data_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        _load(tmp_path / "first", stop_at="Brightmoor Cloud:")
    with pytest.raises(Refused, match="another data folder"):
        _load(tmp_path / "second")
