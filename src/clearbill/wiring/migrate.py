"""Migrating: as the owner, with the application's rights given and taken around it."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connections
from psycopg.conninfo import make_conninfo

from clearbill.wiring import roles

# Any number; all Clearbill processes use this one, so that two of them migrate in turn.
_LOCK = 7_203_551


def address(alias: str) -> str:
    """The libpq address of a Django database, as psycopg and psql take it."""
    chosen = connections[alias].settings_dict
    names = {"HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password"}
    given = {theirs: chosen[ours] for ours, theirs in names.items() if chosen.get(ours)}
    passed = {
        name: value
        for name, value in chosen["OPTIONS"].items()
        if name.startswith("ssl") or name in ("service", "passfile", "options")
    }
    return make_conninfo(dbname=chosen["NAME"], **given, **passed)


def run(verbosity: int = 0) -> None:
    """Bring the database up to date. Raises ImproperlyConfigured without an owner's address."""
    if "owner" not in settings.DATABASES:
        raise ImproperlyConfigured(
            "migrations need the owner of the database: set DATABASE_OWNER_URL"
        )
    owner, application = address("owner"), connections["default"].settings_dict["USER"]
    connection = connections["owner"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
    try:
        roles.grant_before_migrating(owner, application)
        call_command("migrate", database="owner", interactive=False, verbosity=verbosity)
        call_command("createcachetable", database="owner", verbosity=verbosity)
        roles.revoke_after_migrating(owner, application)
    finally:
        connection.close()
