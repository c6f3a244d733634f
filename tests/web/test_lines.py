"""A document's lines as cells: what a row says, and what only staff may see of it."""

from typing import Any

from django.utils import translation

from clearbill.web.lines import Cells, cells

LINE: dict[str, Any] = {
    "position": 3, "service": "Compute", "sku": "S-1", "description": "Hours", "qty": "8.0",
    "unit": "Hours", "charge_type": "Usage", "provider_charge": "Usage/Usage-Based",
    "price": "12.35", "exact": "12.345000", "first_date": "2026-09-01", "last_date": "2026-09-30",
    "rows": 720, "tax": "7.5",
}  # fmt: skip
COST = {
    "cost_currency": "EUR", "cost": "10.00", "cost_converted": "11.05", "rule": 7,
    "a": "1.1", "b": "0", "c": "0",
}  # fmt: skip


def shown(sees_cost: bool = False, **changes: Any) -> Cells:
    ((only,), _) = cells([{**LINE, **changes}], "USD", sees_cost)
    return only


def test_a_line_is_written_in_the_documents_currency() -> None:
    line = shown()
    assert line[:4] == ("Compute", "S-1 · Hours", "Hours", "1 Sep 2026 – 30 Sep 2026")
    assert (line.exact, line.unit_price) == ("USD 12.345", "USD 1.543125")
    assert line[-4:] == (3, "8", "Usage", "12.35")


def test_cost_is_not_even_read_for_who_does_not_see_it() -> None:
    assert shown()[9:13] == ("", "", "", "")


def test_cost_margin_and_rule_stand_for_staff() -> None:
    found = shown(True, **COST)[9:13]
    assert found == ("EUR 10", "USD 11.05", "USD 1.295", "Rule 7: 1.1 × cost")
    assert shown(True, **{**COST, "cost_currency": "USD"}).cost_converted == ""


def test_a_margin_keeps_every_digit() -> None:
    exact = "12345678.123456789012345678901234"
    line = shown(True, **{**COST, "exact": exact, "cost_converted": "0.000000000000000000000004"})
    assert line.margin == "USD 12,345,678.12345678901234567890123"


def test_what_a_line_lacks_is_empty() -> None:
    line = shown(qty="0", first_date=None, last_date=None, rows=0, sku="", service="", tax="")
    assert (line.name, line.more) == ("Hours", "")
    assert (line.dates, line.unit_price, line.rows, line.tax) == ("", "", "", "")


def test_what_others_wrote_is_escaped() -> None:
    names = ("service", "sku", "description", "unit", "provider_charge", "charge_type", "tax")
    line = shown(True, **{**COST, **dict.fromkeys((*names, "cost_currency"), "<b>&")})
    assert not any("<" in str(cell) for cell in line)
    assert (line.name, line.unit, line.cost) == ("&lt;b&gt;&amp;",) * 2 + ("&lt;b&gt;&amp; 10",)


def test_lines_of_nothing_stand_apart() -> None:
    with_price, of_nothing = cells([LINE, {**LINE, "price": "0.00"}], "USD", False)
    assert (len(with_price), [line.price for line in of_nothing]) == (1, ["0.00"])


def test_a_line_speaks_the_language_of_the_request() -> None:
    with translation.override("de"):
        line = shown()
    assert (line.price, line.charge_type, line.dates[:10]) == ("12,35", "Nutzung", "01.09.2026")
