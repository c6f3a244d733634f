"""I9: no row belongs to another reseller than its parent. Only the owner's role sees all rows."""

from collections.abc import Iterator

from django.apps import apps
from django.db import connections

from clearbill.queries.findings import Finding
from clearbill.records.models.base import TenantForeignKey


def verify_ownership(alias: str) -> Iterator[Finding]:
    """Every row whose reseller is not that of the row it points at. `alias` is the owner's."""
    with connections[alias].cursor() as cursor:
        for model in apps.get_app_config("records").get_models():
            table = model._meta.db_table
            for field in model._meta.local_fields:
                if not isinstance(field, TenantForeignKey):
                    continue
                target = field.related_model._meta.db_table
                cursor.execute(
                    f"SELECT c.{field.column} FROM {table} c"
                    f" LEFT JOIN {target} p ON p.id = c.{field.column}"
                    f" WHERE c.{field.column} IS NOT NULL"
                    " AND p.reseller_id IS DISTINCT FROM c.reseller_id LIMIT 1"
                )
                row = cursor.fetchone()
                if row:
                    yield Finding("I9", f"{table}.{field.column} = {row[0]}", "crosses resellers")
