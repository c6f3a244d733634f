"""Taking in a provider's usage: one delivery, the files given together."""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

from django.db.models import QuerySet

from clearbill.actions.common import Actor, Refused, Words
from clearbill.actions.locks import lock_periods
from clearbill.actions.staleness import (
    NEWER_USAGE,
    lock_drafts,
    mark_stale,
    mark_those_out_of_date,
)
from clearbill.records import clock, tenancy
from clearbill.records.files import file_store
from clearbill.records.models import (
    BillingPeriod,
    Claim,
    Document,
    ImportFile,
    ImportStatement,
    Provider,
    ProviderAccount,
    ProviderAlias,
    UsageImport,
    UsageSlice,
)
from clearbill.rules.lifecycle import Status
from clearbill.rules.money import total
from clearbill.usage.intake import take_in
from clearbill.usage.types import Delivery, Slice, Statement

PeriodKey = tuple[str, date, date]


@dataclass(frozen=True)
class Replaced:
    """A statement that this delivery superseded, with rows and sums before and after."""

    provider: str
    payer: str
    period_start: date
    period_end: date
    currency: str
    rows_before: int
    sum_before: Decimal
    rows_after: int
    sum_after: Decimal


@dataclass(frozen=True)
class Imported:
    """What an import did. `already` is set, and `import_id` with it, where it changed nothing.

    `stale` are the drafts, by Document ID, that no longer hold the usage as it is now.
    """

    import_id: int
    already: bool
    rows: int
    statements: tuple[Statement, ...]
    replaced: tuple[Replaced, ...] = ()
    new_accounts: tuple[tuple[str, str, str], ...] = ()
    stale: tuple[str, ...] = ()
    unknown_columns: tuple[str, ...] = ()
    charge_words: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Target:
    """One payer's billing period in the database, and the delivery's statements for it."""

    period: BillingPeriod
    payer: str
    statements: tuple[Statement, ...]
    current: tuple[ImportStatement, ...]

    @property
    def identical(self) -> bool:
        return {(s.currency, s.content_hash) for s in self.statements} == {
            (s.currency, s.content_hash) for s in self.current
        }


def import_usage(
    *,
    reseller_id: int,
    actor: Actor,
    files: Sequence[Path],
    names: Sequence[str] | None = None,
    feed: str = "focus",
    whole: bool = False,
) -> Imported:
    """Check a delivery, store its rows, and make it current for its payers and periods.

    A payer and period whose rows are those of its current import is left as it is; where another
    content comes, it supersedes what was there; drafts that hold it become stale. `whole` says
    that accounts which vanish against the import before are meant to. Raises
    `usage.types.BadFile` for bad content (nothing is kept) and `Refused` where a published document
    claims what would be replaced.
    """
    actor.require("usage.import")
    store = file_store()
    key = f"imports/{reseller_id}/{uuid.uuid4().hex}.parquet"
    with tenancy.transaction(reseller_id):
        aliases = dict(
            ProviderAlias.objects.filter(reseller_id=reseller_id).values_list(
                "alias", "provider__code"
            )
        )
    delivery = take_in(files, feed=feed, aliases=aliases, store=store, key=key, names=names)
    try:
        with tenancy.transaction(reseller_id):
            imported = _record(reseller_id, actor, delivery, feed=feed, whole=whole)
    except BaseException:
        # A connection that breaks after COMMIT raises too: a file that a row names is kept.
        with tenancy.transaction(reseller_id):
            recorded = UsageImport.objects.filter(reseller_id=reseller_id, path=key).exists()
        if not recorded:
            store.delete(key)
        raise
    if imported.already:
        store.delete(key)
    return imported


def _record(
    reseller_id: int, actor: Actor, delivery: Delivery, *, feed: str, whole: bool
) -> Imported:
    providers = _providers(reseller_id, delivery)
    targets = _targets(reseller_id, delivery, providers)
    changed = [target for target in targets if not target.identical]
    if not changed:
        last = max(s.usage_import_id for target in targets for s in target.current)
        return Imported(last, True, delivery.rows, delivery.statements)
    slices = _slices_by_statement(delivery)
    lock_drafts(reseller_id, [target.period.pk for target in changed])
    for target in changed:
        _refuse_claimed(reseller_id, target)
        if not whole:
            _refuse_vanished(reseller_id, target, slices)
    accounts, new = _accounts(reseller_id, delivery, providers)
    usage_import = _import_row(reseller_id, actor, delivery, feed, changed)
    holding = _mark_holding(reseller_id, actor, changed)
    for target in changed:
        ImportStatement.objects.filter(
            reseller_id=reseller_id, pk__in=[s.pk for s in target.current]
        ).update(superseded_by=usage_import)
        for statement in target.statements:
            _store_statement(usage_import, target.period, statement, slices, accounts)
    outdated = mark_those_out_of_date(
        reseller_id=reseller_id,
        who=actor.name,
        periods=[target.period.pk for target in changed],
        reason=NEWER_USAGE,
    )
    return Imported(
        usage_import.pk,
        False,
        usage_import.rows,
        tuple(s for target in changed for s in target.statements),
        tuple(each for target in changed for each in _replaced(target)),
        tuple(new),
        tuple(sorted(draft.code for draft in [*holding, *outdated])),
        delivery.unknown_columns,
        delivery.charge_words,
    )


