"""References: Goldman's equation where it is exact.

- Traces of ions, 1e-14 mM, whose own charge bends the field by less than 1e-13 of itself.
- Ions that leave the stack neutral everywhere, at any strength: cations at one total concentration, on both sides and
  hence (their sum obeys Nernst and Planck too) everywhere, with one anion; or one salt without a voltage.

The displacement D A is then constant, so that A^-1 dx takes the place of dx: cylinders, spheres and cones as well.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from references_tools import (
    AVOGADRO,
    BODY,
    FARADAY,
    ROOM,
    VACUUM,
    VALENCE,
    Reference,
    Salt,
    Values,
    layer,
    lazy_case,
    reservoir,
    root,
    thermal_voltage,
    water_permittivity,
)

GOLDMAN = "Goldman, J. Gen. Physiol. 27 (1943) 37: J = P u (a_left - a_right e^-u) / (1 - e^-u)"


def goldman(u: float, left: float, right: float) -> float:
    """u (a_left - a_right e^-u) / (1 - e^-u)."""
    return left - right if u == 0 else u * (left - right * math.exp(-u)) / -math.expm1(-u)


def reach(mesh: Mapping[str, object], thickness: float) -> float:
    """Integral of A_0 dx / A over a single layer."""
    if "radius" in mesh:
        start, stop = mesh["radius"]["value"]
        return thickness * start / stop
    if "area" in mesh:
        start, stop = mesh["area"]["value"]
        return thickness * math.log(stop / start) / (stop / start - 1)
    inner = mesh.get("inner_radius", 0.0)
    outer = inner + thickness
    ways = {"cylindrical": lambda: inner * math.log(outer / inner), "spherical": lambda: thickness * inner / outer}
    return ways.get(mesh.get("geometry", "planar"), lambda: thickness)()


@dataclass(frozen=True)
class Goldman:
    """Ions in one layer, or in several that differ in one factor of all D and eps, by Goldman's equation."""

    mobility: Salt
    """D beta of each ion in the first layer [m^2/s]."""
    left: Salt
    right: Salt
    thickness: float
    """Integral of A_0 dx / A, layers with a factor k counting as 1/k of themselves [m]."""
    temperature: float = ROOM
    gates: Mapping[str, tuple[float, float]] | None = None
    """Half potential and slope of gated ions [V]."""

    def open_fraction(self, ion: str, voltage: float) -> float:
        """1 / (1 + exp(-(V - half) / slope)), or 1."""
        if self.gates is None or ion not in self.gates:
            return 1.0
        half, slope = self.gates[ion]
        return 1 / (1 + math.exp(-(voltage - half) / slope))

    def flux(self, ion: str, voltage: float) -> float:
        """Flux of one ion [mol/(m^2 s)]."""
        u = VALENCE[ion] * voltage / thermal_voltage(self.temperature)
        permeability = self.open_fraction(ion, voltage) * self.mobility[ion] / self.thickness
        return permeability * goldman(u, self.left.get(ion, 0.0), self.right.get(ion, 0.0))

    def current(self, voltage: float) -> float:
        """Net current density [A/m^2]."""
        return FARADAY * math.fsum(VALENCE[ion] * self.flux(ion, voltage) for ion in self.mobility)

    def values(self, potential: float | str, current: float = 0.0) -> Values:
        """Fluxes, and the current or the potential at which it is the one given."""
        floating = isinstance(potential, str)
        voltage = root(lambda v: self.current(v) - current, -0.5, 0.5) if floating else potential
        values = {f"flux.{ion}": self.flux(ion, voltage) for ion in self.mobility}
        gates = {f"open_fraction.slab.{ion}": self.open_fraction(ion, voltage) for ion in self.gates or {}}
        one = {"membrane_potential": voltage} if floating else {"current_density": self.current(voltage)}
        return {**{name: flux for name, flux in values.items() if flux}, **gates, **one}


