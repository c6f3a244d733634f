"""What the console's Overview puts first: what is to do, what is due, and how far periods are.

All amounts stand beside their currency and are never summed over currencies. Those of usage are
the provider's cost: pages show them to roles that may read it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q

from clearbill.queries.documents import Documents, visible, with_table_columns
from clearbill.queries.sql import (
    ASSIGNED,
    CLAIMED,
    CURRENT_USAGE,
    ITS_DOCUMENT,
    OWNED,
    select,
)
from clearbill.records.models import Delivery, Letter

PATIENCE = timedelta(minutes=15)
"""How long a mail may wait before somebody should look: a worker sends one within seconds."""

DRAFTS, UNASSIGNED, FAILED, UNSENT = "drafts", "unassigned", "failed", "unsent"
PAST_DUE, STALE, TICKETS, NO_RATE = "past-due", "stale", "tickets", "no-rate"
FAILED_RUN, FAILED_JOBS = "failed-run", "failed-jobs"
VOIDED, LATE = "voided", "late"
WORK = (
    DRAFTS, UNASSIGNED, VOIDED, LATE, FAILED_RUN, FAILED, NO_RATE, FAILED_JOBS, UNSENT, PAST_DUE,
    STALE, TICKETS,
)  # fmt: skip

NOT_YET_DUE = "not-yet-due"
AGES = (NOT_YET_DUE, "1-30", "31-60", "61-90", "over-90")
"""Days after the due date in force, in the order that they are drawn."""

STEPS = ("seller", "usage", "accounts", "drafts", "published", "portal")
"""What a new reseller does first, in its order."""


@dataclass(frozen=True)
class Work:
    """One kind of thing to do: how many, and what they come to by currency."""

    kind: str
    count: int = 0
    amounts: tuple[tuple[str, Decimal], ...] = ()
    run: int | None = None
    """The last run, for what it says: `failed-run`, `failed` and `no-rate`."""
    month: str = ""
    """The first month to generate (`YYYY-MM`), for `voided`."""


@dataclass(frozen=True)
class Standing:
    """The worklist, what is due by age, and the first steps that are taken."""

    work: dict[str, Work]
    ageing: dict[str, dict[str, Decimal]]
    """Per currency the amount of each age."""
    steps: dict[str, bool]

    @property
    def to_do(self) -> list[Work]:
        return [each for each in self.work.values() if each.count]

    @property
    def first_steps_done(self) -> bool:
        return all(self.steps.values())


@dataclass(frozen=True)
class PeriodState:
    """How far the latest billing period of a provider is."""

    provider: str
    period_start: date
    period_end: date
    rows: int
    documents: int
    drafts: int
    waiting: int
    unbilled: int
    """Slices of usage that have a customer and no document yet."""

    @property
    def published(self) -> int:
        return self.documents - self.drafts

    @property
    def state(self) -> str:
        """One word for the period: its first step that is not done yet, else that it is done."""
        if not self.rows:
            return "No usage"
        if not self.documents:
            return "Imported"
        if self.unbilled:
            return "Partly generated"
        if self.drafts:
            return "In review"
        return "Published"


# An invoice may be voided to mend its usage or its customer: then another slice, or another
# customer, waits for the replacement.
_WAS_VOIDED = """EXISTS (
    SELECT 1 FROM records_document v
    WHERE v.reseller_id = s.reseller_id AND v.billing_period_id = p.id AND v.status = 'Voided'
      AND (v.profile_id = a.profile_id OR EXISTS (
        SELECT 1 FROM records_claim c WHERE c.reseller_id = s.reseller_id
          AND c.document_id = v.id AND c.slice_id = s.id))
  )"""

# A later e-mail about the same document that went out makes up for one that did not, and nobody
# is owed one about a document that was discarded.
_UNSENT_MAIL = """
  SELECT d.document_id FROM records_delivery d
  JOIN records_document o ON o.id = d.document_id AND o.reseller_id = d.reseller_id
   AND o.status <> 'Discarded'
  WHERE d.reseller_id = %(reseller)s
    AND (d.state = 'Failed' OR (d.state = 'Queued' AND d.created_at < %(waits_since)s))
    AND NOT EXISTS (
      SELECT 1 FROM records_delivery n WHERE n.reseller_id = d.reseller_id
        AND n.document_id = d.document_id AND n.event_id > d.event_id AND n.state = 'Sent'
    )
