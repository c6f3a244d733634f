"""Tenancy and law for what stands around a document: rates, taxes, own lines, refresh, tickets.

Functions of 0003 are replaced whole where they learn something new; their triggers stay.
"""

from django.db import migrations

TENANT_TABLES = [
    "records_accessevent",
    "records_bulkjob",
    "records_bulkresult",
    "records_customfield",
    "records_exchangerate",
    "records_invitation",
    "records_letter",
    "records_mailtemplate",
    "records_profiletax",
    "records_savedview",
    "records_taxrate",
    "records_ticket",
    "records_ticketmessage",
]

REFERENCES = [
    ("records_bulkresult", "job_id", "records_bulkjob"),
    ("records_invitation", "customer_id", "records_customer"),
    ("records_profiletax", "profile_id", "records_billingprofile"),
    ("records_profiletax", "tax_id", "records_taxrate"),
    ("records_ticket", "customer_id", "records_customer"),
    ("records_ticket", "document_id", "records_document"),
    ("records_ticketmessage", "ticket_id", "records_ticket"),
]

POLICY = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_reseller ON {table}
    USING (reseller_id = nullif(current_setting('clearbill.reseller', true), '')::bigint);
"""

# 0002 made these a target already.
_HAVE_KEYS = {"records_billingprofile", "records_customer", "records_document"}


def _composite_keys() -> str:
    targets = sorted({target for _, _, target in REFERENCES} - _HAVE_KEYS)
    unique = [
        f"ALTER TABLE {target} ADD CONSTRAINT {target}_tenant_id UNIQUE (reseller_id, id);"
        for target in targets
    ]
    foreign = [
        f"ALTER TABLE {table} ADD CONSTRAINT {table}_{column}_same_reseller "
        f"FOREIGN KEY (reseller_id, {column}) REFERENCES {target} (reseller_id, id) "
        "DEFERRABLE INITIALLY IMMEDIATE;"
        for table, column, target in REFERENCES
    ]
    return "\n".join(unique + foreign)


# Lines that were written before costs could be converted: both currencies were one.
BACKFILL = """
ALTER TABLE records_documentline DISABLE TRIGGER law_update;
UPDATE records_documentline
    SET cost_currency = currency, cost_converted = cost, list_converted = list_cost;
ALTER TABLE records_documentline ENABLE TRIGGER law_update;
"""

DOCUMENT_AROUND = """
CREATE FUNCTION clearbill_document_around() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.status <> 'Draft' OR NEW.status <> OLD.status)
        AND (NEW.rates, NEW.taxes, NEW.custom_fields, NEW.custom_words, NEW.note,
             NEW.note_printed, NEW.stale)
        IS DISTINCT FROM
            (OLD.rates, OLD.taxes, OLD.custom_fields, OLD.custom_words, OLD.note,
             OLD.note_printed, OLD.stale)
    THEN
        RAISE EXCEPTION '%: rates, taxes, custom fields and note are frozen', OLD.code
            USING ERRCODE = '23514';
    END IF;
    IF OLD.stale <> '' AND NEW.stale = '' AND EXISTS (
        SELECT 1 FROM records_claim c
        JOIN records_usageslice s ON s.reseller_id = c.reseller_id AND s.id = c.slice_id
        JOIN records_importstatement t ON t.reseller_id = s.reseller_id AND t.id = s.statement_id
        WHERE c.reseller_id = NEW.reseller_id AND c.document_id = NEW.id
            AND c.released_at IS NULL AND t.superseded_by_id IS NOT NULL)
    THEN
        RAISE EXCEPTION '%: it holds usage that was superseded', OLD.code USING ERRCODE = '23514';
    END IF;
    IF OLD.status = 'Draft' AND NEW.status IN ('Open', 'Past Due', 'Closed')
        AND NEW.tax <> coalesce(
            (SELECT sum((t->>'amount')::numeric) FROM jsonb_array_elements(NEW.taxes) t), 0)
    THEN
        RAISE EXCEPTION '%: the taxes do not add up to the tax', OLD.code USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER law_update_around BEFORE UPDATE ON records_document
    FOR EACH ROW EXECUTE FUNCTION clearbill_document_around();

-- What was frozen and the columns beside it say the same, and dates follow one another.
CREATE FUNCTION clearbill_document_dates() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    frozen jsonb;
BEGIN
    IF NEW.due_extended_to < NEW.due_date THEN
        RAISE EXCEPTION '%: an extended due date is not before the printed one', OLD.code
            USING ERRCODE = '23514';
    END IF;
    IF OLD.status = 'Draft' AND NEW.status IN ('Open', 'Past Due', 'Closed') THEN
        frozen := NEW.frozen::jsonb;
        IF (frozen->>'document_id', frozen->>'invoice_number', frozen->>'currency',
            (frozen->>'issue_date')::date, (frozen->>'due_date')::date,
            (frozen->>'total')::numeric)
            IS DISTINCT FROM
            (NEW.code::text, NEW.invoice_number::text, NEW.currency::text, NEW.issue_date,
             NEW.due_date, NEW.total)
        THEN
            RAISE EXCEPTION '%: what is frozen is not what the columns say', OLD.code
                USING ERRCODE = '23514';
        END IF;
        IF NEW.due_date < NEW.issue_date
            OR NEW.issue_date > (NEW.published_at AT TIME ZONE 'UTC')::date + 1
        THEN
            RAISE EXCEPTION '%: issued in the future, or due before it is issued', OLD.code
                USING ERRCODE = '23514';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER law_update_dates BEFORE UPDATE ON records_document
    FOR EACH ROW EXECUTE FUNCTION clearbill_document_dates();

