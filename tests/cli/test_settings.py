"""Branding, e-mails and numbers by command."""

from pathlib import Path

import pytest

from actions.test_branding import picture
from cli.test_answers import Run, attempt, run, usage

__all__ = ["run", "usage"]

pytestmark = pytest.mark.django_db(transaction=True)


def refused(*words: str) -> str:
    done = attempt("settings", *words, "--reseller", "north")
    assert done.exit_code == 1, done.output
    return done.output


def test_branding_is_changed_by_parts_and_shown(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "logo"
    file.write_bytes(picture())
    run("settings", "branding", "--colour", "#0a5", "--footer", "One\\nTwo")
    made = run("settings", "branding", "--logo", str(file))
    assert (made["colour"], made["accent_colour"]) == ("#00aa55", "#1f5aa6")
    assert (made["footer"], len(made["logo"])) == ("One\nTwo", 64)
    assert run("settings", "branding", "--no-logo")["logo"] == ""
    assert run("settings", "show")["branding"]["colour"] == "#00aa55"


def test_a_bad_colour_and_a_bad_logo_are_refused_with_the_reason(run: Run, tmp_path: Path) -> None:
    assert "at least 3:1" in refused("branding", "--colour", "#ffff00")
    file = tmp_path / "logo.png"
    file.write_bytes(b"nothing of a picture")
    assert "no whole PNG or JPEG" in refused("branding", "--logo", str(file))


def test_a_mail_is_worded_switched_off_and_reset(run: Run) -> None:
    made = run("settings", "mail", "published", "--off", "--bcc", "a@north.example",
               "--body-en", "Dear {customer},\\n\\nbye")  # fmt: skip
    assert (made["enabled"], made["bcc"]) == (False, ["a@north.example"])
    assert made["body_en"] == "Dear {customer},\n\nbye"
    reset = run("settings", "mail", "published", "--reset", "--on", "--no-bcc")
    assert (reset["enabled"], reset["bcc"], reset["body_en"]) == (True, [], "")
    assert run("settings", "show")["mails"]["status-changed"]["enabled"] is True
    assert "there is no {sum}" in refused("mail", "published", "--subject-en", "{sum}")


def test_a_test_mail_goes_to_staff_alone(run: Run) -> None:
    assert "no member of your staff" in refused("test-mail", "published", "--to", "x@y.example")
    run("users", "add", "ann@north.example", "--role", "billing")
    run("settings", "test-mail", "published", "--to", "ann@north.example", "--language", "de")


def test_a_mail_is_previewed_on_a_real_document(run: Run, usage: str) -> None:
    run("settings", "mail", "published", "--subject-en", "Invoice {number}")
    assert run("settings", "preview-mail", "published")["made_up"] is True
    run("import", usage)
    run("accounts", "assign", "--all")
    run("generate", "--period", "2024-09")
    run("documents", "status", "D-000001", "--to", "open")
    shown = run("settings", "preview-mail", "published")
    assert (shown["document"], shown["subject"]) == ("D-000001", "Invoice INV-000001")
    assert shown["link"].endswith("/portal/north/invoices/D-000001/")
    assert "no document 'D-9' here" in refused("preview-mail", "published", "--document", "D-9")
    words = attempt("settings", "preview-mail", "published", "--reseller", "north").output
    assert "Subject: Invoice INV-000001" in words


def test_the_portals_address_is_shown(run: Run) -> None:
    assert run("settings", "show")["portal"].endswith("/portal/north/")


def test_another_series_begins(run: Run) -> None:
    assert run("settings", "series")["next"] == "INV-000001"
    made = run("settings", "series", "--prefix", "R-2026-", "--start", "70")
    assert made == {"prefix": "R-2026-", "start": 70, "next": "R-2026-000070"}
