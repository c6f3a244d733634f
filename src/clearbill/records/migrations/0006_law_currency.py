"""A law for the customer's billing currency (decision 18): no draft is left behind in another one.

Touches records_billingprofile alone; the laws of documents stay as they are.
"""

from django.db import migrations

BILLING_CURRENCY = """
CREATE FUNCTION clearbill_billing_currency() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.currency <> OLD.currency AND EXISTS (
        SELECT 1 FROM records_document d
        WHERE d.reseller_id = NEW.reseller_id AND d.profile_id = NEW.id AND d.status = 'Draft'
            AND d.currency <> NEW.currency)
    THEN
        RAISE EXCEPTION 'a billing currency does not change while drafts are in another one'
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER law_currency BEFORE UPDATE ON records_billingprofile
    FOR EACH ROW EXECUTE FUNCTION clearbill_billing_currency();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0005_law_around"),
    ]

    operations = [migrations.RunSQL(BILLING_CURRENCY)]
