"""The law in the database: triggers, policies, keys and constraints of the migrations."""

from mutants.mutant import of

_MIGRATIONS = "records/migrations"
_DOCUMENTS = "law/test_documents.py::"
_ROWS = "law/test_rows.py::"
_TENANCY = "law/test_tenancy.py::"

_first = of("law", f"{_MIGRATIONS}/0001_initial.py")
_tenancy = of("law", f"{_MIGRATIONS}/0002_tenancy.py")
_law = of("law", f"{_MIGRATIONS}/0003_law.py")
_around = of("law", f"{_MIGRATIONS}/0005_law_around.py")
_many = of("law", f"{_MIGRATIONS}/0008_law_of_many.py")

MUTANTS = [
    _law.without(
        "a status changes along the arrows alone",
        "IF changed AND (OLD.status, NEW.status) NOT IN (",
        "IF false AND (OLD.status, NEW.status) NOT IN (",
        f"{_DOCUMENTS}test_only_the_arrows_of_the_table_are_taken",
    ),
    _law.without(
        "only publication gives a number and frozen content",
        "    IF NOT publishes AND (",
        "    IF false AND (",
        f"{_DOCUMENTS}test_no_column_of_a_published_document_changes",
    ),
    _law.without(
        "a published document's amounts are frozen",
        "IF (OLD.status <> 'Draft' OR changed) AND",
        "IF false AND",
        f"{_DOCUMENTS}test_no_column_of_a_published_document_changes",
    ),
    _law.without(
        "a published document is never deleted",
        "CREATE TRIGGER law_delete BEFORE DELETE ON records_document\n"
        "    FOR EACH ROW EXECUTE FUNCTION clearbill_refuse();",
        "",
        f"{_DOCUMENTS}test_documents_are_never_deleted",
    ),
    _law.without(
        "frozen content has the hash that stands beside it",
        "\n        OR document.content_hash IS DISTINCT FROM\n"
        "            encode(sha256(convert_to(document.frozen, 'UTF8')), 'hex')",
        "",
        f"{_DOCUMENTS}test_publication_asks_for_everything_that_freezes",
    ),
    _law.without(
        "a published document loses no line",
        "AND d.currency = r.currency\n        WHERE d.id IS NULL OR d.status <> 'Draft')",
        "AND d.currency = r.currency\n        WHERE d.id IS NULL)",
        f"{_DOCUMENTS}test_lines_are_neither_added_to_nor_taken_from_what_is_published",
    ),
    _law.without(
        "an event is never changed",
        "CREATE TRIGGER law_update BEFORE UPDATE ON records_event\n"
        "    FOR EACH ROW EXECUTE FUNCTION clearbill_refuse();",
        "",
        f"{_ROWS}test_an_event_is_neither_changed_nor_removed",
    ),
    _law.without(
        "an event continues the chain",
        "\n            OR (n.seq > 1 AND p.hash IS DISTINCT FROM n.previous)",
        "",
        f"{_ROWS}test_an_event_continues_the_chain",
    ),
    _law.without(
        "imports never change",
        '_NEVER_CHANGED = ("usageimport", "importfile", "usageslice", "pricerule")',
        '_NEVER_CHANGED = ("importfile", "pricerule")',
        f"{_ROWS}test_imports_never_change",
    ),
    _law.without(
        "price rules never change",
        '_NEVER_CHANGED = ("usageimport", "importfile", "usageslice", "pricerule")',
        '_NEVER_CHANGED = ("usageimport", "importfile", "usageslice")',
        f"{_ROWS}test_a_price_rule_is_never_edited",
    ),
    _many.without(
        "invoice numbers have no gap",
        "AND p.sequence = g.before AND p.issue_date <= g.issue_date)",
        "AND p.issue_date <= g.issue_date)",
        f"{_DOCUMENTS}test_publication_asks_for_everything_that_freezes",
    ),
    _many.without(
        "issue dates rise with their numbers",
        "AND p.sequence = g.before AND p.issue_date <= g.issue_date)",
        "AND p.sequence = g.before)",
        f"{_DOCUMENTS}test_publication_asks_for_everything_that_freezes",
    ),
    _around.without(
        "a counter never runs backwards",
        "IF NEW.last_number < OLD.last_number OR NEW.last_issue_date < OLD.last_issue_date",
        "IF NEW.last_issue_date < OLD.last_issue_date",
        f"{_ROWS}test_a_counter_never_runs_backwards",
    ),
    _many.without(
        "lines add up to what is published",
        "        IF culprit IS NOT NULL THEN\n"
        "            RAISE EXCEPTION '%: the lines do not add up",
        "        IF false THEN\n            RAISE EXCEPTION '%: the lines do not add up",
        f"{_DOCUMENTS}test_a_line_that_slipped_in_stops_the_publication",
    ),
    _many.without(
        "what is billed is what is claimed",
        "WHERE (billed.rows, billed.cost) IS DISTINCT FROM (claimed.rows, claimed.cost)",
        "WHERE false",
        f"{_ROWS}test_what_is_billed_is_what_is_claimed",
    ),
    _around.without(
        "what is frozen says what the columns say",
        "            IS DISTINCT FROM\n            (NEW.code::text,",
        "            IS NULL AND (NULL, NULL, NULL, NULL, NULL, NULL) =\n"
        "            (NEW.code::text,",
        f"{_DOCUMENTS}test_what_is_frozen_says_what_the_columns_say",
    ),
    _around.without(
        "a published line never changes",
        "            AND d.currency = coalesce(r.currency, d.currency)\n"
        "        WHERE d.id IS NULL OR d.status <> 'Draft')",
        "            AND d.currency = coalesce(r.currency, d.currency)\n"
        "        WHERE d.id IS NULL)",
        f"{_DOCUMENTS}test_no_column_of_a_published_line_changes",
    ),
    _around.without(
        "a published document claims no more usage",
        "WHERE n.released_at IS NOT NULL OR d.status <> 'Draft' OR t.superseded_by_id IS NOT NULL",
        "WHERE n.released_at IS NOT NULL OR t.superseded_by_id IS NOT NULL",
        f"{_ROWS}test_a_published_document_claims_nothing_new",
    ),
    _around.without(
        "usage on a document is not superseded",
        "            AND c.released_at IS NULL AND NOT (d.status = 'Draft' AND d.stale <> ''))",
        "            AND false)",
        f"{_ROWS}test_claimed_usage_is_not_superseded",
    ),
    _first.without(
        "usage is on one live document",
        '                fields=("reseller", "slice"),',
        '                fields=("reseller", "slice", "document"),',
        f"{_ROWS}test_a_slice_is_on_one_live_document",
    ),
    _first.without(
        "a customer's period has one live document",
        '                    "period_end",\n                ),\n                name="one_live',
        '                    "period_end",\n                    "code",\n                ),\n'
        '                name="one_live',
        f"{_DOCUMENTS}test_one_live_document_per_customer_profile_provider_and_period",
    ),
    _tenancy.without(
        "documents are seen by their own reseller alone",
        '    "records_document",\n    "records_documentline",\n',
        '    "records_documentline",\n',
        f"{_TENANCY}test_another_reseller_sees_and_writes_nothing",
    ),
    _tenancy.without(
        "a row points at its own reseller's rows alone",
        '    ("records_billingprofile", "customer_id", "records_customer"),\n',
        "",
        f"{_TENANCY}test_a_row_cannot_point_at_another_resellers",
    ),
    _tenancy.without(
        "an account is one customer's at a time",
        "        migrations.RunSQL(EXCLUDE_OVERLAPS),\n",
        "",
        f"{_ROWS}test_assignments_of_one_account_do_not_overlap",
    ),
]
