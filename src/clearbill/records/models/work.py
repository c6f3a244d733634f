"""Work on many documents at once, and the views of lists that people keep."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from clearbill.records.models.base import TenantForeignKey, TenantModel


class BulkJob(TenantModel):
    """One verb over many documents, carried out by a worker; what became of each is a result.

    `codes` are the Document IDs that were chosen when it was confirmed, in order: a list that
    changes meanwhile changes nothing here.
    """

    QUEUED, RUNNING, DONE, CANCELLED = "Queued", "Running", "Done", "Cancelled"
    FAILED = "Failed"
    STATUS, DISCARD, RESEND = "status", "discard", "resend"

    verb = models.CharField(max_length=10, choices=[(v, v) for v in (STATUS, DISCARD, RESEND)])
    arguments = models.JSONField(default=dict)
    codes = ArrayField(models.TextField())
    versions = models.JSONField(default=dict, help_text="Document ID → version that was seen")
    state = models.CharField(
        max_length=10,
        choices=[(s, s) for s in (QUEUED, RUNNING, DONE, CANCELLED, FAILED)],
        default=QUEUED,
    )
    reason = models.TextField(blank=True, default="", help_text="why it failed")
    cancel_asked = models.BooleanField(default=False)
    who = models.CharField(max_length=254)
    role = models.CharField(max_length=20)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="Failed") | ~models.Q(reason=""),
                name="failed_jobs_say_why",
            )
        ]

    def __str__(self) -> str:
        return f"{self.verb} of {len(self.codes)}"


class BulkResult(TenantModel):
    """What became of one document in a bulk job."""

    DONE, UNCHANGED, REFUSED = "Done", "Unchanged", "Refused"

    job = TenantForeignKey(BulkJob, related_name="results")
    code = models.TextField()
    outcome = models.CharField(max_length=10, choices=[(o, o) for o in (DONE, UNCHANGED, REFUSED)])
    message = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reseller", "job", "code"], name="one_result_each")
        ]

    def __str__(self) -> str:
        return f"{self.code}: {self.outcome}"


class SavedView(TenantModel):
    """The filters of a list under a name, for one user."""

    user = models.ForeignKey("records.User", models.CASCADE, related_name="+")
    name = models.CharField(max_length=60)
    query = models.TextField(help_text="the address's query, such as status=Draft")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reseller", "user", "name"], name="saved_view_names")
        ]

    def __str__(self) -> str:
        return self.name
