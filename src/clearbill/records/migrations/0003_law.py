"""The law in the database: transitions, freeze, numbers, append-only, conservation.

Plain triggers, so that an UPDATE typed into psql meets the same rules as the program. All raise
with ERRCODE 23514 (check_violation). Statement triggers with transition tables where many rows
move at once; one trigger per event, as PostgreSQL asks of them.
"""

from django.db import migrations

REFUSE = """
CREATE FUNCTION clearbill_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: its rows are kept', TG_OP, TG_TABLE_NAME
        USING ERRCODE = '23514';
END $$;

-- Columns that may change are the trigger's arguments; all others stay as they were inserted.
-- Without arguments TG_ARGV is null, and a comparison with null would let everything pass.
CREATE FUNCTION clearbill_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    may_change text[] := coalesce(TG_ARGV, '{}');
BEGIN
    IF to_jsonb(NEW) - may_change IS DISTINCT FROM to_jsonb(OLD) - may_change THEN
        RAISE EXCEPTION 'a row of % never changes', TG_TABLE_NAME USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
"""

DOCUMENT_INSERT = """
CREATE FUNCTION clearbill_document_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status <> 'Draft' THEN
        RAISE EXCEPTION 'a document begins as Draft, not as %', NEW.status USING ERRCODE = '23514';
    END IF;
    IF coalesce(NEW.invoice_number, NEW.frozen, NEW.content_hash) IS NOT NULL
        OR coalesce(NEW.issue_date, NEW.paid_on, NEW.due_extended_to) IS NOT NULL
        OR NEW.sequence IS NOT NULL OR NEW.published_at IS NOT NULL OR NEW.version <> 1
        OR NEW.rated_path || NEW.rated_hash || NEW.pdf_path || NEW.pdf_hash
            || NEW.payment_comment || NEW.series <> ''
    THEN
        RAISE EXCEPTION 'a draft has nothing that publication or payment gives'
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER law_insert BEFORE INSERT ON records_document
    FOR EACH ROW EXECUTE FUNCTION clearbill_document_insert();
"""

