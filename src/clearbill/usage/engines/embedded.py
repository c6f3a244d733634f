"""The embedded engine: rating's Ibis expressions, run by DuckDB in this process."""

from collections.abc import Mapping
from typing import Any

import duckdb
import ibis
import pyarrow as pa

from clearbill.usage.engines.duckdb import Columns, escaped_glob, literal, load, quoted, run


class DuckDBEngine:
    """What rating needs of an engine: tables in, a stage materialised, Arrow out.

    Ibis only writes the SQL. Its own DuckDB backend asks the database about each table, and
    trips over DuckDB 2's rule that a result is read to its end first.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def table(self, name: str, columns: Columns) -> Any:
        """The values as an Ibis table."""
        load(self._connection, name, columns)
        return _ibis_table(name, {column: kind for column, (kind, _) in columns.items()})

    def parquet(self, name: str, path: str, columns: Mapping[str, str]) -> Any:
        """These columns (name → SQL type) of a Parquet file as a table; nothing is read yet."""
        run(
            self._connection,
            f"CREATE OR REPLACE TEMP VIEW {quoted(name)} AS "
            f"FROM read_parquet({literal(escaped_glob(path))})",
        )
        return _ibis_table(name, columns)

    def stage(self, name: str, expression: Any) -> Any:
        """The expression's rows, computed once and kept under the name until the call ends."""
        sql = ibis.to_sql(expression, dialect="duckdb")
        run(self._connection, f"CREATE OR REPLACE TEMP TABLE {quoted(name)} AS {sql}")
        return ibis.table(expression.schema(), name=name)

    def arrow(self, expression: Any) -> pa.Table:
        """The expression's rows as Arrow."""
        return self._connection.sql(ibis.to_sql(expression, dialect="duckdb")).to_arrow_table()


def _ibis_table(name: str, columns: Mapping[str, str]) -> Any:
    kinds = {"VARCHAR": "string", "BIGINT": "int64", "INTEGER": "int32"}
    schema = {column: kinds.get(kind, kind.lower()) for column, kind in columns.items()}
    return ibis.table(schema, name=name)
