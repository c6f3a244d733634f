"""The command line: every verb of the console, for people and machines."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import click

# Name → module and attribute. Loaded when asked for: the rating engine alone takes most of a
# second, and `clearbill documents list` has no use for it.
_COMMANDS = {
    "accounts": ("clearbill.cli.accounts", "group"),
    "bulk": ("clearbill.cli.bulk", "group"),
    "customers": ("clearbill.cli.customers", "group"),
    "documents": ("clearbill.cli.documents", "group"),
    "drafts": ("clearbill.cli.drafts", "group"),
    "fields": ("clearbill.cli.fields", "group"),
    "generate": ("clearbill.cli.imports", "generate"),
    "import": ("clearbill.cli.imports", "import_files"),
    "mails": ("clearbill.cli.mails", "group"),
    "markup": ("clearbill.cli.markup", "group"),
    "rates": ("clearbill.cli.rates", "group"),
    "resellers": ("clearbill.cli.resellers", "group"),
    "settings": ("clearbill.cli.settings", "group"),
    "taxes": ("clearbill.cli.taxes", "group"),
    "tickets": ("clearbill.cli.tickets", "group"),
    "users": ("clearbill.cli.users", "group"),
    "verify": ("clearbill.cli.verify", "command"),
    "views": ("clearbill.cli.views", "group"),
}


class LazyGroup(click.Group):
    """A group whose commands are imported one by one.

    `when_loaded` is called with each: the entry point lets their bodies hold the database.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.when_loaded: list[Callable[[click.Command], None]] = []

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*_COMMANDS, *super().list_commands(ctx)})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in _COMMANDS and cmd_name not in self.commands:
            module, attribute = _COMMANDS[cmd_name]
            command: click.Command = getattr(import_module(module), attribute)
            for prepare in self.when_loaded:
                prepare(command)
            self.add_command(command, cmd_name)
        return super().get_command(ctx, cmd_name)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="clearbill")
def cli() -> None:
    """Clearbill turns cloud usage into customer invoices whose every cent can be explained.

    Every command takes --json (one object on stdout, amounts as strings). Exit status: 0 done,
    1 refused or failed with the reason on stderr, 2 wrong usage.
    """
