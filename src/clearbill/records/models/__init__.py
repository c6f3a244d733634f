"""What is stored, grouped by what it is about."""

from clearbill.records.models.billing import (
    BillingProfile,
    BillingRun,
    Chain,
    Customer,
    Delivery,
    Document,
    DocumentLine,
    Event,
    NumberSeries,
    RunResult,
)
from clearbill.records.models.people import Membership, Reseller, ResellerSettings, User
from clearbill.records.models.prices import PriceRule
from clearbill.records.models.usage import (
    Assignment,
    BillingPeriod,
    Claim,
    ImportFile,
    ImportStatement,
    Provider,
    ProviderAccount,
    ProviderAlias,
    UsageImport,
    UsageSlice,
)

__all__ = [
    "Assignment",
    "BillingPeriod",
    "BillingProfile",
    "BillingRun",
    "Chain",
    "Claim",
    "Customer",
    "Delivery",
    "Document",
    "DocumentLine",
    "Event",
    "ImportFile",
    "ImportStatement",
    "Membership",
    "NumberSeries",
    "PriceRule",
    "Provider",
    "ProviderAccount",
    "ProviderAlias",
    "Reseller",
    "ResellerSettings",
    "RunResult",
    "UsageImport",
    "UsageSlice",
    "User",
]
