"""`clearbill demo` as processes: ready, gone when asked, and its data kept."""

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
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

_NOT_OURS = (
    "CLEARBILL_FILES",
    "CLEARBILL_URL",
    "DATABASE_OWNER_URL",
    "DATABASE_URL",
    "EMAIL_URL",
    "PORT",
    "SECRET_KEY",
)
CLEARBILL = [sys.executable, "-m", "clearbill.wiring.main"]


def _environment(home: Path, **more: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in _NOT_OURS}
    return {**inherited, "CLEARBILL_HOME": str(home), **more}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _demo(home: Path, port: int) -> Iterator["subprocess.Popen[str]"]:
    """The demo as a process of its own; whatever is left of it afterwards is killed."""
    process = subprocess.Popen(
        [*CLEARBILL, "demo"],
        env=_environment(home, PORT=str(port)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        for left in _processes_of(home):
            left.kill()
        process.wait()


def _processes_of(home: Path) -> list[psutil.Process]:
    """Every living process of this data folder, PostgreSQL's among them."""
    found = []
    for process in psutil.process_iter():
        try:
            ours = process.environ().get("CLEARBILL_HOME") == str(home)
            if ours and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def _words_until_stop_line(process: "subprocess.Popen[str]") -> str:
    """What the demo prints until it is ready; it fails where the demo ends before."""
    words = []
    assert process.stdout is not None
    for line in process.stdout:
        words.append(line)
        if line.startswith("Stop with Ctrl-C"):
            return "".join(words)
    raise AssertionError(f"the demo ended with {process.wait()}: {''.join(words)}")


def _page(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://localhost:{port}{path}", timeout=30) as answer:
        return str(answer.read().decode())


def _stop(process: "subprocess.Popen[str]", number: signal.Signals) -> int:
    process.send_signal(number)
    return process.wait(timeout=120)


def _statuses(home: Path) -> dict[str, int]:
    done = subprocess.run(
        [*CLEARBILL, "documents", "list", "--reseller", "alder-pike", "--json"],
        env=_environment(home),
        capture_output=True,
        check=True,
    )
    counted: dict[str, int] = {}
    for document in json.loads(done.stdout)["documents"]:
        counted[document["status"]] = counted.get(document["status"], 0) + 1
    return counted


def test_the_demo_gets_ready_ends_whole_and_starts_again_with_its_data(tmp_path: Path) -> None:
    port = _free_port()
    began = time.monotonic()
    with _demo(tmp_path, port) as demo:
        words = _words_until_stop_line(demo)
        print(f"loaded and ready after {time.monotonic() - began:.0f} s")
        _assert_pages(port, words)
        assert len(_processes_of(tmp_path)) >= 4
        assert _stop(demo, signal.SIGINT) == 0
        assert _processes_of(tmp_path) == []
    loaded = _statuses(tmp_path)
    assert loaded["Draft"] == loaded["Closed"] == 25
    began = time.monotonic()
    with _demo(tmp_path, port) as demo:
        assert _words_until_stop_line(demo).endswith(words[words.index("Clearbill is ready") :])
        print(f"ready again after {time.monotonic() - began:.0f} s")
        assert _stop(demo, signal.SIGTERM) == 0
        assert _processes_of(tmp_path) == []
    assert _statuses(tmp_path) == loaded
    _assert_verified(tmp_path)


def _assert_pages(port: int, words: str) -> None:
    base = f"http://localhost:{port}"
    assert f"{base}/console/brightmoor/" in words
    assert f"{base}/portal/alder-pike/" in words
    assert "hanne.falk@brightmoor.example.com" in words
    assert "<form" in _page(port, "/accounts/login/")
    assert "Mailbox" in _page(port, "/mailbox/")
    _wait_for_letter(port)


def _wait_for_letter(port: int) -> None:
    """The worker sends what the load has left it; the first mail can then be read."""
    ends = time.monotonic() + 120
    while time.monotonic() < ends:
        try:
            assert f'href="http://localhost:{port}/' in _page(port, "/mailbox/1/")
            return
        except urllib.error.HTTPError as error:
            assert error.code == 404
            time.sleep(0.5)
    raise AssertionError("no mail came")


def _assert_verified(home: Path) -> None:
    done = subprocess.run(
        [*CLEARBILL, "verify", "--json"], env=_environment(home), capture_output=True, check=True
    )
    assert json.loads(done.stdout)["findings"] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_a_demo_that_is_stopped_while_it_loads_leaves_no_process(
    tmp_path: Path, number: signal.Signals
) -> None:
    with _demo(tmp_path, _free_port()) as demo:
        assert demo.stdout is not None
        assert "Loading the demo" in demo.stdout.readline()
        assert _stop(demo, number) != 0
        assert _processes_of(tmp_path) == []


def test_a_taken_port_is_refused_before_anything_is_loaded(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = subprocess.run(
            [*CLEARBILL, "demo", "--port", str(taken.getsockname()[1])],
            env=_environment(tmp_path),
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode == 1
    assert "cannot be used" in done.stderr
    assert not (tmp_path / "demo").exists()
