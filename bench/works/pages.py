"""Pages as a request meets them, middleware and all, beside the queries that they ask alone."""

import re
import statistics
import time
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from typing import Any

from django.core.paginator import Paginator
from django.db import connection
from django.template import engines
from django.test import RequestFactory

from bench.usage import PROVIDERS
from bench.ways import Measured, Work, run, timed
from bench.world import database, past_the_law
from clearbill.console.views import lists
from clearbill.records import tenancy
from clearbill.records.models import Document, Reseller
from clearbill.web.paging import SIZE, Page, in_order

MONTHS = 17
"""Months of documents that each customer has of each provider."""

FRAME = 3
"""Session, user and membership: each page asks for them before it begins."""

_CODE = re.compile(r"\bD-\d{6,}\b")


def works(folder: Path, *, documents: int, rows: int, skus: int, requests: int) -> Generator[Work]:
    customers = -(-documents // (MONTHS * len(PROVIDERS)))
    with database(folder) as environment:
        given = {"folder": str(folder), "rows": rows, "customers": 1, "skus": skus}
        made = run("bench.company:with_drafts", given, environment).answer
        filled = {"reseller": made["reseller"], "customers": customers, "codes": made["codes"]}
        seen = run("bench.works.pages:fill", filled, environment).answer
        door = f"/console/{made['slug']}/"
        everything = f"{door}documents/?range=all"
        size = f"{documents:,} documents"
        by_offset = {"the same by OFFSET": "bench.works.pages:by_offset"}
        unkept = {"seen for the first time": "bench.works.pages:unkept"}

        def page(
            name: str, size: str, address: str, cookie: str, most: tuple[int, int], **more: Any
        ) -> Work:
            cpu, queries = most
            return Work(
                name=f"page: {name}",
                size=size,
                ways={
                    "ours": "bench.works.pages:ours",
                    "floor": "bench.works.pages:queries_alone",
                    **more.get("others", {}),
                },
                given={
                    "address": address,
                    "cookie": cookie,
                    "of": more.get("of", 0),
                    "requests": requests,
                },
                environment=environment,
                exact=("ours", *more.get("others", {})),
                limits={"CPU ms beyond queries": cpu, "queries": queries},
                rounds=1,
                note=f"seconds are of CPU in the web server, medians of {requests} requests",
            )

        staff = made["cookie"]
        yield page("list, first", size, everything, staff, (4, 4))
        deep = f"{everything}&after={seen['after']}"
        yield page("list, deep", size, deep, staff, (4, 4), others=by_offset, of=seen["page"])
        for which, code in (("published", seen["published"]), ("draft", seen["draft"])):
            lines = f"{seen['lines'][which]} lines"
            address = f"{door}documents/{code}/"
            yield page(f"{which} document", lines, address, staff, (8, 5), others=unkept)
        portal = f"/portal/{made['slug']}/invoices/"
        yield page("portal, list", "51 documents", portal, seen["portal"], (8, 5))


_MONTH = """
INSERT INTO records_billingperiod (reseller_id, provider_id, period_start, period_end)
SELECT p.reseller_id, p.id, first, (first + interval '1 month')::date
  FROM records_provider p, (SELECT (date '2025-01-01' + make_interval(months => n))::date AS first
                              FROM generate_series(0, %(months)s - 1) n) m
 WHERE p.reseller_id = %(reseller)s AND p.code = ANY(%(providers)s)
ON CONFLICT DO NOTHING;
INSERT INTO records_customer (reseller_id, name, created_at)
SELECT %(reseller)s, 'Client ' || lpad(i::text, 6, '0'), now()
  FROM generate_series(1, %(customers)s) i;
INSERT INTO records_billingprofile (reseller_id, customer_id, name, is_default, legal_name,
    address, tax_id, currency, recipients, purchase_order, language, custom_fields)
SELECT reseller_id, id, 'Default', true, name, '', '', 'USD', '{}', '', 'en', '{}'
  FROM records_customer WHERE reseller_id = %(reseller)s AND name LIKE 'Client %%';
INSERT INTO records_document (reseller_id, code, counter, kind, customer_id, profile_id,
    provider_id, billing_period_id, period_start, period_end, currency, created_at, status,
    status_at, version, line_count, subtotal, tax, total, exact_total, purchase_order, series,
    sequence, invoice_number, issue_date, due_date, frozen, content_hash, published_at,
    payment_comment, rated_path, rated_hash, pdf_path, pdf_hash, rates, taxes, custom_fields,
    custom_words, note, note_printed, stale)
SELECT %(reseller)s, 'D-' || digits, 100 + i, 'tax-invoice', customer,
    profile, provider, period, period_start, period_end, 'USD', now(), status, now(), 1, 10,
    amount, 0, amount, amount, '', CASE WHEN status = 'Draft' THEN '' ELSE 'INV-' END,
    CASE WHEN status <> 'Draft' THEN 100 + i END,
    CASE WHEN status <> 'Draft' THEN 'INV-' || digits END,
    CASE WHEN status <> 'Draft' THEN period_end END,
    CASE WHEN status <> 'Draft' THEN period_end + 30 END,
    CASE WHEN status <> 'Draft' THEN '{}' END, CASE WHEN status <> 'Draft' THEN 'hash' END,
    CASE WHEN status <> 'Draft' THEN now() END, '', '', '', '', '', '[]', '[]', '{}', '', '',
    false, ''
  FROM (
    SELECT row_number() OVER (ORDER BY t.period_start, c.id, t.id) AS i, c.id AS customer,
           b.id AS profile, t.provider_id AS provider, t.id AS period,
           t.period_start, t.period_end,
           (c.id * 37 + t.id * 11) %% 90000 + 9.99 AS amount,
           (ARRAY['Open', 'Closed', 'Closed', 'Past Due', 'Draft'])[1 + (c.id + t.id) %% 5]
               AS status
      FROM records_customer c JOIN records_billingprofile b ON b.customer_id = c.id
      JOIN records_billingperiod t ON t.reseller_id = c.reseller_id
       AND t.period_start < '2026-10-01'
     WHERE c.reseller_id = %(reseller)s AND c.name LIKE 'Client %%') given,
       LATERAL (SELECT lpad((100 + i)::text, greatest(6, length((100 + i)::text)), '0') AS digits)
"""


def fill(reseller: int, customers: int, codes: list[str]) -> Callable[[], Any]:
    """Fill the lists past the law, publish one of the real drafts, and say what there is to see."""
    from bench import company
    from bench.works.publishing import quarter

    given = {
        "reseller": reseller,
        "customers": customers,
        "months": MONTHS,
        "providers": list(PROVIDERS),
    }

    def now() -> dict[str, Any]:
        quarter(reseller, codes[:1])()
        with past_the_law() as session, session.transaction():
            # Else every row is checked, which is not what is looked at here.
            session.execute("SET session_replication_role = replica")
            for statement in _MONTH.split(";\n"):
                session.execute(statement, given)
        with past_the_law() as session:
            session.execute("VACUUM ANALYZE")
        with tenancy.using(reseller):
            client = Document.objects.filter(customer__name="Client 000001").first()
            assert client is not None
            counts = dict(Document.objects.filter(code__in=codes).values_list("code", "line_count"))
            return {
                **_deep(),
                "published": codes[0],
                "draft": codes[1],
                "lines": {"published": counts[codes[0]], "draft": counts[codes[1]]},
                "portal": company.cookie(reseller, "portal", client.customer_id),
            }

    return now


def _deep() -> dict[str, Any]:
    """The cursor of a page at two thirds of the list, and its number."""
    from clearbill.queries.documents import visible
    from clearbill.queries.listing import order
    from clearbill.web.paging import _cursor

    reseller = Reseller.objects.get().pk
    rows = visible(reseller)
    page = rows.count() * 2 // 3 // SIZE
    last = rows.order_by(*order(""))[page * SIZE - 1]
    return {"after": _cursor(last, order("")), "page": page + 1}


Asked = list[tuple[str, Any]]


class _Browser:
    """Asks our WSGI application for a page, as the web server does, and keeps its statements."""

    def __init__(self, address: str, cookie: str) -> None:
        # Once all of it is loaded, as a worker of the web server loads it.
        from clearbill.wiring.wsgi import application

        self.application = application
        self.address, self.cookie = address, cookie
        self.asked: Asked = []

    def get(self) -> str:
        environ = (
            RequestFactory(SERVER_NAME="localhost")
            .get(self.address, HTTP_COOKIE=self.cookie)
            .environ
        )
        status: list[str] = []
        answer = self.application(environ, lambda said, headers: status.append(said))  # type: ignore[arg-type]
        body = b"".join(answer).decode()
        if not status[0].startswith("200"):
            raise AssertionError(f"{self.address}: {status[0]}")
        return body

    def ask(self) -> None:
        """The same statements with the same values, by the driver, all rows fetched."""
        for sql, params in self.asked:
            with connection.connection.cursor() as cursor:
                cursor.execute(sql, params)
                cursor.fetchall()

    def listen(self) -> str:
        """The page once, with what it asks the database kept: without the frame of every page."""
        statements: Asked = []

        def keep(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            if not sql.startswith("SELECT set_config"):
                statements.append((sql, params))
            return execute(sql, params, many, context)

        with connection.execute_wrapper(keep):
            body = self.get()
        self.asked = statements[FRAME:]
        return body


def ours(address: str, cookie: str, of: int, requests: int) -> Callable[[], Any]:
    """The page, as it is served."""
    browser = _Browser(address, cookie)
    # The second time nothing is loaded or compiled any more.
    browser.get()
    shown = browser.listen()

    def now() -> Measured:
        with tenancy.using(Reseller.objects.get().pk):
            alone, _ = _repeated(browser.ask, requests)
        cpu, wall = _repeated(browser.get, requests)
        figures = {
            "CPU ms": cpu * 1000,
            "CPU ms beyond queries": (cpu - alone) * 1000,
            "answer ms": wall * 1000,
        }
        return Measured(_codes(shown), cpu, {**figures, "queries": len(browser.asked)})

    return now


def _codes(shown: str) -> list[str]:
    return list(dict.fromkeys(_CODE.findall(shown)))


def _repeated(step: Callable[[], object], requests: int) -> tuple[float, float]:
    """Medians of CPU seconds of this thread and of seconds."""
    cpu, wall = [], []
    with timed():
        for _ in range(requests):
            began, began_cpu = time.perf_counter(), time.thread_time()
            step()
            cpu.append(time.thread_time() - began_cpu)
            wall.append(time.perf_counter() - began)
    return statistics.median(cpu), statistics.median(wall)


def queries_alone(address: str, cookie: str, of: int, requests: int) -> Callable[[], Any]:
    """The same statements with the same values, by the driver, all rows fetched."""
    browser = _Browser(address, cookie)
    browser.get()
    browser.listen()

    def now() -> Measured:
        with tenancy.using(Reseller.objects.get().pk):
            cpu, wall = _repeated(browser.ask, requests)
        return Measured(None, cpu, {"answer ms": wall * 1000})

    return now


def by_offset(address: str, cookie: str, of: int, requests: int) -> Callable[[], Any]:
    """The same page, counted through from the front as Django's own paginator does."""
    vars(lists)["page_of"] = partial(_page_by_offset, number=of)
    return ours(address, cookie, of, requests)


def unkept(address: str, cookie: str, of: int, requests: int) -> Callable[[], Any]:
    """The same page, with nothing kept of what is frozen."""
    environment = engines["jinja2"].env  # type: ignore[attr-defined]
    environment.globals["kept"] = lambda *_, caller: caller()
    return ours(address, cookie, of, requests)


def _page_by_offset(rows: Any, order: Any, after: Any, nullable: Any, number: int) -> Page[Any]:
    paginator = Paginator(rows.order_by(*in_order(order, nullable)), SIZE)
    page = paginator.page(number)
    return Page(list(page.object_list), "further" if page.has_next() else "", number == 1)
