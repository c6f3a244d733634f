"""The invariants that one query each can prove: sums, conservation, one live document, numbers."""

from collections.abc import Iterator
from decimal import Decimal

from clearbill.queries.findings import Finding, found_by
from clearbill.records.models import Document
from clearbill.rules import tax
from clearbill.rules.money import minor_unit
from clearbill.rules.tax import Tax

BATCH = 200


def rows(reseller_id: int) -> Iterator[Finding]:
    """Every breach that is seen in the rows alone. The connection must be set to the reseller."""
    for each in _SQL:
        yield from found_by(*each, [reseller_id])
    yield from _amounts(reseller_id)
    yield from _taxes(reseller_id)


_LIVE = "('Draft', 'Open', 'Past Due', 'Closed')"

_SQL: tuple[tuple[str, str, str], ...] = (
    (
        "I1",
        """SELECT d.code FROM records_document d LEFT JOIN (
            SELECT document_id, sum(price) AS price, sum(exact) AS exact, count(*) AS lines
            FROM records_documentline GROUP BY document_id) l ON l.document_id = d.id
        WHERE d.reseller_id = %s AND NOT (d.status = 'Discarded' AND d.frozen IS NULL)
            AND (coalesce(l.price, 0), coalesce(l.exact, 0), coalesce(l.lines, 0))
                IS DISTINCT FROM (d.subtotal, d.exact_total, d.line_count)
        ORDER BY d.id""",
        "the lines do not add up to the document",
    ),
    (
        "I1",
        """SELECT code FROM records_document
        WHERE reseller_id = %s AND total <> subtotal + tax ORDER BY id""",
        "subtotal and tax do not make the total",
    ),
    (
        "I1",
        """SELECT d.code || ' line ' || l.position FROM records_documentline l
        JOIN records_document d ON d.id = l.document_id
        WHERE l.reseller_id = %s AND (l.exact <> CASE WHEN l.own THEN l.price ELSE
                l.a * l.cost_converted + l.b * l.list_converted + l.c * l.qty END
            OR l.currency <> d.currency)
        ORDER BY l.document_id, l.position""",
        "the line's amount is not what its cost and rule make",
    ),
    (
        "I2",
        """SELECT 'slice ' || s.id FROM records_usageslice s
        JOIN records_claim c ON c.slice_id = s.id AND c.released_at IS NULL
        WHERE s.reseller_id = %s GROUP BY s.id HAVING count(*) > 1""",
        "a slice is on more than one live document",
    ),
    (
        "I2",
        f"""SELECT 'slice ' || c.slice_id FROM records_claim c
        JOIN records_document d ON d.id = c.document_id
        WHERE c.reseller_id = %s
            AND c.released_at IS NULL AND d.status NOT IN {_LIVE} ORDER BY c.id""",
        "a claim is live where its document is not",
    ),
    (
        "I2",
        """SELECT 'slice ' || s.id FROM records_usageslice s
        JOIN records_importstatement t ON t.id = s.statement_id
        JOIN records_claim c ON c.slice_id = s.id AND c.released_at IS NULL
        JOIN records_document d ON d.id = c.document_id
        WHERE s.reseller_id = %s AND t.superseded_by_id IS NOT NULL AND d.stale = ''
        ORDER BY s.id""",
        "superseded usage is on a live document that does not say so",
    ),
    (
        "I2",
        f"""SELECT d.code FROM records_document d
        LEFT JOIN (SELECT document_id, sum(cost) AS cost, sum(rows) AS rows
            FROM records_documentline GROUP BY document_id) l ON l.document_id = d.id
        LEFT JOIN (SELECT c.document_id, sum(s.cost) AS cost, sum(s.rows) AS rows
            FROM records_claim c JOIN records_usageslice s ON s.id = c.slice_id
            WHERE c.released_at IS NULL GROUP BY c.document_id) u ON u.document_id = d.id
        WHERE d.reseller_id = %s AND d.status IN {_LIVE}
            AND (coalesce(l.cost, 0), coalesce(l.rows, 0))
                IS DISTINCT FROM (coalesce(u.cost, 0), coalesce(u.rows, 0)) ORDER BY d.id""",
        "the lines' cost is not the cost of the usage claimed",
    ),
    (
        "I2",
        """SELECT 'statement ' || t.id FROM records_importstatement t
        LEFT JOIN (SELECT statement_id, sum(cost) AS cost, sum(rows) AS rows
            FROM records_usageslice GROUP BY statement_id) s ON s.statement_id = t.id
        WHERE t.reseller_id = %s
            AND (s.cost, s.rows) IS DISTINCT FROM (t.stored_sum, t.rows) ORDER BY t.id""",
        "slices do not add up to their statement",
    ),
    (
        "I3",
        f"""SELECT string_agg(code, ', ') FROM records_document
        WHERE reseller_id = %s AND status IN {_LIVE}
        GROUP BY customer_id, profile_id, provider_id, period_start, period_end
        HAVING count(*) > 1""",
        "more than one live document of one customer, profile, provider and period",
    ),
    (
        "I5",
        """SELECT code FROM records_document WHERE reseller_id = %s
            AND (frozen IS NULL) <> (published_at IS NULL)
            OR (frozen IS NULL AND status NOT IN ('Draft', 'Discarded')) ORDER BY id""",
        "published without frozen content, or frozen without publication",
    ),
    (
        "I6",
        """SELECT coalesce(invoice_number, code) FROM (
            SELECT d.reseller_id, code, invoice_number, series, sequence, issue_date,
                lag(sequence) OVER w AS before,
                lag(issue_date) OVER w AS dated
            FROM records_document d WHERE d.reseller_id = %s AND sequence IS NOT NULL
            WINDOW w AS (PARTITION BY series ORDER BY sequence)) n
        LEFT JOIN records_numberseries s ON s.reseller_id = n.reseller_id AND s.prefix = n.series
        WHERE sequence <> coalesce(before, s.start - 1, sequence - 1) + 1 OR issue_date < dated""",
        "a number is missing before this one, or its date runs backwards",
    ),
    (
        "I6",
        """SELECT s.prefix FROM records_numberseries s LEFT JOIN (
            SELECT series, max(sequence) AS last FROM records_document
            WHERE sequence IS NOT NULL GROUP BY series) d ON d.series = s.prefix
        WHERE s.reseller_id = %s AND s.name = 'invoices'
            AND s.last_number <> coalesce(d.last, 0)
            AND NOT (d.last IS NULL AND s.last_number = s.start - 1) ORDER BY s.id""",
        "the last number that was given is on no document",
    ),
    (
        "I6",
        """SELECT code FROM records_document WHERE reseller_id = %s
            AND status = 'Draft' AND coalesce(invoice_number, '') <> '' ORDER BY id""",
        "a draft has an invoice number",
    ),
    (
        "I7",
        """SELECT 'event ' || e.seq FROM records_event e
        LEFT JOIN records_delivery d ON d.event_id = e.id
        WHERE e.reseller_id = %s
        GROUP BY e.id, e.seq, e.notified HAVING e.notified <> (count(d.id) > 0) ORDER BY e.seq""",
        "told the customer without a message, or a message without a change that told",
    ),
)


