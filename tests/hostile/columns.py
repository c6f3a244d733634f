"""The columns of text, and why nobody types into those that never hold a payload.

All others hold one after `hostile.fill`, or the test fails: a column added later is filled there,
or gets its reason here.
"""

from collections.abc import Iterator

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models

APPS = ("records", "account", "mfa", "usersessions")
"""Ours, and those of the sign-in library that keep what a person or a browser says."""

_WHY = {
    "one of a list that the code knows": """
        BillingRun.state RunResult.outcome Document.kind Document.status DocumentLine.charge_type
        Event.what Event.from_status Event.to_status Delivery.state ExchangeRate.span
        TaxRate.category ResellerSettings.kind Membership.role Membership.state Invitation.role
        AccessEvent.what CustomField.kind MailTemplate.kind Ticket.queue Ticket.category
        Ticket.priority Ticket.state Letter.kind Letter.state UsageImport.feed BulkJob.verb
        BulkJob.state BulkJob.role BulkResult.outcome NumberSeries.name Authenticator.type
        """,
    "a currency of ISO 4217, checked": """
        BillingProfile.currency RunResult.currency Document.currency DocumentLine.currency
        DocumentLine.cost_currency ExchangeRate.base ExchangeRate.quote ResellerSettings.currency
        ResellerSettings.currencies ImportStatement.currency
        """,
    "a hash, a random word or a key of the store": """
        Document.content_hash Document.rated_path Document.rated_hash Document.pdf_path
        Document.pdf_hash Chain.head Event.previous Event.hash Delivery.message_id
        ResellerSettings.logo_path ResellerSettings.logo_hash User.password Invitation.nonce
        TicketMessage.file_path TicketMessage.file_hash Letter.message_id UsageImport.path
        UsageImport.file_hash UsageImport.content_hash ImportFile.sha256
        ImportStatement.content_hash EmailConfirmation.key UserSession.session_key
        Authenticator.data
        """,
    "a Document ID, ticket number or invoice number: a prefix of few signs, and digits": """
        NumberSeries.prefix Document.code Document.series Document.invoice_number Ticket.code
        BulkJob.codes BulkJob.versions BulkResult.code
        """,
    "ids of rows, roles and amounts": """
        BillingRun.customers AccessEvent.data Letter.data UserSession.data
        """,
    "words of our own": """
        BillingRun.reason RunResult.reason BulkJob.reason Document.stale ProviderAlias.alias
        """,
    "made of a file's word: its letters and digits alone": "BillingRun.providers Provider.code",
    "made of what was typed: signs beyond letters and digits go": "TicketMessage.file_name",
    "made of what was typed, escaped": "Letter.html",
    "letters, digits and hyphens, checked": "Reseller.slug",
    "a name of the time zone database, checked": "Reseller.time_zone",
    "#rrggbb, checked": "ResellerSettings.colour ResellerSettings.accent_colour",
    "ten signs, too few for a payload; what is no language is English": "BillingProfile.language",
    "always Default: no form and no command asks for it": "BillingProfile.name",
}

NOBODY_TYPES = {column: why for why, columns in _WHY.items() for column in columns.split()}


def text_columns() -> Iterator[tuple[str, str, str]]:
    """`Model.field`, table and column of everything that could hold a text."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if model._meta.app_label in APPS and isinstance(
                field, models.CharField | models.TextField | models.JSONField | ArrayField
            ):
                yield f"{model.__name__}.{field.name}", model._meta.db_table, str(field.column)
