"""Ten thousand random physical cases, solved and checked:  python benchmarks/robustness.py --cases 10000 --workers 2

Each case follows from (seed, index) alone and is a failure if the solve does not converge, raises, warns, takes more than a
minute of processor time, or does not pass `robustness_check`, which knows nothing of the solver.  Failures are listed
with their case files; `--only INDEX` runs one of them and writes its file.  Exits with 1 if there was a failure.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import secrets
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import robustness_report as report
from electrodiff import Case, Solution, case_text, solve
from robustness_cases import TOLD, Drawn, draw_case
from robustness_check import check_solution

SEED = 2024
CASES = 10_000
# Nobody waits longer for a steady state [s of processor time, which does not depend on what else runs].
LONGEST = 60.0


@dataclass(frozen=True)
class Outcome:
    """What became of one case."""

    index: int
    failures: tuple[str, ...]
    seconds: float
    nodes: int
    iterations: int
    fallbacks: tuple[str, ...]
    refused: tuple[str, ...]
    """What refused the cases drawn before it."""
    features: dict[str, bool]
    numbers: dict[str, list[float]]
    """Every number of the case by its kind, for the distributions."""
    toml: str
    """The case file, of a failure only."""


def run_case(seed: int, index: int) -> Outcome:
    """Draw, solve and check one case."""
    drawn, (solution, failures, seconds) = draw_and_run(seed, index)
    return Outcome(
        index=index,
        failures=tuple(failures),
        seconds=seconds,
        nodes=solution.nodes if solution else 0,
        iterations=solution.iterations if solution else 0,
        fallbacks=tuple(getattr(solution, "fallbacks", ())),
        refused=drawn.refused,
        features=report.features(drawn.case),
        numbers=report.numbers(drawn.case),
        toml=case_text(drawn.case) if failures else "",
    )


def draw_and_run(seed: int, index: int) -> tuple[Drawn, tuple[Solution | None, list[str], float]]:
    """The first draw of a case that the rules of `TOLD` do not refuse, and what became of it."""
    passed_over = 0
    while True:
        drawn = draw_case(seed, index, passed_over)
        result = run(drawn.case)
        if result[0] is None or result[0].converged or not any(rule in result[0].message for rule in TOLD):
            return drawn, result
        passed_over += 1


def run(case: Case) -> tuple[Solution | None, list[str], float]:
    """The solution of a case if there is one, what is wrong, and the seconds that it took."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        start = time.process_time()
        solution, failures = _attempt("solve", lambda: solve(case, throw=False))
        seconds = time.process_time() - start
        if solution is not None and solution.converged:
            values, more = _attempt("quantities", solution.quantities)
            failures += [*more, *_not_numbers(values or {})]
    failures += sorted({f"warning: {each.category.__name__}: {each.message}" for each in caught})
    if solution is not None:
        failures += _attempt("check", lambda: _checked(solution, failures))[1]
    if seconds > LONGEST:
        failures.append(f"time: {seconds:.0f} s")
    return solution, failures, seconds


def _checked(solution: Solution, failures: list[str]) -> None:
    failures += check_solution(solution)


def _attempt(what: str, action: Callable[[], Any]) -> tuple[Any, list[str]]:
    """The result of an action, or the exception that it raised as one line."""
    try:
        with _time_limit(2 * LONGEST):
            return action(), []
    except Exception as error:
        places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
        return None, [f"exception in {what}: {type(error).__name__}: {error} ({' > '.join(places[-3:])})"]


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in what takes longer, where the system has a timer; compiled code is let through to its end."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"more than {seconds:g} s")

    if not hasattr(signal, "SIGPROF"):
        yield
        return
    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _not_numbers(values: dict[str, Any]) -> list[str]:
    """The reported quantities that are not a number."""
    scalars = {name: value if isinstance(value, dict) else {"": value} for name, value in values.items()}
    return [
        f"quantities: {name}{member and '.'}{member} is not a number"
        for name, family in scalars.items()
        for member, value in family.items()
        if isinstance(value, float) and np.isnan(value)
    ]


