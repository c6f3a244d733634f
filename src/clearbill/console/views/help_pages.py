"""Help: the five articles that the reference page names, three more, and the style guide."""

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_noop as N_

from clearbill.console.samples import samples
from clearbill.web.jinja import translated as _
from clearbill.web.permissions import TenantRequest, permission

ARTICLES = {
    "generate": N_("How to generate customer invoices"),
    "update-status": N_("How to update the status of a customer invoice"),
    "portal-url": N_("How do I find the end-customer portal URL?"),
    "end-users": N_("How to set up and manage end-user access and password resets"),
    "support": N_("How to submit and view support tickets"),
    "worklist": N_("How to find what is to do, and any document"),
    "customers": N_("How to set up customers"),
    "settings": N_("How to set up what documents and e-mails carry"),
}


@permission("documents.read")
def index(request: TenantRequest, slug: str) -> HttpResponse:
    """All articles."""
    return render(request, "console/help.html", {"articles": ARTICLES})


@permission("documents.read")
def article(request: TenantRequest, slug: str, article: str) -> HttpResponse:
    """One article."""
    if article not in ARTICLES:
        raise Http404("no such article")
    context = {
        "articles": ARTICLES,
        "article": article,
        "title": _(ARTICLES[article]),
        "portal_url": f"{settings.CLEARBILL_URL}/portal/{request.reseller.slug}/",
    }
    return render(request, f"console/help/{article}.html", context)


@permission("styleguide")
def styleguide(request: TenantRequest, slug: str) -> HttpResponse:
    """Every component, for those who build pages."""
    return render(request, "console/styleguide.html", samples())
