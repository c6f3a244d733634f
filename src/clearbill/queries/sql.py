"""What readings in SQL share: how one is asked, and which usage is whose.

In the fragments `s` is a slice, `t` its statement, `p` its billing period, `a` its assignment and
`d` a document.
"""

from typing import Any

from django.db import connection


def select(statement: str, **values: Any) -> list[tuple[Any, ...]]:
    """The rows of one statement; its parameters are named, `%%` is a percent sign."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


CURRENT_USAGE = """
  records_usageslice s
  JOIN records_importstatement t ON t.id = s.statement_id AND t.reseller_id = s.reseller_id
   AND t.superseded_by_id IS NULL
  JOIN records_billingperiod p ON p.id = t.billing_period_id AND p.reseller_id = s.reseller_id
"""

_ITS_ASSIGNMENT = """a.reseller_id = s.reseller_id AND a.account_id = s.account_id
   AND a.valid_from <= p.period_start AND (a.valid_to IS NULL OR a.valid_to > p.period_start)"""

OWNED = f"JOIN records_assignment a ON {_ITS_ASSIGNMENT}"

ASSIGNED = f"""EXISTS (
    SELECT 1 FROM records_assignment a WHERE {_ITS_ASSIGNMENT}
  )"""  # noqa: S608 - put together from constants

CLAIMED = """EXISTS (
    SELECT 1 FROM records_claim c
    WHERE c.reseller_id = s.reseller_id AND c.slice_id = s.id AND c.released_at IS NULL
  )"""

ITS_DOCUMENT = """records_document d ON d.reseller_id = s.reseller_id
   AND d.profile_id = a.profile_id AND d.billing_period_id = p.id"""
