"""Usage to priced lines: ours in three stages, SQL by hand, and a notebook with floats."""

import json
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bench.usage import PERIOD, PROVIDERS, Size, engine, rules, write_csv
from bench.ways import Work
from clearbill.rules.pricing import PRICED
from clearbill.store import FileStore
from clearbill.usage.intake import take_in
from clearbill.usage.rating import rate
from clearbill.usage.types import DocumentRef, RuleRef, SliceRef

_DIGEST = """
SELECT count(*), sum(price)::VARCHAR, sum(exact)::VARCHAR, sum(cost)::VARCHAR, sum("rows")::VARCHAR,
       sum(hash(document::BIGINT, "position"::INT, line_key, qty::DECIMAL(38,18),
                cost::DECIMAL(38,18), list_cost::DECIMAL(38,18), coalesce(rule, 0)::BIGINT,
                a::DECIMAL(9,6), b::DECIMAL(9,6), c::DECIMAL(9,6), exact::DECIMAL(38,24),
                price::DECIMAL(38,4), first_date, last_date))::VARCHAR
  FROM lines
"""


def works(folder: Path, *, rows: int, customers: int) -> Generator[Work]:
    prepare(folder, rows=rows, customers=customers)
    yield Work(
        name="rate usage to lines",
        size=f"{rows:,} rows, {customers * len(PROVIDERS):,} documents",
        ways={
            "ours": "bench.works.rating:ours",
            "floor": "bench.works.rating:by_hand",
            "pandas, floats": "bench.works.rating:pandas",
        },
        given={"folder": str(folder)},
        at_most=1.4,
        at_least={"pandas, floats": 4},
    )


def prepare(folder: Path, *, rows: int, customers: int) -> None:
    """An import of so many rows in `folder/store`, and tables of slices, documents and rules."""
    csv = write_csv(folder / "rating.csv", Size(rows, customers))
    store = FileStore(folder / "store")
    delivery = take_in([csv], feed="focus", aliases={}, store=store, key="usage.parquet")
    csv.unlink()
    write_tables(folder, [(s.provider, s.payer, s.account) for s in delivery.slices], customers)


def write_tables(folder: Path, claimed: Sequence[tuple[str, str, str]], customers: int) -> None:
    """Tables of slices, documents and rules beside an import, for slices that are named by
    provider, payer and account."""
    slices = [
        {
            "provider": provider,
            "payer": payer,
            "account": account,
            "document": list(PROVIDERS).index(provider) * customers + int(account),
        }
        for provider, payer, account in claimed
    ]
    documents = [
        {
            "document": number * customers + customer,
            "customer": customer,
            "provider": provider,
        }
        for number, provider in enumerate(PROVIDERS)
        for customer in range(customers)
    ]
    for name, made in (("slices", slices), ("documents", documents), ("rules", rules(customers))):
        pq.write_table(pa.Table.from_pylist(made), folder / f"{name}.parquet")


def ours(folder: str) -> Callable[[], Any]:
    """`rate`, as a generation calls it."""
    at = Path(folder)
    start, end = PERIOD
    slices = [
        SliceRef("usage.parquet", s["provider"], s["payer"], s["account"], start, end, "USD",
                 s["document"])
        for s in _rows(at / "slices.parquet")
    ]  # fmt: skip
    documents = [
        DocumentRef(d["document"], d["customer"], d["provider"], start, "USD")
        for d in _rows(at / "documents.parquet")
    ]
    book = [
        RuleRef(r["rule"], r["customer"], r["provider"], r["valid_from"], r["version"],
                r["a"], r["b"], r["c"])
        for r in _rows(at / "rules.parquet")
    ]  # fmt: skip
    store = FileStore(at / "store")

    def now() -> Any:
        lines = rate(slices, documents, book, store=store)
        return _digest(lines)

    return now


