"""What ends says how: jobs and runs that failed say why, letters that nobody is owed are withdrawn.

A new law: a customer's ticket is about a document of that customer. No other law changes.
"""

from django.db import migrations, models

TICKETS = """
CREATE FUNCTION clearbill_ticket_about() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM records_document d
        WHERE d.reseller_id = NEW.reseller_id AND d.id = NEW.document_id
            AND d.customer_id <> NEW.customer_id)
    THEN
        RAISE EXCEPTION 'a customer asks about its own documents alone' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER law_about BEFORE INSERT OR UPDATE ON records_ticket
    FOR EACH ROW EXECUTE FUNCTION clearbill_ticket_about();
"""


def _states(*names: str) -> "models.CharField[str, str]":
    return models.CharField(
        choices=[(name, name) for name in names], default="Queued", max_length=10
    )


def _reason() -> "models.TextField[str, str]":
    return models.TextField(blank=True, default="", help_text="why it failed")


def _says_why(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=~models.Q(state="Failed") | ~models.Q(reason=""), name=name
    )


class Migration(migrations.Migration):
    dependencies = [("records", "0006_law_currency")]

    operations = [
        migrations.AddField("billingrun", "reason", _reason()),
        migrations.AddField("bulkjob", "reason", _reason()),
        migrations.AlterField(
            "billingrun", "state", _states("Queued", "Running", "Done", "Failed")
        ),
        migrations.AlterField(
            "bulkjob", "state", _states("Queued", "Running", "Done", "Cancelled", "Failed")
        ),
        migrations.AlterField("letter", "state", _states("Queued", "Sent", "Failed", "Withdrawn")),
        migrations.AddConstraint("billingrun", _says_why("failed_runs_say_why")),
        migrations.AddConstraint("bulkjob", _says_why("failed_jobs_say_why")),
        migrations.RunSQL(TICKETS),
    ]