DOCUMENT_UPDATE = """
CREATE FUNCTION clearbill_document_update() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed boolean := NEW.status IS DISTINCT FROM OLD.status;
    publishes boolean := OLD.status = 'Draft' AND NEW.status IN ('Open', 'Past Due', 'Closed');
BEGIN
    IF changed AND (OLD.status, NEW.status) NOT IN (
            ('Draft', 'Open'), ('Draft', 'Closed'), ('Draft', 'Past Due'), ('Draft', 'Discarded'),
            ('Open', 'Closed'), ('Open', 'Past Due'), ('Open', 'Voided'),
            ('Past Due', 'Open'), ('Past Due', 'Closed'), ('Past Due', 'Voided'),
            ('Closed', 'Open'))
        AND NOT (NEW.kind = 'statement' AND NEW.status = 'Discarded'
                 AND OLD.status IN ('Open', 'Past Due'))
    THEN
        RAISE EXCEPTION '%: % does not become %', OLD.code, OLD.status, NEW.status
            USING ERRCODE = '23514';
    END IF;

    IF (NEW.id, NEW.reseller_id, NEW.code, NEW.counter, NEW.kind, NEW.customer_id, NEW.profile_id,
        NEW.provider_id, NEW.billing_period_id, NEW.period_start, NEW.period_end, NEW.run_id,
        NEW.replaces_id, NEW.currency, NEW.created_at)
        IS DISTINCT FROM
       (OLD.id, OLD.reseller_id, OLD.code, OLD.counter, OLD.kind, OLD.customer_id, OLD.profile_id,
        OLD.provider_id, OLD.billing_period_id, OLD.period_start, OLD.period_end, OLD.run_id,
        OLD.replaces_id, OLD.currency, OLD.created_at)
    THEN
        RAISE EXCEPTION '%: what a document is for never changes', OLD.code
            USING ERRCODE = '23514';
    END IF;

    IF NOT publishes AND (
        (NEW.issue_date, NEW.series, NEW.sequence, NEW.invoice_number, NEW.frozen,
         NEW.content_hash, NEW.published_at)
        IS DISTINCT FROM
        (OLD.issue_date, OLD.series, OLD.sequence, OLD.invoice_number, OLD.frozen,
         OLD.content_hash, OLD.published_at))
    THEN
        RAISE EXCEPTION '%: only publication gives number, issue date and frozen content', OLD.code
            USING ERRCODE = '23514';
    END IF;

    IF (OLD.status <> 'Draft' OR changed) AND
        (NEW.line_count, NEW.subtotal, NEW.tax, NEW.total, NEW.exact_total)
        IS DISTINCT FROM (OLD.line_count, OLD.subtotal, OLD.tax, OLD.total, OLD.exact_total)
    THEN
        RAISE EXCEPTION '%: amounts are frozen', OLD.code USING ERRCODE = '23514';
    END IF;

    IF OLD.status <> 'Draft' AND (NEW.purchase_order, NEW.due_date)
        IS DISTINCT FROM (OLD.purchase_order, OLD.due_date)
    THEN
        RAISE EXCEPTION '%: due date and purchase order are frozen', OLD.code
            USING ERRCODE = '23514';
    END IF;

    IF NOT changed AND (NEW.status_at, NEW.due_extended_to, NEW.paid_on, NEW.payment_comment)
        IS DISTINCT FROM (OLD.status_at, OLD.due_extended_to, OLD.paid_on, OLD.payment_comment)
    THEN
        RAISE EXCEPTION '%: this changes with the status alone', OLD.code USING ERRCODE = '23514';
    END IF;
    IF NEW.due_extended_to IS DISTINCT FROM OLD.due_extended_to
        AND NOT (OLD.status = 'Past Due' AND NEW.status = 'Open')
    THEN
        RAISE EXCEPTION '%: a due date is extended by Past Due to Open alone', OLD.code
            USING ERRCODE = '23514';
    END IF;
    IF OLD.status = 'Past Due' AND NEW.status = 'Open' AND NEW.due_extended_to IS NULL THEN
        RAISE EXCEPTION '%: Past Due becomes Open with an extended due date', OLD.code
            USING ERRCODE = '23514';
    END IF;
    IF (NEW.paid_on, NEW.payment_comment) IS DISTINCT FROM (OLD.paid_on, OLD.payment_comment)
        AND NEW.status NOT IN ('Closed', 'Open')
    THEN
        RAISE EXCEPTION '%: a payment belongs to Closed', OLD.code USING ERRCODE = '23514';
    END IF;

    IF (OLD.rated_path <> '' AND (NEW.rated_path, NEW.rated_hash)
            IS DISTINCT FROM (OLD.rated_path, OLD.rated_hash))
        OR (OLD.pdf_path <> '' AND (NEW.pdf_path, NEW.pdf_hash)
            IS DISTINCT FROM (OLD.pdf_path, OLD.pdf_hash))
        OR (NEW.status IN ('Draft', 'Discarded') AND OLD.rated_path || OLD.pdf_path = ''
            AND NEW.rated_path || NEW.rated_hash || NEW.pdf_path || NEW.pdf_hash <> '')
        OR (NEW.rated_path = '') <> (NEW.rated_hash = '')
        OR (NEW.pdf_path = '') <> (NEW.pdf_hash = '')
    THEN
        RAISE EXCEPTION '%: files are stored once, after publication', OLD.code
            USING ERRCODE = '23514';
    END IF;
    IF NEW.version < OLD.version OR (changed AND NEW.version = OLD.version) THEN
        RAISE EXCEPTION '%: the version rises with each change', OLD.code USING ERRCODE = '23514';
    END IF;

    IF publishes THEN
        PERFORM clearbill_check_publication(NEW);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER law_update BEFORE UPDATE ON records_document
    FOR EACH ROW EXECUTE FUNCTION clearbill_document_update();
CREATE TRIGGER law_delete BEFORE DELETE ON records_document
    FOR EACH ROW EXECUTE FUNCTION clearbill_refuse();
CREATE TRIGGER law_truncate BEFORE TRUNCATE ON records_document
    FOR EACH STATEMENT EXECUTE FUNCTION clearbill_refuse();
"""

PUBLICATION = """
CREATE FUNCTION clearbill_check_publication(document records_document) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF document.frozen IS NULL OR document.published_at IS NULL
        OR document.issue_date IS NULL OR document.due_date IS NULL
        OR document.content_hash IS DISTINCT FROM
            encode(sha256(convert_to(document.frozen, 'UTF8')), 'hex')
    THEN
        RAISE EXCEPTION '%: publication freezes content, hash, issue and due date', document.code
            USING ERRCODE = '23514';
    END IF;
    IF document.kind = 'tax-invoice' AND document.total < 0 THEN
        RAISE EXCEPTION '%: a tax invoice is not published with a negative total', document.code
            USING ERRCODE = '23514';
    END IF;
    IF document.kind = 'tax-invoice' AND document.total > 0 AND document.invoice_number IS NULL
    THEN
        RAISE EXCEPTION '%: a tax invoice is published with a number', document.code
            USING ERRCODE = '23514';
    END IF;
    IF document.kind = 'statement' AND document.invoice_number IS NOT NULL THEN
        RAISE EXCEPTION '%: a statement has no invoice number', document.code
            USING ERRCODE = '23514';
    END IF;
    IF (document.invoice_number IS NULL) <> (document.sequence IS NULL)
        OR (document.sequence IS NOT NULL AND (document.series = ''
            OR document.invoice_number
                <> document.series || lpad(document.sequence::text,
                                           greatest(6, length(document.sequence::text)), '0')))
    THEN
        RAISE EXCEPTION '%: number, series and sequence belong together', document.code
            USING ERRCODE = '23514';
    END IF;
END $$;
"""

