"""The command line: every verb of the console, for people and machines."""

import click

from clearbill.cli import accounts, customers, documents, imports, markup, resellers, users, verify


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="clearbill")
def cli() -> None:
    """Clearbill turns cloud usage into customer invoices whose every cent can be explained.

    Every command takes --json (one object on stdout, amounts as strings). Exit status: 0 done,
    1 refused or failed with the reason on stderr, 2 wrong usage.
    """


for command in (
    resellers.group,
    users.group,
    customers.group,
    accounts.group,
    markup.group,
    imports.import_files,
    imports.generate,
    documents.group,
    verify.command,
):
    cli.add_command(command)
