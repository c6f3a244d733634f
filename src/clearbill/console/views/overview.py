"""Overview: what is to do first, then how things stand."""

from dataclasses import dataclass
from datetime import timedelta

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_noop as N_

from clearbill.actions.common import Refused
from clearbill.actions.letters import dismiss, send_again
from clearbill.actions.notify import resend_notification
from clearbill.queries import mails, trends
from clearbill.queries import overview as reading
from clearbill.queries.overview import Standing, Work
from clearbill.records import clock
from clearbill.rules.access import allowed
from clearbill.rules.mail_answers import in_plain_words
from clearbill.rules.text import capital
from clearbill.web import charts, figures
from clearbill.web.actor import actor_of
from clearbill.web.forms import number
from clearbill.web.jinja import said
from clearbill.web.jinja import translated as _
from clearbill.web.loaders import document_or_404
from clearbill.web.paging import page_of
from clearbill.web.permissions import TenantRequest, permission

WORDS = {
    reading.DRAFTS: N_("Drafts to review"),
    reading.UNASSIGNED: N_("Unassigned money"),
    reading.VOIDED: N_("Usage of voided invoices, not billed again"),
    reading.LATE: N_("Late usage, not billed"),
    reading.FAILED_RUN: N_("The last run failed"),
    reading.FAILED: N_("Customers that failed in the last run"),
    reading.FAILED_JOBS: N_("Bulk jobs that failed"),
    reading.NO_RATE: N_("Customers left for want of a rate"),
    reading.UNSENT: N_("Unsent mail"),
    reading.PAST_DUE: N_("Past due"),
    reading.STALE: N_("Stale drafts"),
    reading.TICKETS: N_("Open tickets"),
}

HINTS = {
    reading.DRAFTS: N_("Read them, then publish."),
    reading.UNASSIGNED: N_("Accounts that belong to no customer: nobody is billed for them."),
    reading.VOIDED: N_("Customers whose replacement is still to be generated."),
    reading.LATE: N_(
        "Customers whose account was assigned, or whose usage came, after publication."
    ),
    reading.FAILED_RUN: N_("It ended before it was done; generate again."),
    reading.FAILED: N_("They have no document; the run says why."),
    reading.FAILED_JOBS: N_("They ended before all documents were reached."),
    reading.NO_RATE: N_("The last run names the currencies: add the rate, then generate again."),
    reading.UNSENT: N_("Failed, or waiting for more than 15 minutes."),
    reading.PAST_DUE: N_("Unpaid after their due date."),
    reading.STALE: N_("Usage, prices or rates have changed since they were made."),
    reading.TICKETS: N_("Customers who wait for an answer."),
}

ICONS = {
    reading.DRAFTS: "document-text",
    reading.UNASSIGNED: "question-mark-circle",
    reading.VOIDED: "arrow-path",
    reading.LATE: "clock",
    reading.FAILED_RUN: "exclamation-triangle",
    reading.FAILED: "exclamation-triangle",
    reading.FAILED_JOBS: "exclamation-triangle",
    reading.NO_RATE: "banknotes",
    reading.UNSENT: "envelope",
    reading.PAST_DUE: "clock",
    reading.STALE: "arrow-path",
    reading.TICKETS: "chat-bubble-left-right",
}

AGES = {
    reading.NOT_YET_DUE: N_("Not yet due"),
    "1-30": N_("1–30 days late"),
    "31-60": N_("31–60 days late"),
    "61-90": N_("61–90 days late"),
    "over-90": N_("More than 90 days late"),
}


@dataclass(frozen=True)
class Step:
    """One of a new reseller's first steps; `href` is empty for roles that may not take it."""

    title: str
    hint: str
    done: bool
    href: str


_STEPS = {
    "seller": (N_("Fill in who you are"), N_("Legal name and address, as documents print them."),
               "console:settings", "settings.edit"),
    "usage": (N_("Import the first usage"), N_("A provider's FOCUS export, as CSV or Parquet."),
              "console:imports", "usage.import"),
    "accounts": (N_("Assign accounts to customers"),
                 N_("One click makes a customer of each account."),
                 "console:unassigned", "accounts.assign"),
    "drafts": (N_("Generate the first drafts"),
               N_("One document per customer, provider and period."),
               "console:generate", "documents.generate"),
    "published": (N_("Publish the first document"), N_("Review a draft, then set it to Open."),
                  "console:documents", "documents.change_status"),
    "portal": (N_("Invite a customer to the portal"), N_("From the customer's page."),
               "console:customers", "portal_users.edit"),
}  # fmt: skip


