"""The console script as a process: what it starts, refuses, and leaves behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from clearbill.wiring import embedded, roles
from clearbill.wiring.embedded import Server
from databases import Database, as_superuser

CLEARBILL = [sys.executable, "-m", "clearbill.wiring.main"]
_NOT_OURS = ("DATABASE_URL", "DATABASE_OWNER_URL", "CLEARBILL_URL", "SECRET_KEY")


def _environment(home: Path, **more: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in _NOT_OURS}
    return {**inherited, "CLEARBILL_HOME": str(home), **more}


def _run(*arguments: str, home: Path, **more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*CLEARBILL, *arguments],
        env=_environment(home, **more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A migrated data folder, its server kept running for the module."""
    folder = tmp_path_factory.mktemp("a home")
    with Server(folder):
        assert _run("migrate", home=folder).returncode == 0
        yield folder


@pytest.mark.parametrize("arguments", [["--help"], ["serve", "--help"], ["documents", "--help"]])
def test_help_writes_nothing(tmp_path: Path, arguments: list[str]) -> None:
    done = _run(*arguments, home=tmp_path / "new")
    assert (done.returncode, done.stdout[:6]) == (0, "Usage:")
    assert not (tmp_path / "new").exists()


def test_wrong_usage_is_2_and_writes_nothing(tmp_path: Path) -> None:
    assert _run("serve", "--porto", "1", home=tmp_path / "new").returncode == 2
    assert not (tmp_path / "new").exists()


def test_the_first_command_starts_and_migrates_and_leaves_no_server(tmp_path: Path) -> None:
    done = _run("psql", "-c", "SELECT count(*) > 50 FROM django_migrations", home=tmp_path)
    assert (done.returncode, done.stdout.split()[2]) == (0, "t")
    assert "--reseller SLUG" in done.stderr
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600
    assert not Server(tmp_path).alive()


def test_psql_sees_the_rows_of_the_reseller_it_is_given(home: Path) -> None:
    with psycopg.connect(embedded.url(home, roles.OWNER)) as owner:
        owner.execute(
            "INSERT INTO records_reseller (slug, name, time_zone, mfa_required, created_at)"
            " VALUES ('north', 'North', 'UTC', false, now()) ON CONFLICT DO NOTHING"
        )
    setting = "SELECT current_user, current_setting('clearbill.reseller') <> ''"
    done = _run("psql", "--reseller", "north", "-c", setting, home=home)
    assert done.stderr == ""
    assert "clearbill    | t" in done.stdout


def test_psql_refuses_an_unknown_reseller(home: Path) -> None:
    done = _run("psql", "--reseller", "nowhere", "-c", "SELECT 1", home=home)
    assert (done.returncode, done.stderr) == (1, "Error: no reseller nowhere\n")


def test_migrating_again_leaves_nothing_pending(home: Path) -> None:
    done = _run("migrate", "--json", home=home)
    assert json.loads(done.stdout) == {"pending": []}


@pytest.mark.parametrize("command", ["serve", "work"])
def test_a_database_of_ones_own_needs_the_address_that_people_use(
    command: str, own_database: Database, tmp_path: Path
) -> None:
    done = _run(command, home=tmp_path, **own_database.environment())
    assert done.returncode == 1
    assert "CLEARBILL_URL" in done.stderr


def test_pending_migrations_elsewhere_end_with_the_command_to_run(
    server: Server, tmp_path: Path
) -> None:
    name = f"t_{os.getpid()}_empty"
    with as_superuser(server) as connection:
        roles.create_database(connection, name)
    try:
        environment = Database.on(server, name).environment()
        done = _run("psql", "-c", "SELECT 1", home=tmp_path, **environment)
        assert done.returncode == 1
        assert "clearbill migrate" in done.stderr
    finally:
        with as_superuser(server) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.mark.parametrize("role", ["owner", "superuser"])
def test_an_unsafe_role_is_refused(role: str, own_database: Database, tmp_path: Path) -> None:
    address = getattr(own_database, role)
    done = _run("psql", "-c", "SELECT 1", home=tmp_path, DATABASE_URL=address)
    assert done.returncode == 1
    assert "give the application a role that owns nothing" in done.stderr


def test_a_database_that_is_away_is_named_in_a_sentence(tmp_path: Path) -> None:
    address = f"postgresql://clearbill@/clearbill?host={tmp_path}"
    done = _run("psql", "-c", "SELECT 1", home=tmp_path, DATABASE_URL=address)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: the database cannot be reached")


def test_the_server_answers_and_stops_when_asked(home: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [*CLEARBILL, "serve", "--port", str(port)],
        env=_environment(home),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert _answer(f"http://127.0.0.1:{port}/readyz") == {"status": "ok"}
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 0
    assert all(json.loads(line) for line in errors.splitlines())


def _answer(url: str) -> object:
    for _ in range(300):
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310
                return json.load(answer)
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise TimeoutError(url)


def test_the_worker_stops_when_asked(home: Path) -> None:
    process = subprocess.Popen(
        [*CLEARBILL, "work"], env=_environment(home), stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    assert any("Starting worker" in line for line in process.stderr)
    process.terminate()
    process.communicate(timeout=30)
    assert process.returncode == 0
