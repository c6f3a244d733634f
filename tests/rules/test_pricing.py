"""Price: which rule fits, what a line comes to, and what passes at cost."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearbill.rules.pricing import (
    RuleRef,
    TooLarge,
    UsageRow,
    exact_amount,
    markup,
    rate_document,
    resolve,
    specificity,
)

D = Decimal
SEPTEMBER = date(2024, 9, 1)


def rule(number: int = 1, **changes: Any) -> RuleRef:
    values = {
        "customer": None,
        "provider": None,
        "valid_from": date(2024, 1, 1),
        "version": 1,
        "a": D("1.1"),
        "b": D(0),
        "c": D(0),
    }
    return RuleRef(rule=number, **{**values, **changes})


def usage(**changes: Any) -> UsageRow:
    values = {
        "account": "a",
        "service": "Compute",
        "sku": "S",
        "charge_type": "Usage",
        "unit": "Hours",
        "currency": "USD",
        "qty": D(2),
        "cost": D("1.5"),
        "list_cost": D(3),
    }
    return UsageRow(**{**values, **changes})


def chosen(*rules: RuleRef) -> int | None:
    found = resolve(rules, customer=7, provider="aws", period_start=SEPTEMBER)
    return found.rule if found else None


def test_a_markup_of_12_5_percent_is_the_factor_1_125() -> None:
    assert markup(D("12.5")) == (D("1.125000"), D(0), D(0))


def test_a_markup_that_is_not_finite_is_the_rounded_factor() -> None:
    assert markup(D(100) / 3)[0] == D("1.333333")


def test_a_markup_of_nothing_passes_the_cost_through() -> None:
    assert markup(D(0))[0] == 1


@pytest.mark.parametrize("percent", ["-100.1", "100000"])
def test_a_markup_that_no_rule_can_hold_is_refused(percent: str) -> None:
    with pytest.raises(ValueError, match="a markup lies between"):
        markup(D(percent))


def test_customer_and_provider_beat_customer_beats_provider_beats_all() -> None:
    everyone = rule(1, valid_from=date(2024, 8, 1), version=9)
    provider = rule(2, provider="aws", version=8)
    customer = rule(3, customer=7, version=7)
    both = rule(4, customer=7, provider="aws")
    assert [specificity(r) for r in (everyone, provider, customer, both)] == [0, 1, 2, 3]
    assert chosen(everyone, provider, customer, both) == 4
    assert chosen(everyone, customer, provider) == 3
    assert chosen(provider, everyone) == 2
    assert chosen(everyone) == 1


def test_rules_of_others_do_not_fit() -> None:
    assert chosen(rule(1, customer=8), rule(2, provider="oracle")) is None
    assert chosen(rule(3, customer=7, provider="oracle")) is None


def test_the_latest_start_counts_then_the_highest_version() -> None:
    old, new = rule(1, version=5), rule(2, valid_from=SEPTEMBER)
    assert chosen(old, new) == 2
    assert chosen(rule(1, version=2), rule(2, version=1)) == 1


def test_a_rule_that_starts_after_the_periods_first_day_waits() -> None:
    assert chosen(rule(valid_from=date(2024, 9, 2))) is None
    assert chosen(rule(valid_from=SEPTEMBER)) == 1


def test_an_amount_is_a_cost_and_b_list_and_c_quantity() -> None:
    linear = rule(a=D("1.1"), b=D("0.5"), c=D("0.000001"))
    amount = exact_amount(linear, "Usage", cost=D(10), list_cost=D(4), qty=D(3))
    assert amount == D("13.000003")


@pytest.mark.parametrize("kind", ["Tax", "Credit", "Adjustment", "Support", "Discount", "Fee"])
def test_what_no_rule_prices_passes_at_cost(kind: str) -> None:
    assert exact_amount(rule(), kind, cost=D(10), list_cost=D(4), qty=D(3)) == 10


def test_ten_digits_are_multiplied_and_eleven_refused() -> None:
    most = D("9999999999.999999999999999999")
    assert exact_amount(rule(a=D(1)), "Usage", cost=most, list_cost=D(0), qty=D(0)) == most
    with pytest.raises(TooLarge):
        exact_amount(rule(), "Usage", cost=D(10) ** 10, list_cost=D(0), qty=D(0))


def test_a_quantity_that_nothing_multiplies_may_be_large() -> None:
    assert exact_amount(rule(), "Usage", cost=D(1), list_cost=D(0), qty=D(10) ** 12) == D("1.1")
    with pytest.raises(TooLarge):
        exact_amount(rule(c=D(1)), "Usage", cost=D(1), list_cost=D(0), qty=D(10) ** 12)


def test_rows_of_one_key_make_one_line() -> None:
    (line,) = rate_document([usage(), usage(cost=D("0.5"))], rule(), "USD")
    assert (line.rows, line.qty, line.cost, line.list_cost) == (2, D(4), D(2), D(6))
    assert (line.exact, line.price, line.rule) == (D("2.2"), D("2.20"), 1)


def test_lines_stand_by_account_service_sku_type_and_unit() -> None:
    rows = [usage(account="b"), usage(sku="T"), usage(service="A"), usage()]
    lines = rate_document(rows, None, "USD")
    assert [line.line_key.split("|")[:3] for line in lines] == [
        ["a", "A", "S"],
        ["a", "Compute", "S"],
        ["a", "Compute", "T"],
        ["b", "Compute", "S"],
    ]
    assert [line.position for line in lines] == [1, 2, 3, 4]


def test_without_a_rule_a_line_is_at_cost_and_says_so() -> None:
    (line,) = rate_document([usage()], None, "USD")
    assert (line.rule, line.a, line.exact) == (None, D(1), D("1.5"))


COSTS = st.lists(st.decimals(-1000, 1000, allow_nan=False, places=18), min_size=1, max_size=30)


@given(costs=COSTS, percent=st.decimals(-99, 500, allow_nan=False, places=2))
def test_pricing_the_sum_is_summing_the_prices(costs: list[Decimal], percent: Decimal) -> None:
    a, b, c = markup(percent)
    priced = rule(a=a, b=b, c=c)
    rows = [usage(cost=cost) for cost in costs]
    (line,) = rate_document(rows, priced, "USD")
    each = [
        exact_amount(priced, "Usage", cost=r.cost, list_cost=r.list_cost, qty=r.qty) for r in rows
    ]
    assert line.exact == sum(each)
