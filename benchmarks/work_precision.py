"""Error against processor time and against factorisations, of three methods on three courses in time:

    python benchmarks/work_precision.py [FIGURE]

Radau IIA of order 5 (`work_precision_radau`), BDF of variable order (SUNDIALS IDA, if it is installed: make bench-peers)
and Rodas5P, which the project uses, get the same discrete problem.  Each is run over a ladder of tolerances in several
settings; the runs take turns, the shortest of three times counts, and of each method those runs are shown which no other of
its runs beats in both time and error.  The errors are against a run of the march at a tolerance of 1e-9, which Radau at 1e-8
confirms.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from compare_transient import processor_time, solve_peer
from electrodiff.plot.output import save_figure
from electrodiff.plot.style import COLOURS, GUIDE, log_tick, settings
from electrodiff.solvers.transient import CLOSE
from ida_peer import HOW_TO_GET, IS_INSTALLED, IdaPeer, Tolerances
from work_precision_radau import solve_radau
from work_precision_tasks import Effort, Task, blocking_cell, solve_ours, voltage_step, whole_cell

FIGURE = Path(__file__).parents[1] / "docs" / "work_precision.png"
REFERENCE = (1e-9, 0.25)
CONFIRMED = (1e-8, 0.02)
ROUNDS = 3
# What takes longer than this [s] is far to the right of all that matters, and is not run again.
TOO_LONG = 1.0
TASKS: tuple[Callable[[], Task], ...] = (voltage_step, blocking_cell, whole_cell)
# Rows of the table: errors for which the time of each method is read from its curve.
LEVELS = (1e-3, 1e-4, 1e-5)

OURS, RADAU, BDF = "Rodas5P (electrodiff)", "Radau IIA, order 5", "BDF, orders 1 to 5 (IDA)"
LOOKS: dict[str, dict[str, Any]] = {
    OURS: {"color": COLOURS[0], "marker": "o", "linestyle": "-"},
    RADAU: {"color": COLOURS[1], "marker": "s", "linestyle": "--"},
    BDF: {"color": COLOURS[2], "marker": "^", "linestyle": "-."},
}
Solver = Callable[[], Effort]


class Run(NamedTuple):
    """A run of one setting."""

    method: str
    setting: str
    seconds: float
    """Of the processor."""
    factorisations: int
    error: float


def solvers_of(task: Task) -> list[tuple[str, str, Solver]]:
    """Method, setting and solver of every run to try."""

    def named(method: str, solve: Callable[[Task, float, float], Effort], tolerance: float, close: float) -> None:
        runs.append((method, f"{tolerance:.0e}, {close}", lambda: solve(task, tolerance, close)))

    runs: list[tuple[str, str, Solver]] = []
    for tolerance, close in itertools.product([10.0**-k for k in range(1, 9)], (0.02, 0.25, 0.5)):
        named(OURS, solve_ours, tolerance, close)
        named(RADAU, solve_radau, tolerance, close)
    if IS_INSTALLED:
        peer = IdaPeer(task.problem, task.moment.state)
        for relative, activity, potential in itertools.product(
            [10.0 ** (-k / 2) for k in range(6, 21)], (1.0, 1e-2), (1e-1, 1e-2, 1e-4)
        ):
            tolerances = Tolerances(relative, relative * activity, relative * potential)
            runs.append((BDF, str(tolerances), lambda one=tolerances: solve_peer(task, peer, one)))  # type: ignore[misc]
    return runs


def runs_of(task: Task) -> list[Run]:
    """Every run that came to its end."""
    reference = solve_ours(task, *REFERENCE).values
    confirmed = task.error(solve_radau(task, *CONFIRMED).values, reference)
    print(
        f"\n{task.title}: {task.problem.mesh.nodes} nodes, {task.times.size} outputs; Radau confirms to {confirmed:.1e}"
    )
    tried, failed = [], []
    for method, setting, solve in solvers_of(task):
        start = time.process_time()
        try:
            effort = solve()
        except RuntimeError as stopped:
            failed.append(f"    {method} gave up: {setting}: {stopped}")
            continue
        if time.process_time() - start < TOO_LONG:
            tried.append((method, setting, solve, effort))
    print("\n".join(failed[:3] + [f"    and {len(failed) - 3} more"] * (len(failed) > 3)))
    times = [[processor_time(solve) for _, _, solve, _ in tried] for _ in range(ROUNDS)]
    return [
        Run(method, setting, min(each), effort.factorisations, task.error(effort.values, reference))
        for (method, setting, _, effort), each in zip(tried, zip(*times, strict=True), strict=True)
    ]


def front(runs: list[Run], method: str, work: Callable[[Run], float]) -> list[Run]:
    """The runs of a method which no other of its runs beats in both work and error, the shortest first."""
    best: list[Run] = []
    for run in sorted((run for run in runs if run.method == method), key=lambda run: (work(run), run.error)):
        if not best or run.error < best[-1].error:
            best.append(run)
    return best


def milliseconds(run: Run) -> float:
    """[ms] of the processor."""
    return 1e3 * run.seconds


def factorisations(run: Run) -> float:
    """How often a Jacobian was factored."""
    return float(run.factorisations)


WORKS: dict[str, Callable[[Run], float]] = {"processor time [ms]": milliseconds, "factorisations": factorisations}


def draw(courses: dict[str, tuple[Task, list[Run]]]) -> Figure:
    """Error against work: a row for each kind of work, a column for each course."""
    with settings():
        figure = Figure(figsize=(9.6, 6.2), layout="constrained")
        grid = figure.subplots(len(WORKS), len(courses), squeeze=False)
        for column, (task, runs) in enumerate(courses.values()):
            for row, (label, work) in enumerate(WORKS.items()):
                draw_one(grid[row, column], runs, label, work)
                grid[row, column].set_ylabel(task.error_name)
            grid[0, column].set_title(f"{task.title}\n{task.problem.mesh.nodes} nodes, {task.times.size} outputs")
        figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=len(LOOKS))
        return figure


def draw_one(ax: Axes, runs: list[Run], label: str, work: Callable[[Run], float]) -> None:
    """The fronts of all methods in one axes."""
    for method, look in LOOKS.items():
        best = front(runs, method, work)
        if best:
            ax.plot([work(run) for run in best], [run.error for run in best], label=method, markersize=4, **look)
    ax.set(xscale="log", yscale="log", xlabel=label, ylim=(1e-8, 1.0))
    ax.axhline(1e-4, linestyle=":", **GUIDE)
    ax.margins(x=0.08)
    ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    ax.xaxis.set_major_formatter("{x:g}")
    ax.yaxis.set_major_formatter(log_tick)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_minor_formatter(NullFormatter())


def print_table(task: Task, runs: list[Run]) -> None:
    """The least work of each method for errors below the levels."""
    print(f"{'below, ' + task.error_name:46}" + "".join(f"{level:>22.0e}" for level in LEVELS))
    for method in LOOKS:
        texts = []
        for level in LEVELS:
            enough = [run for run in runs if run.method == method and run.error < level]
            least = (min(map(work, enough), default=float("nan")) for work in WORKS.values())
            texts.append("{:>9.0f} ms {:>6.0f} LU".format(*least))
        print(f"{method:46}" + "".join(f"{text:>22}" for text in texts))


def print_tolerances(task: Task) -> None:
    """The error of the march as a case is run, against the tolerance that it is asked for."""
    reference = solve_ours(task, *REFERENCE).values
    for tolerance in [10.0**-k for k in range(2, 9)]:
        effort = solve_ours(task, tolerance, CLOSE)
        error = task.error(effort.values, reference)
        print(f"    study.tolerance {tolerance:.0e}: {task.error_name} {error:.1e}, {effort.steps} steps")


def main(path: Path) -> None:
    """Print the tables and write the figure."""
    if not IS_INSTALLED:
        print(HOW_TO_GET)
    courses = {}
    for make in TASKS:
        task = make()
        courses[task.title] = task, runs_of(task)
        print_table(*courses[task.title])
        print_tolerances(task)
    print(save_figure(draw(courses), path))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FIGURE)
