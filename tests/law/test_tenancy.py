"""Whose rows are whose: policies on every tenant table, keys that name the reseller."""

from importlib import import_module

import psycopg
import pytest
from django.apps import apps

from clearbill.records.models.base import TenantForeignKey
from databases import Database
from law.fixtures import Law, law_as

REFERENCES = [
    reference
    for name in ("0002_tenancy", "0005_law_around")
    for reference in import_module(f"clearbill.records.migrations.{name}").REFERENCES
]

# Tables of `records` without a policy, each with the reason.
EXEMPT = {
    "records_reseller": "read before the reseller is known; slug, name and time zone alone",
    "records_user": "one person may serve several resellers, and signs in before one is chosen",
    "records_membership": "read at sign-in, to learn which resellers a person serves",
}
# References without a constraint, with the reason.
UNCONSTRAINED = {
    ("records_documentline", "document_id"): "a statement trigger checks it; a key costs twofold",
}


def tables() -> set[str]:
    return {model._meta.db_table for model in apps.get_app_config("records").get_models()}


def test_every_table_has_a_policy_or_a_reason(database: Database) -> None:
    with psycopg.connect(database.owner) as connection:
        guarded = connection.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid"
            " WHERE c.relrowsecurity"
        ).fetchall()
    assert {name for (name,) in guarded} == tables() - set(EXEMPT)


def test_without_a_reseller_no_row_is_seen(law: Law) -> None:
    law.published()
    owner = law.role == "clearbill_owner"
    law.run("SELECT set_config('clearbill.reseller', '', false)")
    for table in sorted(tables() - set(EXEMPT)):
        seen = law.run(f"SELECT count(*) FROM {table}").fetchone()
        assert owner or seen == (0,), table


def test_another_reseller_sees_and_writes_nothing(database: Database) -> None:
    with law_as(database, "application") as law:
        document = law.draft()
        law.run("SELECT set_config('clearbill.reseller', '999999', false)")
        assert law.run("SELECT count(*) FROM records_document").fetchone() == (0,)
        law.refused(
            "INSERT INTO records_customer (reseller_id, name, created_at)"
            " VALUES ({reseller}, 'Mine', now())",
            state="42501",
        )
        changed = law.run("UPDATE records_document SET version = 9 WHERE id = {id}", id=document)
        assert changed.rowcount == 0


def test_every_reference_within_a_reseller_is_a_composite_key() -> None:
    declared = {
        (model._meta.db_table, field.column, field.related_model._meta.db_table)
        for model in apps.get_app_config("records").get_models()
        for field in model._meta.local_fields
        if isinstance(field, TenantForeignKey)
        and (model._meta.db_table, field.column) not in UNCONSTRAINED
    }
    assert set(REFERENCES) == declared


def test_the_keys_stand_in_the_database(database: Database) -> None:
    with psycopg.connect(database.owner) as connection:
        found = connection.execute(
            "SELECT conrelid::regclass::text, conname FROM pg_constraint"
            " WHERE contype = 'f' AND conname LIKE '%same_reseller'"
        ).fetchall()
    assert {(table, name) for table, name in found} == {
        (table, f"{table}_{column}_same_reseller") for table, column, _ in REFERENCES
    }


@pytest.mark.parametrize("role", ["application", "owner"])
def test_a_row_cannot_point_at_another_resellers(database: Database, role: str) -> None:
    with law_as(database, role) as law:
        law.draft()
        customer = law.run("SELECT max(id) FROM records_customer").fetchone()
        other = law.run(
            "INSERT INTO records_reseller (slug, name, time_zone, mfa_required, created_at)"
            " VALUES ('other', 'Other', 'UTC', false, now()) RETURNING id"
        ).fetchone()
        assert customer is not None
        assert other is not None
        law.run("SELECT set_config('clearbill.reseller', {id}, false)", id=str(other[0]))
        law.refused(
            "INSERT INTO records_billingprofile (reseller_id, customer_id, name, is_default,"
            " legal_name, address, tax_id, currency, recipients, purchase_order, language,"
            " custom_fields) VALUES ({other}, {customer}, 'x', false, '', '', '', 'USD', '{{}}',"
            " '', 'en', '{{}}')",
            state="23503",
            other=other[0],
            customer=customer[0],
        )


def test_the_application_owns_nothing_and_is_no_superuser(database: Database) -> None:
    with psycopg.connect(database.application) as connection:
        row = connection.execute(
            "SELECT rolsuper, rolbypassrls, (SELECT count(*) FROM pg_class WHERE relowner = r.oid)"
            " FROM pg_roles r WHERE rolname = current_user"
        ).fetchone()
    assert row == (False, False, 0)
