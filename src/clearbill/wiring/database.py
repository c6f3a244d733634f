"""Before a command runs: the server is up, the role is safe, the schema is current."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from django.conf import settings
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from clearbill.wiring import embedded, migrate, roles, secret


class NotReady(RuntimeError):
    """The database cannot be used as it is; the message names the way out."""


@contextmanager
def ready(*, migrating: bool = False) -> Iterator[None]:
    """Hold the database for the length of a command.

    The embedded server is started and migrated by itself; elsewhere pending migrations raise
    NotReady. `migrating` leaves both checks to the command that is about to migrate.
    """
    if not os.environ.get("SECRET_KEY"):
        settings.SECRET_KEY = secret.ensure(settings.CLEARBILL_HOME)
    with embedded.Server(settings.CLEARBILL_HOME) if settings.EMBEDDED else nullcontext():
        try:
            if not migrating:
                _check()
            yield
        finally:
            # Open connections would not stop the server, but they would be cut off.
            connections.close_all()


def _check() -> None:
    roles.refuse_unsafe(migrate.address("default"))
    if not pending():
        return
    if not settings.EMBEDDED:
        raise NotReady("the database is not up to date: run `clearbill migrate` first")
    migrate.run()


def pending() -> list[str]:
    """Names of the migrations that this program brings and the database has not seen."""
    executor = MigrationExecutor(connections["default"])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]
