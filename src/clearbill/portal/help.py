"""Help for the pages of the portal: what concerns a customer, an article a subject."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_noop as N_

from clearbill.web.permissions import TenantRequest, permission

ARTICLES = {
    "documents": N_("How to read a document"),
    "downloads": N_("How to download a document"),
    "figures": N_("What Overview and Usage show"),
    "access": N_("Who can sign in, and password resets"),
    "support": N_("How to ask about a line, and follow your tickets"),
}


@permission("portal.read")
def index(request: TenantRequest, slug: str) -> HttpResponse:
    """All articles."""
    return render(request, "portal/help.html", {"articles": ARTICLES})


@permission("portal.read")
def article(request: TenantRequest, slug: str, article: str) -> HttpResponse:
    """One article."""
    if article not in ARTICLES:
        raise Http404("no such article")
    context = {"articles": ARTICLES, "article": article, "title": ARTICLES[article]}
    return render(request, f"portal/help/{article}.html", context)