CREATE OR REPLACE FUNCTION clearbill_lines_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM records_document d
    WHERE d.id IN (SELECT document_id FROM old_rows UNION SELECT document_id FROM new_rows)
    ORDER BY d.id FOR SHARE;
    IF EXISTS (
        SELECT 1 FROM (
            SELECT reseller_id, document_id, NULL AS currency FROM old_rows
            UNION SELECT reseller_id, document_id, currency FROM new_rows) r
        LEFT JOIN records_document d ON d.id = r.document_id AND d.reseller_id = r.reseller_id
            AND d.currency = coalesce(r.currency, d.currency)
        WHERE d.id IS NULL OR d.status <> 'Draft')
    THEN
        RAISE EXCEPTION 'lines of a published document never change, nor a line''s currency'
            USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
"""

# The first number of a series is the one that it was set to start with; all others follow one.
DOCUMENT_AFTER = """
CREATE OR REPLACE FUNCTION clearbill_document_after() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    culprit text;
BEGIN
    SELECT n.code INTO culprit FROM new_rows n JOIN old_rows o ON o.id = n.id
    WHERE n.sequence IS NOT NULL AND o.sequence IS NULL
        AND NOT EXISTS (
            SELECT 1 FROM records_numberseries s
            WHERE s.reseller_id = n.reseller_id AND s.prefix = n.series AND s.start = n.sequence)
        AND NOT EXISTS (
            SELECT 1 FROM records_document p
            WHERE p.reseller_id = n.reseller_id AND p.series = n.series
                AND p.sequence = n.sequence - 1 AND p.issue_date <= n.issue_date)
    LIMIT 1;
    IF culprit IS NOT NULL THEN
        RAISE EXCEPTION '%: numbers have no gap and issue dates do not run backwards', culprit
            USING ERRCODE = '23514';
    END IF;

    SELECT n.code INTO culprit FROM new_rows n JOIN old_rows o ON o.id = n.id
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(l.price), 0) AS price, coalesce(sum(l.exact), 0) AS exact,
            count(*) AS lines
        FROM records_documentline l
        WHERE l.reseller_id = n.reseller_id AND l.document_id = n.id) s
    WHERE o.status = 'Draft' AND n.status NOT IN ('Draft', 'Discarded')
        AND (s.price, s.exact, s.lines) IS DISTINCT FROM (n.subtotal, n.exact_total, n.line_count)
    LIMIT 1;
    IF culprit IS NOT NULL THEN
        RAISE EXCEPTION '%: the lines do not add up to the document', culprit
            USING ERRCODE = '23514';
    END IF;

    -- What is billed is what is claimed: an own line is staff's word, every other is usage.
    SELECT n.code INTO culprit FROM new_rows n JOIN old_rows o ON o.id = n.id
    WHERE o.status = 'Draft' AND n.status NOT IN ('Draft', 'Discarded') AND EXISTS (
        SELECT 1 FROM (
            SELECT l.cost_currency AS currency, sum(l.rows) AS rows, sum(l.cost) AS cost
            FROM records_documentline l
            WHERE l.reseller_id = n.reseller_id AND l.document_id = n.id AND NOT l.own
            GROUP BY l.cost_currency) billed
        FULL JOIN (
            SELECT t.currency, sum(u.rows) AS rows, sum(u.cost) AS cost
            FROM records_claim c
            JOIN records_usageslice u ON u.reseller_id = c.reseller_id AND u.id = c.slice_id
            JOIN records_importstatement t
                ON t.reseller_id = u.reseller_id AND t.id = u.statement_id
            WHERE c.reseller_id = n.reseller_id AND c.document_id = n.id
                AND c.released_at IS NULL
            GROUP BY t.currency) claimed USING (currency)
        WHERE (billed.rows, billed.cost) IS DISTINCT FROM (claimed.rows, claimed.cost))
    LIMIT 1;
    IF culprit IS NOT NULL THEN
        RAISE EXCEPTION '%: its lines are not the usage that it claims', culprit
            USING ERRCODE = '23514';
    END IF;

    UPDATE records_claim c SET released_at = n.status_at
    FROM new_rows n JOIN old_rows o ON o.id = n.id
    WHERE c.reseller_id = n.reseller_id AND c.document_id = n.id AND c.released_at IS NULL
        AND n.status IN ('Voided', 'Discarded') AND o.status <> n.status;
    RETURN NULL;
