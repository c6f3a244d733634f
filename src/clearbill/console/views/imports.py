"""Usage imports: upload, list, sums, errors."""

import shutil
import tempfile
from pathlib import Path

from django.contrib import messages
from django.core.files import File
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext

from clearbill.actions.common import Refused
from clearbill.actions.import_usage import Imported, import_usage
from clearbill.queries import imports as reading
from clearbill.rules.access import allowed
from clearbill.usage.types import BadFile
from clearbill.web.actor import actor_of
from clearbill.web.jinja import translated as _
from clearbill.web.loaders import import_or_404
from clearbill.web.messages import say_stale
from clearbill.web.permissions import TenantRequest, permission


@permission("usage.read")
def index(request: TenantRequest, slug: str) -> HttpResponse:
    """Deliveries, newest first, and the form that takes the next one."""
    if request.method == "POST":
        return _upload(request)
    return _page(request)


def _page(request: TenantRequest, status: int = 200, **more: object) -> HttpResponse:
    context = {
        "imports": reading.recent(request.reseller.pk),
        "may_import": allowed(request.membership.role, "usage.import"),
        "bad": None,
        "refused": "",
        **more,
    }
    return render(request, "console/imports.html", context, status=status)


def _upload(request: TenantRequest) -> HttpResponse:
    uploads = request.FILES.getlist("files")
    if not uploads:
        return _page(request, 422, refused=_("Choose at least one file."))
    with tempfile.TemporaryDirectory(prefix="clearbill-upload-") as folder:
        paths = [_kept(each, Path(folder), number) for number, each in enumerate(uploads)]
        try:
            done = import_usage(
                reseller_id=request.reseller.pk,
                actor=actor_of(request),
                files=paths,
                names=[each.name or "file" for each in uploads],
                whole="whole" in request.POST,
            )
        except BadFile as bad:
            return _page(request, 422, bad=bad)
        except Refused as error:
            return _page(request, 422, refused=error.message)
    _say(request, done)
    return redirect("console:import", request.reseller.slug, done.import_id)


def _kept(upload: "File[bytes]", folder: Path, number: int) -> Path:
    """The upload as a file under a name of ours: a browser's name is never a path here."""
    path = folder / str(number)
    with path.open("wb") as out:
        shutil.copyfileobj(upload, out)
    return path


def _say(request: TenantRequest, done: Imported) -> None:
    if done.already:
        messages.info(
            request, _("Already imported as import %(id)s: nothing changed.", id=done.import_id)
        )
        return
    messages.success(
        request, _("Import %(id)s: %(rows)s taken in.", id=done.import_id, rows=_rows(done.rows))
    )
    for each in done.replaced:
        messages.warning(
            request,
            _(
                "Replaced %(provider)s, payer %(payer)s, from %(start)s: %(rows_before)s,"
                " %(sum_before)s %(currency)s before; %(rows_after)s, %(sum_after)s after.",
                provider=each.provider,
                payer=each.payer,
                start=each.period_start,
                rows_before=_rows(each.rows_before),
                sum_before=f"{each.sum_before.normalize():f}",
                currency=each.currency,
                rows_after=_rows(each.rows_after),
                sum_after=f"{each.sum_after.normalize():f}",
            ),
        )
    say_stale(request, done.stale)
    if done.new_accounts:
        count = len(done.new_accounts)
        words = ngettext(
            "%(count)s new account: assign under Unassigned.",
            "%(count)s new accounts: assign under Unassigned.",
            count,
        )
        messages.warning(request, words % {"count": f"{count:,}"})


def _rows(count: int) -> str:
    return ngettext("%(count)s row", "%(count)s rows", count) % {"count": f"{count:,}"}


@permission("usage.read")
def show(request: TenantRequest, slug: str, import_id: int) -> HttpResponse:
    """One delivery: files, sums of the file and as stored, and what came of each statement."""
    found = import_or_404(request, import_id)
    context = {"usage_import": found, "statements": reading.statements(found)}
    return render(request, "console/import.html", context)
