"""Whose rows a connection sees: the reseller that row-level security compares with.

Policies read the setting `clearbill.reseller`. Without one a connection sees no row of a tenant
table. Doors set it for a session (`using`); every verb sets it again for its own transaction
(`transaction`), so that no verb can run under another reseller than the one it was given.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db import transaction as django_transaction


class NoReseller(RuntimeError):
    """A tenant job or verb was started without a reseller."""


def set_session(reseller_id: int | None) -> None:
    """Set the reseller of this connection until it is set again; None sees no tenant row."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('clearbill.reseller', %s, false)",
            [str(reseller_id) if reseller_id is not None else ""],
        )


@contextmanager
def using(reseller_id: int) -> Iterator[None]:
    """Run a block of a job or a command as one reseller, and see nothing afterwards."""
    if not reseller_id:
        raise NoReseller("this needs a reseller")
    set_session(reseller_id)
    try:
        yield
    finally:
        if connection.is_usable():
            set_session(None)


@contextmanager
def transaction(reseller_id: int) -> Iterator[None]:
    """One transaction of one reseller: the frame of every verb.

    Nested in another transaction it is a savepoint; the reseller must then be the same.
    """
    if not reseller_id:
        raise NoReseller("this needs a reseller")
    with django_transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('clearbill.reseller', %s, true)", [str(reseller_id)])
        yield
