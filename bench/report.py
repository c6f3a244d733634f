"""`python -m bench.report`: the last run as docs/performance.md, with a chart and the profiles."""

import argparse
import json
import math
import os
import platform
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

import psutil

Row = dict[str, Any]

HEAD = """# Speed and memory

Written by `make bench SIZE=full` from its last run; do not edit. Each work is done by us, by the
*floor* (the least that any program would have to do, without checks, keys and law), and by what
people use now. All ways run in turn, each in a process of its own, on the same seeded data; those
that are exact had the same answer to the last digit before any time counted. Seconds are medians.

{machine}

![Times the floor that each work takes](pictures/performance.svg)

A bar is ours, the line across it is what it may be at most, a dot is what people use now; 1 is
the floor, and each step to the right is ten times as long.

"""


def main() -> None:
    asked = argparse.ArgumentParser(prog="bench.report", description=__doc__)
    asked.add_argument("--build", type=Path, default=Path("build"))
    asked.add_argument("--docs", type=Path, default=Path("docs"))
    given = asked.parse_args()
    rows: list[Row] = json.loads((given.build / "bench.json").read_text())
    profiles = sorted(given.build.glob("profile-*.txt"), key=lambda path: path.stat().st_mtime)
    (given.docs / "pictures" / "performance.svg").write_text(chart(rows))
    page = [HEAD.format(machine=machine()), *table(rows), "", *seen(rows), *folded(profiles)]
    (given.docs / "performance.md").write_text("\n".join(page).rstrip() + "\n")


def machine() -> str:
    memory = round(psutil.virtual_memory().total / 2**30)
    return (
        f"The machine: {os.cpu_count()} cores of {platform.machine()}, {memory} GB of memory,"
        f" {platform.system()}, Python {platform.python_version()}, the embedded PostgreSQL with"
        " the options that the product starts it with."
    )


def table(rows: Sequence[Row]) -> Iterator[str]:
    yield "| work | size | ours | floor | ours to floor | at most | memory | others, against ours |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for row in rows:
        ratio, most = row.get("ratio"), row.get("at_most")
        others = [
            f"{name}: {took / row['ours_s']:.1f} ×" for name, took in row.get("others", {}).items()
        ]
        cells = [
            row["work"],
            row["size"],
            seconds(row["ours_s"]),
            seconds(row.get("floor_s")),
            f"{ratio:.2f} ×" if ratio else "",
            f"{most:g} ×" if most else "",
            f"{row['peak_mb']:,.0f} MB" if row.get("peak_mb") else "",
            ", ".join(others),
        ]
        yield "| " + " | ".join(cells) + " |"


def seconds(took: float | None) -> str:
    if took is None:
        return ""
    return f"{took:.2f} s" if took >= 1 else f"{took * 1000:.1f} ms"


def seen(rows: Sequence[Row]) -> Iterator[str]:
    """What was seen beside the time, and each bound that was not kept."""
    for row in rows:
        limits = row.get("limits", {})
        figures = {**row.get("figures", {})}
        words = [
            f"{name} {value:,.4g}" + (f" (at most {limits[name]:g})" if name in limits else "")
            for name, value in figures.items()
        ]
        more = [*(["; ".join(words)] if words else []), *([row["note"]] if "note" in row else [])]
        missed = [f"**not reached: {each}**" for each in row.get("over", [])]
        if more or missed:
            yield f"- {row['work']}, {row['size']}: {'. '.join([*more, *missed])}."


def folded(profiles: Sequence[Path]) -> Iterator[str]:
    if profiles:
        yield "\n## Where the time goes\n"
        yield "Ours under a profiler, which makes Python slower than it is."
    for path in profiles:
        for section in path.read_text().split("# ")[1:]:
            title, _, body = section.partition("\n")
            yield f"\n<details><summary>{escape(title)}</summary>\n\n```text\n{body.strip()}\n```\n"
            yield "</details>"


LEFT, RIGHT, STEP, TOP = 430, 40, 26, 34
WIDTH = 960
DECADES = 3


def chart(rows: Sequence[Row]) -> str:
    """Ours against the floor, on a scale where each step is ten times the one before."""
    drawn = [row for row in rows if row.get("ratio")]
    height = TOP + STEP * len(drawn) + 12
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"'
        ' font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
    ]
    for power in range(DECADES + 1):
        x = _x(10**power)
        parts.append(f'<path d="M{x:.1f} {TOP - 8}V{height - 8}" stroke="#ddd"/>')
        parts.append(
            f'<text x="{x:.1f}" y="18" text-anchor="middle" fill="#555">{10**power}</text>'
        )
    for number, row in enumerate(drawn):
        parts += _bar(row, TOP + STEP * number)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _x(times: float) -> float:
    share = math.log10(min(max(times, 1), 10**DECADES)) / DECADES
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _bar(row: Row, top: int) -> Iterator[str]:
    ratio, most = row["ratio"], row.get("at_most")
    colour = "#b3261e" if row.get("over") else "#1d4f91"
    label = escape(f"{row['work']}, {row['size']}")[:68]
    yield f'<text x="{LEFT - 8}" y="{top + 13}" text-anchor="end">{label}</text>'
    length = max(_x(ratio) - LEFT, 1)
    yield f'<rect x="{LEFT}" y="{top + 3}" width="{length:.1f}" height="12" fill="{colour}"/>'
    if most:
        yield f'<path d="M{_x(most):.1f} {top}v18" stroke="#000" stroke-width="2"/>'
    for name, took in row.get("others", {}).items():
        x = _x(took / row["floor_s"])
        named = f"<title>{escape(name)}</title>"
        yield f'<circle cx="{x:.1f}" cy="{top + 9}" r="4" fill="#777">{named}</circle>'


if __name__ == "__main__":
    main()