def _providers(reseller_id: int, delivery: Delivery) -> dict[str, Provider]:
    known = {
        provider.code: provider
        for provider in Provider.objects.filter(
            reseller_id=reseller_id, code__in=delivery.providers
        )
    }
    for code, name in delivery.providers.items():
        if code not in known:
            known[code], _ = Provider.objects.get_or_create(
                reseller_id=reseller_id, code=code, defaults={"name": name}
            )
    return known


def _targets(
    reseller_id: int, delivery: Delivery, providers: Mapping[str, Provider]
) -> list[_Target]:
    """The payers and periods of the delivery, their period rows locked until the end."""
    groups: dict[tuple[str, date, date, str], list[Statement]] = defaultdict(list)
    for statement in delivery.statements:
        groups[
            statement.provider, statement.period_start, statement.period_end, statement.payer
        ].append(statement)
    periods: dict[PeriodKey, BillingPeriod] = {}
    for code, start, end, _ in sorted(groups):
        periods[code, start, end], _ = BillingPeriod.objects.get_or_create(
            reseller_id=reseller_id,
            provider=providers[code],
            period_start=start,
            period_end=end,
        )
    lock_periods(reseller_id, [period.pk for period in periods.values()])
    return [
        _Target(
            periods[code, start, end],
            payer,
            tuple(statements),
            tuple(
                ImportStatement.objects.filter(
                    reseller_id=reseller_id,
                    billing_period=periods[code, start, end],
                    payer=payer,
                    superseded_by__isnull=True,
                ).select_related("billing_period__provider")
            ),
        )
        for (code, start, end, payer), statements in sorted(groups.items())
    ]


def _current_slices(reseller_id: int, target: _Target) -> QuerySet[UsageSlice]:
    return UsageSlice.objects.filter(
        reseller_id=reseller_id, statement__in=[s.pk for s in target.current]
    )


def _refuse_claimed(reseller_id: int, target: _Target) -> None:
    codes = sorted(
        set(
            _claims(reseller_id, [target])
            .exclude(document__status=Status.DRAFT)
            .values_list("document__code", flat=True)
        )
    )
    if codes:
        some = ", ".join(codes[:5])
        if len(codes) > 5:
            some = Words("%(codes)s and %(more)s more", codes=some, more=len(codes) - 5)
        raise Refused(
            "the usage of payer %(payer)s for %(start)s is billed on %(codes)s: published documents"
            " keep what they billed; void them first to bill this delivery instead",
            payer=target.payer,
            start=target.period.period_start,
            codes=some,
        )


def _claims(reseller_id: int, targets: Sequence[_Target]) -> QuerySet[Claim]:
    return Claim.objects.filter(
        reseller_id=reseller_id,
        slice__statement__in=[s.pk for target in targets for s in target.current],
        released_at__isnull=True,
    )


def _mark_holding(reseller_id: int, actor: Actor, targets: Sequence[_Target]) -> list[Document]:
    """Mark the drafts that hold what is about to be superseded; the database asks for it.

    They are locked, and no published document is among them.
    """
    claims = _claims(reseller_id, targets)
    drafts = list(
        Document.objects.filter(reseller_id=reseller_id, pk__in=claims.values("document")).order_by(
            "pk"
        )
    )
    fresh = [draft for draft in drafts if not draft.stale]
    mark_stale(reseller_id=reseller_id, who=actor.name, drafts=fresh, reason=NEWER_USAGE)
    return fresh


def _refuse_vanished(
    reseller_id: int, target: _Target, slices: Mapping[Statement, Sequence[Slice]]
) -> None:
    before = set(
        _current_slices(reseller_id, target).values_list("account__account", "statement__currency")
    )
    after = {(each.account, each.currency) for s in target.statements for each in slices[s]}
    vanished = [f"{account} in {currency}" for account, currency in sorted(before - after)]
    if vanished:
        raise Refused(
            "%(count)s accounts of payer %(payer)s are not in this delivery, such as %(accounts)s:"
            " say that it is the whole statement (--whole), or give the missing files together with"
            " these",
            count=len(vanished),
            payer=target.payer,
            accounts=", ".join(vanished[:3]),
        )