def _rows(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return rows


def _digest(lines: pa.Table) -> list[str]:
    connection = engine()
    connection.register("lines", lines)
    found = connection.execute(_DIGEST).fetchone()
    assert found is not None
    return [str(cell) for cell in found]


BY_HAND = """
CREATE TEMP TABLE summed AS
SELECT d.document, u.cb_account AS account, cb_service AS service, cb_sku AS sku,
       cb_charge_type AS charge_type, cb_unit AS unit, cb_currency AS currency,
       cb_line_key AS line_key, min(nullif(cb_account_name, '')) AS account_name,
       coalesce(min(nullif(cb_description, '')), '') AS description,
       string_agg(DISTINCT cb_provider_charge, ', ') AS provider_charge,
       CAST(coalesce(sum(cb_qty), 0) AS DECIMAL(38,18)) AS qty,
       CAST(coalesce(sum(cb_cost), 0) AS DECIMAL(38,18)) AS cost,
       CAST(coalesce(sum(cb_list_cost), 0) AS DECIMAL(38,18)) AS list_cost,
       count(*) AS "rows", min(cb_first_date) AS first_date, max(cb_last_date) AS last_date
  FROM read_parquet('{usage}') u
  JOIN read_parquet('{slices}') d
    ON d.provider = u.cb_provider AND d.payer = u.cb_payer AND d.account = u.cb_account
   AND u.cb_period_start = DATE '{start}' AND u.cb_period_end = DATE '{end}'
   AND u.cb_currency = 'USD'
 GROUP BY ALL;

CREATE TEMP TABLE chosen AS
SELECT document, rule, a, b, c FROM (
    SELECT d.document, r.rule, r.a, r.b, r.c,
           row_number() OVER (PARTITION BY d.document ORDER BY r.rank DESC, r.valid_from DESC,
                              r.version DESC, r.rule DESC) AS nth
      FROM read_parquet('{documents}') d
      JOIN (SELECT *, CASE WHEN customer IS NULL THEN 0 ELSE 2 END
                    + CASE WHEN provider IS NULL THEN 0 ELSE 1 END AS rank
              FROM read_parquet('{rules}')) r
        ON coalesce(r.customer, d.customer) = d.customer
       AND coalesce(r.provider, d.provider) = d.provider AND r.valid_from <= DATE '{start}'
       AND (r.customer IS NULL OR r.customer = d.customer)
) WHERE nth = 1;

CREATE TEMP TABLE lines AS
WITH chosen_rules AS (
    SELECT s.*, CASE WHEN s.charge_type IN ({priced}) THEN c.rule END AS rule,
           CASE WHEN s.charge_type IN ({priced}) THEN coalesce(c.a, 1) ELSE 1 END AS a,
           CASE WHEN s.charge_type IN ({priced}) THEN coalesce(c.b, 0) ELSE 0 END AS b,
           CASE WHEN s.charge_type IN ({priced}) THEN coalesce(c.c, 0) ELSE 0 END AS c
      FROM summed s LEFT JOIN chosen c USING (document)),
rated AS (
    SELECT *, CAST(CAST(cost AS DECIMAL(28,18)) * CAST(a AS DECIMAL(9,6)) AS DECIMAL(38,24))
            + CAST(CAST(list_cost AS DECIMAL(28,18)) * CAST(b AS DECIMAL(9,6)) AS DECIMAL(38,24))
            + CAST(CAST(CASE WHEN c = 0 THEN 0 ELSE qty END AS DECIMAL(28,18))
                   * CAST(c AS DECIMAL(9,6)) AS DECIMAL(38,24)) AS exact
      FROM chosen_rules),
cut AS (
    SELECT *, CAST(round(exact, 2) AS DECIMAL(38,4))
              - CASE WHEN round(exact, 2) > exact THEN 0.01 ELSE 0 END AS floored
      FROM rated),
placed AS (
    SELECT *, row_number() OVER (PARTITION BY document ORDER BY account, service, sku, charge_type,
                                 unit, line_key) AS "position",
           row_number() OVER (PARTITION BY document ORDER BY exact - floored DESC, exact DESC,
                              line_key) AS nth,
           CAST(100 * (round(sum(exact) OVER (PARTITION BY document), 2)
                       - sum(floored) OVER (PARTITION BY document)) AS BIGINT) AS units
      FROM cut)
SELECT * EXCLUDE (nth, units, floored), CAST(floored + CASE WHEN nth <= units THEN 0.01 ELSE 0 END
       AS DECIMAL(38,4)) AS price
  FROM placed ORDER BY document, "position";
"""


def hand_written(folder: Path) -> list[str]:
    """The statements that make a table `lines`, for this folder's import and tables."""
    sql = BY_HAND.format(
        usage=folder / "store" / "usage.parquet",
        slices=folder / "slices.parquet",
        documents=folder / "documents.parquet",
        rules=folder / "rules.parquet",
        start=PERIOD[0],
        end=PERIOD[1],
        priced=", ".join(f"'{kind}'" for kind in sorted(PRICED)),
    )
    return [statement for statement in sql.split(";\n") if statement.strip()]


def by_hand(folder: str) -> Callable[[], Any]:
    """The same lines by SQL that knows its one period and currency, and two decimals."""
    connection = engine()
    statements = hand_written(Path(folder))

    def now() -> Any:
        for statement in statements:
            connection.execute(statement).fetchall()
        connection.sql("FROM lines").to_arrow_table()
        found = connection.execute(_DIGEST).fetchone()
        assert found is not None
        return [str(cell) for cell in found]

    return now


def pandas(folder: str) -> Callable[[], Any]:
    """What a notebook does: floats, a merge with the rules, a groupby, rounding line by line."""
    import pandas as pd

    at = Path(folder)

    def now() -> Any:
        columns = [
            "cb_provider", "cb_payer", "cb_account", "cb_service", "cb_sku", "cb_charge_type",
            "cb_unit", "cb_currency", "cb_line_key", "cb_qty", "cb_cost", "cb_list_cost",
        ]  # fmt: skip
        usage = pd.read_parquet(at / "store" / "usage.parquet", columns=columns)
        for name in ("cb_qty", "cb_cost", "cb_list_cost"):
            usage[name] = usage[name].astype(float)
        slices = pd.read_parquet(at / "slices.parquet")
        claimed = usage.merge(
            slices,
            left_on=["cb_provider", "cb_payer", "cb_account"],
            right_on=["provider", "payer", "account"],
        )
        keys = ["document", "cb_account", "cb_service", "cb_sku", "cb_charge_type", "cb_unit",
                "cb_currency", "cb_line_key"]  # fmt: skip
        lines = claimed.groupby(keys, as_index=False)[["cb_qty", "cb_cost", "cb_list_cost"]].sum()
        lines = lines.merge(_best_rules(at), on="document", how="left")
        exact = lines.cb_cost * lines.a + lines.cb_list_cost * lines.b
        lines["price"] = exact.round(2)
        return [str(len(lines)), json.dumps(float(lines.price.sum()))]

    return now


def _best_rules(at: Path) -> Any:
    import pandas as pd

    documents = pd.read_parquet(at / "documents.parquet")
    book = pd.read_parquet(at / "rules.parquet")
    book["a"], book["b"] = book.a.astype(float), book.b.astype(float)
    book = book[book.valid_from <= PERIOD[0]]
    parts = []
    for rank, on, of in (
        (3, ["customer", "provider"], book.customer.notna() & book.provider.notna()),
        (2, ["customer"], book.customer.notna() & book.provider.isna()),
        (1, ["provider"], book.customer.isna() & book.provider.notna()),
    ):
        fits = documents.merge(book[of], on=on, suffixes=("", "_of_rule"))
        parts.append(fits.assign(rank=rank))
    ranked = pd.concat(parts).sort_values(["rank", "valid_from", "version", "rule"])
    return ranked.drop_duplicates("document", keep="last")[["document", "a", "b"]]
