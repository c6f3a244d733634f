"""Markups as pages show them."""

from clearbill.records.models import PriceRule


def markups(reseller_id: int) -> list[PriceRule]:
    """Every version of every markup, the most specific scope first, the latest start on top."""
    rules = PriceRule.objects.filter(reseller_id=reseller_id).select_related("provider", "customer")
    return sorted(
        rules,
        key=lambda rule: (
            -2 * (rule.customer_id is not None) - (rule.provider_id is not None),
            rule.customer.name if rule.customer else "",
            rule.provider.name if rule.provider else "",
            -rule.valid_from.toordinal(),
            -rule.version,
        ),
    )
