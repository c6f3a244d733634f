"""Taxes: worked numbers first, then what holds for any base."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearbill.rules.money import minor_unit
from clearbill.rules.tax import CATEGORIES, WITHOUT_REASON, BadTaxes, Tax, apply, check

VAT = Tax("VAT", "S", Decimal(19))
GST, QST = Tax("GST", "S", Decimal(5)), Tax("QST", "S", Decimal("9.975"))
REVERSE = Tax("Reverse charge", "AE", Decimal(0), "Article 196")


def amounts(taxes: list[Tax], base: str, currency: str = "USD") -> list[str]:
    return [f"{each.amount:f}" for each in apply(taxes, Decimal(base), currency)]


@pytest.mark.parametrize(
    ("base", "currency", "amount"),
    [
        ("100.00", "EUR", "19.00"),
        ("0.50", "EUR", "0.10"),  # 0.095: half goes away from zero
        ("-0.50", "EUR", "-0.10"),
        ("0.00", "EUR", "0.00"),
        ("1005", "JPY", "191"),
        ("0.125", "KWD", "0.024"),
    ],
)
def test_a_tax_is_rounded_once_to_the_minor_unit(base: str, currency: str, amount: str) -> None:
    assert amounts([VAT], base, currency) == [amount]


def test_several_taxes_are_each_of_the_same_base() -> None:
    assert amounts([GST, QST], "99.99") == ["5.00", "9.97"]
    assert [each.base for each in apply([GST, QST], Decimal("99.99"), "USD")] == [
        Decimal("99.99")
    ] * 2


def test_an_exemption_carries_its_base_and_reason_and_charges_nothing() -> None:
    (only,) = apply([REVERSE], Decimal("10.00"), "EUR")
    assert (only.base, only.amount, only.tax.reason) == (
        Decimal("10.00"),
        Decimal(0),
        "Article 196",
    )


def test_without_taxes_there_is_nothing() -> None:
    assert apply([], Decimal("10.00"), "EUR") == []


@pytest.mark.parametrize("category", sorted(set(CATEGORIES) - {"S"}))
def test_what_says_that_no_tax_is_due_stands_alone(category: str) -> None:
    alone = Tax("Free", category, Decimal(0), "because")
    check([alone])
    for together in ([alone, VAT], [VAT, alone], [alone, alone]):
        with pytest.raises(BadTaxes, match=r"^Free \(.+\) stands alone"):
            check(together)
        with pytest.raises(BadTaxes):
            apply(together, Decimal(1), "EUR")


def test_standard_rates_stand_together() -> None:
    check([])
    check([VAT])
    check([GST, QST, VAT])


def test_only_standard_and_zero_rate_need_no_reason() -> None:
    assert {"S", "Z"} == WITHOUT_REASON < CATEGORIES.keys()


@given(
    st.decimals(-(10**12), 10**12, places=2),
    st.lists(st.decimals(0, 100, places=4), max_size=4),
    st.sampled_from(["USD", "JPY", "KWD"]),
)
def test_each_tax_is_within_half_a_unit_of_its_share(
    base: Decimal, percents: list[Decimal], currency: str
) -> None:
    half = Decimal(5).scaleb(-minor_unit(currency) - 1)
    taxed = apply([Tax("T", "S", percent) for percent in percents], base, currency)
    assert len(taxed) == len(percents)
    for each, percent in zip(taxed, percents, strict=True):
        assert abs(each.amount - base * percent / 100) <= half
        assert each.amount == round(each.amount, minor_unit(currency))


@given(st.decimals(0, 10**12, places=2), st.decimals(0, 100, places=4))
def test_a_credit_is_taxed_as_the_charge_was(base: Decimal, percent: Decimal) -> None:
    tax = [Tax("T", "S", percent)]
    assert apply(tax, -base, "EUR")[0].amount == -apply(tax, base, "EUR")[0].amount