def _slices_by_statement(delivery: Delivery) -> dict[Statement, list[Slice]]:
    keyed = {
        (s.provider, s.payer, s.period_start, s.period_end, s.currency): s
        for s in delivery.statements
    }
    found: dict[Statement, list[Slice]] = defaultdict(list)
    for each in delivery.slices:
        found[
            keyed[each.provider, each.payer, each.period_start, each.period_end, each.currency]
        ].append(each)
    return found


def _accounts(
    reseller_id: int, delivery: Delivery, providers: Mapping[str, Provider]
) -> tuple[dict[tuple[str, str], ProviderAccount], list[tuple[str, str, str]]]:
    """The accounts of the delivery by (provider code, id); those never seen before are made."""
    names: dict[tuple[str, str], str] = {}
    for each in delivery.slices:
        names[each.provider, each.account] = (
            each.account_name or names.get((each.provider, each.account)) or ""
        )
    known = _known_accounts(reseller_id, providers)
    new = [key for key in sorted(names) if key not in known]
    # An import of another period may be making the same accounts: whoever comes second reads them.
    ProviderAccount.objects.bulk_create(
        (
            ProviderAccount(
                reseller_id=reseller_id,
                provider=providers[code],
                account=account,
                name=names[code, account],
                created_at=clock.now(),
            )
            for code, account in new
        ),
        ignore_conflicts=True,
    )
    known = _known_accounts(reseller_id, providers)
    return known, [(code, account, names[code, account]) for code, account in new]


def _known_accounts(
    reseller_id: int, providers: Mapping[str, Provider]
) -> dict[tuple[str, str], ProviderAccount]:
    return {
        (account.provider.code, account.account): account
        for account in ProviderAccount.objects.filter(
            reseller_id=reseller_id, provider__code__in=providers
        ).select_related("provider")
    }


def _import_row(
    reseller_id: int,
    actor: Actor,
    delivery: Delivery,
    feed: str,
    changed: Sequence[_Target],
) -> UsageImport:
    usage_import = UsageImport.objects.create(
        reseller_id=reseller_id,
        created_at=clock.now(),
        who=actor.name,
        feed=feed,
        path=delivery.path,
        file_hash=file_store().sha256(delivery.path),
        content_hash=delivery.content_hash,
        rows=sum(s.rows for target in changed for s in target.statements),
        columns=list(delivery.columns),
        unknown_columns=list(delivery.unknown_columns),
        charge_words=dict(delivery.charge_words),
    )
    ImportFile.objects.bulk_create(
        ImportFile(
            reseller_id=reseller_id,
            usage_import=usage_import,
            name=file.name,
            sha256=file.sha256,
            bytes=file.bytes,
            rows=file.rows,
        )
        for file in delivery.files
    )
    return usage_import


def _store_statement(
    usage_import: UsageImport,
    period: BillingPeriod,
    statement: Statement,
    slices: Mapping[Statement, Sequence[Slice]],
    accounts: Mapping[tuple[str, str], ProviderAccount],
) -> None:
    row = ImportStatement.objects.create(
        reseller_id=usage_import.reseller_id,
        usage_import=usage_import,
        billing_period=period,
        payer=statement.payer,
        payer_name=statement.payer_name,
        currency=statement.currency,
        rows=statement.rows,
        file_sum=statement.file_sum,
        stored_sum=statement.stored_sum,
        content_hash=statement.content_hash,
    )
    UsageSlice.objects.bulk_create(
        (
            UsageSlice(
                reseller_id=usage_import.reseller_id,
                statement=row,
                account=accounts[each.provider, each.account],
                account_name=each.account_name,
                rows=each.rows,
                cost=each.cost,
                first_charge=each.first_charge,
                last_charge=each.last_charge,
            )
            for each in slices[statement]
        ),
        batch_size=5000,
    )


def _replaced(target: _Target) -> list[Replaced]:
    after = {s.currency: s for s in target.statements}
    return [
        Replaced(
            target.period.provider.name,
            target.payer,
            target.period.period_start,
            target.period.period_end,
            before.currency,
            before.rows,
            before.stored_sum,
            after[before.currency].rows if before.currency in after else 0,
            after[before.currency].stored_sum if before.currency in after else total(()),
        )
        for before in target.current
    ]
