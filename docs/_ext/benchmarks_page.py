"""The page of the stored benchmarks, from the results that `make bench` keeps in benchmarks/results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"
INTRODUCTION = """# Measured times

What `make bench` measured last, of answers that were proved before the clock started; what is compared and why stands in
[benchmarks](benchmarks.md), what each change of the solver gained in [performance](performance.md). Times are by the clock,
and longer on a machine that has other work: compare them within a table. The load is how many processes wanted a processor at
the end.
"""


def benchmarks_page() -> str:
    """The page, in Markdown."""
    groups = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(RESULTS.glob("*.json"))}
    return "\n".join([INTRODUCTION, *(_section(group, data) for group, data in groups.items())])


def _section(group: str, data: dict[str, Any]) -> str:
    libraries = ", ".join(f"{name} {number}" for name, number in data["libraries"].items())
    machine = f"{data['processor']}, {data['processors']} processors, load {data['load']}"
    lines = [f"## {group.capitalize()}", "", f"{data['date']}; {machine}; Python {data['python']}, {libraries}.", ""]
    lines += ["| benchmark | median | fastest | rounds | counted |", "|---|---:|---:|---:|---|"]
    lines += [_row(each) for each in sorted(data["benchmarks"], key=lambda each: each["median_s"])]
    return "\n".join([*lines, ""])


def _row(each: dict[str, Any]) -> str:
    test, _, variant = each["name"].removeprefix("test_").rstrip("]").partition("[")
    name = test.replace("_", " ") + (f": {variant}" if variant else "")
    counted = ", ".join(f"{number} {what}" for what, number in each["counted"].items())
    return f"| {name} | {_time(each['median_s'])} | {_time(each['min_s'])} | {each['rounds']} | {counted} |"


def _time(seconds: float) -> str:
    """To three digits, in s, ms or us."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} us"
