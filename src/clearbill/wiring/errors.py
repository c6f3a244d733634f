"""Answers to what went wrong on our side."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template import TemplateDoesNotExist, loader


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 with Retry-After while the database is away. Never shows the reason."""
    away = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    status = 503 if away else 500
    try:
        body: str = loader.render_to_string(f"{status}.html")
    except TemplateDoesNotExist:
        body = f"<!doctype html><title>Error {status}</title><h1>Error {status}</h1>"
    response = HttpResponse(body, status=status)
    if away:
        response.headers["Retry-After"] = "5"
    return response
