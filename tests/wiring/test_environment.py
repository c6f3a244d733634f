"""What the environment says is understood, and nothing secret is left open."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from clearbill.wiring import logs, secret
from clearbill.wiring.addresses import MailServer, database, mail


def test_a_socket_address_becomes_a_host() -> None:
    settings = database("postgresql://clearbill@/clearbill?host=/a%20folder/run")
    assert (settings["HOST"], settings["USER"], settings["NAME"]) == (
        "/a folder/run",
        "clearbill",
        "clearbill",
    )


def test_options_of_an_address_are_kept() -> None:
    settings = database("postgresql://u:p@db:5433/clearbill?sslmode=require")
    assert settings["OPTIONS"]["sslmode"] == "require"
    assert (settings["HOST"], settings["PORT"], settings["PASSWORD"]) == ("db", 5433, "p")


def test_another_database_than_postgresql_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="postgresql://"):
        database("sqlite:///clearbill.db")


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail", MailServer("mail", 25, "", "", False, False)),
        ("smtps://u:p%40ss@mail", MailServer("mail", 465, "u", "p@ss", True, False)),
        ("smtp+tls://u:p@mail:2525", MailServer("mail", 2525, "u", "p", False, True)),
    ],
)
def test_mail_addresses_are_read(url: str, server: MailServer) -> None:
    assert mail(url) == server


@pytest.mark.parametrize("url", ["mail:25", "http://mail", "smtp://"])
def test_a_mail_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL"):
        mail(url)


def test_the_secret_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    first = secret.ensure(tmp_path)
    assert len(first) >= 50
    assert secret.ensure(tmp_path) == first == secret.read_or_invent(tmp_path)
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_two_first_starts_at_once_agree_on_the_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(secret.ensure, [tmp_path] * 8))
    assert len(keys) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["secret_key"]


def test_reading_a_missing_key_writes_nothing(tmp_path: Path) -> None:
    assert secret.read_or_invent(tmp_path / "new") != secret.read_or_invent(tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_secrets_do_not_reach_the_log() -> None:
    event = logs.hide_secrets(
        None, "info", {"password": "x", "event": "to postgresql://u:pw@db/x", "count": 3}
    )
    assert event == {"password": "***", "event": "to postgresql://u:***@db/x", "count": 3}