END $$;
"""

CLAIMS = """
CREATE OR REPLACE FUNCTION clearbill_claims_of_drafts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM records_document d
    WHERE d.id IN (SELECT document_id FROM new_rows) ORDER BY d.id FOR SHARE;
    PERFORM 1 FROM records_importstatement t JOIN records_usageslice s ON s.statement_id = t.id
    WHERE s.id IN (SELECT slice_id FROM new_rows) ORDER BY t.id FOR SHARE OF t;
    IF EXISTS (
        SELECT 1 FROM new_rows n
        JOIN records_document d ON d.id = n.document_id
        JOIN records_usageslice s ON s.id = n.slice_id
        JOIN records_importstatement t ON t.id = s.statement_id
        WHERE n.released_at IS NOT NULL OR d.status <> 'Draft' OR t.superseded_by_id IS NOT NULL
            OR t.billing_period_id <> d.billing_period_id
            OR (t.currency <> d.currency AND NOT d.rates
                @> jsonb_build_array(jsonb_build_object('from', t.currency, 'to', d.currency))))
    THEN
        RAISE EXCEPTION 'a draft claims current usage of its own period, in its currency or in'
            ' one that it has a rate for' USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;

-- A draft gives its usage back when it is computed anew; everything else when it ends.
CREATE OR REPLACE FUNCTION clearbill_claim_release() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.released_at IS NOT NULL OR NEW.released_at IS NULL OR NOT EXISTS (
        SELECT 1 FROM records_document d
        WHERE d.id = OLD.document_id AND d.status IN ('Draft', 'Voided', 'Discarded'))
    THEN
        RAISE EXCEPTION 'usage is released by a draft, or when its document is voided or discarded'
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
"""

STATEMENTS = """
CREATE OR REPLACE FUNCTION clearbill_supersede() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.superseded_by_id IS NOT NULL OR EXISTS (
        SELECT 1 FROM records_usageslice s
        JOIN records_claim c ON c.slice_id = s.id AND c.reseller_id = s.reseller_id
        JOIN records_document d ON d.id = c.document_id AND d.reseller_id = c.reseller_id
        WHERE s.reseller_id = OLD.reseller_id AND s.statement_id = OLD.id
            AND c.released_at IS NULL AND NOT (d.status = 'Draft' AND d.stale <> ''))
    THEN
        RAISE EXCEPTION 'usage on a live document is not superseded, but on a draft that says so'
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
"""

# Another prefix is another series: its counter may begin anywhere, as long as it was never used.
COUNTERS = """
CREATE OR REPLACE FUNCTION clearbill_counter() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.prefix <> OLD.prefix OR NEW.start <> OLD.start THEN
        IF NEW.name <> OLD.name OR NEW.start < 1 OR NEW.last_number <> NEW.start - 1
            OR NEW.last_issue_date IS NOT NULL OR EXISTS (
                SELECT 1 FROM records_document d
                WHERE d.reseller_id = NEW.reseller_id AND d.series = NEW.prefix
                    AND d.sequence IS NOT NULL)
        THEN
            RAISE EXCEPTION 'a series begins with an unused prefix, one before its first number'
                USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.last_number < OLD.last_number OR NEW.last_issue_date < OLD.last_issue_date
        OR (NEW.last_issue_date IS NULL AND OLD.last_issue_date IS NOT NULL)
    THEN
        RAISE EXCEPTION 'a counter never runs backwards' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
"""

_MAY_CHANGE = {
    "billingperiod": (),
    "exchangerate": (),
    "taxrate": ("active",),
    "accessevent": (),
    "ticketmessage": (),
    "bulkresult": (),
}
_NEVER_DELETED = (
    "accessevent",
    "bulkjob",
    "bulkresult",
    "customfield",
    "exchangerate",
    "invitation",
    "letter",
    "taxrate",
    "ticket",
    "ticketmessage",
)


def _kept() -> str:
    update = []
    for name, columns in _MAY_CHANGE.items():
        arguments = ", ".join(f"'{column}'" for column in columns)
        update.append(
            f"CREATE TRIGGER law_update BEFORE UPDATE ON records_{name} "
            f"FOR EACH ROW EXECUTE FUNCTION clearbill_immutable({arguments});"
        )
    delete = [
        f"CREATE TRIGGER law_delete BEFORE DELETE ON records_{name} "
        "FOR EACH ROW EXECUTE FUNCTION clearbill_refuse();"
        f"CREATE TRIGGER law_truncate BEFORE TRUNCATE ON records_{name} "
        "FOR EACH STATEMENT EXECUTE FUNCTION clearbill_refuse();"
        for name in _NEVER_DELETED
    ]
    return "\n".join(update + delete)


class Migration(migrations.Migration):
    dependencies = [("records", "0004_around_the_document")]

    operations = [
        migrations.RunSQL(_composite_keys()),
        migrations.RunSQL("".join(POLICY.format(table=table) for table in TENANT_TABLES)),
        migrations.RunSQL(BACKFILL),
        *(
            migrations.RunSQL(sql)
            for sql in (
                DOCUMENT_AROUND,
                DOCUMENT_AFTER,
                CLAIMS,
                STATEMENTS,
                COUNTERS,
                _kept(),
            )
        ),
    ]
