"""The page about downloads lists the columns that the CSV has, in their order."""

from clearbill.paper.csv import COLUMNS
from clearbill.paper.detailed_csv import ALLOWED
from clearbill.paper.names import file_name
from clearbill.usage.columns import RATED
from docs.test_tables import table
from paper.documents import a_document


def test_the_page_lists_the_columns_of_the_csv() -> None:
    assert tuple(row[0] for row in table("downloads.md", "column")) == COLUMNS


def test_the_page_names_both_detailed_csvs_and_their_columns() -> None:
    theirs, ours = table("downloads.md", "Detailed CSV")
    for row, with_cost in ((theirs, False), (ours, True)):
        name = file_name(a_document(), "csv", detailed=True, with_cost=with_cost)
        assert name.endswith(row[0].strip("`…"))
    assert tuple(theirs[2].split(", ")) == tuple(ALLOWED)
    assert ours[2].endswith(f"then {', '.join(RATED)}")
