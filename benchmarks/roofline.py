"""How near to the limits of the machine the kernels come:  python benchmarks/roofline.py

Measured here, in one run on one core: the largest rate of fused multiplications and additions in registers of eight doubles,
and of bytes read and written in the second level of the cache and in memory; then the time per node of Newton's step for one
problem, for eight in lanes, and of an impedance.  The operations and bytes of a node are counted from the kernels, below.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numba
import numpy as np

import electrodiff as ed
from compare_steady import steady_case
from electrodiff.fvm.kernels.arrays import Floats
from electrodiff.fvm.kernels.vectors import LANES, load, store
from electrodiff.solvers.prepared_spectrum import prepare_spectrum
from scaling import seconds_per_step

ROUNDS = 2_000_000
# Doubles of a copy that stays in the second level of a cache, and of one that does not fit into any.
IN_CACHE, IN_MEMORY = 32_000, 32_000_000
FREQUENCIES = 100


@dataclass(frozen=True)
class Work:
    """Operations and bytes of a node with four ions; a fused multiplication and addition counts as two operations."""

    name: str
    operations: int
    bytes: int
    """Arrays of the problem, state and update, and what the elimination keeps, each once per pass."""


# Newton's step in fused multiplications and additions: 125 to invert the block of five, 90 for its products with the arrows
# of its neighbours, 60 for the right side and the way back, 75 for fluxes, charges and their derivatives.  Bytes: 27 numbers
# of the chain, state and update read and written, 30 of the elimination written and read.
STEP = Work("Newton's step", 2 * 350, 8 * (27 + 20 + 60))
# 1,330 to factor, two turns of 835, 60 to split the current.  The inverse, 50 numbers, is written once and read four times.
IMPEDANCE = Work("impedance, a node and frequency", 3060, 8 * (27 + 5 * 50))


@numba.njit(fastmath={"contract"}, error_model="numpy")  # type: ignore[misc, untyped-decorator, unused-ignore]
def _multiply_and_add(numbers: Floats, rounds: int) -> None:
    """Twelve chains of fused operations in registers, which is as many as hide the time of one."""
    factor, term = load(numbers[12]), load(numbers[13])
    a, b, c, d = load(numbers[0]), load(numbers[1]), load(numbers[2]), load(numbers[3])
    e, f, g, h = load(numbers[4]), load(numbers[5]), load(numbers[6]), load(numbers[7])
    i, j, k, m = load(numbers[8]), load(numbers[9]), load(numbers[10]), load(numbers[11])
    for _ in range(rounds):
        a, b, c, d = a * factor + term, b * factor + term, c * factor + term, d * factor + term
        e, f, g, h = e * factor + term, f * factor + term, g * factor + term, h * factor + term
        i, j, k, m = i * factor + term, j * factor + term, k * factor + term, m * factor + term
    store(a + b + c + d + e + f + g + h + i + j + k + m, numbers[0])


def fastest(work: Callable[[], object], turns: int = 7) -> float:
    """Seconds of the fastest of some turns, after one that may compile."""
    work()
    times = []
    for _ in range(turns):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def peak() -> float:
    """Operations a second of one core."""
    numbers = np.full((14, LANES), 0.5)
    return 12 * 2 * LANES * ROUNDS / fastest(lambda: _multiply_and_add(numbers, ROUNDS))


def bandwidth(count: int) -> float:
    """Bytes a second, read and written, of copies of so many doubles."""
    here, there = np.ones(count), np.empty(count)
    repeats = max(IN_MEMORY // count, 1)

    def copy() -> None:
        for _ in range(repeats):
            np.copyto(there, here)

    return 16 * count * repeats / fastest(copy)


def impedance_seconds() -> float:
    """Of a node and frequency, one thread."""
    frequencies = list(np.geomspace(1.0, 1e10, FREQUENCIES))
    case = ed.load_case(ed.bundled_case("clamped_membrane")).changed(
        {"expect": [], "study": {"kind": "impedance", "frequencies": frequencies}}
    )
    prepared = prepare_spectrum(case, 1)
    times = []
    for _ in range(50):
        start = time.perf_counter()
        prepared.estimates()
        times.append(time.perf_counter() - start)
    return float(statistics.median(times)) / (FREQUENCIES * sum(prepared.steady.nodes))


def main() -> None:
    """Print the limits and what part of them is reached."""
    top, near, far = peak(), bandwidth(IN_CACHE), bandwidth(IN_MEMORY)
    print(
        f"one core: {top / 1e9:.1f} Gflop/s; copies {near / 1e9:.1f} GB/s in the cache, {far / 1e9:.1f} GB/s in memory"
    )
    single = {count: seconds_per_step(steady_case(count)) for count in (1001, 100_001)}
    rows = [
        (STEP, f"{nodes} nodes", seconds / nodes, near if nodes < 10_000 else far) for seconds, nodes in single.values()
    ]
    rows.append((IMPEDANCE, "prepared, 129 nodes", impedance_seconds(), near))
    print(
        "| work | on | ns | Gflop/s | of the peak | GB/s | of the copies | limit by operations [ns] | by bytes [ns] |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for work, where, seconds, stream in rows:
        rate, flow = work.operations / seconds, work.bytes / seconds
        print(
            f"| {work.name} | {where} | {1e9 * seconds:.0f} | {rate / 1e9:.1f} | {rate / top:.0%} | {flow / 1e9:.1f} "
            f"| {flow / stream:.0%} | {1e9 * work.operations / top:.0f} | {1e9 * work.bytes / stream:.0f} |"
        )


if __name__ == "__main__":
    main()
