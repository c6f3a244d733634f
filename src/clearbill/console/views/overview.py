"""Overview: what is to do first, then how things stand."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from clearbill.queries import overview as reading
from clearbill.queries import trends
from clearbill.queries.overview import Standing, Work
from clearbill.records import clock
from clearbill.rules.access import allowed
from clearbill.web import charts, figures
from clearbill.web.paging import page_of
from clearbill.web.permissions import TenantRequest, permission

WORDS = {
    reading.DRAFTS: "Drafts to review",
    reading.UNASSIGNED: "Unassigned money",
    reading.FAILED: "Customers that failed in the last run",
    reading.UNSENT: "Unsent mail",
    reading.PAST_DUE: "Past due",
    reading.STALE: "Stale drafts",
    reading.TICKETS: "Open tickets",
}

HINTS = {
    reading.DRAFTS: "Read them, then publish.",
    reading.UNASSIGNED: "Accounts that belong to no customer: nobody is billed for them.",
    reading.FAILED: "They have no document; the run says why.",
    reading.UNSENT: "Failed, or waiting for more than 15 minutes.",
    reading.PAST_DUE: "Unpaid after their due date.",
    reading.STALE: "Their usage has changed since they were made.",
    reading.TICKETS: "Customers who wait for an answer.",
}

ICONS = {
    reading.DRAFTS: "document-text",
    reading.UNASSIGNED: "question-mark-circle",
    reading.FAILED: "exclamation-triangle",
    reading.UNSENT: "envelope",
    reading.PAST_DUE: "clock",
    reading.STALE: "arrow-path",
    reading.TICKETS: "chat-bubble-left-right",
}

AGES = {
    reading.NOT_YET_DUE: "Not yet due",
    "1-30": "1–30 days late",
    "31-60": "31–60 days late",
    "61-90": "61–90 days late",
    "over-90": "More than 90 days late",
}


@dataclass(frozen=True)
class Step:
    """One of a new reseller's first steps; `href` is empty for roles that may not take it."""

    title: str
    hint: str
    done: bool
    href: str


_STEPS = {
    "seller": ("Fill in who you are", "Legal name and address, as documents print them.",
               "console:settings", "settings.edit"),
    "usage": ("Import the first usage", "A provider's FOCUS export, as CSV or Parquet.",
              "console:imports", "usage.import"),
    "accounts": ("Assign accounts to customers", "One click makes a customer of each account.",
                 "console:unassigned", "accounts.assign"),
    "drafts": ("Generate the first drafts", "One document per customer, provider and period.",
               "console:generate", "documents.generate"),
    "published": ("Publish the first document", "Review a draft, then set it to Open.",
                  "console:documents", "documents.change_status"),
    "portal": ("Invite a customer to the portal", "From the customer's page.",
               "console:customers", "portal_users.edit"),
}  # fmt: skip


@permission("documents.read")
def index(request: TenantRequest, slug: str) -> HttpResponse:
    """The worklist, and under it months, changes, ageing and periods."""
    reseller = request.reseller
    standing = reading.standing(reseller.pk, today=clock.today(reseller.time_zone), now=clock.now())
    ages = [
        charts.stack([(AGES[age], amount) for age, amount in amounts.items()], currency)
        for currency, amounts in standing.ageing.items()
    ]
    context = {
        "work": [(each, *_shown(request, each)) for each in standing.to_do],
        "words": WORDS,
        "hints": HINTS,
        "icons": ICONS,
        "started": standing.steps["usage"],
        "steps": None if standing.first_steps_done else _steps(request, standing),
        "figures": figures.figures(trends.by_provider(reseller.pk)),
        "changes": trends.changes(reseller.pk),
        "ages": ages,
        "periods": reading.periods(reseller.pk),
    }
    return render(request, "console/overview.html", context)


@permission("documents.read")
def unsent(request: TenantRequest, slug: str) -> HttpResponse:
    """The documents, and for those who read the trail the letters, whose mail did not go out."""
    now, role = clock.now(), request.membership.role
    page = page_of(
        reading.documents_with_unsent_mail(request.reseller.pk, now),
        ("-period_start", "-id"),
        request.GET.get("after"),
    )
    letters = (
        reading.unsent_letters(request.reseller.pk, now)
        if allowed(role, "documents.read_trail")
        else []
    )
    return render(request, "console/unsent_mail.html", {"page": page, "letters": letters})


def _shown(request: TenantRequest, work: Work) -> tuple[str, tuple[object, ...]]:
    """Where the list behind a count is, and its amounts; cost only for those who may read it."""
    sees_cost = allowed(request.membership.role, "usage.read")
    amounts = work.amounts if sees_cost or work.kind != reading.UNASSIGNED else ()
    return _address(request, work, sees_cost), amounts


def _address(request: TenantRequest, work: Work, sees_runs: bool) -> str:
    slug = request.reseller.slug
    documents = reverse("console:documents", args=[slug])
    return {
        reading.DRAFTS: f"{documents}?range=all&status=Draft",
        reading.PAST_DUE: f"{documents}?range=all&status=Past+Due",
        reading.UNASSIGNED: reverse("console:unassigned", args=[slug]),
        reading.FAILED: reverse("console:run", args=[slug, work.run])
        if sees_runs and work.run
        else "",
        reading.UNSENT: reverse("console:unsent-mail", args=[slug]),
        reading.STALE: reverse("console:stale-drafts", args=[slug]),
        reading.TICKETS: reverse("console:tickets", args=[slug]),
    }[work.kind]


def _steps(request: TenantRequest, standing: Standing) -> list[Step]:
    slug, role = request.reseller.slug, request.membership.role
    return [
        Step(
            title, hint, standing.steps[name],
            reverse(page, args=[slug]) if allowed(role, verb) else "",
        )
        for name, (title, hint, page, verb) in _STEPS.items()
    ]  # fmt: skip
