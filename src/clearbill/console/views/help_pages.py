"""Help: the five articles that the reference page names, three more, and the style guide."""

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render

from clearbill.console.samples import samples
from clearbill.web.permissions import TenantRequest, permission

ARTICLES = {
    "generate": "How to generate customer invoices",
    "update-status": "How to update the status of a customer invoice",
    "portal-url": "How do I find the end-customer portal URL?",
    "end-users": "How to set up and manage end-user access and password resets",
    "support": "How to submit and view support tickets",
    "worklist": "How to find what is to do, and any document",
    "customers": "How to set up customers",
    "settings": "How to set up what documents and e-mails carry",
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
        "title": ARTICLES[article],
        "portal_url": f"{settings.CLEARBILL_URL}/portal/{request.reseller.slug}/",
    }
    return render(request, f"console/help/{article}.html", context)


@permission("styleguide")
def styleguide(request: TenantRequest, slug: str) -> HttpResponse:
    """Every component, for those who build pages."""
    return render(request, "console/styleguide.html", samples())
