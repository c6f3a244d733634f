"""Answers to what went wrong on our side."""

import sys
import uuid

import structlog
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template import TemplateDoesNotExist, loader

log = structlog.get_logger(__name__)


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 with Retry-After while the database is away. Never shows the reason.

    The page has an id instead, under which the log has the reason.
    """
    error = sys.exc_info()[1]
    away = isinstance(error, OperationalError | InterfaceError)
    status = 503 if away else 500
    error_id = uuid.uuid4().hex[:12]
    # By the view's name: an address may hold the token of an invitation or of a reset.
    view = request.resolver_match.view_name if request.resolver_match else ""
    kind = type(error).__name__
    log.error("request failed", error_id=error_id, view=view, kind=kind, exc_info=error)
    try:
        body: str = loader.render_to_string(f"{status}.html", {"error_id": error_id})
    except TemplateDoesNotExist:
        body = f"<!doctype html><title>Error {status}</title><h1>Error {status}</h1><p>{error_id}"
    response = HttpResponse(body, status=status)
    if away:
        response.headers["Retry-After"] = "5"
    return response
