"""A day of the explorer: 100,000 moves of its sliders over its own interface:  python benchmarks/explorer_load.py

Starts `electrodiff explore` as a process and speaks to it as the page does, through Bokeh's web socket: every move sets a
slider to a random place, every picture is acknowledged as the browser does.  After every burst of moves the last one must be
shown, with the numbers that `ed.solve` gives for the case that the page offers as TOML.  Memory, threads and open files of
the process are read on the way.  Exits with 1 if an update failed, or if the process has grown.
"""

from __future__ import annotations

import argparse
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil  # type: ignore[import-untyped]
from bokeh.client import ClientSession, pull_session
from bokeh.models.widgets import Slider

import electrodiff as ed

CASE = Path(__file__).parents[1] / "cases" / "resting_potential.toml"
MOVES, BURST, SEED = 100_000, 25, 2024
# A burst whose last state is compared with a solution, and after which the process is looked at: one in so many.
CHECKED = 20
# Longest wait for a picture [s].
PATIENCE = 60.0
# The page draws what it has solved for a slider at rest; both keep the accuracy of the case [mV].
AGREEMENT = 1e-4
# Memory by which a process may grow after its first tenth without being said to leak [MB], and besides for every move: a case
# that takes many nodes leaves holes in the heap, in steps of tens of MB, while a picture that is kept is 20 kB.
GROWTH, PER_MOVE = 30.0, 1e-3
# What the page says of itself when it is the program's own fault.
OWN_FAULT = "in the program itself"


@dataclass
class Health:
    """What the process takes, over the moves."""

    moves: list[int] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    """[MB] resident"""
    threads: list[int] = field(default_factory=list)
    files: list[int] = field(default_factory=list)

    def look(self, moves: int, process: psutil.Process) -> None:
        """Add the present state."""
        self.moves.append(moves)
        self.memory.append(process.memory_info().rss / 1e6)
        self.threads.append(process.num_threads())
        self.files.append(process.num_fds())

    @property
    def growth(self) -> float:
        """Memory after the last tenth of the moves less that after the first [MB]."""
        tenth = max(len(self.memory) // 10, 1)
        return float(np.median(self.memory[-tenth:]) - np.median(self.memory[tenth : 2 * tenth] or self.memory[-1:]))


class Client:
    """What the page in a browser does, without a browser."""

    def __init__(self, address: str) -> None:
        self.session: ClientSession = pull_session(url=address)
        document: Any = self.session.document
        self._state, self._drawn = (document.get_model_by_name(name) for name in ("state", "drawn"))
        self._trouble, self._toml = (document.get_model_by_name(name) for name in ("trouble", "toml"))
        self.pictures = 0
        self._state.on_change("data", lambda _attribute, _old, _new: self._acknowledge())
        self.sliders = [slider for slider in document.select({"type": Slider}) if not slider.disabled]

    def _acknowledge(self) -> None:
        self.pictures += 1
        self._drawn.data = {"serial": self._state.data["serial"], "count": [self.pictures]}

    @property
    def serial(self) -> int:
        """Number of the last case that was answered."""
        return int(self._state.data["serial"][0])

    @property
    def trouble(self) -> str:
        """What the page says went wrong; nothing if there is a picture."""
        return re.sub(r"<[^>]*>", "", str(self._trouble.text)) if self._trouble.visible else ""

    @property
    def toml(self) -> str:
        """The case as the page offers it."""
        return str(self._toml.text)

    def potential(self) -> tuple[float, float]:
        """Smallest and largest potential that is drawn [mV]."""
        source: Any = self.session.document.get_model_by_name("profiles")
        drawn = np.asarray(source.data["potential"], dtype=float)
        return float(np.nanmin(drawn)), float(np.nanmax(drawn))

    def wait(self, is_done: Callable[[], bool]) -> None:
        """Take what comes until something is so.  Raises TimeoutError."""
        signal.setitimer(signal.ITIMER_REAL, PATIENCE)
        try:
            # Bokeh's public round trip throws away what the server sends meanwhile.
            self.session._connection._loop_until(is_done)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0.0)

    def rest(self) -> None:
        """Until the last move is shown as well as it can be."""
        self.wait(lambda: bool(self._state.data["is_fine"][0]))


