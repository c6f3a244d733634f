"""The console script `clearbill`: start what a command needs, then hand over to it."""

import functools
import os
import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

import click
import django
import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError

from clearbill.wiring.embedded import EmbeddedError
from clearbill.wiring.roles import UnsafeRole


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command. `--help` and wrong usage touch no database and write nothing."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    signal.signal(signal.SIGTERM, _leave)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clearbill.wiring.settings")
    try:
        django.setup()
    except (ImproperlyConfigured, ValueError) as error:
        sys.exit(f"Error: {error}")
    from clearbill.cli.main import cli
    from clearbill.wiring import commands

    commands.register(cli)
    _hold_the_database(cli)
    cli.when_loaded.append(_hold_the_database)
    cli.main(args=given, prog_name="clearbill")


def _leave(number: int, frame: FrameType | None) -> None:
    # As an exception, so that the embedded server is given back on the way out.
    sys.exit(128 + number)


def _hold_the_database(command: click.Command) -> None:
    """Let the body of every command run while the database is held; groups need none."""
    if isinstance(command, click.Group):
        for below in command.commands.values():
            _hold_the_database(below)
    elif command.callback is not None:
        command.callback = _with_database(command.callback, migrating=command.name == "migrate")


def _with_database(callback: Callable[..., Any], *, migrating: bool) -> Callable[..., Any]:
    """The command's body, run while the database is held.

    Around the body and not around the whole command line: by then the words were understood.
    """

    @functools.wraps(callback)
    def body(*arguments: Any, **keywords: Any) -> Any:
        from clearbill.wiring import database

        try:
            with database.ready(migrating=migrating):
                return callback(*arguments, **keywords)
        except (EmbeddedError, UnsafeRole, database.NotReady) as error:
            raise click.ClickException(str(error)) from error
        except (psycopg.OperationalError, DatabaseError) as error:
            if not _away(error):
                raise
            raise click.ClickException(f"the database cannot be reached: {error}") from error

    return body


def _away(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, psycopg.OperationalError) and error.sqlstate is None:
            return True
        error = error.__cause__
    return False


if __name__ == "__main__":
    main()
