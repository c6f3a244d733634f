"""The embedded server starts, is shared, stops, and survives what is done to it."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from clearbill.wiring import embedded, roles
from clearbill.wiring.embedded import EmbeddedError, Server

Hold = Callable[[Path], "subprocess.Popen[str]"]


@pytest.fixture
def hold() -> Iterator[Hold]:
    """Start another process that holds the server of a home."""
    started: list[subprocess.Popen[str]] = []

    def start(home: Path) -> "subprocess.Popen[str]":
        holder = Path(__file__).with_name("holder.py")
        process = subprocess.Popen(
            [sys.executable, str(holder), str(home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def _user_of(home: Path, role: str = roles.APPLICATION) -> str:
    with psycopg.connect(embedded.url(home, role)) as connection:
        row = connection.execute("SELECT current_user").fetchone()
    assert row is not None
    return str(row[0])


def _let_go(process: "subprocess.Popen[str]") -> None:
    process.communicate(timeout=30)


def _postmaster(home: Path) -> int:
    return int((home / "postgres" / "postmaster.pid").read_text().split()[0])


@pytest.mark.parametrize("name", ["home", "a home with blanks", "it's, 100 % odd", "x" * 150])
def test_any_path_holds_a_server_that_stops_with_its_last_user(tmp_path: Path, name: str) -> None:
    server = Server(tmp_path / name)
    with server:
        assert _user_of(tmp_path / name) == "clearbill"
    assert not server.alive()


def test_a_second_start_finds_the_data_again(tmp_path: Path) -> None:
    with Server(tmp_path), psycopg.connect(embedded.url(tmp_path, roles.OWNER)) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS value")
    with Server(tmp_path), psycopg.connect(embedded.url(tmp_path, roles.OWNER)) as connection:
        assert connection.execute("SELECT value FROM kept").fetchone() == (7,)


def test_nobody_else_can_open_the_socket_and_no_port_is_open(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        assert server.sockets.stat().st_mode & 0o077 == 0
        assert not psutil.Process(_postmaster(tmp_path)).net_connections(kind="inet")


def test_the_first_process_may_leave_while_another_works(tmp_path: Path, hold: Hold) -> None:
    with Server(tmp_path) as server:
        other = hold(tmp_path)
    assert server.alive()
    _let_go(other)
    assert not server.alive()


def test_a_killed_user_leaves_a_server_that_the_next_one_stops(tmp_path: Path, hold: Hold) -> None:
    killed = hold(tmp_path)
    killed.kill()
    killed.wait()
    server = Server(tmp_path)
    assert server.alive()
    with server:
        assert _user_of(tmp_path) == "clearbill"
    assert not server.alive()


def test_a_killed_server_and_user_are_recovered_from(tmp_path: Path, hold: Hold) -> None:
    killed = hold(tmp_path)
    os.kill(_postmaster(tmp_path), signal.SIGKILL)
    killed.kill()
    killed.wait()
    with Server(tmp_path):
        assert _user_of(tmp_path) == "clearbill"


def test_a_recorded_id_that_somebody_else_carries_now_is_not_believed(
    tmp_path: Path, hold: Hold
) -> None:
    killed = hold(tmp_path)
    os.kill(_postmaster(tmp_path), signal.SIGKILL)
    killed.kill()
    killed.wait()
    for file in (tmp_path / "postgres" / "postmaster.pid", *tmp_path.glob("run/.s.*.lock")):
        lines = file.read_text().splitlines(keepends=True)
        file.write_text("".join([f"{os.getpid()}\n", *lines[1:]]))
    with Server(tmp_path):
        assert _user_of(tmp_path) == "clearbill"


def test_a_half_made_data_folder_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "postgres.new").mkdir()
    (tmp_path / "postgres.new" / "PG_VERSION").write_text("18\n")
    with Server(tmp_path):
        assert _user_of(tmp_path) == "clearbill"


def test_data_of_another_major_version_is_refused_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("17\n")
    with pytest.raises(EmbeddedError, match=r"PostgreSQL 17.*pg_dump"), Server(tmp_path):
        pass


def test_a_failed_start_tells_the_end_of_the_log(tmp_path: Path) -> None:
    with (
        pytest.raises(EmbeddedError, match="no_such_setting"),
        Server(tmp_path, ["no_such_setting=1"]),
    ):
        pass


def test_upper_and_lower_case_are_known_beyond_ascii(tmp_path: Path) -> None:
    with Server(tmp_path), psycopg.connect(embedded.url(tmp_path, roles.OWNER)) as connection:
        assert connection.execute("SELECT 'MÜLLER' ILIKE 'müller'").fetchone() == (True,)