def _late(_number: int, _frame: object) -> None:
    raise TimeoutError


def load(moves: int, seed: int, case: Path = CASE) -> tuple[Health, list[str], dict[str, int]]:
    """Move sliders; what the process took, the failed updates, and the counts of what happened."""
    rng, health, failures = random.Random(seed), Health(), []
    signal.signal(signal.SIGALRM, _late)
    counts = {"pictures": 0, "compared": 0, "cases without a solution": 0}
    command = [sys.executable, "-m", "electrodiff", "explore", str(case), "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        try:
            client = Client(server.stdout.readline().strip())
            client.rest()
            process = psutil.Process(server.pid)
            for burst, done in enumerate(range(0, moves, BURST), start=1):
                try:
                    _burst(client, rng, min(BURST, moves - done))
                except TimeoutError:
                    failures.append(f"after {done} moves: no picture within {PATIENCE:g} s")
                    break
                if client.trouble:
                    counts["cases without a solution"] += 1
                    if OWN_FAULT in client.trouble:
                        failures.append(f"after {done} moves: {client.trouble}")
                if burst % CHECKED == 0:
                    client.rest()
                    failures += [f"after {done} moves: {text}" for text in _differences(client, counts)]
                    health.look(done + BURST, process)
                    if sys.stderr.isatty() or burst % (50 * CHECKED) == 0:
                        print(f"{done + BURST} moves, {health.memory[-1]:.0f} MB", file=sys.stderr, flush=True)
            counts["pictures"] = client.pictures
        finally:
            server.terminate()
    return health, failures, counts


def _burst(client: Client, rng: random.Random, count: int) -> None:
    """Some moves in a row, and a picture of the last or a later one."""
    before = client.serial
    for _ in range(count):
        slider = rng.choice(client.sliders)
        slider.value = rng.randint(int(slider.start), int(slider.end))
    client.wait(lambda: client.serial > before)


def _differences(client: Client, counts: dict[str, int]) -> list[str]:
    """What is shown against a solution of the case that the page offers."""
    if client.trouble:
        return []
    counts["compared"] += 1
    solution = ed.solve(ed.parse_case(client.toml))
    expected = 1e3 * float(solution.potential.min()), 1e3 * float(solution.potential.max())
    found = client.potential()
    if np.allclose(found, expected, rtol=1e-5, atol=AGREEMENT):
        return []
    return [
        f"potentials from {found[0]:.6g} to {found[1]:.6g} mV are shown, from {expected[0]:.6g} to {expected[1]:.6g} solved"
    ]


def main() -> None:
    """Run and print a summary."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--moves", type=int, default=MOVES)
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    start = time.monotonic()
    health, failures, counts = load(arguments.moves, arguments.seed)
    said = ", ".join(f"{count} {name}" for name, count in counts.items())
    print(f"{arguments.moves} moves in {time.monotonic() - start:.0f} s: {said}, {len(failures)} failures")
    for name, values in (("memory [MB]", health.memory), ("threads", health.threads), ("files", health.files)):
        print(f"{name}: first {values[0]:.0f}, least {min(values):.0f}, most {max(values):.0f}, last {values[-1]:.0f}")
    course = ", ".join(
        f"{health.memory[k]:.0f}" for k in range(0, len(health.memory), max(len(health.memory) // 20, 1))
    )
    print(f"memory on the way [MB]: {course}")
    print(f"growth of the memory after the first tenth: {health.growth:.1f} MB")
    print(*failures, sep="\n")
    grown = (
        health.growth > GROWTH or health.files[-1] > health.files[0] + 5 or health.threads[-1] > health.threads[0] + 5
    )
    sys.exit(1 if failures or grown else 0)


if __name__ == "__main__":
    main()
