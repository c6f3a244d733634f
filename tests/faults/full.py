"""A disk that is full, without privileges: no file may grow beyond so many bytes.

Python ignores SIGXFSZ, so that a write beyond fails with EFBIG, as one to a full disk does with
ENOSPC. Called in a process of its own, which keeps the limit to its end.
"""

import asyncio
import os
import resource


def limit() -> None:
    """From now on FULL_AT bytes are the most that a file may have."""
    most = int(os.environ["FULL_AT"])
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


def queue_a_month() -> None:
    """Leave the generation of September to the worker."""
    from datetime import date

    from clearbill.actions.common import Actor
    from clearbill.actions.generate_documents import start_run
    from clearbill.records.models import Reseller

    start_run(
        reseller_id=Reseller.objects.get(slug="north").pk,
        actor=Actor("owner@north.example", "owner"),
        month=date(2024, 9, 1),
        in_background=True,
    )


def work_off() -> None:
    """Run the jobs that are due, each once; under the limit where FULL_AT is set."""
    if os.environ.get("FULL_AT"):
        limit()
    asyncio.run(_work_off())


async def _work_off() -> None:
    from procrastinate.contrib.django import app
    from procrastinate.contrib.django.django_connector import DjangoConnector

    connector = app.connector
    assert isinstance(connector, DjangoConnector)
    with app.replace_connector(connector.get_worker_connector()) as working:
        async with working.open_async():
            await working.run_worker_async(wait=False, install_signal_handlers=False)
