"""The demo's mail server keeps what it is sent."""

import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from clearbill.wiring.demo import mailbox


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    server = mailbox.start(tmp_path)
    yield server.port
    server.stop()


def _send(port: int, subject: str) -> None:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, "a@example.com", "b@example.org"
    message.set_content("Zu zahlen: 12,00 €, siehe https://example.com/x")
    message.add_alternative("<p>Zu zahlen</p>", subtype="html")
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.send_message(message)


def test_a_mail_is_kept_with_both_of_its_bodies(port: int, tmp_path: Path) -> None:
    _send(port, "Łęcka Optyka")
    (letter,) = mailbox.letters(tmp_path)
    assert (letter.subject, letter.to) == ("Łęcka Optyka", "b@example.org")
    assert "12,00 €" in letter.text
    assert "<p>" in letter.html


def test_the_newest_mail_comes_first(port: int, tmp_path: Path) -> None:
    for subject in ("first", "second"):
        _send(port, subject)
    assert [letter.subject for letter in mailbox.letters(tmp_path)] == ["second", "first"]


def test_another_start_counts_on(port: int, tmp_path: Path) -> None:
    _send(port, "before")
    again = mailbox.start(tmp_path)
    _send(again.port, "after")
    again.stop()
    assert [letter.number for letter in mailbox.letters(tmp_path)] == [2, 1]


def test_a_number_without_a_mail_is_none(tmp_path: Path) -> None:
    assert mailbox.letter(tmp_path, 7) is None
