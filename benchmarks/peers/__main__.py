"""Time all programs side by side on one membrane:  make bench-peers

PYTHONPATH=benchmarks python -m peers [--tasks steady iv ...] [--seconds 20] [--write]
"""

from __future__ import annotations

import argparse
import os
import time
from importlib.util import find_spec

# Before numpy loads its BLAS: matrices this narrow are factored fastest by one thread.  Threads that work on several
# problems at once are a setting of the programs.
for _name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

from peers import ours  # noqa: E402
from peers.contest import Entrant, Program, Run, Variant, course, fastest, take_turns  # noqa: E402
from peers.programs import PROGRAMS  # noqa: E402
from peers.report import Points, Result, median, write_figure, write_page, write_raw  # noqa: E402
from peers.tasks import Task, tasks  # noqa: E402

KINDS = ("steady", "iv", "floating", "impedance", "transient")
# Accuracies that ours is asked for in the figure.
LADDER = tuple(10.0**-k for k in range(3, 12))


def contest(task: Task, programs: list[Program], duration: float) -> Result:
    """All programs on one task."""
    found: list[Entrant] = []
    left_out: list[str] = []
    for program in programs:
        if not program.variants(task):
            continue
        if find_spec(program.needs) is None:
            left_out.append(f"{program.name}: not installed")
            continue
        start = time.perf_counter()
        try:
            best = fastest(program, task)
        except Exception as error:  # whatever it is, of another program it is a line of the report
            left_out.append(f"{program.name}: {type(error).__name__}, {error}")
            continue
        if best is None:
            left_out.append(f"{program.name}: no setting reaches {task.demanded:g}")
        else:
            found.append(best)
        print(
            f"  {program.name}: {best.setting if best else left_out[-1]} ({time.perf_counter() - start:.0f} s)",
            flush=True,
        )
    found += ours.entrants(task)
    take_turns(found, duration)
    return Result(task, found, left_out)


def show(result: Result) -> None:
    """The table, on the terminal."""
    print(f"\n{result.task.title}")
    for one in sorted(result.entrants, key=median):
        print(f"{1e3 * median(one):12.3f} ms  {one.error:8.1e}  {len(one.times):5}  {one.program}: {one.setting}")
    print(*(f"    {reason}" for reason in result.left_out), sep="\n", flush=True)


def courses(task: Task, programs: list[Program]) -> dict[str, Points]:
    """Time and error over the settings of each program."""
    found = {}
    for program in programs:
        if program.variants(task) and find_spec(program.needs) is not None:
            found[program.name] = course(program.variants(task), task)
    for name, make in ours.RUNS.items():

        def prepare(task: Task, accuracy: float, make: ours.Make = make) -> Run:
            return make(task.at(accuracy))

        each = [Variant("accuracy {}", prepare, (one,)) for one in LADDER]
        found[name] = course(each, task)
    return {name: points for name, points in found.items() if points}


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument(
        "--programs", nargs="+", default=[], help="those alone in whose names one of these words stands"
    )
    parser.add_argument("--seconds", type=float, default=20.0, help="of taking turns, for each task")
    parser.add_argument(
        "--write", action="store_true", help="the table and the figure of docs/performance.md, and the numbers"
    )
    arguments = parser.parse_args()
    wanted = [one for one in PROGRAMS if not arguments.programs or any(word in one.name for word in arguments.programs)]
    print("references ...", flush=True)
    results = []
    for task in tasks(set(arguments.tasks)):
        print(f"\n{task.title}", flush=True)
        results.append(contest(task, wanted, arguments.seconds))
        show(results[-1])
    if arguments.write:
        fine = min((result.task for result in results if result.task.kind == "steady"), key=lambda task: task.demanded)
        points = courses(fine, wanted)
        write_page(results)
        print(write_figure(points, [result.task.demanded for result in results if result.task.kind == "steady"]))
        print(write_raw(results, points))


if __name__ == "__main__":
    main()
