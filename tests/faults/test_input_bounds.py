"""Files that would fill memory: refused with the place and the reason, or taken with equal sums.

Each is read by a process of its own, whose peak of memory is asked of the kernel.
"""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chance import ROUNDS
from clearbill.rules.money import total
from clearbill.usage.engines.duckdb import DEFAULT
from clearbill.usage.types import BadFile
from focus_files import csv_text, row, text_taken

MOST_MB = 300
BOMB = 400 << 20
"""Bytes after which a bomb is refused here: more than the memory that is allowed."""

HEAD, GOOD = (line + b"\n" for line in csv_text([row()]).encode().splitlines())
MEGABYTE = b"x" * (1 << 20)
LINES = (b"x" * 63 + b"\n") * (1 << 14)
Pieces = Iterable[tuple[bytes, int]]


def read(path: Path, max_bytes: int = DEFAULT.max_bytes) -> dict[str, Any]:
    """What a process of its own says of the file."""
    done = subprocess.run(
        [sys.executable, "-m", "faults.bounded", str(path), str(max_bytes)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    print(f"{path.name}: peak {answer['peak_mb']} MB, {answer.get('refused') or answer['sum']}")
    assert answer["peak_mb"] < MOST_MB
    assert answer["kept"] == [] or "sum" in answer
    return answer


def zipped(path: Path, pieces: Pieces) -> Path:
    """A gzip file of members: each piece so many times, compressed once."""
    with path.open("wb") as out:
        for piece, times in pieces:
            member = gzip.compress(piece, mtime=0)
            for _ in range(times):
                out.write(member)
    return path


def plain(path: Path, pieces: Pieces) -> Path:
    with path.open("wb") as out:
        for piece, times in pieces:
            for _ in range(times):
                out.write(piece)
    return path


Write = Callable[[Path, Pieces], Path]
IN_QUOTES = [(HEAD + b'"', 1), (LINES, 256), (b'"\n', 1)]


@pytest.mark.parametrize(
    ("write", "pieces", "line", "reason"),
    [
        (zipped, [(HEAD + GOOD[:-1], 1), (MEGABYTE, 1024), (b"\n", 1)], 2, "line is longer than"),
        (zipped, [(MEGABYTE, 1024)], 1, "line is longer than"),
        (zipped, IN_QUOTES, 2, "field larger than field limit"),
        (plain, IN_QUOTES, 2, "field larger than field limit"),
        (plain, [(b"c," * 1_000_000 + b"c\n" + GOOD, 1)], 1, "columns; at most 2000 are read"),
        (plain, [(HEAD, 1), (b"," * 1_000_000 + b"\n", 50)], 2, "has 1000001 fields"),
    ],
    ids=["1 GB field", "1 GB header", "zipped quotes", "quotes", "million columns", "wide rows"],
)
def test_what_is_too_large_is_refused_within_the_memory(
    tmp_path: Path, write: Write, pieces: Pieces, line: int, reason: str
) -> None:
    file, at, _, why = read(write(tmp_path / "usage.csv", pieces))["refused"]
    assert (file, at) == ("usage.csv", line)
    assert reason in why


def test_a_bomb_is_refused_within_the_memory_by_what_comes_out(tmp_path: Path) -> None:
    path = zipped(tmp_path / "bomb.csv.gz", [(HEAD, 1), (GOOD * 4000, 10_000)])
    assert path.stat().st_size < BOMB / 10
    assert f"unpacks to more than {BOMB} bytes" in read(path, BOMB)["refused"][3]


def test_a_parquet_bomb_is_refused_within_the_memory(tmp_path: Path) -> None:
    path, rows = tmp_path / "bomb.parquet", 3_000_000
    places = pa.array([0] * rows, pa.int8())
    columns = {
        name: pa.DictionaryArray.from_arrays(places, pa.array([value]))
        for name, value in row().items()
    }
    pq.write_table(pa.table(columns), path, compression="zstd", row_group_size=rows)
    assert path.stat().st_size < 1 << 20
    assert f"unpacks to more than {BOMB} bytes" in read(path, BOMB)["refused"][3]


def test_one_wrong_cell_behind_many_rows_is_named_within_the_memory(tmp_path: Path) -> None:
    wrong = GOOD.replace(b"1.50", b"1e309", 1)
    path = plain(tmp_path / "usage.csv", [(HEAD, 1), (GOOD, 100_000), (wrong, 1)])
    file, line, column, reason = read(path)["refused"]
    assert (file, line, column) == ("usage.csv", 100_002, "BilledCost")
    assert "more than 20 digits" in reason


def test_a_byte_order_mark_changes_no_sum(tmp_path: Path) -> None:
    path = plain(tmp_path / "usage.csv", [(b"\xef\xbb\xbf" + HEAD, 1), (GOOD, 50_000)])
    assert Decimal(read(path)["sum"]) == 50_000 * Decimal("1.50")


COSTS = ("0.1234567890123456785", "-1.5E-7", "12")
ROWS = [row(SkuId=cost, BilledCost=cost, Tags="two\nlines") for cost in COSTS]
SMALL = csv_text(ROWS).encode()
EVERY = 1 if ROUNDS > 1 else 37


def test_a_file_cut_at_any_byte_is_refused_or_is_whole_rows(tmp_path: Path) -> None:
    ends = {len(csv_text(ROWS[:count]).encode()): count for count in (1, 2, 3)}
    cuts = sorted({*range(0, len(SMALL) + 1, EVERY), *ends})
    for cut in cuts:
        try:
            delivery = text_taken(tmp_path, SMALL[:cut])
        except BadFile as bad:
            assert cut not in ends, bad
            assert all(error.file == "usage.csv" and error.reason for error in bad.errors)
        else:
            stored = total([each.file_sum for each in delivery.statements])
            assert stored == sum(map(Decimal, COSTS[: ends[cut]]))
    print(f"{len(cuts)} cuts of {len(SMALL)} bytes, {len(ends)} between rows, 0 taken wrongly")
