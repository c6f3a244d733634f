"""The same law for documents that are published together, without comparing each with each.

A statement's rows have no statistics: a condition on the old ones made the planner pair every old
row with every new one. And under row-level security a number that is computed beside the
comparison finds no index, so that each predecessor was looked for among all numbers of its series.
"""

from django.db import migrations

DOCUMENT_AFTER = """
CREATE OR REPLACE FUNCTION clearbill_document_after() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    numbered bigint[];
    published bigint[];
    ended bigint[];
    culprit text;
BEGIN
    SELECT
        array_agg(n.id) FILTER (WHERE o.sequence IS NULL AND n.sequence IS NOT NULL),
        array_agg(n.id) FILTER (
            WHERE o.status = 'Draft' AND n.status NOT IN ('Draft', 'Discarded')),
        array_agg(n.id) FILTER (
            WHERE o.status <> n.status AND n.status IN ('Voided', 'Discarded'))
    INTO numbered, published, ended
    FROM new_rows n JOIN old_rows o ON o.id = n.id;

    IF numbered IS NOT NULL THEN
        WITH given AS MATERIALIZED (
            SELECT n.code, n.reseller_id, n.series, n.sequence, n.sequence - 1 AS before,
                n.issue_date
            FROM new_rows n WHERE n.id = ANY (numbered))
        SELECT g.code INTO culprit FROM given g
        WHERE NOT EXISTS (
                SELECT 1 FROM records_numberseries s
                WHERE s.reseller_id = g.reseller_id AND s.prefix = g.series
                    AND s.start = g.sequence)
            AND NOT EXISTS (
                SELECT 1 FROM records_document p
                WHERE p.reseller_id = g.reseller_id AND p.series = g.series
                    AND p.sequence = g.before AND p.issue_date <= g.issue_date)
        LIMIT 1;
        IF culprit IS NOT NULL THEN
            RAISE EXCEPTION '%: numbers have no gap and issue dates do not run backwards', culprit
                USING ERRCODE = '23514';
        END IF;
    END IF;

    IF published IS NOT NULL THEN
        SELECT n.code INTO culprit FROM new_rows n
        LEFT JOIN records_documentline l
            ON l.reseller_id = n.reseller_id AND l.document_id = n.id
        WHERE n.id = ANY (published)
        GROUP BY n.id, n.code, n.subtotal, n.exact_total, n.line_count
        HAVING (coalesce(sum(l.price), 0), coalesce(sum(l.exact), 0), count(l.position))
            IS DISTINCT FROM (n.subtotal, n.exact_total, n.line_count)
        LIMIT 1;
        IF culprit IS NOT NULL THEN
            RAISE EXCEPTION '%: the lines do not add up to the document', culprit
                USING ERRCODE = '23514';
        END IF;

        -- What is billed is what is claimed: an own line is staff's word, every other is usage.
        SELECT coalesce(billed.code, claimed.code) INTO culprit
        FROM (
            SELECT n.id, n.code, l.cost_currency AS currency, sum(l.rows) AS rows,
                sum(l.cost) AS cost
            FROM new_rows n
            JOIN records_documentline l
                ON l.reseller_id = n.reseller_id AND l.document_id = n.id AND NOT l.own
            WHERE n.id = ANY (published)
            GROUP BY n.id, n.code, l.cost_currency) billed
        FULL JOIN (
            SELECT n.id, n.code, t.currency, sum(u.rows) AS rows, sum(u.cost) AS cost
            FROM new_rows n
            JOIN records_claim c ON c.reseller_id = n.reseller_id AND c.document_id = n.id
            JOIN records_usageslice u ON u.reseller_id = c.reseller_id AND u.id = c.slice_id
            JOIN records_importstatement t
                ON t.reseller_id = u.reseller_id AND t.id = u.statement_id
            WHERE n.id = ANY (published) AND c.released_at IS NULL
            GROUP BY n.id, n.code, t.currency) claimed
            ON claimed.id = billed.id AND claimed.currency = billed.currency
        WHERE (billed.rows, billed.cost) IS DISTINCT FROM (claimed.rows, claimed.cost)
        LIMIT 1;
        IF culprit IS NOT NULL THEN
            RAISE EXCEPTION '%: its lines are not the usage that it claims', culprit
                USING ERRCODE = '23514';
        END IF;
    END IF;

    IF ended IS NOT NULL THEN
        UPDATE records_claim c SET released_at = n.status_at
        FROM new_rows n
        WHERE n.id = ANY (ended) AND c.reseller_id = n.reseller_id AND c.document_id = n.id
            AND c.released_at IS NULL;
    END IF;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0007_outcomes")]

    operations = [migrations.RunSQL(DOCUMENT_AFTER)]
