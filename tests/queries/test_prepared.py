"""Statements that are put together once give what the ORM gives, with other values each time."""

import pytest
from django.db.models import Value

from clearbill.queries.prepared import Given, Prepared
from clearbill.records import clock
from clearbill.records.models import Reseller

pytestmark = pytest.mark.django_db

BY_SLUG = Prepared(
    lambda: Reseller.objects.filter(slug=Given("slug")).annotate(more=Value("more")).order_by("pk")
)


@pytest.fixture(autouse=True)
def two() -> None:
    for slug in ("north", "south"):
        Reseller.objects.create(slug=slug, name=slug.title(), created_at=clock.now())


def test_each_run_has_its_own_values() -> None:
    found = [BY_SLUG.row(slug=slug) for slug in ("north", "south", "north", "west")]
    assert [row and row.name for row in found] == ["North", "South", "North", None]


def test_rows_are_models_as_the_orm_makes_them() -> None:
    (row,) = BY_SLUG.rows(slug="south")
    assert row == Reseller.objects.get(slug="south")
    assert getattr(row, "more", None) == "more"
    row.refresh_from_db()


def test_a_value_is_never_part_of_the_statement() -> None:
    assert BY_SLUG.rows(slug="' OR true --") == []


def test_a_value_that_is_missing_is_an_error() -> None:
    with pytest.raises(KeyError):
        BY_SLUG.rows()
