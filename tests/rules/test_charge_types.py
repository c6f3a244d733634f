"""Charge types: FOCUS words and the nine words of a document."""

import pytest

from clearbill.rules.charge_types import CHARGE_TYPES, Charge, charge_of


@pytest.mark.parametrize(
    ("category", "frequency", "kind"),
    [
        ("Usage", "Usage-Based", "Usage"),
        ("Purchase", "Recurring", "Subscription"),
        ("Purchase", "One-Time", "One-time"),
        ("Purchase", None, "One-time"),
        ("Tax", None, "Tax"),
        ("Credit", "One-Time", "Credit"),
        ("Adjustment", "Usage-based", "Adjustment"),
        ("Support", None, "Support"),
        ("Discount", None, "Discount"),
        ("Fee", None, "Fee"),
    ],
)
def test_a_word_of_focus_is_one_of_ours(category: str, frequency: str | None, kind: str) -> None:
    charge = charge_of(category, frequency)
    assert (charge.charge_type, charge.known) == (kind, True)
    assert kind in CHARGE_TYPES


def test_letter_case_and_spaces_around_do_not_count() -> None:
    assert charge_of("USAGE ", None).charge_type == "Usage"
    assert charge_of("purchase", " recurring").charge_type == "Subscription"


def test_the_providers_own_word_is_kept_beside_it() -> None:
    assert charge_of("Purchase", "Recurring").provider_charge == "Purchase/Recurring"
    assert charge_of("TAX", "One-Time").provider_charge == "TAX"


def test_an_unknown_word_is_a_marked_adjustment() -> None:
    assert charge_of("Surcharge", None) == Charge("Adjustment", "Surcharge", known=False)


def test_a_missing_word_is_a_marked_adjustment_too() -> None:
    assert charge_of(None, None) == Charge("Adjustment", "(blank)", known=False)
