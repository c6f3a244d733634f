"""Random damage: a file is refused with a reason, or imported with equal sums."""

import csv
import io
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from chance import WITH_THE_ENGINE
from clearbill.rules.money import read_amount, total
from clearbill.usage.types import BadFile, Delivery
from focus_files import csv_text, row, text_taken

GOOD = csv_text(
    [
        row(SkuId="1", BilledCost="0.1234567890123456785", Tags='{"a": "b, c"}'),
        row(SkuId="2", BilledCost="-1.5E-7", Tags="two\nlines"),
        row(SkuId="3", BilledCost="12", SubAccountId="00123", Tags="NULL"),
        row(SkuId="4", BilledCost="1e2", ChargeCategory="Tax"),
    ]
).encode()
BYTES = st.sampled_from(
    [b",", b'"', b"\n", b"\r", b"\r\n", b";", b" ", b"-", b"1", b"e", b".", b"\0", b"\xff", b"_"]
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    data = GOOD
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(data)))
        length = draw(st.sampled_from([0, 0, 1, 1, 2, 30, 400]))
        data = data[:start] + draw(BYTES | st.just(b"")) + data[start + length :]
    return data


def sum_of_the_text(data: bytes) -> Decimal:
    """What a plain reader of the file adds up."""
    rows = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    place = {name.strip().lower(): name for name in rows.fieldnames or ()}["billedcost"]
    return total([read_amount(cells[place]) for cells in rows])


def taken_or_refused(folder: Path, data: bytes) -> Delivery | None:
    try:
        return text_taken(folder, data)
    except BadFile as bad:
        assert bad.total_errors >= len(bad.errors) > 0
        assert all(error.reason for error in bad.errors)
        return None


@settings(
    max_examples=2 * WITH_THE_ENGINE,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=damaged())
def test_a_damaged_file_is_refused_or_taken_with_equal_sums(tmp_path: Path, data: bytes) -> None:
    delivery = taken_or_refused(tmp_path, data)
    if delivery is not None:
        assert total([s.stored_sum for s in delivery.statements]) == sum_of_the_text(data)
        assert sum(s.rows for s in delivery.statements) == delivery.rows


NUMBERS = st.from_regex(r"[ +-]?[0-9_.,eE+-]{1,24}", fullmatch=True) | st.decimals(
    allow_nan=True, allow_infinity=True
).map(str)


@settings(
    max_examples=WITH_THE_ENGINE,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(texts=st.lists(NUMBERS, min_size=1, max_size=8))
@example(texts=["0E0."])
@example(texts=["1_000"])
@example(texts=[" +.5e-3 ", "5.e1", "1E+2"])
def test_the_engine_and_the_slow_pass_agree_on_what_a_number_is(
    tmp_path: Path, texts: list[str]
) -> None:
    rows = [row(BilledCost=text, SkuId=str(n)) for n, text in enumerate(texts)]
    try:
        delivery = text_taken(tmp_path, csv_text(rows))
    except BadFile as bad:
        assert all(error.line and error.column == "BilledCost" for error in bad.errors)
    else:
        stored = total([s.stored_sum for s in delivery.statements])
        assert stored == total([read_amount(text) for text in texts])


@pytest.mark.parametrize("cut", range(0, len(GOOD), 97))
def test_a_file_whose_middle_is_gone_is_refused_or_adds_up(tmp_path: Path, cut: int) -> None:
    data = GOOD[:cut] + GOOD[cut + 211 :]
    delivery = taken_or_refused(tmp_path, data)
    if delivery is not None:
        assert total([s.stored_sum for s in delivery.statements]) == sum_of_the_text(data)
