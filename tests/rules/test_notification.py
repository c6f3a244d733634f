"""Who is told of a change, and why not."""

from decimal import Decimal

import pytest

from clearbill.rules.notification import NO_RECIPIENT, NOTHING_DUE, SWITCHED_OFF, why_no_mail

TOLD = ["ap@contoso.example"]


@pytest.mark.parametrize(
    ("recipients", "total", "mails_zero", "switched_on", "why"),
    [
        (TOLD, "10.00", False, True, ""),
        (TOLD, "-10.00", False, True, ""),
        (TOLD, "0.00", True, True, ""),
        (TOLD, "0.00", False, True, NOTHING_DUE),
        ([], "10.00", False, True, NO_RECIPIENT),
        ([], "0.00", True, True, NO_RECIPIENT),
        (TOLD, "10.00", False, False, SWITCHED_OFF),
        ([], "0.00", False, False, SWITCHED_OFF),
    ],
)
def test_a_change_is_mailed_unless_something_speaks_against_it(
    recipients: list[str], total: str, mails_zero: bool, switched_on: bool, why: str
) -> None:
    found = why_no_mail(
        recipients=recipients,
        total=Decimal(total),
        mails_zero=mails_zero,
        switched_on=switched_on,
    )
    assert found == why
