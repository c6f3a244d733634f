"""`clearbill verify`: prove the invariants on this database."""

import click
from django.conf import settings

from clearbill.cli.common import as_json, reseller_of, say
from clearbill.queries.findings import Finding
from clearbill.queries.ownership import verify_ownership
from clearbill.queries.verify import verify
from clearbill.records import tenancy
from clearbill.records.models import Reseller
from clearbill.rules.text import counted


@click.command("verify")
@click.option("--reseller", "slug", metavar="SLUG", help="This one alone; all without it.")
@as_json
def command(slug: str | None, as_json: bool) -> None:
    """Check I1 to I9: sums, conservation, histories, frozen content, numbers, mails, the chain."""
    found: list[tuple[str, Finding]] = []
    resellers = [reseller_of(slug)] if slug else list(Reseller.objects.order_by("slug"))
    for reseller in resellers:
        with tenancy.using(reseller.pk):
            found += [(reseller.slug, finding) for finding in verify(reseller.pk)]
    unchecked = [] if "owner" in settings.DATABASES else ["I9"]
    if not unchecked:
        found += [("*", finding) for finding in verify_ownership("owner")]
    value = {
        "resellers": [reseller.slug for reseller in resellers],
        "unchecked": unchecked,
        "findings": [
            {
                "reseller": slug,
                "invariant": f.invariant,
                "where": f.where,
                "what": f.what,
                "and_more": f.and_more,
            }
            for slug, f in found
        ],
    }
    if unchecked:
        click.echo("I9 is unchecked: DATABASE_OWNER_URL is not set", err=True)
    say(value, as_json, lambda: _words(len(resellers), found))
    if found:
        raise click.ClickException(_count(found))


def _words(resellers: int, found: list[tuple[str, Finding]]) -> list[str]:
    return [
        *(f"{slug}: {finding}" for slug, finding in found),
        f"{counted(resellers, 'reseller')} checked, {_count(found)}",
    ]


def _count(found: list[tuple[str, Finding]]) -> str:
    more = " or more" if any(finding.and_more for _, finding in found) else ""
    return f"{len(found)}{more} findings" if more else counted(len(found), "finding")
