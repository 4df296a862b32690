"""Outer loops for programs that know one thing: the steady current at a voltage, from the state before."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from peers.membrane import Floats

# The potential at which a search ends has changed by less [RT/F]: secants leave the product of the last two changes.
CLOSE = 1e-4
MOST = 30
# Where the second point of a search is [RT/F].
ASIDE = -0.1


class SteadyPeer(Protocol):
    """A program with a state that it keeps."""

    def set_voltage(self, voltage: float) -> None:
        """Potential of the left end [RT/F]."""

    def reset(self) -> None:
        """To the first guess."""

    def solve(self) -> None:
        """From the state that it has."""

    def current(self) -> float:
        """[A/m^2]"""


def row_of(peer: SteadyPeer, voltages: Floats) -> Floats:
    """(V,) currents, each state the first guess of the next."""
    found = []
    peer.set_voltage(float(voltages[0]))
    peer.reset()
    for voltage in voltages:
        peer.set_voltage(float(voltage))
        peer.solve()
        found.append(peer.current())
    return np.array(found)


def potential_by_secants(peer: SteadyPeer, start: float) -> float:
    """The voltage without current.  Raises RuntimeError if it is not found."""
    peer.set_voltage(start)
    peer.reset()
    at, currents = [start, start + ASIDE], list[float]()
    for voltage in at:
        peer.set_voltage(voltage)
        peer.solve()
        currents.append(peer.current())
    for _ in range(MOST):
        slope = (currents[-1] - currents[-2]) / (at[-1] - at[-2])
        at.append(at[-1] - currents[-1] / slope)
        if abs(at[-1] - at[-2]) < CLOSE:
            return at[-1]
        peer.set_voltage(at[-1])
        peer.solve()
        currents.append(peer.current())
    raise RuntimeError(f"no voltage without current in {MOST} secants")
