"""Whether more rows take more than their share of time, and whether they take more memory."""

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from bench.usage import Size, write_csv
from bench.ways import Measured, Work, timed
from bench.works import importing, rating
from clearbill.store import FileStore
from clearbill.usage.intake import take_in

MOST_MB = 1_500


def works(folder: Path, *, rows: list[int], customers: int) -> Generator[Work]:
    """For each size the time of the one before, in proportion, is the floor."""
    for which in ("import", "rate"):
        before: int | None = None
        for count in rows:
            _prepared(folder, count, customers, which)
            floor = {"floor": f"bench.works.growth:{which}_before"} if before else {}
            yield Work(
                name=f"{which}, against fewer rows in proportion",
                size=f"{count:,} rows" + (f" after {before:,}" if before else ""),
                ways={"ours": f"bench.works.growth:{which}_now", **floor},
                given={"folder": str(folder), "rows": count, "before": before or 0},
                at_most=1.2 if before else None,
                exact=(),
                scale={"floor": count / before} if before else {},
                limits={"peak MB": MOST_MB},
                rounds=1,
                note="the floor is the size before it" if before else "",
            )
            before = count


def _prepared(folder: Path, rows: int, customers: int, which: str) -> None:
    at = folder / str(rows)
    if which == "import":
        at.mkdir()
        write_csv(at / "usage.csv", Size(rows, customers))
        return
    store = FileStore(at / "store")
    delivery = take_in(
        [at / "usage.csv"], feed="focus", aliases={}, store=store, key="usage.parquet"
    )
    (at / "usage.csv").unlink()
    claimed = [(each.provider, each.payer, each.account) for each in delivery.slices]
    rating.write_tables(at, claimed, customers)


def import_now(folder: str, rows: int, before: int) -> Callable[[], Any]:
    at = Path(folder) / str(rows)
    return _per_million(importing.ours(str(at / "usage.csv"), str(at)), rows)


def import_before(folder: str, rows: int, before: int) -> Callable[[], Any]:
    return import_now(folder, before, 0)


def rate_now(folder: str, rows: int, before: int) -> Callable[[], Any]:
    return _per_million(rating.ours(str(Path(folder) / str(rows))), rows)


def rate_before(folder: str, rows: int, before: int) -> Callable[[], Any]:
    return rate_now(folder, before, 0)


def _per_million(work: Callable[[], Any], rows: int) -> Callable[[], Any]:
    def now() -> Measured:
        with timed() as took:
            answer = work()
        return Measured(answer, took.seconds, {"s per million rows": took.seconds / rows * 1e6})

    return now
