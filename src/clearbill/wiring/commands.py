"""The commands that run things rather than change records: serve, work, migrate, psql, demo."""

import functools
import json
import os
import sys

import click
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from clearbill.wiring import database
from clearbill.wiring import migrate as migrating
from clearbill.wiring import psql as console
from clearbill.wiring import serve as serving
from clearbill.wiring import work as working

_as_json = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")


def register(group: click.Group) -> None:
    """Add these commands to the command line's group."""
    for command in (serve, work, migrate, psql, demo):
        group.add_command(command)


def _refuse_without_a_base() -> None:
    if not settings.EMBEDDED and not os.environ.get("CLEARBILL_URL"):
        raise click.ClickException(
            "with a database of your own, set CLEARBILL_URL to the address that people use: "
            "links in mails and the allowed host names follow from it"
        )


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Default: PORT, else 8000.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True)
def serve(port: int | None, host: str, workers: int) -> None:
    """Run the web server until it is stopped (/healthz, /readyz)."""
    _refuse_without_a_base()
    serving.run(port=port, host=host, workers=workers)


@click.command()
@click.option("--concurrency", type=click.IntRange(1), default=2, show_default=True)
def work(concurrency: int) -> None:
    """Run the worker: mails, generations, files; until it is stopped."""
    _refuse_without_a_base()
    if not working.run(concurrency=concurrency):
        # Once the database has been let go: the interpreter's own end waits for the threads.
        click.get_current_context().call_on_close(functools.partial(os._exit, 0))


@click.command()
@_as_json
def migrate(as_json: bool) -> None:
    """Bring the database up to date, as its owner (DATABASE_OWNER_URL)."""
    try:
        migrating.run(verbosity=0 if as_json else 1)
    except ImproperlyConfigured as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps({"pending": database.pending()}))


@click.command()
@click.option("--reseller", metavar="SLUG", help="Whose rows to see.")
@click.option("-c", "sql", metavar="SQL", help="Run this and leave.")
def psql(reseller: str | None, sql: str | None) -> None:
    """Open the database as the application's role."""
    try:
        sys.exit(console.run(reseller, sql))
    except console.UnknownReseller as error:
        raise click.ClickException(str(error)) from error


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Default: PORT, else 8000.")
@click.option("--customers", type=click.IntRange(1), help="Load so many of each reseller's.")
def demo(port: int | None, customers: int | None) -> None:
    """Load the demo month where there is none, and run everything until Ctrl-C."""
    # Here, since the demo's generator is nothing that other commands should wait for.
    from clearbill.wiring.demo.run import run

    run(port or settings.PORT, customers)
