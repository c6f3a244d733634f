"""The database by hand, as the application's role and one reseller."""

import signal
import subprocess
import sys

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from clearbill.wiring import embedded, migrate


class UnknownReseller(LookupError):
    """There is no reseller with this slug."""


def run(reseller: str | None = None, sql: str | None = None) -> int:
    """Run psql and give back its exit status; SQL comes from `sql`, a pipe or the keyboard."""
    address = migrate.address("default")
    if reseller is None:
        print(  # noqa: T201
            "No reseller set: tables of a tenant look empty. Use --reseller SLUG.",
            file=sys.stderr,
        )
    else:
        # As an option of the connection, so that it holds after a \connect too.
        given = conninfo_to_dict(address).get("options", "")
        setting = f"{given} -c clearbill.reseller={_id_of(address, reseller)}"
        address = make_conninfo(address, options=setting)
    command = [str(embedded.BINARIES / "psql"), "-d", address, "-v", "ON_ERROR_STOP=1"]
    if sql is not None:
        command += ["-c", sql]
    # Ctrl-C is psql's: it cancels a query there and does not end it.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return subprocess.run(command, check=False).returncode  # noqa: S603
    finally:
        signal.signal(signal.SIGINT, before)


def _id_of(address: str, slug: str) -> int:
    with psycopg.connect(address) as connection:
        found = connection.execute(
            "SELECT id FROM records_reseller WHERE slug = %s", [slug]
        ).fetchone()
    if found is None:
        raise UnknownReseller(f"no reseller {slug}")
    return int(found[0])