# A BEFORE row trigger does not see the other rows of its own statement; these rules compare rows.
DOCUMENT_AFTER = """
CREATE FUNCTION clearbill_document_after() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    culprit text;
BEGIN
    SELECT n.code INTO culprit FROM new_rows n JOIN old_rows o ON o.id = n.id
    WHERE n.sequence > 1 AND o.sequence IS NULL AND NOT EXISTS (
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

    UPDATE records_claim c SET released_at = n.status_at
    FROM new_rows n JOIN old_rows o ON o.id = n.id
    WHERE c.reseller_id = n.reseller_id AND c.document_id = n.id AND c.released_at IS NULL
        AND n.status IN ('Voided', 'Discarded') AND o.status <> n.status;
    RETURN NULL;
END $$;
CREATE TRIGGER law_after AFTER UPDATE ON records_document
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION clearbill_document_after();
"""

# FOR SHARE makes a line wait for a publication that is under way, and the second statement then
# reads the status that this publication left.
LINES = """
CREATE FUNCTION clearbill_lines_of_drafts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM records_document d
    WHERE d.id IN (SELECT r.document_id FROM rows r) ORDER BY d.id FOR SHARE;
    IF EXISTS (
        SELECT 1 FROM (SELECT DISTINCT r.reseller_id, r.document_id, r.currency FROM rows r) r
        LEFT JOIN records_document d ON d.id = r.document_id AND d.reseller_id = r.reseller_id
            AND d.currency = r.currency
        WHERE d.id IS NULL OR d.status <> 'Draft')
    THEN
        RAISE EXCEPTION 'lines are written to and taken from drafts alone, of their own reseller'
            ' and currency' USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER law_insert AFTER INSERT ON records_documentline
    REFERENCING NEW TABLE AS rows
    FOR EACH STATEMENT EXECUTE FUNCTION clearbill_lines_of_drafts();
CREATE TRIGGER law_delete AFTER DELETE ON records_documentline
    REFERENCING OLD TABLE AS rows
    FOR EACH STATEMENT EXECUTE FUNCTION clearbill_lines_of_drafts();

CREATE FUNCTION clearbill_lines_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM records_document d
    WHERE d.id IN (SELECT document_id FROM old_rows UNION SELECT document_id FROM new_rows)
    ORDER BY d.id FOR SHARE;
    IF EXISTS (
        SELECT 1 FROM (
            SELECT reseller_id, document_id FROM old_rows
            UNION SELECT reseller_id, document_id FROM new_rows) r
        LEFT JOIN records_document d ON d.id = r.document_id AND d.reseller_id = r.reseller_id
        WHERE d.id IS NULL OR d.status <> 'Draft')
    THEN
        RAISE EXCEPTION 'lines of a published document never change' USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER law_update AFTER UPDATE ON records_documentline
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION clearbill_lines_moved();
CREATE TRIGGER law_truncate BEFORE TRUNCATE ON records_documentline
    FOR EACH STATEMENT EXECUTE FUNCTION clearbill_refuse();
"""

EVENTS = """
CREATE FUNCTION clearbill_events_chained() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM new_rows n
        LEFT JOIN records_event p ON p.reseller_id = n.reseller_id AND p.seq = n.seq - 1
        WHERE n.seq < 1 OR (n.seq = 1 AND n.previous <> repeat('0', 64))
            OR (n.seq > 1 AND p.hash IS DISTINCT FROM n.previous))
    THEN
        RAISE EXCEPTION 'an event continues the chain of its reseller' USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER law_insert AFTER INSERT ON records_event
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION clearbill_events_chained();
CREATE TRIGGER law_update BEFORE UPDATE ON records_event
    FOR EACH ROW EXECUTE FUNCTION clearbill_refuse();
CREATE TRIGGER law_delete BEFORE DELETE ON records_event
    FOR EACH ROW EXECUTE FUNCTION clearbill_refuse();
CREATE TRIGGER law_truncate BEFORE TRUNCATE ON records_event
    FOR EACH STATEMENT EXECUTE FUNCTION clearbill_refuse();
"""

