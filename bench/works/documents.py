"""Usage to documents in the database: our generation, bare SQL and COPY, and the ORM row by row."""

from collections.abc import Callable, Generator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg

from bench.usage import PERIOD, PROVIDERS, engine
from bench.ways import Measured, Work, run, timed
from bench.works import rating
from bench.world import COPY, copied, database, past_the_law
from clearbill.records import clock, tenancy
from clearbill.records.files import file_store
from clearbill.records.models import Claim, Document, DocumentLine, Reseller, UsageSlice
from clearbill.rules.money import total
from clearbill.usage.rating import rate

PART = 200
"""Documents that are saved row by row; the time of all is told from theirs."""


def works(folder: Path, *, rows: int, customers: int) -> Generator[Work]:
    documents = customers * len(PROVIDERS)
    part = min(PART, documents)
    with database(folder) as environment:
        given = {"folder": str(folder), "rows": rows, "customers": customers}
        run("bench.works.documents:prepare", given, environment)
        yield Work(
            name="usage to documents in the database",
            size=f"{rows:,} rows, {documents:,} documents",
            ways={
                "ours": "bench.works.documents:ours",
                "floor": "bench.works.documents:by_hand",
                "ORM, row by row": "bench.works.documents:by_orm",
            },
            given={"folder": str(folder), "part": part},
            environment=environment,
            at_most=2,
            at_least={"ORM, row by row": 20},
            scale={"ORM, row by row": documents / part},
            note=f"ORM, row by row: {part} documents whose lines were rated by us, in proportion",
        )


def prepare(folder: str, rows: int, customers: int) -> Callable[[], Any]:
    """A reseller ready to generate, and the same import and tables for the SQL by hand."""
    from bench import company

    at = Path(folder)

    def now() -> None:
        made = company.with_usage(folder, rows, customers)()
        with tenancy.using(made["reseller"]):
            slices = list(
                UsageSlice.objects.filter(reseller=made["reseller"]).values_list(
                    "statement__billing_period__provider__code",
                    "statement__payer",
                    "account__account",
                )
            )
        (at / "store").mkdir()
        (at / "store" / "usage.parquet").symlink_to(at / "files" / made["import"])
        rating.write_tables(at, slices, customers)

    return now


def ours(folder: str, part: int) -> Callable[[], Any]:
    """A run of all providers and customers, as the button in the console starts it."""
    from bench import company

    copied()
    reseller = Reseller.objects.get().pk

    def now() -> Measured:
        with timed() as took:
            company.generate(reseller)
        with past_the_law(COPY) as connection:
            return Measured(_digest(connection, "records_documentline"), took.seconds)

    return now


def _digest(connection: psycopg.Connection, lines: str) -> list[str]:
    found = connection.execute(
        "SELECT count(DISTINCT document_id), count(*), sum(price)::numeric(38,4),"
        f" sum(exact)::numeric(50,24) FROM {lines}"
    ).fetchone()
    assert found is not None
    return [str(cell) for cell in found]


_LINES = (
    "document AS document_id", '"position"', "account", "account_name", "service", "sku",
    "description", "charge_type", "provider_charge", "unit", "currency", "line_key", "qty",
    "cost", "list_cost", "currency AS cost_currency", "cost AS cost_converted",
    "list_cost AS list_converted", "rule", "a", "b", "c", "exact", "price", '"rows"',
    "first_date", "last_date",
)  # fmt: skip
_DOCUMENTS = """
SELECT document AS id, any_value(customer) AS customer_id, any_value(provider) AS provider,
       count(*) AS line_count, sum(price) AS total, sum(exact) AS exact_total
  FROM lines JOIN read_parquet('{documents}') USING (document) GROUP BY document
"""
_BARE = """
CREATE TABLE bare_document (id bigint, customer_id bigint, provider text, line_count integer,
    total numeric(38,4), exact_total numeric(38,24));
CREATE TABLE bare_line AS SELECT {names} FROM records_documentline LIMIT 0
"""


def by_hand(folder: str, part: int) -> Callable[[], Any]:
    """SQL that knows its one period and currency, CSV, and COPY into tables without any law."""
    at = Path(folder)
    copied()
    duck = engine()
    statements = rating.hand_written(at)
    names = ", ".join(each.split(" AS ")[-1] for each in _LINES)
    with past_the_law(COPY) as connection:
        for statement in _BARE.format(names=names).split(";\n"):
            connection.execute(statement)
    documents = _DOCUMENTS.format(documents=at / "documents.parquet")
    lines = f"SELECT {', '.join(_LINES)} FROM lines"

    def now() -> Measured:
        with timed() as took:
            for statement in statements:
                duck.execute(statement).fetchall()
            with past_the_law(COPY) as connection, connection.transaction():
                _copy(duck, documents, connection, "bare_document", at / "documents.csv")
                _copy(duck, lines, connection, "bare_line", at / "lines.csv")
        with past_the_law(COPY) as connection:
            return Measured(_digest(connection, "bare_line"), took.seconds)

    return now


def _copy(
    duck: duckdb.DuckDBPyConnection,
    query: str,
    connection: psycopg.Connection,
    table: str,
    by: Path,
) -> None:
    duck.execute(f"COPY ({query}) TO '{by}' (HEADER false, FORCE_QUOTE *)").fetchall()
    with (
        connection.cursor().copy(f"COPY {table} FROM STDIN (FORMAT csv)") as copy,
        by.open("rb") as file,
    ):
        while piece := file.read(1 << 20):
            copy.write(piece)


def by_orm(folder: str, part: int) -> Callable[[], Any]:
    """Each document, line and claim saved by itself, a transaction a document, the law in force."""
    from bench import company

    copied()
    reseller = Reseller.objects.get().pk
    planned = company.planned(reseller, part)
    refs = [c.document_ref(number) for number, c in enumerate(planned)]
    slices = [ref for number, c in enumerate(planned) for ref in c.slice_refs(number)]
    rules = company.rules_of(reseller, planned)

    def now() -> int:
        table = rate(slices, refs, rules, store=file_store())
        by_document: dict[int, list[dict[str, Any]]] = {}
        for line in table.to_pylist():
            by_document.setdefault(line.pop("document"), []).append(line)
        for number, lines in by_document.items():
            _save(reseller, number, planned[number], lines)
        return len(by_document)

    return now


def _save(reseller: int, number: int, candidate: Any, lines: Sequence[dict[str, Any]]) -> None:
    price = total([line["price"] for line in lines])
    with tenancy.transaction(reseller):
        document = Document(
            reseller_id=reseller,
            code=f"D-{number + 1:06d}",
            counter=number + 1,
            kind="tax-invoice",
            customer_id=candidate.customer_id,
            profile=candidate.profile,
            provider=candidate.period.provider,
            billing_period=candidate.period,
            period_start=PERIOD[0],
            period_end=PERIOD[1],
            currency=candidate.currency,
            created_at=clock.now(),
            status_at=clock.now(),
            line_count=len(lines),
            subtotal=price,
            tax=Decimal(0),
            total=price,
            exact_total=total([line["exact"] for line in lines]),
        )
        document.save()
        for line in lines:
            DocumentLine(reseller_id=reseller, document=document, **line).save(force_insert=True)
        for each in candidate.slices:
            Claim(reseller_id=reseller, document=document, slice=each).save()
