"""A Detailed CSV over HTTP, against the engine writing the same rows to a file."""

import csv
import http.client
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from bench.memory import peak_mb
from bench.usage import PROVIDERS
from bench.ways import Measured, Work, run, timed
from bench.world import database, served
from clearbill.paper import downloads
from clearbill.records import tenancy
from clearbill.records.files import file_store
from clearbill.records.models import Document
from clearbill.usage.detail import Detail, detail, stored
from clearbill.usage.engines.duckdb import literal

PIECE = 1 << 16


def works(folder: Path, *, rows: int) -> Generator[Work]:
    with database(folder) as environment:
        given = {"folder": str(folder), "rows": rows * len(PROVIDERS), "customers": 1}
        made = run("bench.company:with_drafts", given, environment).answer
        draft, published = sorted(made["codes"])[:2]
        publish = {"reseller": made["reseller"], "code": published}
        run("bench.works.downloads:publish", publish, environment)
        with served(environment, folder) as web:
            for name, code in (("published, stored", published), ("draft, computed", draft)):
                yield Work(
                    name=f"Detailed CSV over HTTP: {name}",
                    size=f"about {rows:,} rows",
                    ways={
                        "ours": "bench.works.downloads:ours",
                        "floor": "bench.works.downloads:copied_out",
                        "Python's csv": "bench.works.downloads:by_csv",
                    },
                    given={
                        "folder": str(folder),
                        "code": code,
                        "reseller": made["reseller"],
                        "address": f"/console/{made['slug']}/documents/{code}/detailed-csv/",
                        "cookie": made["cookie"],
                        "port": web.port,
                        "pids": web.processes,
                    },
                    environment=environment,
                    at_most=1.2,
                    exact=("ours", "floor", "Python's csv"),
                    limits={"first byte s": 0.2},
                    profiled="bench.works.downloads:in_this_process",
                )


def publish(reseller: int, code: str) -> Callable[[], Any]:
    """Publish a draft, and store what its job would store."""
    from bench.works.publishing import quarter
    from clearbill.actions.store_published import store_published

    def now() -> None:
        quarter(reseller, [code])()
        with tenancy.using(reseller):
            pk = Document.objects.get(reseller=reseller, code=code).pk
            store_published(reseller_id=reseller, document_id=pk)

    return now


def ours(
    folder: str,
    code: str,
    reseller: int,
    address: str,
    cookie: str,
    port: int,
    pids: list[int],
) -> Callable[[], Any]:
    """From the request to the last byte, kept in a file as a browser keeps it."""
    to = Path(folder) / "ours.csv"
    connection = http.client.HTTPConnection("localhost", port)
    # A server that has served before has loaded what it needs.
    _download(connection, address.replace("detailed-csv/", "csv/"), cookie, len)

    def now() -> Measured:
        with timed() as took, to.open("wb") as file:
            began = time.perf_counter()
            first = _download(connection, address, cookie, file.write)
        figures = {"first byte s": first - began, "MB": to.stat().st_size / 2**20}
        return Measured(_sums(to), took.seconds, figures, peak_mb(pids))

    return now


def _download(
    connection: http.client.HTTPConnection,
    address: str,
    cookie: str,
    keep: Callable[[bytes], object],
) -> float:
    """When the first byte of the file came."""
    connection.request("GET", address, headers={"Cookie": cookie})
    answer = connection.getresponse()
    if answer.status != 200:
        raise AssertionError(f"{address}: {answer.status} {answer.read()[:500]!r}")
    piece = answer.read1(PIECE)
    first = time.perf_counter()
    while piece:
        keep(piece)
        piece = answer.read1(PIECE)
    answer.close()
    return first


def _sums(path: Path) -> list[str]:
    """Rows, and the sum of their exact prices."""
    found = duckdb.execute(
        'SELECT count(*), CAST(sum(CAST("Price" AS DECIMAL(38,24))) AS VARCHAR)'
        f" FROM read_csv({literal(str(path))}, header=true, all_varchar=true)"
    ).fetchone()
    assert found is not None
    return [str(found[0]), str(found[1]).rstrip("0")]


@contextmanager
def _rows(reseller: int, code: str) -> Iterator[Detail]:
    """The rows of a document, without a look whether the stored ones are whole."""
    with tenancy.using(reseller):
        document = Document.objects.select_related("billing_period__provider").get(code=code)
        slices, lines = downloads.slices_of(document), downloads.line_refs(document)
    store = file_store()
    opened = (
        stored(document.rated_path, store=store)
        if document.rated_path
        else detail(slices, lines, store=store)
    )
    with opened as rows:
        yield rows


def copied_out(folder: str, code: str, reseller: int, **_: Any) -> Callable[[], Any]:
    """The engine's own COPY of the same rows and columns."""
    to = Path(folder) / "floor.csv"

    def now() -> Measured:
        with _rows(reseller, code) as rows, timed() as took:
            copy = f"COPY ({rows.query()}) TO {literal(str(to))} (HEADER)"
            rows.connection.execute(copy).fetchall()
        return Measured(_sums(to), took.seconds)

    return now


def by_csv(folder: str, code: str, reseller: int, **_: Any) -> Callable[[], Any]:
    """Python's own writer, row after row."""
    to = Path(folder) / "python.csv"

    def now() -> Measured:
        with _rows(reseller, code) as rows, timed() as took, to.open("w", newline="") as file:
            fetched = rows.connection.execute(rows.query())
            writer = csv.writer(file)
            writer.writerow([column[0] for column in fetched.description or ()])
            while some := fetched.fetchmany(10_000):
                writer.writerows(some)
        return Measured(_sums(to), took.seconds)

    return now


def in_this_process(code: str, reseller: int, **_: Any) -> Callable[[], Any]:
    """What the server does behind its door, to see where its time goes."""

    def now() -> int:
        with tenancy.using(reseller):
            document = Document.objects.select_related("billing_period__provider").get(code=code)
            return sum(map(len, downloads.detailed_csv(document, audience="staff")))

    return now