CLAIMS = """
CREATE FUNCTION clearbill_claims_of_drafts() RETURNS trigger LANGUAGE plpgsql AS $$
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
            OR t.billing_period_id <> d.billing_period_id OR t.currency <> d.currency)
    THEN
        RAISE EXCEPTION 'a draft claims current usage of its own period and currency'
            USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER law_insert AFTER INSERT ON records_claim
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION clearbill_claims_of_drafts();

CREATE FUNCTION clearbill_claim_release() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.released_at IS NOT NULL OR NEW.released_at IS NULL OR NOT EXISTS (
        SELECT 1 FROM records_document d
        WHERE d.id = OLD.document_id AND d.status IN ('Voided', 'Discarded'))
    THEN
        RAISE EXCEPTION 'usage is released when its document is voided or discarded'
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER law_release BEFORE UPDATE ON records_claim
    FOR EACH ROW EXECUTE FUNCTION clearbill_claim_release();
CREATE TRIGGER law_update BEFORE UPDATE ON records_claim
    FOR EACH ROW EXECUTE FUNCTION clearbill_immutable('released_at');
"""

STATEMENTS = """
CREATE FUNCTION clearbill_supersede() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.superseded_by_id IS NOT NULL OR EXISTS (
        SELECT 1 FROM records_usageslice s
        JOIN records_claim c ON c.slice_id = s.id AND c.reseller_id = s.reseller_id
        WHERE s.reseller_id = OLD.reseller_id AND s.statement_id = OLD.id
            AND c.released_at IS NULL)
    THEN
        RAISE EXCEPTION 'usage on a live document is not superseded' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER law_supersede BEFORE UPDATE ON records_importstatement
    FOR EACH ROW EXECUTE FUNCTION clearbill_supersede();
CREATE TRIGGER law_update BEFORE UPDATE ON records_importstatement
    FOR EACH ROW EXECUTE FUNCTION clearbill_immutable('superseded_by_id');
"""

COUNTERS = """
CREATE FUNCTION clearbill_counter() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.last_number < OLD.last_number OR NEW.last_issue_date < OLD.last_issue_date THEN
        RAISE EXCEPTION 'a counter never runs backwards' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER law_update BEFORE UPDATE ON records_numberseries
    FOR EACH ROW EXECUTE FUNCTION clearbill_counter();

CREATE FUNCTION clearbill_chain() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.length <= OLD.length OR NOT EXISTS (
        SELECT 1 FROM records_event e
        WHERE e.reseller_id = NEW.reseller_id AND e.seq = NEW.length AND e.hash = NEW.head)
    THEN
        RAISE EXCEPTION 'the chain head names its last event' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER law_update BEFORE UPDATE ON records_chain
    FOR EACH ROW EXECUTE FUNCTION clearbill_chain();
"""

_NEVER_CHANGED = ("usageimport", "importfile", "usageslice", "pricerule")
_NEVER_DELETED = (*_NEVER_CHANGED, "claim", "importstatement", "numberseries", "chain", "delivery")


def _kept() -> str:
    update = [
        f"CREATE TRIGGER law_update BEFORE UPDATE ON records_{name} "
        "FOR EACH ROW EXECUTE FUNCTION clearbill_immutable();"
        for name in _NEVER_CHANGED
    ]
    delete = [
        f"CREATE TRIGGER law_delete BEFORE DELETE ON records_{name} "
        "FOR EACH ROW EXECUTE FUNCTION clearbill_refuse();"
        f"CREATE TRIGGER law_truncate BEFORE TRUNCATE ON records_{name} "
        "FOR EACH STATEMENT EXECUTE FUNCTION clearbill_refuse();"
        for name in _NEVER_DELETED
    ]
    return "\n".join(update + delete)


class Migration(migrations.Migration):
    dependencies = [("records", "0002_tenancy")]

    operations = [
        migrations.RunSQL(sql)
        for sql in (
            REFUSE,
            PUBLICATION,
            DOCUMENT_INSERT,
            DOCUMENT_UPDATE,
            DOCUMENT_AFTER,
            LINES,
            EVENTS,
            CLAIMS,
            STATEMENTS,
            COUNTERS,
            _kept(),
        )
    ]
