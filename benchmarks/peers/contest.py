"""How settings are found and times are taken.

A program competes in several variants (a tolerance, a solver, a number of threads), each over a ladder of sizes.  Of each
variant the smallest size is looked for that is accurate enough: along the ladder in strides, then by bisection of the last
one; where a task has many inputs on a few of them, and from there upwards on all.  The variant that is fastest then is the
program's entrant.  Every answer is compared with the reference before its time counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from peers.tasks import Task, Values

Run = Callable[[], Values]

# Numbers of nodes that are tried: each a twentieth more than the last.
NODES = tuple(sorted({round(9 * 1.05**k) for k in range(150)}))
STRIDE = 8
# Of each variant, to find the fastest.
TRIALS = 5
# A turn goes on for so long [s], so that the caches are the program's own.
TURN = 0.01
# What takes longer than this [s] is timed once in a contest.
SLOW = 5.0
# A search gives up a variant with a run that takes longer [s].
TOO_LONG = 300.0


class Variant(NamedTuple):
    """One way to use a program."""

    setting: str
    """With {} where the size stands."""
    prepare: Callable[[Task, float], Run]
    """What is done once, before the clock starts: meshes, arrays, expressions."""
    sizes: Sequence[float] = NODES
    """From the least accurate to the most."""

    def name(self, size: float) -> str:
        """The setting with its size."""
        return self.setting.format(f"{size:g}")


class Program(NamedTuple):
    """A program and what it can do."""

    name: str
    needs: str
    """The module without which it is left out."""
    variants: Callable[[Task], list[Variant]]
    """None for a task that it does not compete in."""


@dataclass(frozen=True)
class Entrant:
    """A program in the setting in which it competes."""

    program: str
    setting: str
    prepare: Callable[[], Run]
    error: float
    is_ours: bool = False
    times: list[float] = field(default_factory=list)
    """[s] of each solution in the contest."""


def seconds(run: Run) -> float:
    """Of one run."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def attempt(variant: Variant, task: Task, size: float) -> tuple[Run | None, float]:
    """A run and its error; None and infinity where it fails."""
    start = time.perf_counter()
    try:
        run = variant.prepare(task, size)
        error = task.error(run())
    except (RuntimeError, ArithmeticError, ValueError):
        return None, float("inf")
    if time.perf_counter() - start > TOO_LONG:
        raise TimeoutError(f"{variant.name(size)} takes more than {TOO_LONG:g} s")
    return run, error


def smallest(variant: Variant, task: Task) -> float | None:
    """The smallest size that is accurate enough; None if none is."""

    def meets(index: int, of: Task) -> bool:
        return attempt(variant, of, variant.sizes[index])[1] <= of.demanded

    few, last = task.thinned(), len(variant.sizes) - 1
    low, high = -1, min(STRIDE, last) if last > STRIDE else 0
    try:
        while not meets(high, few):
            if high == last:
                return None
            low, high = high, min(high + (STRIDE if last > STRIDE else 1), last)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if meets(middle, few) else (middle, high)
        while few is not task and not meets(high, task):
            if (high := high + 1) > last:
                return None
    except TimeoutError:
        return None
    return variant.sizes[high]


def fastest(program: Program, task: Task) -> Entrant | None:
    """The program in its best setting for a task; None if it has none that is accurate enough."""
    found: list[tuple[float, Variant, float]] = []
    for variant in program.variants(task):
        size = smallest(variant, task)
        if size is None:
            continue
        run = variant.prepare(task, size)
        wall = seconds(run)
        if wall < 2 * min([wall, *(one for one, _, _ in found)]) and wall < SLOW:
            wall = min(seconds(run) for _ in range(TRIALS))
        found.append((wall, variant, size))
    if not found:
        return None
    _, variant, size = min(found, key=lambda one: one[0])
    return entrant(program.name, variant, task, size)


def entrant(program: str, variant: Variant, task: Task, size: float, is_ours: bool = False) -> Entrant:
    """With its error proved again.  Raises RuntimeError if it is too large."""
    _, error = attempt(variant, task, size)
    if not error <= task.demanded:
        raise RuntimeError(f"{program}, {task.title}: the error is {error:.1e}; expected at most {task.demanded:.0e}")
    return Entrant(program, variant.name(size), lambda: variant.prepare(task, size), error, is_ours)


def take_turns(entrants: Sequence[Entrant], duration: float) -> None:
    """Add to the times of all: a peer, ours, the next peer, ours, and so on, for so many seconds or three rounds."""
    runs = {id(one): one.prepare() for one in entrants}
    for run in runs.values():
        run()
    ours = [one for one in entrants if one.is_ours]
    # Without peers ours alone.
    groups = [[one, *ours] for one in entrants if not one.is_ours] or [ours]
    stop, rounds = time.perf_counter() + duration, 0
    while rounds < 3 or time.perf_counter() < stop:
        for one in (one for group in groups for one in group):
            if not one.times or one.times[0] < SLOW:
                _turn(one, runs[id(one)])
        rounds += 1


def _turn(one: Entrant, run: Run) -> None:
    stop = time.perf_counter() + TURN
    while True:
        one.times.append(seconds(run))
        if time.perf_counter() > stop:
            return


def not_beaten(points: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Of (time, error) those that no other beats in both, by time."""
    kept: list[tuple[float, float]] = []
    for wall, error in sorted(points):
        if not kept or error < kept[-1][1]:
            kept.append((wall, error))
    return kept


def course(variants: Iterable[Variant], task: Task, budget: float = 1.0) -> list[tuple[float, float]]:
    """(time [s], error) over the sizes of all variants, up to runs of `budget` seconds or an error of a tenth of the smallest
    that is asked for."""
    points = []
    for variant in variants:
        for size in variant.sizes[:: STRIDE - 1]:
            run, error = attempt(variant, task, size)
            if run is None:
                continue
            wall = seconds(run)
            if wall < budget / TRIALS:
                wall = min(seconds(run) for _ in range(TRIALS))
            points.append((wall, error))
            if wall > budget or error < 0.1 * task.demanded:
                break
    return not_beaten(points)
