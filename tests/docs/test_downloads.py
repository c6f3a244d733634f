"""The page about downloads lists the columns that the CSV has, in their order."""

from clearbill.paper.csv import COLUMNS
from docs.test_tables import table


def test_the_page_lists_the_columns_of_the_csv() -> None:
    assert tuple(row[0] for row in table("downloads.md", "column")) == COLUMNS
