"""Publishing a month's drafts by four workers, one bare UPDATE, and one document after another."""

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from bench import together
from bench.usage import PROVIDERS
from bench.ways import Measured, Work, run, timed
from bench.world import COPY, copied, database, past_the_law

WORKERS = 4
ROWS_OF_A_DOCUMENT = 10
PART = 50


def works(folder: Path, *, customers: int) -> Generator[Work]:
    documents = customers * len(PROVIDERS)
    part = min(PART, documents)
    with database(folder) as environment:
        given = {
            "folder": str(folder),
            "rows": documents * ROWS_OF_A_DOCUMENT,
            "customers": customers,
        }
        made = run("bench.company:with_drafts", given, environment).answer
        yield Work(
            name="publish drafts, 4 workers",
            size=f"{len(made['codes']):,} drafts",
            ways={
                "ours": "bench.works.publishing:by_workers",
                "floor": "bench.works.publishing:by_one_update",
                "one by one": "bench.works.publishing:one_by_one",
            },
            given={"reseller": made["reseller"], "codes": sorted(made["codes"]), "part": part},
            environment=environment,
            at_most=3,
            limits={"refused": 0, "gaps": 0, "findings of verify": 0},
            scale={"one by one": len(made["codes"]) / part},
            profiled="bench.works.publishing:alone",
            note=f"one by one: {part} drafts, in proportion",
        )


def by_workers(reseller: int, codes: list[str], part: int) -> Callable[[], Any]:
    """Four processes, each with its quarter in one call, with numbers, hashes, events, jobs, mails
    queued."""
    copied()
    each = -(-len(codes) // WORKERS)
    workers = together.ready(
        "bench.works.publishing:quarter",
        [{"reseller": reseller, "codes": codes[n * each : (n + 1) * each]} for n in range(WORKERS)],
    )

    def now() -> Measured:
        with timed() as took:
            ran = together.go(workers)
        figures = {"refused": float(sum(r.answer for r in ran)), **_checked(reseller)}
        peak = max(each.peak_mb for each in ran)
        return Measured(_numbers("records_document"), took.seconds, figures, peak)

    return now


def quarter(reseller: int, codes: list[str]) -> Callable[[], Any]:
    """In a worker: publish these; how many were refused."""
    from clearbill.actions.change_status import Change, change_status
    from clearbill.actions.common import Actor
    from clearbill.jobs import tasks
    from clearbill.rules.lifecycle import Status

    actor, change = Actor("owner@bench.example", "owner"), Change(to=Status.OPEN, notify=True)
    # A worker that has served before is connected, and has loaded what it needs, as its tasks.
    assert tasks.store.name == "store_published"
    change_status(reseller_id=reseller, actor=actor, documents=[], change=change)

    def now() -> int:
        done = change_status(reseller_id=reseller, actor=actor, documents=codes, change=change)
        return sum(not each.changed for each in done)

    return now


def alone(reseller: int, codes: list[str], part: int) -> Callable[[], Any]:
    """All of it in one process, to see where its time goes."""
    copied()
    return quarter(reseller, codes)


def one_by_one(reseller: int, codes: list[str], part: int) -> Callable[[], Any]:
    """A call and a transaction for each document."""
    copied()
    steps = [quarter(reseller, [code]) for code in codes[:part]]
    return lambda: sum(step() for step in steps)


_BARE = """
UPDATE bare SET status = 'Open', series = 'INV-', sequence = n.number,
       invoice_number = 'INV-' || lpad(n.number::text, 6, '0'), published_at = now()
  FROM (SELECT id, row_number() OVER (ORDER BY counter) AS number FROM bare
         WHERE status = 'Draft') n
 WHERE bare.id = n.id
"""


def by_one_update(reseller: int, codes: list[str], part: int) -> Callable[[], Any]:
    """Numbers by a window function on the same rows in a table without keys and law."""
    copied()
    with past_the_law(COPY) as connection:
        connection.execute("CREATE TABLE bare AS TABLE records_document")

    def now() -> Measured:
        with past_the_law(COPY) as connection, timed() as took:
            connection.execute(_BARE)
        return Measured(_numbers("bare"), took.seconds)

    return now


def _numbers(table: str) -> list[int]:
    with past_the_law(COPY) as connection:
        found = connection.execute(
            "SELECT count(*) FILTER (WHERE status = 'Open'), min(sequence), max(sequence),"
            f" count(DISTINCT invoice_number) FROM {table}"
        ).fetchone()
    assert found is not None
    return list(found)


def _checked(reseller: int) -> dict[str, float]:
    from clearbill.queries.verify import verify
    from clearbill.records import tenancy

    _, first, last, distinct = _numbers("records_document")
    with tenancy.using(reseller):
        findings = verify(reseller)
    return {"gaps": float(last - first + 1 - distinct), "findings of verify": float(len(findings))}
