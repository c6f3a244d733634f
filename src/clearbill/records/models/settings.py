"""What a reseller configures about its documents and e-mails."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from clearbill.records.models.base import TenantModel


class CustomField(TenantModel):
    """A field that the reseller adds to its documents. Its id keys values, so names may change."""

    TEXT, NUMBER, DATE, CHOICE = "text", "number", "date", "choice"
    KINDS = (TEXT, NUMBER, DATE, CHOICE)

    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=10, choices=[(kind, kind) for kind in KINDS])
    choices = ArrayField(models.TextField(), default=list, blank=True)
    required = models.BooleanField(default=False)
    printed = models.BooleanField(default=True)
    visible = models.BooleanField(default=True, help_text="to the customer")
    active = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reseller", "name"], name="custom_field_names"),
            models.CheckConstraint(
                condition=models.Q(visible=True) | models.Q(printed=False),
                name="what_is_printed_is_visible",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class MailTemplate(TenantModel):
    """One of the two e-mails about a document, where the reseller words it itself.

    An empty subject or body is the built-in one of that language.
    """

    PUBLISHED, STATUS_CHANGED = "published", "status-changed"
    KINDS = (PUBLISHED, STATUS_CHANGED)

    kind = models.CharField(max_length=20, choices=[(kind, kind) for kind in KINDS])
    enabled = models.BooleanField(default=True)
    reply_to = models.EmailField(blank=True, default="")
    bcc = ArrayField(models.EmailField(), default=list, blank=True)
    subject_en = models.CharField(max_length=200, blank=True, default="")
    body_en = models.TextField(blank=True, default="")
    subject_de = models.CharField(max_length=200, blank=True, default="")
    body_de = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reseller", "kind"], name="one_template_per_kind")
        ]

    def __str__(self) -> str:
        return self.kind