"""

_STANDING = f"""
WITH documents AS (
  SELECT status, currency, total, stale, coalesce(due_extended_to, due_date) AS due
  FROM records_document
  WHERE reseller_id = %(reseller)s AND status IN ('Draft', 'Open', 'Past Due')
), waiting AS (
  SELECT s.account_id, t.currency, s.cost, {CLAIMED} AS claimed
  FROM {CURRENT_USAGE} WHERE s.reseller_id = %(reseller)s AND NOT {ASSIGNED}
), unbilled AS (
  SELECT a.customer_id, t.currency, s.cost, p.period_start, d.status,
         d.status IS NULL AND {_WAS_VOIDED} AS voided
  FROM {CURRENT_USAGE} {OWNED} LEFT JOIN {ITS_DOCUMENT}
   AND d.status IN ('Draft', 'Open', 'Past Due', 'Closed')
  WHERE s.reseller_id = %(reseller)s AND NOT {CLAIMED}
), voided AS (SELECT * FROM unbilled WHERE voided
), late AS (SELECT * FROM unbilled WHERE status <> 'Draft'
), last_run AS (
  SELECT max(id) AS id FROM records_billingrun WHERE reseller_id = %(reseller)s
), without_rate AS (
  -- What a run leaves for another reason has no customer, or names the document that is there.
  SELECT customer_id, currency, amount FROM records_runresult
  WHERE reseller_id = %(reseller)s AND outcome = 'Left' AND customer_id IS NOT NULL
    AND document_id IS NULL AND run_id = (SELECT id FROM last_run)
), unsent AS ({_UNSENT_MAIL}), ageing AS (
  SELECT currency, total, CASE
    WHEN due IS NULL OR due >= %(today)s THEN 'not-yet-due'
    WHEN due >= %(today)s - 30 THEN '1-30'
    WHEN due >= %(today)s - 60 THEN '31-60'
    WHEN due >= %(today)s - 90 THEN '61-90'
    ELSE 'over-90' END AS age
  FROM documents WHERE status <> 'Draft'
)
SELECT 'work', 'drafts', currency, count(*), sum(total)
FROM documents WHERE status = 'Draft' GROUP BY currency
UNION ALL
SELECT 'work', 'past-due', currency, count(*), sum(total)
FROM documents WHERE status = 'Past Due' GROUP BY currency
UNION ALL
-- Without amounts: what is stale of a draft is its usage, and its total holds taxes and more.
SELECT 'work', 'stale', '', count(*), 0 FROM documents WHERE status = 'Draft' AND stale <> ''
UNION ALL
SELECT 'work', 'unassigned', '', count(DISTINCT account_id), 0 FROM waiting
UNION ALL
SELECT 'work', 'unassigned', currency, 0, sum(cost) FROM waiting WHERE NOT claimed GROUP BY currency
UNION ALL
SELECT 'work', 'voided', '', count(DISTINCT customer_id), 0 FROM voided
UNION ALL
SELECT 'work', 'voided', currency, 0, sum(cost) FROM voided GROUP BY currency
UNION ALL
SELECT 'month', to_char(min(period_start), 'YYYY-MM'), '', 0, 0 FROM voided
UNION ALL
SELECT 'work', 'late', '', count(DISTINCT customer_id), 0 FROM late
UNION ALL
SELECT 'work', 'late', currency, 0, sum(cost) FROM late GROUP BY currency
UNION ALL
SELECT 'work', 'failed', '', count(DISTINCT customer_id), 0 FROM records_runresult
WHERE reseller_id = %(reseller)s AND outcome = 'Failed' AND run_id = (SELECT id FROM last_run)
UNION ALL
SELECT 'work', 'no-rate', '', count(DISTINCT customer_id), 0 FROM without_rate
UNION ALL
SELECT 'work', 'no-rate', currency, 0, sum(amount) FROM without_rate GROUP BY currency
UNION ALL
SELECT 'work', 'failed-run', '', count(*), 0 FROM records_billingrun
WHERE reseller_id = %(reseller)s AND state = 'Failed' AND id = (SELECT id FROM last_run)
UNION ALL
SELECT 'work', 'failed-jobs', '', count(*), 0 FROM records_bulkjob
WHERE reseller_id = %(reseller)s AND state = 'Failed'
UNION ALL
SELECT 'run', '', '', id, 0 FROM last_run WHERE id IS NOT NULL
UNION ALL
SELECT 'work', 'unsent', '', count(*), 0 FROM unsent
UNION ALL
SELECT 'work', 'unsent', '', count(*), 0 FROM records_letter WHERE reseller_id = %(reseller)s
  AND (state = 'Failed' OR (state = 'Queued' AND created_at < %(waits_since)s))
UNION ALL
SELECT 'work', 'unsent', currency, 0, sum(total) FROM records_document
WHERE reseller_id = %(reseller)s AND id IN (SELECT document_id FROM unsent) AND status <> 'Voided'
GROUP BY currency
UNION ALL
SELECT 'work', 'tickets', '', count(*), 0 FROM records_ticket
WHERE reseller_id = %(reseller)s AND queue = 'reseller' AND state = 'Open'
UNION ALL
SELECT 'ageing', age, currency, count(*), sum(total) FROM ageing GROUP BY age, currency
UNION ALL
SELECT 'step', 'seller', '', count(*), 0 FROM records_resellersettings
WHERE reseller_id = %(reseller)s AND legal_name <> '' AND address <> ''
UNION ALL
SELECT 'step', 'usage', '', EXISTS (
  SELECT 1 FROM records_usageimport WHERE reseller_id = %(reseller)s)::int, 0
UNION ALL
SELECT 'step', 'accounts', '', EXISTS (
  SELECT 1 FROM records_assignment WHERE reseller_id = %(reseller)s)::int, 0
