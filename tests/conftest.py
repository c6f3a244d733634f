"""What all tests share: the environment, the database, the samples, and a strict CI."""

import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.db import connections
from django.test import TransactionTestCase
from hypothesis import settings as hypothesis_settings
from pytest_django import DjangoDbBlocker

import databases
from chance import ROUNDS
from clearbill.wiring.embedded import Server
from databases import Database
from guard import refuse_writes_outside_actions
from kept import Kept, kept

if TYPE_CHECKING:
    from doors.two_resellers import Month

ROOT = Path(__file__).parent.parent

# Before Django's settings are read. Processes of xdist inherit the first process's folder.
os.environ.pop("DATABASE_URL", None)
os.environ.pop("DATABASE_OWNER_URL", None)
os.environ["DJANGO_SETTINGS_MODULE"] = "clearbill.wiring.settings"
os.environ["CLEARBILL_TEST"] = "1"
os.environ["CLEARBILL_HOME"] = os.environ.get("CLEARBILL_TEST_HOME") or str(
    ROOT / ".clearbill-test"
)
os.environ.setdefault("SECRET_KEY", "for tests alone")
_files = tempfile.mkdtemp(prefix="clearbill-files-")
os.environ["CLEARBILL_FILES"] = _files

hypothesis_settings.register_profile("quick", deadline=None, max_examples=60, print_blob=True)
hypothesis_settings.register_profile("long", deadline=None, max_examples=1000, print_blob=True)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or "quick")


def pytest_configure(config: pytest.Config) -> None:

    # A process of xdist inherits the first one's settings before this file is read.
    settings.CLEARBILL_FILES = _files
    # Signing in is not what most tests are about, and a slow hash is most of their time.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

    # Django's own flush runs as the application's role, which may not, and leaves rows behind.
    def flush(self: TransactionTestCase) -> None:

        connections.close_all()
        name = connections["default"].settings_dict["NAME"]
        databases.empty(Database.on(Server(settings.CLEARBILL_HOME), name))

    TransactionTestCase._fixture_teardown = flush  # type: ignore[attr-defined]


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(_files, ignore_errors=True)


LONG = ("stories", "faults", "wiring", "races", "doors")
"""Folders whose files take minutes: begun first, so that no process is left with one at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.parent.name not in LONG)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under CI a skip fails: there everything is present, or something is wrong."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"skipped under CI: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a file that skips itself whole."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"skipped under CI: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The embedded server of the tests (`clearbill.wiring.embedded.Server`), running."""

    with Server(Path(os.environ["CLEARBILL_HOME"]), databases.FAST) as running:
        yield running


@pytest.fixture(scope="session")
def template(server: Server, django_db_blocker: DjangoDbBlocker) -> str:
    """The name of the migrated, empty database that copies are made of."""

    with django_db_blocker.unblock():
        return databases.template(server)


@pytest.fixture(scope="session")
def database(server: Server, template: str) -> Iterator[Database]:
    """This process's database, as `databases.Database`: what Django's connections open."""

    with databases.copy(server, template) as made:
        yield made


@pytest.fixture(scope="session")
def django_db_setup(database: Database, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Instead of pytest-django's: the copy, opened as the application's role."""

    with django_db_blocker.unblock():
        databases.point_django_at(database.name)
        connections["default"].execute_wrappers.append(refuse_writes_outside_actions)
        yield
        connections.close_all()


@pytest.fixture(scope="session")
def kept_month(
    server: Server,
    template: str,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> "Iterator[Kept[Month]]":
    """The month of reseller `north`, made once for this process."""
    from doors.two_resellers import make_month

    folder = tmp_path_factory.mktemp("month")
    with (
        django_db_blocker.unblock(),
        kept(server, template, lambda: make_month("north", folder)) as month,
    ):
        yield month


@pytest.fixture
def month(transactional_db: None, kept_month: "Kept[Month]") -> "Iterator[Month]":
    """Reseller `north`: an open document and a draft of Contoso, an open one of Fabrikam."""
    with kept_month.opened() as opened:
        yield opened


@pytest.fixture
def own_database(server: Server, template: str) -> Iterator[Database]:
    """A database for one test alone, for those that start processes (`.environment()`)."""

    with databases.copy(server, template) as made:
        yield made


@pytest.fixture(scope="session")
def rounds() -> int:
    """How often to repeat what chance decides: once in `make test`, more in `make test-all`."""
    return ROUNDS


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of real files; where it is absent its tests are skipped, aloud."""
    folder = Path(os.environ.get("CLEARBILL_SAMPLES") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no samples in {folder}; set CLEARBILL_SAMPLES")
    return folder
