"""Commands without the second that each start takes: a process that has loaded them, and forks.

What runs is the command line itself, in a process of its own for each command.
"""

import importlib
import json
import os
import pkgutil
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

TESTS = Path(__file__).parent


class Clerk:
    """The loaded process; one command at a time. It ends by `close`."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        path = os.pathsep.join(filter(None, [str(TESTS), environment.get("PYTHONPATH", "")]))
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from clerk import serve; serve()"],
            env={**environment, "PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)

    def run(
        self,
        arguments: Sequence[str],
        stdin: str = "",
        *,
        environment: Mapping[str, str] = MappingProxyType({}),
        first: str = "",
    ) -> subprocess.CompletedProcess[str]:
        """A command to its end, with what it printed.

        `environment` is changed for this command alone; `first` is `module:function`, called with
        no arguments before it.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with tempfile.TemporaryDirectory(prefix="clearbill-command-") as folder:
            (Path(folder) / "0").write_text(stdin)
            asked = json.dumps(
                {
                    "arguments": list(arguments),
                    "folder": folder,
                    "environment": dict(environment),
                    "first": first,
                }
            )
            self._process.stdin.write(asked + "\n")
            self._process.stdin.flush()
            status = int(self._process.stdout.readline())
            out, err = ((Path(folder) / name).read_text() for name in "12")
        return subprocess.CompletedProcess(list(arguments), status, out, err)


def serve() -> None:
    """In the loaded process: a child for each line that comes, until no more do."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clearbill.wiring.settings")
    import django

    django.setup()
    import clearbill.cli

    for module in pkgutil.iter_modules(clearbill.cli.__path__):
        importlib.import_module(f"clearbill.cli.{module.name}")
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            _work(asked)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _work(asked: dict[str, Any]) -> None:
    folder = Path(asked["folder"])
    for number, flags in (
        (0, os.O_RDONLY),
        (1, os.O_WRONLY | os.O_CREAT),
        (2, os.O_WRONLY | os.O_CREAT),
    ):
        os.dup2(os.open(folder / str(number), flags, 0o600), number)
    sys.stdin = os.fdopen(0, encoding="utf-8")
    status = 1
    try:
        _change(asked["environment"])
        if asked["first"]:
            module, _, name = asked["first"].partition(":")
            getattr(importlib.import_module(module), name)()
        from clearbill.wiring.main import main

        main(asked["arguments"])
        status = 0
    except SystemExit as ended:
        status = _status(ended)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # Not by an exit: this process is a copy, and its parent's clean-ups are not its own.
        os._exit(status)


def _change(environment: dict[str, str]) -> None:
    """As if this process had been started with these variables: settings were read before."""
    os.environ.update(environment)
    if "DATABASE_URL" in environment:
        import dj_database_url
        from django.db import connections

        for alias, variable in (("default", "DATABASE_URL"), ("owner", "DATABASE_OWNER_URL")):
            parsed = dj_database_url.parse(environment[variable])
            connections[alias].settings_dict["NAME"] = parsed["NAME"]
    if "CLEARBILL_FILES" in environment:
        from django.conf import settings

        settings.CLEARBILL_FILES = environment["CLEARBILL_FILES"]


def _status(ended: SystemExit) -> int:
    if isinstance(ended.code, str):
        print(ended.code, file=sys.stderr)
        return 1
    return ended.code or 0
