"""The demo's mail server: every message is kept as a file, and a page shows them."""

import base64
import email
import email.policy
import socket
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

GONE = frozenset({"einkauf.alt@nordlicht.example.com"})
"""Addresses that the demo's mail server refuses, so that one sees what becomes of such mails."""


class _Keeper:
    """Writes each message whole, under a number that rises."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # Links for new passwords are among the mails.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.number = max((int(f.stem) for f in folder.glob("*.eml")), default=0)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in GONE:
            return "550 5.1.1 no mailbox of that name here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.number += 1
        part = self.folder / f".{self.number:06d}.part"
        part.write_bytes(envelope.original_content or b"")
        part.rename(self.folder / f"{self.number:06d}.eml")
        return "250 kept"


def start(folder: Path) -> Controller:
    """A mail server on a free port of this machine alone; `.port` says which."""
    keeper = _Keeper(folder)
    for tries_left in (4, 3, 2, 1, 0):
        # The library connects to the port that it was told, so the system cannot choose it.
        controller = Controller(keeper, hostname="127.0.0.1", port=_free_port())
        try:
            controller.start()
        except OSError:
            if not tries_left:
                raise
        else:
            break
    return controller


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True)
class Letter:
    """A message as the mailbox page shows it; `html` brings its pictures along."""

    number: int
    subject: str
    to: str
    sender: str
    date: str
    text: str
    html: str


def letters(folder: Path, most: int = 200) -> list[Letter]:
    """The latest messages, newest first."""
    files = sorted(folder.glob("*.eml"), reverse=True)
    return [_read(file) for file in files[:most]]


def letter(folder: Path, number: int) -> Letter | None:
    """One message, or None."""
    file = folder / f"{number:06d}.eml"
    return _read(file) if file.is_file() else None


def _read(file: Path) -> Letter:
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    return Letter(
        number=int(file.stem),
        # A long subject is folded, and unfolds with the blank that it was folded at.
        subject=str(message["subject"] or "").strip(),
        to=str(message["to"] or ""),
        sender=str(message["from"] or ""),
        date=str(message["date"] or ""),
        text=_body(message, "plain"),
        html=_with_pictures(_body(message, "html"), message),
    )


def _with_pictures(html: str, message: EmailMessage) -> str:
    """What the mail names as `cid:` stands in it, so that showing it loads nothing."""
    for part in message.walk():
        key = str(part["Content-ID"] or "").strip("<>")
        if key and part.get_content_maintype() == "image":
            data = base64.b64encode(part.get_content()).decode()
            html = html.replace(f"cid:{key}", f"data:{part.get_content_type()};base64,{data}")
    return html


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part is not None else ""