def _goldman(
    name: str,
    left: Salt,
    right: Salt,
    potential: float | str,
    *,
    thickness: float,
    eps: float,
    mobility: Salt,
    beta: Salt | None = None,
    keys: Mapping[str, object] | None = None,
    mesh: dict[str, object] | None = None,
    gates: Mapping[str, tuple[float, float]] | None = None,
    current: float | None = None,
) -> Reference:
    """One layer; `mobility` is D beta.  `keys` replace partition and diffusivity of the layer."""
    share = beta or dict.fromkeys(mobility, 1.0)
    given = {"partition": dict(share), "diffusivity": {ion: D / share[ion] for ion, D in mobility.items()}}
    gating = {ion: {"half_potential": half, "slope": slope} for ion, (half, slope) in (gates or {}).items()}
    slab = layer("slab", thickness, eps, gating=gating, **(given if keys is None else keys))
    clamp = {} if current is None else {"current": current}
    case = lazy_case(
        tuple(mobility),
        temperature=BODY,
        layers=[slab],
        left=reservoir(left, potential, **clamp),
        right=reservoir(right),
        mesh=mesh or {},
    )
    model = Goldman(mobility, left, right, reach(mesh or {}, thickness), BODY, gates)
    return Reference(name, case, lambda: model.values(potential, current or 0.0), GOLDMAN)


def _two_layers(name: str, left: Salt, right: Salt, potential: float | str, factor: float) -> Reference:
    """Two layers whose permittivities and diffusivities, all of them, differ by one factor: the field falls as they rise."""
    mobility = {"K": 2e-9, "Na": 1.3e-9, "Cl": 2e-9}
    layers = [
        layer("first", 5e-9, 20.0, diffusivity=mobility),
        layer("second", 8e-9, 20.0 * factor, diffusivity={ion: factor * D for ion, D in mobility.items()}),
    ]
    case = lazy_case(tuple(mobility), layers=layers, left=reservoir(left, potential), right=reservoir(right))
    model = Goldman(mobility, left, right, 5e-9 + 8e-9 / factor)

    def expected() -> Values:
        values = model.values(potential)
        voltage = values.get("membrane_potential", potential)
        return {**values, "layer_drop.first": voltage * 5e-9 / model.thickness}

    return Reference(name, case, expected, GOLDMAN)


def _short_circuit(name: str, mesh: dict[str, object], mobility: Salt, betas: tuple[float, ...]) -> Reference:
    """One salt, 150 mM against 15 mM and no voltage: neutral everywhere, no field, and each ion by Fick's law alone.

    Layers in which both ions have one beta, and D in one ratio, leave it so.
    """
    left, right = ({"Na": c, "Cl": c} for c in (150.0, 15.0))
    layers = [
        layer(f"layer {n}", 4e-9, diffusivity=dict(mobility), partition={"Na": b, "Cl": b}) for n, b in enumerate(betas)
    ]
    case = lazy_case(("Na", "Cl"), layers=layers, left=reservoir(left), right=reservoir(right), mesh=mesh)

    def expected() -> Values:
        length = reach(mesh, 4e-9) if len(betas) == 1 else math.fsum(4e-9 / b for b in betas)
        fluxes = {ion: D * 135.0 / length for ion, D in mobility.items()}
        return {
            **{f"flux.{ion}": flux for ion, flux in fluxes.items()},
            "current_density": FARADAY * (fluxes["Na"] - fluxes["Cl"]),
        }

    return Reference(name, case, expected, "Nernst-Planck without a field: J = D beta (c_left - c_right) / d")


def traces(concentrations: Salt) -> dict[str, float]:
    """These concentrations, 1e-16 of them."""
    return {ion: 1e-16 * c for ion, c in concentrations.items()}


INSIDE, OUTSIDE = traces({"K": 140.0, "Na": 12.0, "Cl": 152.0}), traces({"K": 4.0, "Na": 145.0, "Cl": 149.0})
CALCIUM = (
    traces({"K": 140.0, "Na": 12.0, "Ca": 1.0, "Cl": 154.0}),
    traces({"K": 4.0, "Na": 145.0, "Ca": 20.0, "Cl": 189.0}),
)
SLOW = {"K": 1e-15, "Na": 4e-17, "Cl": 4.5e-16}
BETA = {"K": 1e-4, "Na": 4e-6, "Cl": 4.5e-5}
FREE = {"K": 1.957e-9, "Na": 1.334e-9, "Cl": 2.032e-9}
K, NA = {"K": 100.0, "Cl": 100.0}, {"Na": 100.0, "Cl": 100.0}
MORE_K, MORE_NA = {"K": 80.0, "Na": 20.0, "Cl": 100.0}, {"K": 15.0, "Na": 85.0, "Cl": 100.0}
CONE = {"radius": {"x": [0.0, 10e-9], "value": [0.5e-9, 3e-9]}}
WEDGE = {"area": {"x": [0.0, 10e-9], "value": [4e-18, 1e-18]}}
BALL = {"geometry": "spherical", "inner_radius": 5e-9}
ROD = {"geometry": "cylindrical", "inner_radius": 3e-9}
BORN = dict.fromkeys(SLOW, 2e-10)


