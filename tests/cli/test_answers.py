"""Commands for machines: one JSON object, amounts as text, exit statuses that mean something."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import focus_files
from clearbill.cli.main import cli
from clearbill.records.models import Reseller
from makers import make_reseller, rows_of

pytestmark = pytest.mark.django_db(transaction=True)

Run = Callable[..., Any]


def attempt(*arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(cli, list(arguments), input=stdin)


@pytest.fixture
def run() -> Run:
    """A command for the reseller `north`: its JSON answer."""
    make_reseller()

    def answered(*arguments: str, stdin: str = "") -> Any:
        done = attempt(*arguments, "--reseller", "north", "--json", stdin=stdin)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    return answered


@pytest.fixture
def usage(tmp_path: Path) -> str:
    rows = rows_of("0001", "0002", cost="10.005")
    return str(focus_files.write_csv(tmp_path / "usage.csv", rows))


@pytest.fixture
def month(run: Run, usage: str) -> dict[str, Any]:
    """Two drafts of September."""
    run("import", usage)
    run("accounts", "assign", "--all")
    generated: dict[str, Any] = run("generate", "--period", "2024-09")
    return generated


def test_an_import_answers_with_its_sums(run: Run, usage: str) -> None:
    first, again = run("import", usage), run("import", usage)
    assert set(first) >= {"import", "already", "rows", "sums", "replaced", "new_accounts"}
    assert first["sums"] == [
        {
            "provider": "AWS",
            "payer": "payer-1",
            "period_start": "2024-09-01",
            "period_end": "2024-10-01",
            "currency": "USD",
            "rows": 2,
            "file_sum": "20.01",
            "stored_sum": "20.01",
        }
    ]
    assert (first["already"], again["already"]) == (False, True)


def test_a_generation_answers_with_documents_and_what_is_left(month: dict[str, Any]) -> None:
    assert set(month) >= {"run", "documents", "left"}
    assert {(d["total"], d["exact_total"]) for d in month["documents"]} == {("10.01", "10.005")}
    assert {d["provider"] for d in month["documents"]} == {"AWS"}


def test_a_preview_shows_what_is_made_then_and_makes_nothing(run: Run, usage: str) -> None:
    run("import", usage)
    run("accounts", "assign", "--all")
    shown = run("generate", "--period", "2024-09", "--preview")
    assert (shown["creates"], run("documents", "list")["documents"]) == (2, [])
    assert [(r["state"], r["price"]) for r in shown["rows"]] == [("New", "10.01"), ("New", "10.01")]
    assert [(t["imported"], t["to_bill"]) for t in shown["totals"]] == [("20.01", "20.01")]
    made = run("generate", "--period", "2024-09")["documents"]
    assert sorted(d["total"] for d in made) == [r["price"] for r in shown["rows"]]
    words = attempt("generate", "--period", "2024-09", "--preview", "--reseller", "north").output
    assert "0 drafts would be made" in words


def test_a_preview_is_for_those_who_may_generate(run: Run) -> None:
    run("users", "add", "sal@north.example", "--role", "sales")
    done = attempt(
        "generate", "--period", "2024-09", "--preview", "--as", "sal@north.example",
        "--reseller", "north",
    )  # fmt: skip
    assert "the role sales may not do this" in done.stderr


def test_a_document_shows_lines_and_what_may_be_done(run: Run, month: dict[str, Any]) -> None:
    shown = run("documents", "show", month["documents"][0]["id"])
    assert set(shown) >= {"kind", "number", "issued", "due", "subtotal", "tax", "sections"}
    line = shown["sections"][0]["lines"][0]
    assert set(line) >= {"key", "description", "qty", "unit", "charge_type", "price", "exact"}
    assert (line["price"], line["exact"]) == ("10.01", "10.005")
    assert shown["available_actions"][:3] == ["open", "closed", "past-due"]


def test_a_change_answers_per_document_and_fails_if_one_was_refused(
    run: Run, month: dict[str, Any]
) -> None:
    codes = [d["id"] for d in month["documents"]]
    done = attempt(
        "documents", "status", codes[0], "D-999999", "--to", "open", "--reseller", "north", "--json"
    )
    assert done.exit_code == 1
    results = json.loads(done.stdout)["documents"]
    assert [(r["changed"], r["status"]) for r in results] == [(True, "Open"), (False, None)]
    assert "no document D-999999 here" in done.stderr


def test_the_history_names_who_acted(run: Run, month: dict[str, Any]) -> None:
    code = month["documents"][0]["id"]
    run("users", "add", "bo@north.example", "--role", "billing")
    run("documents", "status", code, "--to", "open", "--as", "bo@north.example")
    events = run("documents", "history", code)["events"]
    assert set(events[0]) >= {"at", "who", "from", "to", "reason", "notified", "hash"}
    assert events[0]["who"].startswith("cli:")
    assert events[1]["who"] == "bo@north.example"


def test_the_role_of_whom_one_acts_for_counts(run: Run, month: dict[str, Any]) -> None:
    run("users", "add", "sal@north.example", "--role", "sales")
    done = attempt(
        "documents", "status", month["documents"][0]["id"], "--to", "open",
        "--as", "sal@north.example", "--reseller", "north",
    )  # fmt: skip
    assert done.exit_code == 1
    assert "the role sales may not do this" in done.stderr


def test_a_whole_month_is_changed_by_its_period(run: Run, month: dict[str, Any]) -> None:
    results = run("documents", "status", "--period", "2024-09", "--to", "open")["documents"]
    assert [r["number"] for r in results] == ["INV-000001", "INV-000002"]


@pytest.mark.parametrize("form", ["pdf", "csv", "detailed-csv"])
def test_a_draft_is_exported_in_every_form(
    run: Run, month: dict[str, Any], tmp_path: Path, form: str
) -> None:
    target = tmp_path / "out"
    code = month["documents"][0]["id"]
    answer = run("documents", "export", code, "--as", form, "-o", str(target))
    assert answer["bytes"] == target.stat().st_size > 0


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("documents", "list", "--reseller", "nobody"), 1, "no reseller 'nobody'"),
        (("documents", "list"), 2, "Missing option '--reseller'"),
        (("documents", "show", "D-000009", "--reseller", "north"), 1, "no document 'D-000009'"),
        (("generate", "--period", "2024-13", "--reseller", "north"), 2, "write YYYY-MM"),
        (("generate", "--period", "2024-01", "--reseller", "north"), 1, "import it first"),
        (("import", "nowhere.csv", "--reseller", "north"), 1, "nowhere.csv"),
        (("markup", "set", "--percent", "x", "--from", "2024-09", "--reseller", "north"), 1,
         "give a percentage"),
        (("users", "add", "nobody", "--role", "owner", "--reseller", "north"), 1,
         "no e-mail address"),
    ],
)  # fmt: skip
def test_exit_statuses_and_reasons(arguments: tuple[str, ...], status: int, words: str) -> None:
    make_reseller()
    done = attempt(*arguments)
    assert (done.exit_code, words in done.stderr) == (status, True), done.stderr


def test_resellers_are_set_and_listed(run: Run) -> None:
    run("resellers", "set", "--legal-name", "North GmbH", "--terms-days", "14")
    listed = json.loads(attempt("resellers", "list", "--json").stdout)["resellers"]
    assert [(r["slug"], r["legal_name"], r["terms_days"]) for r in listed] == [
        ("north", "North GmbH", 14)
    ]
    assert Reseller.objects.count() == 1
