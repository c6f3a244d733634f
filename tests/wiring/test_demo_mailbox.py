"""The demo's mail server keeps what it is sent."""

import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.test import RequestFactory, override_settings

from clearbill.wiring.demo import mailbox, pages


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


def test_a_picture_of_a_mail_stands_in_its_html(port: int, tmp_path: Path) -> None:
    message = EmailMessage()
    message["From"], message["To"] = "a@example.com", "b@example.org"
    message.set_content("x")
    message.add_alternative('<img src="cid:logo">', subtype="html")
    html = message.get_body(("html",))
    assert html is not None
    html.add_related(b"PNG", "image", "png", cid="<logo>")
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.send_message(message)
    (letter,) = mailbox.letters(tmp_path)
    assert letter.html.strip() == '<img src="data:image/png;base64,UE5H">'


def test_a_mails_html_is_shown_without_script_or_another_host(
    port: int, tmp_path: Path, rf: RequestFactory
) -> None:
    _send(port, "x")
    with override_settings(CLEARBILL_MAILBOX=str(tmp_path)):
        framed = pages.letter_html(rf.get("/"), 1)
    policy = framed["Content-Security-Policy"]
    assert "<p>Zu zahlen</p>" in framed.content.decode()
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:;")
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert framed["X-Frame-Options"] == "SAMEORIGIN"


def test_a_number_without_a_mail_is_none(tmp_path: Path) -> None:
    assert mailbox.letter(tmp_path, 7) is None