def born_mobility(eps: float, radius: float, D: float) -> float:
    """D beta with the Born energy between water and the layer, for monovalent ions at 310 K."""
    coulomb = FARADAY / AVOGADRO / (8 * math.pi * VACUUM * radius * thermal_voltage(BODY))
    return D * math.exp(-coulomb * (1 / eps - 1 / water_permittivity(BODY)))


GOLDMAN_FLUXES = [
    _goldman("Goldman, traces", INSIDE, OUTSIDE, -0.065, thickness=5e-9, eps=2.0, mobility=SLOW, beta=BETA),
    _goldman("Goldman, traces at rest", INSIDE, OUTSIDE, "floating", thickness=5e-9, eps=2.0, mobility=SLOW, beta=BETA),
    _goldman(
        "Goldman, traces with calcium at rest",
        *CALCIUM,
        "floating",
        thickness=5e-9,
        eps=2.0,
        mobility={**SLOW, "Ca": 2e-16},
    ),
    _goldman("Goldman, traces in a cylinder", INSIDE, OUTSIDE, 0.1, thickness=5e-9, eps=2.0, mobility=SLOW, mesh=ROD),
    _goldman("Goldman, traces in a sphere", INSIDE, OUTSIDE, -0.1, thickness=5e-9, eps=2.0, mobility=SLOW, mesh=BALL),
    _goldman(
        "Goldman, permeabilities",
        INSIDE,
        OUTSIDE,
        0.03,
        thickness=4e-9,
        eps=2.0,
        mobility={ion: P * 4e-9 for ion, P in {"K": 1e-7, "Na": 1e-9, "Cl": 2e-8}.items()},
        keys={"permeability": {"K": 1e-7, "Na": 1e-9, "Cl": 2e-8}},
    ),
    _goldman(
        "Goldman, Born energies",
        INSIDE,
        OUTSIDE,
        -0.04,
        thickness=4e-9,
        eps=10.0,
        mobility={ion: born_mobility(10.0, 0.2e-9, 1e-11) for ion in SLOW},
        keys={"born_radius": BORN, "diffusivity": dict.fromkeys(SLOW, 1e-11)},
    ),
    _goldman(
        "Goldman, gated traces",
        INSIDE,
        OUTSIDE,
        -0.075,
        thickness=5e-9,
        eps=2.0,
        mobility=SLOW,
        gates={"K": (-0.08, -0.01)},
    ),
    _goldman(
        "Goldman, gated and at rest",
        INSIDE,
        OUTSIDE,
        "floating",
        thickness=5e-9,
        eps=2.0,
        mobility=SLOW,
        gates={"K": (-0.04, 0.02)},
    ),
    _goldman("bi-ionic pore", K, NA, 0.05, thickness=10e-9, eps=80.0, mobility=FREE),
    _goldman("bi-ionic pore at rest", MORE_K, MORE_NA, "floating", thickness=10e-9, eps=80.0, mobility=FREE),
    _goldman("bi-ionic cone at rest", K, MORE_NA, "floating", thickness=10e-9, eps=80.0, mobility=FREE, mesh=CONE),
    _goldman("bi-ionic cone at 0.2 V", MORE_K, NA, 0.2, thickness=10e-9, eps=80.0, mobility=FREE, mesh=CONE),
    _goldman(
        "bi-ionic wedge, current clamp",
        K,
        NA,
        "floating",
        thickness=10e-9,
        eps=80.0,
        mobility=FREE,
        mesh=WEDGE,
        current=2e6,
    ),
    _goldman("bi-ionic sphere", K, MORE_NA, -0.1, thickness=8e-9, eps=80.0, mobility=FREE, mesh=BALL),
    _goldman(
        "conduction in a cylinder", K, K, 0.1, thickness=8e-9, eps=80.0, mobility={"K": 2e-9, "Cl": 2.1e-9}, mesh=ROD
    ),
    _two_layers("bi-ionic, two layers at rest", MORE_K, NA, "floating", 3.0),
    _two_layers("bi-ionic, two layers at 0.1 V", K, MORE_NA, 0.1, 0.25),
    _short_circuit("salt without a voltage, sphere", BALL, {"Na": 1.3e-9, "Cl": 2e-9}, (1.0,)),
    _short_circuit("salt without a voltage, two layers", {}, {"Na": 1.3e-9, "Cl": 2e-9}, (1.0, 0.2)),
]