UNION ALL
SELECT 'step', 'drafts', '', EXISTS (
  SELECT 1 FROM records_document WHERE reseller_id = %(reseller)s)::int, 0
UNION ALL
SELECT 'step', 'published', '', EXISTS (
  SELECT 1 FROM records_document
  WHERE reseller_id = %(reseller)s AND published_at IS NOT NULL)::int, 0
UNION ALL
SELECT 'step', 'portal', '', (EXISTS (
  SELECT 1 FROM records_membership WHERE reseller_id = %(reseller)s AND role = 'portal')
  OR EXISTS (
  SELECT 1 FROM records_invitation WHERE reseller_id = %(reseller)s AND role = 'portal'))::int, 0
"""  # noqa: S608 - put together from constants


def standing(reseller_id: int, *, today: date, now: datetime) -> Standing:
    """What is to do, what is due by age, and the first steps, in one statement.

    `today` is the reseller's. Amounts of unassigned, late and freed usage are cost that no live
    document holds.
    """
    rows = select(_STANDING, reseller=reseller_id, today=today, waits_since=now - PATIENCE)
    run = next((count for what, _, _, count, _ in rows if what == "run"), None)
    ageing: dict[str, dict[str, Decimal]] = {}
    for what, age, currency, _, amount in rows:
        if what == "ageing":
            ageing.setdefault(currency, dict.fromkeys(AGES, Decimal(0)))[age] = amount
    steps = {kind: bool(count) for what, kind, _, count, _ in rows if what == "step"}
    month = next((kind for what, kind, _, _, _ in rows if what == "month"), None)
    work = {kind: _work(kind, rows, run) for kind in WORK}
    work[VOIDED] = replace(work[VOIDED], month=month or "")
    return Standing(work, dict(sorted(ageing.items())), {step: steps[step] for step in STEPS})


def _work(kind: str, rows: Iterable[tuple[str, str, str, int, Decimal]], run: int | None) -> Work:
    found = [row for row in rows if row[:2] == ("work", kind)]
    amounts = sorted((currency, amount) for _, _, currency, _, amount in found if currency)
    run = run if kind in (FAILED_RUN, FAILED, NO_RATE) else None
    return Work(kind, sum(row[3] for row in found), tuple(amounts), run)


_PERIODS = f"""
WITH latest AS (
  SELECT DISTINCT ON (provider_id) * FROM records_billingperiod
  WHERE reseller_id = %(reseller)s ORDER BY provider_id, period_start DESC, period_end DESC
), usage AS (
  SELECT p.id, sum(s.rows) AS rows,
         count(*) FILTER (WHERE NOT {CLAIMED} AND {ASSIGNED}) AS unbilled,
         count(DISTINCT s.account_id) FILTER (WHERE NOT {ASSIGNED}) AS waiting
  FROM {CURRENT_USAGE} WHERE s.reseller_id = %(reseller)s AND p.id IN (SELECT id FROM latest)
  GROUP BY p.id
), documents AS (
  SELECT billing_period_id AS id, count(*) AS made,
         count(*) FILTER (WHERE status = 'Draft') AS drafts
  FROM records_document
  WHERE reseller_id = %(reseller)s AND billing_period_id IN (SELECT id FROM latest)
    AND status NOT IN ('Voided', 'Discarded')
  GROUP BY 1
)
SELECT v.name, l.period_start, l.period_end, coalesce(u.rows, 0)::bigint,
       coalesce(d.made, 0), coalesce(d.drafts, 0), coalesce(u.waiting, 0), coalesce(u.unbilled, 0)
FROM latest l
JOIN records_provider v ON v.id = l.provider_id AND v.reseller_id = l.reseller_id
LEFT JOIN usage u ON u.id = l.id LEFT JOIN documents d ON d.id = l.id
ORDER BY v.name
"""  # noqa: S608 - put together from constants


def periods(reseller_id: int) -> list[PeriodState]:
    """The latest billing period of each provider, and how far it is."""
    return [PeriodState(*row) for row in select(_PERIODS, reseller=reseller_id)]


def documents_with_unsent_mail(reseller_id: int, now: datetime) -> Documents:
    """Documents whose e-mail failed or waits too long, and was not made up for by a later one."""
    later = Delivery.objects.filter(
        document=OuterRef("document"), event__gt=OuterRef("event"), state=Delivery.SENT
    )
    unsent = Delivery.objects.filter(_unsent(now), reseller_id=reseller_id).exclude(Exists(later))
    return with_table_columns(visible(reseller_id).filter(pk__in=unsent.values("document")))


def unsent_letters(reseller_id: int, now: datetime) -> list[Letter]:
    """E-mails about no document that failed or wait too long, newest first; never their text."""
    return list(
        Letter.objects.filter(_unsent(now), reseller_id=reseller_id)
        .only("kind", "recipient", "state", "attempts", "last_error", "data", "created_at")
        .order_by("-pk")[:100]
    )


def _unsent(now: datetime) -> Q:
    waits = Q(state=Delivery.QUEUED, created_at__lt=now - PATIENCE)
    return Q(state=Delivery.FAILED) | waits
