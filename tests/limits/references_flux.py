"""References: fluxes over barriers - uncharged solutes, and traces of ions in a field that is known.

    J = (a_left e^(z v) - a_right) / integral of e^(W + z y) A_0 dx / (D A),    y = 0 at the right, beta = e^-W

Traces are 1e-14 mM: their own charge bends the field by less than 1e-13 of itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from references_tools import (
    ROOM,
    Floats,
    Reference,
    Values,
    integral,
    layer,
    lazy_case,
    reservoir,
    thermal_voltage,
)

Points = Mapping[str, list[float]]
TRACE = 1e-14
BALL = {"geometry": "spherical", "inner_radius": 5e-9}
ROD = {"geometry": "cylindrical", "inner_radius": 3e-9}


# ---- uncharged solutes --------------------------------------------------------------------------------------------

SUGAR = {"sugar": {"valence": 0, "diffusivity": 1e-9}}


def piecewise(points: Points | float) -> Callable[[Floats], Floats]:
    """A number, or what is linear between points."""
    if isinstance(points, Mapping):
        return lambda x: np.interp(x, points["x"], points["value"])
    return lambda x: np.full_like(x, points)


def area_of(mesh: Mapping[str, object]) -> Callable[[Floats], Floats]:
    """Cross section along the stack, up to a factor."""
    if "radius" in mesh or "area" in mesh:
        given, power = (mesh["radius"], 2) if "radius" in mesh else (mesh["area"], 1)
        return lambda x: piecewise(given)(x) ** power
    power = {"planar": 0, "cylindrical": 1, "spherical": 2}[mesh.get("geometry", "planar")]
    return lambda x: (mesh.get("inner_radius", 0.0) + x) ** power


@dataclass(frozen=True)
class Obstacle:
    """A layer and what an uncharged solute meets in it; numbers or profiles along the layer."""

    thickness: float
    diffusivity: float | Points = 1e-9
    partition: float | Points = 1.0
    barrier: Points | None = None
    """W / RT."""

    def record(self, name: str) -> dict[str, object]:
        """The layer of the case."""
        keys: dict[str, object] = {"partition": {"sugar": self.partition}}
        if self.barrier is not None:
            keys = {"barrier": {"sugar": {**self.barrier, "value": [f"{w!r} kT" for w in self.barrier["value"]]}}}
        return layer(name, self.thickness, diffusivity={"sugar": self.diffusivity}, **keys)

    def resistance(self, start: float, area: Callable[[Floats], Floats]) -> float:
        """Integral of dx / (D beta A) over the layer, which starts at a place in the stack."""
        energy = piecewise(self.barrier or 0.0)
        D, beta = piecewise(self.diffusivity), piecewise(self.partition)
        profiles = (self.diffusivity, self.partition, self.barrier)
        inner = [x for p in profiles if isinstance(p, Mapping) for x in p["x"]]
        knots = np.unique(np.clip([0.0, *inner, self.thickness], 0.0, self.thickness))
        return math.fsum(
            integral(lambda x: np.exp(energy(x)) / (D(x) * beta(x) * area(start + x)), *ends)
            for ends in pairwise(knots)
        )


def _solute(name: str, obstacles: tuple[Obstacle, ...], mesh: dict[str, object] | None = None) -> Reference:
    """10 mM against 1 mM; the flux is that per area of the left end, where the most resistive layer begins."""
    layers = [obstacle.record(f"layer {n}") for n, obstacle in enumerate(obstacles)]
    ends = {"left": reservoir({"sugar": 10.0}), "right": reservoir({"sugar": 1.0})}
    case = lazy_case(SUGAR, layers=layers, mesh=mesh or {}, **ends)

    def expected() -> Values:
        area = area_of(mesh or {})
        starts = np.cumsum([0.0, *(obstacle.thickness for obstacle in obstacles)])
        resistance = math.fsum(o.resistance(x, area) for o, x in zip(obstacles, starts, strict=False))
        return {"flux.sugar": 9.0 / (float(area(np.zeros(1))[0]) * resistance)}

    return Reference(name, case, expected, "Fick: J = (a_left - a_right) / integral of A_0 dx / (D beta A)")


# ---- traces over barriers -----------------------------------------------------------------------------------------


def exponential_integral(x: list[float], exponent: list[float]) -> float:
    """Integral of e^w dx, w linear between points: h (e^w2 - e^w1) / (w2 - w1)."""
    pieces = zip(pairwise(x), pairwise(exponent), strict=True)
    return math.fsum(
        (stop - start) * math.exp(low) * (math.expm1(high - low) / (high - low) if high != low else 1.0)
        for (start, stop), (low, high) in pieces
    )


def _trace_over_barrier(name: str, z: int, barrier: Points, voltage: float) -> Reference:
    """A trace ion in a constant field, over a piecewise-linear barrier [kT]."""
    ions = {"T": {"valence": z, "diffusivity": 1e-11}, "B": {"valence": -z, "diffusivity": 1e-11}}
    profile = {"x": barrier["x"], "value": [f"{w!r} kT" for w in barrier["value"]]}
    thickness = barrier["x"][-1]
    slab = layer("slab", thickness, 2.0, barrier={"T": profile, "B": profile})
    ends = {
        "left": reservoir({"T": TRACE, "B": TRACE}, voltage),
        "right": reservoir({"T": TRACE / 10, "B": TRACE / 10}),
    }
    case = lazy_case(ions, layers=[slab], **ends)
    v = z * voltage / thermal_voltage(ROOM)

    def flux(v: float) -> float:
        exponent = [w + v * (1 - x / thickness) for x, w in zip(barrier["x"], barrier["value"], strict=True)]
        return 1e-11 * TRACE * (math.exp(v) - 0.1) / exponential_integral(barrier["x"], exponent)

    def expected() -> Values:
        permeability = 1e-11 / exponential_integral(barrier["x"], barrier["value"])
        return {"flux.T": flux(v), "flux.B": flux(-v), "log_permeability.slab.T": math.log10(permeability)}

    return Reference(name, case, expected, "J = (a_left e^(z v) - a_right) / integral of e^(W + z y) dx / D")


def _trace_through_stack(
    name: str, eps: tuple[float, ...], thickness: tuple[float, ...], beta: tuple[float, ...], V: float
) -> Reference:
    """Traces through dielectrics in series, between which the voltage is shared as d/eps."""
    layers = [
        layer(f"layer {n}", d, e, partition={"K": b, "Cl": b / 2}, diffusivity={"K": 1e-11, "Cl": 2e-11})
        for n, (d, e, b) in enumerate(zip(thickness, eps, beta, strict=True))
    ]
    left, right = ({"K": c, "Cl": c} for c in (TRACE, 3 * TRACE))
    case = lazy_case(("K", "Cl"), layers=layers, left=reservoir(left, V), right=reservoir(right))

    def expected() -> Values:
        shares = np.array(thickness) / eps / math.fsum(d / e for d, e in zip(thickness, eps, strict=True))
        y = V / thermal_voltage(ROOM) * np.append(1 - np.cumsum(np.append(0.0, shares[:-1])), 0.0)

        def flux(z: int, share: float) -> float:
            parts = [
                exponential_integral([0.0, d], [z * y[n], z * y[n + 1]]) / b
                for n, (d, b) in enumerate(zip(thickness, beta, strict=True))
            ]
            return 1e-11 * TRACE * (math.exp(z * y[0]) - 3) / (math.fsum(parts) * share)

        drops = {f"layer_drop.layer {n}": V * share for n, share in enumerate(shares.tolist())}
        return {"flux.K": flux(1, 1.0), "flux.Cl": flux(-1, 1.0), **drops}

    return Reference(name, case, expected, "J = (a_left e^(z v) - a_right) / integral of e^(z y) dx / (D beta)")


PEAKS = {"x": [0.0, 1e-9, 2.5e-9, 4e-9, 5e-9], "value": [0.0, 6.0, -1.0, 6.0, 0.0]}
STEEP = {"x": [0.0, 1.7e-9, 4e-9], "value": [8.0, 14.0, 5.0]}
CONE = {"radius": {"x": [0.0, 10e-9], "value": [0.5e-9, 3e-9]}}

FLUXES = [
    _solute("solute, three layers", (Obstacle(2e-9), Obstacle(3e-9, 1e-11, 0.1), Obstacle(5e-9, 5e-10))),
    _solute("solute, shells of a sphere", (Obstacle(3e-9, 1e-11, 0.1), Obstacle(5e-9, 1e-9)), BALL),
    _solute("solute, shells of a cylinder", (Obstacle(3e-9, 1e-11, 0.3), Obstacle(5e-9, 1e-9, 2.0)), ROD),
    _solute("solute, cone", (Obstacle(10e-9),), CONE),
    _solute("solute over a filter", (Obstacle(5e-9, barrier=PEAKS),)),
    _solute("solute over a barrier in a sphere", (Obstacle(4e-9, barrier=STEEP),), BALL),
    _solute(
        "solute, profiles of partition and diffusivity",
        (
            Obstacle(
                5e-9,
                {"x": [0.0, 4e-9, 5e-9], "value": [1e-9, 2e-10, 2e-10]},
                {"x": [0.0, 2.5e-9, 5e-9], "value": [1.0, 0.1, 0.5]},
            ),
        ),
    ),
    _trace_over_barrier("trace over a barrier", 1, STEEP, 0.06),
    _trace_over_barrier("divalent trace over a filter", 2, PEAKS, -0.05),
    _trace_through_stack("traces through a stack", (80.0, 2.0, 20.0), (2e-9, 4e-9, 3e-9), (1.0, 1e-3, 0.1), -0.12),
]
