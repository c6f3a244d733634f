"""Usage of any size, the same for the same seed: a FOCUS file, and what rates it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb

PROVIDERS = {"aws": "AWS", "microsoft-csp": "Microsoft", "google-cloud": "Google Cloud"}
PERIOD = (date(2026, 10, 1), date(2026, 11, 1))
SKUS = 400
SKUS_OF_AN_ACCOUNT = 8


@dataclass(frozen=True)
class Size:
    """So many rows, spread over customers, each with one account at each provider, and each
    account with so many SKUs."""

    rows: int
    customers: int
    seed: int = 1
    skus: int = SKUS_OF_AN_ACCOUNT


def engine() -> duckdb.DuckDBPyConnection:
    """DuckDB as ours has it. Its progress bar would be drawn where a way gives its answer."""
    connection = duckdb.connect(config={"threads": 2, "memory_limit": "2GB"})
    connection.execute("SET enable_progress_bar = false").fetchall()
    return connection


def write_csv(path: Path, size: Size) -> Path:
    """A month as one file of FOCUS 1.0, in no order, with the decimals that providers give."""
    with engine() as connection:
        connection.execute(
            f"COPY ({_rows(size)}) TO '{path}' (HEADER, DELIMITER ',')",
        ).fetchall()
    return path


def _rows(size: Size) -> str:
    start, end = (f"{day.isoformat()}T00:00:00Z" for day in PERIOD)
    names = ", ".join(f"'{name}'" for name in PROVIDERS.values())
    # One draw a row; each column takes other bits of it.
    return f"""
    WITH drawn AS (SELECT i, hash(i * 1000003 + {size.seed}) AS h FROM range({size.rows}) t(i)),
    cells AS (
        SELECT i, h, h % 3 AS provider, (h >> 3) % {size.customers} AS customer,
               (h >> 24) % {size.skus} AS pick, (h >> 32) % 720 AS hour,
               CAST((h >> 5) % 1000000000 AS DECIMAL(18,0)) AS size FROM drawn)
    SELECT
        CAST(size * 0.0000000123 AS DECIMAL(38,10)) AS BilledCost,
        'payer-' || provider AS BillingAccountId,
        'Payer ' || provider AS BillingAccountName,
        'USD' AS BillingCurrency,
        '{start}' AS BillingPeriodStart,
        '{end}' AS BillingPeriodEnd,
        CASE WHEN h % 97 = 0 THEN 'Tax' ELSE 'Usage' END AS ChargeCategory,
        'Usage-Based' AS ChargeFrequency,
        'Hours of machine ' || (customer * 7 + pick) % {SKUS} AS ChargeDescription,
        strftime(TIMESTAMP '{PERIOD[0]}' + to_hours(CAST(hour AS BIGINT)),
                 '%Y-%m-%dT%H:%M:%SZ') AS ChargePeriodStart,
        strftime(TIMESTAMP '{PERIOD[0]}' + to_hours(CAST(hour + 1 AS BIGINT)),
                 '%Y-%m-%dT%H:%M:%SZ') AS ChargePeriodEnd,
        CAST(size * 0.0000000147 AS DECIMAL(38,10)) AS ListCost,
        CAST(size * 0.000001 AS DECIMAL(38,6)) AS PricingQuantity,
        'Hours' AS PricingUnit,
        [{names}][CAST(provider AS BIGINT) + 1] AS ProviderName,
        'Service ' || ((customer * 7 + pick) % {SKUS}) // 20 AS ServiceName,
        'SKU-' || lpad(CAST((customer * 7 + pick) % {SKUS} AS VARCHAR), 4, '0') AS SkuId,
        'res-' || hour AS ResourceId,
        lpad(CAST(customer AS VARCHAR), 12, '0') AS SubAccountId,
        'Customer ' || customer AS SubAccountName
    FROM cells
    """


def rules(customers: int) -> list[dict[str, object]]:
    """Price rules of each kind: general, by provider, by customer, by both, in two versions."""
    made: list[dict[str, object]] = []

    def rule(customer: int | None, provider: str | None, factor: str, version: int) -> None:
        made.append(
            {
                "rule": len(made) + 1,
                "customer": customer,
                "provider": provider,
                "valid_from": date(2026, 1 if version == 1 else 6, 1),
                "version": version,
                "a": Decimal(factor),
                "b": Decimal("0.05") if customer and customer % 5 == 0 else Decimal(0),
                "c": Decimal(0),
            }
        )

    rule(None, None, "1.10", 1)
    for provider in PROVIDERS:
        rule(None, provider, "1.12", 1)
    for customer in range(customers):
        if customer % 2:
            rule(customer, None, f"1.{customer % 90 + 10}", 1)
            rule(customer, None, f"1.{customer % 80 + 15}", 2)
        if customer % 3 == 0:
            rule(customer, list(PROVIDERS)[customer % 3], "1.07", 1)
    return made
