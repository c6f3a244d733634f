"""Reading the addresses of the environment: databases, the mail server, proxies before us."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

# A process that hangs inside a transaction would keep documents locked for ever.
_OPTIONS = "-c idle_in_transaction_session_timeout=10min"


def database(url: str) -> dict[str, Any]:
    """Django's settings for one address; only PostgreSQL. `?host=/folder` means a socket."""
    if urlsplit(url).scheme not in ("postgresql", "postgres"):
        raise ImproperlyConfigured("DATABASE_URL must begin with postgresql://")
    # dj-database-url quotes the odd host itself; its own keys are a TypedDict without ours.
    settings: dict[str, Any] = {**dj_database_url.parse(url)}
    options: dict[str, Any] = {**settings.get("OPTIONS", {})}
    settings["HOST"] = options.pop("host", settings.get("HOST", ""))
    options["options"] = f"{options.get('options', '')} {_OPTIONS}".strip()
    options.setdefault("application_name", "clearbill")
    settings["OPTIONS"] = options
    settings["CONN_MAX_AGE"] = 300
    settings["CONN_HEALTH_CHECKS"] = True
    return settings


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed in; `implicit_tls` and `start_tls` exclude each other."""

    host: str
    port: int
    user: str
    password: str
    implicit_tls: bool
    start_tls: bool


_PORTS = {"smtp": 25, "smtps": 465, "smtp+tls": 587}


def mail(url: str) -> MailServer:
    """`smtp://user:password@host:port`, `smtps://` (TLS at once), `smtp+tls://` (STARTTLS)."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ImproperlyConfigured(
            "EMAIL_URL must look like smtp://user:password@host:port (or smtps://, smtp+tls://)"
        )
    return MailServer(
        host=parts.hostname,
        port=parts.port or _PORTS[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        implicit_tls=parts.scheme == "smtps",
        start_tls=parts.scheme == "smtp+tls",
    )


def proxies(text: str) -> int:
    """How many proxies of one's own stand before `serve`: each adds an address to a header."""
    if not (text.isascii() and text.isdecimal() and len(text) < 3):
        raise ImproperlyConfigured("CLEARBILL_PROXIES must be a number, such as 1")
    return int(text)
