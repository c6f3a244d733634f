"""What all commands share: the reseller, the actor, JSON or words, and exit statuses."""

import functools
import getpass
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NoReturn

import click
from django.conf import settings

from clearbill.actions.common import Actor, Refused
from clearbill.records import tenancy
from clearbill.records.models import (
    Customer,
    Document,
    Membership,
    Provider,
    ProviderAlias,
    Reseller,
)
from clearbill.rules.access import Forbidden
from clearbill.rules.canonical import plain
from clearbill.rules.money import minor_unit, round_half_away
from clearbill.rules.periods import month
from clearbill.rules.text import counted, harmless
from clearbill.usage.types import BadFile
from clearbill.web.forms import whole

as_json = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")


class Month(click.ParamType[date]):
    """`YYYY-MM`, as the first day of that month."""

    name = "YYYY-MM"

    def convert(
        self, value: Any, param: click.Parameter | None, context: click.Context | None
    ) -> date:
        try:
            return value if isinstance(value, date) else month(str(value))
        except ValueError as error:
            self.fail(str(error), param, context)


class Day(click.ParamType[date]):
    """`YYYY-MM-DD`."""

    name = "YYYY-MM-DD"

    def convert(
        self, value: Any, param: click.Parameter | None, context: click.Context | None
    ) -> date:
        try:
            return value if isinstance(value, date) else date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no date; write YYYY-MM-DD", param, context)


MONTH, DAY = Month(), Day()


@dataclass(frozen=True)
class Here:
    """The reseller that a command works for, and who runs it.

    `member` is whom one acts as (`--as`); None where the operator of the installation acts.
    """

    reseller: Reseller
    actor: Actor
    member: Membership | None = None

    @property
    def id(self) -> int:
        return self.reseller.pk


def refuse(message: str) -> NoReturn:
    """End the command with exit status 1 and the reason on stderr."""
    raise click.ClickException("\n".join(harmless(line) for line in message.split("\n")))


def answers(command: Callable[..., Any]) -> Callable[..., Any]:
    """Turn what verbs refuse into exit status 1 with the reason on stderr."""

    @functools.wraps(command)
    def body(*arguments: Any, **options: Any) -> Any:
        try:
            return command(*arguments, **options)
        except (Refused, Forbidden) as error:
            refuse(str(error))
        except BadFile as error:
            refuse("\n".join([_count(error), *(str(each) for each in error.errors)]))
        except FileNotFoundError as error:
            refuse(f"{error.filename}: no such file")
        except BrokenPipeError:
            raise  # click ends quietly where the reader has gone
        except OSError as error:
            refuse(f"{error.filename}: {error.strerror}" if error.filename else str(error))

    return body


def _count(error: BadFile) -> str:
    shown = len(error.errors)
    more = f", the first {shown} of them" if error.total_errors > shown else ""
    return f"nothing was imported: {error.total_errors} errors{more}"


def reseller_of(slug: str) -> Reseller:
    """The reseller of a slug; ends the command where there is none."""
    found = Reseller.objects.filter(slug=slug).first()
    if found is None:
        refuse(f"no reseller {slug!r}; `clearbill resellers list` shows them")
    return found


