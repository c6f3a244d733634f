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
from clearbill.records.models.money import ExchangeRate, ProfileTax, TaxRate
from clearbill.records.models.people import (
    AccessEvent,
    Invitation,
    Membership,
    Reseller,
    ResellerSettings,
    User,
)
from clearbill.records.models.prices import PriceRule
from clearbill.records.models.settings import CustomField, MailTemplate
from clearbill.records.models.support import Letter, Ticket, TicketMessage
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
from clearbill.records.models.work import BulkJob, BulkResult, SavedView

__all__ = [
    "AccessEvent",
    "Assignment",
    "BillingPeriod",
    "BillingProfile",
    "BillingRun",
    "BulkJob",
    "BulkResult",
    "Chain",
    "Claim",
    "CustomField",
    "Customer",
    "Delivery",
    "Document",
    "DocumentLine",
    "Event",
    "ExchangeRate",
    "ImportFile",
    "ImportStatement",
    "Invitation",
    "Letter",
    "MailTemplate",
    "Membership",
    "NumberSeries",
    "PriceRule",
    "ProfileTax",
    "Provider",
    "ProviderAccount",
    "ProviderAlias",
    "Reseller",
    "ResellerSettings",
    "RunResult",
    "SavedView",
    "TaxRate",
    "Ticket",
    "TicketMessage",
    "UsageImport",
    "UsageSlice",
    "User",
]
