"""What a contest found: the table and the figure of docs/performance.md, and the raw numbers."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from electrodiff.plot.output import save_figure
from electrodiff.plot.style import COLOURS, GUIDE, log_tick, settings
from peers.contest import Entrant
from peers.ours import INSIDE, WHOLE
from peers.tasks import Task

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "performance.md"
FIGURE = ROOT / "docs" / "peers_accuracy.png"
RAW = ROOT / "benchmarks" / "results" / "peers.json"
START, STOP = "<!-- peers: from here written by make bench-peers -->", "<!-- peers: to here -->"
LIBRARIES = ("numpy", "scipy", "numba", "devsim", "fipy", "scikit-sundae", "scipy-openblas32")
# Of the times of an entrant, how many are kept.
KEPT = 200

Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Result:
    """Of one task."""

    task: Task
    entrants: list[Entrant]
    left_out: list[str]
    """Programs that did not reach the accuracy, or were not there, with the reason."""


def median(one: Entrant) -> float:
    """[s]"""
    return statistics.median(one.times)


def lines_of(results: Iterable[Result]) -> list[str]:
    """The tables, in Markdown."""
    lines = [f"{_today()}; {_processor()}, {os.cpu_count()} processors; {_libraries()}.", ""]
    for result in results:
        lines += _table(result)
    return lines


def _table(result: Result) -> list[str]:
    ordered = sorted(result.entrants, key=median)
    ours = next((median(one) for name in (INSIDE, WHOLE) for one in ordered if one.program == name), None)
    title = result.task.title
    lines = [
        f"**{title[0].upper()}{title[1:]}**",
        "",
        "| | median | over ours | error | setting |",
        "|---|---:|---:|---:|---|",
    ]
    for one in ordered:
        ratio = "" if ours is None or one.is_ours else f"{median(one) / ours:.3g}"
        name = f"**{one.program}**" if one.is_ours else one.program
        lines.append(f"| {name} | {_time(median(one))} | {ratio} | {one.error:.1e} | {one.setting} |")
    lines += ["", *(f"{reason}." for reason in result.left_out)]
    return [*lines, ""] if result.left_out else lines


def _time(seconds: float) -> str:
    """To three digits, in s, ms or us."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} us"


def write_page(results: Sequence[Result], page: Path = PAGE) -> None:
    """Put the tables between their marks.  Raises ValueError if the page does not have these."""
    text = page.read_text(encoding="utf-8")
    before, found, rest = text.partition(START)
    _, ended, after = rest.partition(STOP)
    if not (found and ended):
        raise ValueError(f"{page.name} has no place for the tables, which stand between '{START}' and '{STOP}'")
    body = "\n".join(["", "", *lines_of(results)])
    page.write_text(f"{before}{START}{body}{STOP}{after}", encoding="utf-8")


def draw(courses: dict[str, Points], demanded: Sequence[float]) -> Figure:
    """Error of the current against time, of one steady state."""
    with settings():
        figure = Figure(figsize=(7.2, 4.6), layout="constrained")
        axes = figure.add_subplot()
        for index, (name, points) in enumerate(courses.items()):
            is_ours = name.startswith("electrodiff")
            look: dict[str, Any] = {"color": "black" if is_ours else COLOURS[index % (len(COLOURS) - 1)]}
            look |= {"marker": "os^vDP*X"[index % 8], "linewidth": 1.8 if is_ours else 1.0, "markersize": 4.5}
            axes.plot([1e3 * wall for wall, _ in points], [error for _, error in points], label=_plain(name), **look)
        for level in demanded:
            axes.axhline(level, linestyle=":", **GUIDE)
        axes.set(xscale="log", yscale="log", xlabel="time of a solution [ms]", ylabel="error of the current, relative")
        axes.xaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_major_formatter(log_tick)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_minor_formatter(NullFormatter())
        figure.legend(loc="outside right upper", frameon=False)
        return figure


def _plain(name: str) -> str:
    return name.replace("`", "")


def write_figure(courses: dict[str, Points], demanded: Sequence[float]) -> Path:
    """Returns where it is."""
    return save_figure(draw(courses, demanded), FIGURE)


def write_raw(results: Sequence[Result], courses: dict[str, Points]) -> Path:
    """The numbers as `store.py` keeps those of the other benchmarks, with every time; returns where they are."""
    rows = [
        {
            "name": f"{result.task.name}[{_plain(one.program)}]",
            "min_s": min(one.times),
            "median_s": median(one),
            "rounds": len(one.times),
            "counted": {f"error, {_plain(one.setting)}": float(f"{one.error:.2e}")},
            "times_s": [float(f"{each:.4g}") for each in one.times[:KEPT]],
        }
        for result in results
        for one in result.entrants
    ]
    data = {
        "date": _today(),
        "processor": _processor(),
        "processors": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "libraries": _versions(),
        "benchmarks": rows,
        "courses": {name: [[float(f"{x:.4g}") for x in point] for point in each] for name, each in courses.items()},
        "left_out": {result.task.name: result.left_out for result in results},
    }
    RAW.parent.mkdir(exist_ok=True)
    RAW.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    return RAW


def _today() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d")


def _processor() -> str:
    """As the system names it."""
    known = Path("/proc/cpuinfo")
    lines = known.read_text(encoding="utf-8").splitlines() if known.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _versions() -> dict[str, str]:
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _libraries() -> str:
    return f"Python {platform.python_version()}, " + ", ".join(
        f"{name} {number}" for name, number in _versions().items()
    )