def for_reseller(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--reseller SLUG`, `--as EMAIL` and `--json`; the command gets `here` first."""
    return _for_reseller(command, ("--as", "--acting-as"))


def for_reseller_without_as(command: Callable[..., Any]) -> Callable[..., Any]:
    """The same for a command that needs `--as` for itself: the actor is then `--acting-as`."""
    return _for_reseller(command, ("--acting-as",))


def _for_reseller(command: Callable[..., Any], names: Sequence[str]) -> Callable[..., Any]:
    @functools.wraps(command)
    def body(reseller: str, acting_as: str | None, **options: Any) -> Any:
        found = reseller_of(reseller)
        with tenancy.using(found.pk):
            return answers(command)(_here(found, acting_as), **options)

    acting = click.option(
        *names, "acting_as", metavar="EMAIL", help="Act as this member, with its role."
    )
    whose = click.option("--reseller", required=True, metavar="SLUG", help="Whose records.")
    return as_json(acting(whose(body)))


def operator() -> Actor:
    """The person at the command line, who may do everything."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return Actor(f"cli:{user}")


def _here(reseller: Reseller, email: str | None) -> Here:
    if email is None:
        return Here(reseller, operator())
    member = (
        Membership.objects.filter(
            reseller=reseller, user__email=email.lower(), state=Membership.ACTIVE
        )
        .select_related("user")
        .first()
    )
    if member is None:
        refuse(f"{email} is no active member of {reseller.slug}")
    return Here(reseller, Actor(member.user.email, member.role), member)


def portal_address(here: Here) -> str:
    """Where the customers' people of a reseller sign in."""
    return f"{settings.CLEARBILL_URL}/portal/{here.reseller.slug}/"


def provider_code(here: Here, word: str) -> str:
    """The code of a provider that is named by code, name or alias."""
    key = " ".join(word.split()).casefold()
    for provider in Provider.objects.filter(reseller=here.reseller):
        if key in (provider.code, provider.name.casefold()):
            return provider.code
    alias = (
        ProviderAlias.objects.filter(reseller=here.reseller, alias=key)
        .select_related("provider")
        .first()
    )
    if alias is None:
        names = ", ".join(
            Provider.objects.filter(reseller=here.reseller).values_list("code", flat=True)
        )
        refuse(f"no provider {word!r} here; there are {names}")
    code: str = alias.provider.code
    return code


def customer_id(here: Here, word: str) -> int:
    """The id of a customer that is named by id or by its exact name."""
    customers = Customer.objects.filter(reseller=here.reseller)
    number = whole(word)
    found = customers.filter(pk=number).first() if number is not None else None
    found = found or customers.filter(name=word).first()
    if found is None:
        refuse(f"no customer {word!r} here; `clearbill customers list` shows them")
    return found.pk


def went_stale(codes: Sequence[str]) -> list[str]:
    """A line about the drafts that a verb made stale; none where it made none so."""
    if not codes:
        return []
    drafts = counted(len(codes), "stale draft")
    return [f"{drafts}; `clearbill drafts stale` shows what a refresh changes"]


def say(value: dict[str, Any], as_json: bool, words: Callable[[], Iterable[str]]) -> None:
    """Print one JSON object, or lines of words."""
    if as_json:
        click.echo(json.dumps(value, ensure_ascii=False, default=_text))
        return
    for line in words():
        click.echo("\n".join(harmless(part) for part in line.split("\n")))


def words_of(value: Mapping[str, Any]) -> list[str]:
    """A line for each thing that is said: names with their values, lists joined."""
    return [
        f"{name.replace('_', ' ')}: {_in_words(shown)}"
        for name, shown in value.items()
        if shown not in (None, "", [], {})
    ]


def _in_words(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_in_words(each)}" for name, each in value.items())
    if isinstance(value, list):
        return ", ".join(map(_in_words, value))
    return str(value)


def _text(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    raise TypeError(f"{type(value).__name__} has no place in JSON")


def shown(amount: Decimal, currency: str) -> str:
    """An amount in the currency's minor units, as text: `599.00`."""
    return f"{round_half_away(amount, minor_unit(currency)):f}"


def summary(document: Document) -> dict[str, Any]:
    """A document as lists give it; needs customer and provider loaded."""
    return {
        "id": document.code,
        "customer": document.customer.name,
        "customer_id": document.customer_id,
        "provider": document.provider.name,
        "period_start": document.period_start,
        "period_end": document.period_end,
        "currency": document.currency,
        "status": document.status,
        "total": shown(document.total, document.currency),
        "exact_total": plain(document.exact_total),
    }


def table(rows: Sequence[Sequence[str]], head: Sequence[str]) -> list[str]:
    """Aligned columns; those whose cells are all amounts are aligned to the right."""
    if not rows:
        return ["(none)"]
    rows = [[harmless(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    right = [all(_is_number(row[i]) for row in rows) for i in range(len(head))]
    return [
        "  ".join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in (head, *rows)
    ]


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).lstrip("-").isdecimal()