# Begins a query with the currencies' minor units: (reseller, currencies, their decimals).
_UNITS = """WITH units AS (SELECT %s::bigint AS reseller, *
    FROM unnest(%s::text[], %s::int[]) AS u(currency, decimals))"""

_ROUNDED: tuple[tuple[str, str, str], ...] = (
    (
        "I1",
        f"""{_UNITS} SELECT d.code || ' line ' || l.position FROM records_documentline l
        JOIN records_document d ON d.id = l.document_id
        JOIN units u ON u.currency = d.currency AND u.reseller = l.reseller_id
        WHERE abs(l.price - l.exact) >= power(10::numeric, -u.decimals)
            OR l.price <> round(l.price, u.decimals)
        ORDER BY l.document_id, l.position""",
        "the line shows an amount that is a minor unit or more off, or in parts of one",
    ),
    (
        "I1",
        f"""{_UNITS} SELECT d.code FROM records_document d
        JOIN units u ON u.currency = d.currency AND u.reseller = d.reseller_id
        WHERE d.subtotal <> round(d.exact_total, u.decimals) ORDER BY d.id""",
        "the subtotal is not the exact sum, rounded once",
    ),
)


def _amounts(reseller_id: int) -> Iterator[Finding]:
    """I1: what is shown is what is exact, in the minor units of each document's currency."""
    units: dict[str, int] = {}
    for currency in (
        Document.objects.filter(reseller_id=reseller_id)
        .order_by("currency")
        .values_list("currency", flat=True)
        .distinct()
    ):
        try:
            units[currency] = minor_unit(currency)
        except ValueError as error:
            yield Finding("I1", f"currency {currency}", str(error))
    for each in _ROUNDED:
        yield from found_by(*each, [reseller_id, list(units), list(units.values())])


def _taxes(reseller_id: int) -> Iterator[Finding]:
    """I1: each tax is its percentage of the subtotal, rounded once, and all make the tax."""
    documents = Document.objects.filter(reseller_id=reseller_id).exclude(taxes=[], tax=0)
    for code, *values in (
        documents.order_by("pk")
        .values_list("code", "taxes", "subtotal", "tax", "currency")
        .iterator(chunk_size=BATCH)
    ):
        if not _is_taxed_right(*values):
            yield Finding("I1", code, "its taxes do not make its tax")


def _is_taxed_right(
    stored: list[dict[str, str]], subtotal: Decimal, amount: Decimal, currency: str
) -> bool:
    try:
        rates = [Tax(t["name"], t["category"], Decimal(t["percent"]), t["reason"]) for t in stored]
        right = [(each.base, each.amount) for each in tax.apply(rates, subtotal, currency)]
        given = [(Decimal(t["base"]), Decimal(t["amount"])) for t in stored]
    except (TypeError, KeyError, ValueError, ArithmeticError):
        return False
    return given == right and sum((each for _, each in right), Decimal(0)) == amount