@permission("documents.read")
def index(request: TenantRequest, slug: str) -> HttpResponse:
    """The worklist, and under it months, changes, ageing and periods."""
    reseller = request.reseller
    standing = reading.standing(reseller.pk, today=clock.today(reseller.time_zone), now=clock.now())
    ages = [
        charts.stack([(_(AGES[age]), amount) for age, amount in amounts.items()], currency)
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
    """E-mails about documents, and for those who read the trail all others, that did not go out.

    A POST sends one again, or dismisses it.
    """
    if request.method == "POST":
        return _again(request) if "document" in request.POST else _about_letter(request)
    reseller_id, now, role = request.reseller.pk, clock.now(), request.membership.role
    page = page_of(mails.unsent_deliveries(reseller_id, now), ("-id",), request.GET.get("after"))
    letters = (
        reading.unsent_letters(reseller_id, now) if allowed(role, "documents.read_trail") else []
    )
    context = {
        "page": page,
        "next_mails": mails.next_tries(page.rows),
        "letters": letters,
        "next_letters": mails.next_tries(letters),
        "meaning": in_plain_words,
        # What was owed to the worker within the last minute is not late.
        "just_now": now - timedelta(minutes=1),
        "may_edit": allowed(role, "documents.resend"),
    }
    return render(request, "console/unsent_mail.html", context)


def _again(request: TenantRequest) -> HttpResponse:
    code = document_or_404(request, request.POST["document"]).code
    try:
        to = resend_notification(
            reseller_id=request.reseller.pk, actor=actor_of(request), document=code
        )
    except Refused as error:
        messages.error(request, f"{capital(said(error.message))}.")
    else:
        messages.success(
            request,
            _(
                "A mail about %(code)s goes out to %(recipients)s.",
                code=code,
                recipients=", ".join(to),
            ),
        )
    return redirect("console:unsent-mail", request.reseller.slug)


def _about_letter(request: TenantRequest) -> HttpResponse:
    known = {
        "again": (send_again, N_("The e-mail to %(recipient)s is being sent again.")),
        "dismiss": (dismiss, N_("The e-mail to %(recipient)s is dismissed.")),
    }
    what, letter_id = request.POST.get("do", ""), number(request.POST, "letter")
    if what not in known or letter_id is None:
        raise Http404("no such e-mail")
    verb, words = known[what]
    try:
        letter = verb(reseller_id=request.reseller.pk, actor=actor_of(request), letter_id=letter_id)
    except Refused as error:
        messages.error(request, f"{capital(said(error.message))}.")
    else:
        messages.success(request, _(words, recipient=letter.recipient))
    return redirect("console:unsent-mail", request.reseller.slug)


def _shown(request: TenantRequest, work: Work) -> tuple[str, tuple[object, ...]]:
    """Where the list behind a count is, and its amounts; cost only for those who may read it."""
    sees_cost = allowed(request.membership.role, "usage.read")
    is_cost = work.kind in (reading.UNASSIGNED, reading.VOIDED, reading.LATE, reading.NO_RATE)
    return _address(request, work, sees_cost), work.amounts if sees_cost or not is_cost else ()


def _address(request: TenantRequest, work: Work, sees_runs: bool) -> str:
    slug = request.reseller.slug
    documents = reverse("console:documents", args=[slug])
    run = reverse("console:run", args=[slug, work.run]) if sees_runs and work.run else ""
    generates = allowed(request.membership.role, "documents.generate")
    generate = f"{reverse('console:generate', args=[slug])}?period={work.month}"
    unassigned = reverse("console:unassigned", args=[slug])
    return {
        reading.DRAFTS: f"{documents}?range=all&status=Draft",
        reading.PAST_DUE: f"{documents}?range=all&status=Past+Due",
        reading.UNASSIGNED: unassigned,
        reading.VOIDED: generate if generates else "",
        reading.LATE: f"{unassigned}?late=1",
        reading.FAILED_RUN: run,
        reading.FAILED: run,
        reading.FAILED_JOBS: reverse("console:bulk-jobs", args=[slug]),
        reading.NO_RATE: run,
        reading.UNSENT: reverse("console:unsent-mail", args=[slug]),
        reading.STALE: reverse("console:stale-drafts", args=[slug]),
        reading.TICKETS: f"{reverse('console:tickets', args=[slug])}?state=Open",
    }[work.kind]


def _steps(request: TenantRequest, standing: Standing) -> list[Step]:
    slug, role = request.reseller.slug, request.membership.role
    return [
        Step(
            _(title), _(hint), standing.steps[name],
            reverse(page, args=[slug]) if allowed(role, verb) else "",
        )
        for name, (title, hint, page, verb) in _STEPS.items()
    ]  # fmt: skip
