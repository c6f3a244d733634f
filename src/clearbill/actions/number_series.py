"""How invoice numbers are written: a prefix, and the number that it begins with."""

import re

from django.db import IntegrityError

from clearbill.actions.common import Actor, Refused
from clearbill.records import tenancy
from clearbill.records.models import Document, NumberSeries

_PREFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9/._-]{0,18}[/._-]")
LARGEST = 999_999_999


def change_series(*, reseller_id: int, actor: Actor, prefix: str, start: int) -> NumberSeries:
    """Begin another series of invoice numbers: its first document gets `start`.

    The series before ends where it is, without a gap. Raises `Refused` for a prefix that was used
    already (a number would come twice), for one that runs into its number, and for a bad start.
    The same prefix and start as now change nothing.
    """
    actor.require("settings.edit")
    prefix = prefix.strip()
    _check(prefix, start)
    with tenancy.transaction(reseller_id):
        series = NumberSeries.objects.select_for_update().get(
            reseller_id=reseller_id, name=NumberSeries.INVOICES
        )
        if (series.prefix, series.start) == (prefix, start):
            return series
        used = Document.objects.filter(
            reseller_id=reseller_id, series=prefix, sequence__isnull=False
        )
        if used.exists():
            raise Refused(
                "numbers that begin with %(prefix)s exist already: choose a prefix that was never"
                " used",
                field="prefix",
                prefix=prefix,
            )
        series.prefix, series.start = prefix, start
        series.last_number, series.last_issue_date = start - 1, None
        try:
            series.save(update_fields=["prefix", "start", "last_number", "last_issue_date"])
        except IntegrityError as error:
            raise Refused(str(error).partition("\n")[0], field="prefix") from None
        return series


def _check(prefix: str, start: int) -> None:
    if not _PREFIX.fullmatch(prefix):
        raise Refused(
            "a prefix is at most 20 letters and digits and ends with - / . or _, such as INV-2026-",
            field="prefix",
        )
    if not 1 <= start <= LARGEST:
        raise Refused(
            "the first number lies between 1 and %(largest)s", field="start", largest=f"{LARGEST:,}"
        )
