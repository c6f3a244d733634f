"""`clearbill accounts`: provider accounts, and whose they are."""

from datetime import date

import click

from clearbill.actions import accounts as actions
from clearbill.actions.accounts import Assigned, Ended
from clearbill.cli.common import (
    DAY,
    Here,
    customer_id,
    for_reseller,
    provider_code,
    say,
    table,
)
from clearbill.queries.accounts import accounts
from clearbill.rules.canonical import plain


@click.group("accounts")
def group() -> None:
    """List provider accounts and give them to customers."""


@group.command("list")
@click.option("--unassigned", is_flag=True, help="Only those that wait for a customer.")
@for_reseller
def list_all(here: Here, unassigned: bool, as_json: bool) -> None:
    """List the accounts, with what is unbilled of them."""
    here.actor.require("accounts.read")
    rows = [
        {
            "provider": each.provider,
            "account": each.account,
            "suggested_name": each.name,
            "customer": each.customer_id,
            "customer_name": each.customer,
            "from": each.valid_from.isoformat() if each.valid_from else None,
            "to": each.valid_to.isoformat() if each.valid_to else None,
            "amounts": [
                {"currency": currency, "amount": plain(amount)} for currency, amount in each.amounts
            ],
        }
        for each in accounts(here.id, unassigned=unassigned)
    ]

    def words() -> list[str]:
        return table(
            [
                [
                    str(r["provider"]),
                    str(r["account"]),
                    str(r["suggested_name"]),
                    str(r["customer_name"] or "(unassigned)"),
                ]
                for r in rows
            ],
            ("provider", "account", "name", "customer"),
        )

    say({"accounts": rows}, as_json, words)


@group.command("assign")
@click.option("--provider", metavar="P")
@click.option("--account", metavar="ID")
@click.option("--customer", metavar="C", help="The customer's id or name.")
@click.option("--from", "valid_from", type=DAY, help="The first day of a billing period.")
@click.option("--all", "every", is_flag=True, help="One new customer of each waiting account.")
@for_reseller
def assign(
    here: Here,
    provider: str | None,
    account: str | None,
    customer: str | None,
    valid_from: date | None,
    every: bool,
    as_json: bool,
) -> None:
    """Give an account to a customer, or make a customer of each account that waits."""
    if every:
        if provider or account or customer or valid_from:
            raise click.UsageError("--all takes no other choice")
        made = actions.assign_all(reseller_id=here.id, actor=here.actor)
    elif provider and account and customer:
        made = [
            actions.assign_account(
                reseller_id=here.id,
                actor=here.actor,
                provider=provider_code(here, provider),
                account=account,
                customer_id=customer_id(here, customer),
                valid_from=valid_from,
            )
        ]
    else:
        raise click.UsageError("say --provider, --account and --customer, or --all")
    say({"assigned": [_described(each) for each in made]}, as_json, lambda: _words(made))


def _described(each: Assigned) -> dict[str, object]:
    return {
        "provider": each.provider,
        "account": each.account,
        "customer": each.customer_id,
        "customer_name": each.customer,
        "from": each.valid_from,
    }


def _words(made: list[Assigned]) -> list[str]:
    lines = [
        f"{each.provider} {each.account} → {each.customer} from {each.valid_from}" for each in made
    ]
    return [*lines, f"{len(made)} assigned"]


@group.command("unassign")
@click.option("--provider", required=True, metavar="P")
@click.option("--account", required=True, metavar="ID")
@click.option("--from", "valid_from", type=DAY, help="Keep it until this day; else take it whole.")
@for_reseller
def unassign(
    here: Here, provider: str, account: str, valid_from: date | None, as_json: bool
) -> None:
    """Take an account from its customer."""
    ended = actions.unassign_account(
        reseller_id=here.id,
        actor=here.actor,
        provider=provider_code(here, provider),
        account=account,
        valid_from=valid_from,
    )
    described = {
        "provider": provider,
        "account": account,
        "from": valid_from,
        "ended": [
            {"customer_name": each.customer, "from": each.valid_from, "until": each.until}
            for each in ended
        ],
    }
    say(
        {"unassigned": [described]},
        as_json,
        lambda: [f"{provider} {account} {_end_words(each)}" for each in ended],
    )


def _end_words(each: Ended) -> str:
    if each.until is None:
        return f"is no longer {each.customer}'s from {each.valid_from}"
    return f"is {each.customer}'s until {each.until}, and nobody's from then on"