def warm_up() -> None:
    """Compile the kernels for every number of ions, points and sized, so that the times are those of solves."""
    layer = {"name": "water", "thickness": 1e-8, "relative_permittivity": 80.0}
    for count in range(1, 7):
        ions = {f"i{number}": {"valence": 0, "diffusivity": 1e-9, "diameter": 3e-10} for number in range(count)}
        bath = {"kind": "reservoir", "concentrations": {"i0": 1.0}, "potential": 0.0}
        tree: dict[str, Any] = {"temperature": 300.0, "ions": ions, "layers": [layer], "left": bath, "right": bath}
        solve(Case(**tree), throw=False).quantities()
        solve(Case(**tree, steric={"model": "bikerman"}), throw=False).quantities()


def run_all(seed: int, cases: int, workers: int) -> Iterator[Outcome]:
    """The outcomes of cases 0 to `cases` - 1, in order."""
    if workers == 1:
        yield from map(partial(run_case, seed), range(cases))
        return
    kind = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
    with ProcessPoolExecutor(workers, multiprocessing.get_context(kind), initializer=warm_up) as pool:
        # Small chunks, since one case may take a thousand times as long as another.
        yield from pool.map(partial(run_case, seed), range(cases), chunksize=4)


def run_only(seed: int, index: int, folder: Path) -> int:
    """Run one case, say everything about it, and write its file."""
    drawn, (solution, failures, seconds) = draw_and_run(seed, index)
    path = folder / f"robustness_{seed}_{index}.toml"
    path.write_text(case_text(drawn.case))
    print(case_text(drawn.case))
    print(f"written to {path}; {len(drawn.refused)} draws refused before it: {', '.join(drawn.refused) or 'none'}")
    if solution is not None:
        print(
            f"{solution.message}; {solution.nodes} nodes, {seconds:.2f} s, fallbacks {getattr(solution, 'fallbacks', ())}"
        )
        print("last updates: " + ", ".join(f"{update:.1e}" for update in solution.updates[-12:]))
    print("\n".join(failures) or "no failure")
    return int(bool(failures))


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; returns 1 if there was a failure."""
    options = _options(arguments)
    seed = secrets.randbelow(2**32) if options.seed == "random" else int(options.seed)
    print(f"seed {seed}", flush=True)
    start = time.perf_counter()
    warm_up()
    print(f"kernels ready after {time.perf_counter() - start:.1f} s", flush=True)
    if options.only is not None:
        return run_only(seed, options.only, options.out.parent if options.out else Path())
    start, outcomes = time.perf_counter(), []
    for outcome in run_all(seed, options.cases, options.workers):
        outcomes.append(outcome)
        for failure in outcome.failures[:1]:
            print(f"FAILED {outcome.index}: {failure[:200]}", flush=True)
        if len(outcomes) % 500 == 0:
            print(f"{len(outcomes)} cases, {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    total = time.perf_counter() - start
    text = report.summary(seed, outcomes, total, options.workers)
    print(text)
    if options.out:
        record = {"seed": seed, "total_s": total, "cases": [_stored(outcome) for outcome in outcomes]}
        options.out.write_text(json.dumps(record, indent=1))
    if options.summary:
        options.summary.write_text(text + report.failure_list(outcomes))
    return int(any(outcome.failures for outcome in outcomes))


def _stored(outcome: Outcome) -> dict[str, Any]:
    """A record of the JSON file: everything but the numbers, which the seed gives again."""
    return {key: value for key, value in asdict(outcome).items() if key != "numbers"}


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=int, default=CASES, help=f"number of cases [{CASES}]")
    parser.add_argument("--seed", default=str(SEED), help=f"a whole number, or 'random' [{SEED}]")
    parser.add_argument("--workers", type=int, default=2, help="number of processes [2]")
    parser.add_argument("--out", type=Path, help="JSON file with every outcome")
    parser.add_argument(
        "--summary", type=Path, help="Markdown file with the summary and the case files of the failures"
    )
    parser.add_argument("--only", type=int, help="run this case alone, and write its case file")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
