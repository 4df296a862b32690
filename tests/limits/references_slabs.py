"""References: ion-free slabs between two electrolytes, stacks of dielectrics, and one permeant ion at equilibrium."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from references_tools import (
    AVOGADRO,
    BODY,
    FARADAY,
    ROOM,
    VACUUM,
    WATER,
    Reference,
    Salt,
    Values,
    bath,
    charged,
    grahame_potential,
    layer,
    lazy_case,
    metal,
    none_of,
    reservoir,
    root,
    sheet,
    thermal_voltage,
    water_permittivity,
)
from references_unipolar import unipolar_profile

SERIES = "drops of diffuse layers (Grahame) and dielectrics in series; Gauss's law at every interface"


# ---- dielectrics --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Slab:
    """A layer without mobile ions."""

    name: str
    thickness: float
    """[m]"""
    permittivity: float
    fixed: tuple[float, float] = (0.0, 0.0)
    """Fixed charge at its left and right face, linear in between [mol/m^3]."""

    def record(self, salts: Sequence[Salt]) -> dict[str, object]:
        """The layer of the case."""
        profile = {"x": [0.0, self.thickness], "value": list(self.fixed)}
        charge = self.fixed[0] if self.fixed[0] == self.fixed[1] else profile
        return layer(
            self.name, self.thickness, self.permittivity, partition=none_of(*salts) or None, fixed_charge=charge
        )

    @property
    def charge(self) -> float:
        """Fixed charge per area [C/m^2]."""
        return FARADAY * self.thickness * (self.fixed[0] + self.fixed[1]) / 2

    def drop(self, displacement: float) -> float:
        """phi(left face) - phi(right face), the displacement at the left face given: the integral of D(x) dx / eps."""
        lever = FARADAY * self.thickness**2 * (self.fixed[0] / 3 + self.fixed[1] / 6)
        return (displacement * self.thickness + lever) / (self.permittivity * VACUUM)


def through(slabs: Sequence[Slab], sheets: Sequence[float], displacement: float) -> tuple[list[float], list[float]]:
    """Drops of the slabs [V], and the displacements at both sides of every interface [C/m^2].

    `sheets` are the surface charges left of the first slab, between them, and right of the last; `displacement` is that
    left of them all.
    """
    drops, displacements = [], [displacement, displacement + sheets[0]]
    for slab, charge in zip(slabs, sheets[1:], strict=True):
        drops.append(slab.drop(displacements[-1]))
        displacements += [displacements[-1] + slab.charge, displacements[-1] + slab.charge + charge]
    return drops, displacements


def sheets_of(names: Sequence[str], charges: Sequence[float]) -> list[dict[str, object]]:
    """The charged interfaces between these layers."""
    return [
        sheet(left, right, charge) for (left, right), charge in zip(pairwise(names), charges, strict=True) if charge
    ]


def field_ratios(names: Sequence[str], eps: Sequence[float], displacements: Sequence[float]) -> Values:
    """Field at the side of the lower permittivity over that at the other, at every interface."""
    ratios = {}
    for index, (left, right) in enumerate(pairwise(names)):
        fields = [displacements[2 * index + side] / eps[index + side] for side in (0, 1)]
        lower = 0 if eps[index] < eps[index + 1] else 1
        ratios[f"field_ratio.{left}|{right}"] = fields[lower] / fields[1 - lower]
    return ratios


def _between_metals(name: str, slabs: Sequence[Slab], sheets: Sequence[float], left: dict[str, object]) -> Reference:
    """Dielectrics between a wall with a potential or a charge and an earthed one; `sheets` on the inner interfaces."""
    names = [slab.name for slab in slabs]
    case = lazy_case(
        ("Na", "Cl"),
        layers=[slab.record([{"Na": 0.0, "Cl": 0.0}]) for slab in slabs],
        interfaces=sheets_of(names, sheets),
        left=left,
        right=metal(0.0),
    )

    def drops_at(displacement: float) -> tuple[list[float], list[float]]:
        return through(slabs, [0.0, *sheets, 0.0], displacement)

    def expected() -> Values:
        at_zero, at_one = (math.fsum(drops_at(d)[0]) for d in (0.0, 1.0))
        d = left.get("surface_charge")
        drops, displacements = drops_at((left["potential"] - at_zero) / (at_one - at_zero) if d is None else d)
        charges = {"electrode_charge.left": displacements[0], "electrode_charge.right": -displacements[-1]}
        return {
            **(charges if d is None else {"electrode_charge.right": -displacements[-1]}),
            **({"membrane_potential": math.fsum(drops)} if d is not None else {}),
            **{f"layer_drop.{slab.name}": drop for slab, drop in zip(slabs, drops, strict=True)},
            **field_ratios(names, [slab.permittivity for slab in slabs], displacements[2:]),
        }

    return Reference(
        name, case, expected, "Gauss's law: D rises by F X dx and sigma, the drops are integral D dx / eps"
    )


# ---- slabs between electrolytes -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Membrane:
    """Ion-free slabs between two baths at a given voltage."""

    left: Salt
    right: Salt
    voltage: float
    slabs: tuple[Slab, ...]
    sheets: tuple[float, ...]
    temperature: float = ROOM

    def drops(self, displacement: float) -> tuple[float, list[float], float, list[float]]:
        """Drop of the left bath, of the slabs, of the right bath, and the displacements at the interfaces."""
        drops, displacements = through(self.slabs, self.sheets, displacement)
        unit = thermal_voltage(self.temperature)
        left = -unit * grahame_potential(-displacement, self.left, WATER, self.temperature)
        right = unit * grahame_potential(displacements[-1], self.right, WATER, self.temperature)
        return left, drops, right, displacements

    def charge(self) -> float:
        """Displacement at the left face, which is the charge of the left bath [C/m^2]."""

        def excess(displacement: float) -> float:
            left, drops, right, _ = self.drops(displacement)
            return math.fsum([left, *drops, right, -self.voltage])

        return root(excess, -2.0, 2.0)


def _slabs(name: str, membrane: Membrane) -> Reference:
    salts = [membrane.left, membrane.right]
    names = ["left bath", *(slab.name for slab in membrane.slabs), "right bath"]
    ends = [
        bath(side, salt, WATER, membrane.temperature) for side, salt in zip((names[0], names[-1]), salts, strict=True)
    ]
    case = lazy_case(
        tuple(dict.fromkeys(ion for salt in salts for ion in salt)),
        temperature=membrane.temperature,
        layers=[ends[0], *(slab.record(salts) for slab in membrane.slabs), ends[1]],
        interfaces=sheets_of(names, membrane.sheets),
        left=reservoir(membrane.left, membrane.voltage),
        right=reservoir(membrane.right),
    )

    def expected() -> Values:
        left, drops, right, displacements = membrane.drops(membrane.charge())
        neutral = not any(membrane.sheets) and not any(any(slab.fixed) for slab in membrane.slabs)
        eps = [WATER, *(slab.permittivity for slab in membrane.slabs), WATER]
        return {
            "surface_charge.left": displacements[0],
            "surface_charge.right": -displacements[-1],
            "debye_drop.left": left,
            "debye_drop.right": right,
            **{f"layer_drop.{n}": drop for n, drop in zip(names, [left, *drops, right], strict=True)},
            **field_ratios(names, eps, displacements),
            **({"capacitance": displacements[0] / membrane.voltage} if neutral else {}),
        }

    return Reference(name, case, expected, SERIES)


# ---- one permeant ion at equilibrium ------------------------------------------------------------------------------


def _selective(name: str, inside: float, outside: float, beta: float, eps: float, thickness: float) -> Reference:
    """Potassium enters the membrane and chloride does not: Nernst, with the charge of potassium in the membrane.

    E' = E^2/2 + C there (see references_unipolar, no flux), met by the charges of the two baths at its faces.
    """
    unit = thermal_voltage(BODY)
    salts = [{"K": c, "Cl": c} for c in (inside, outside)]
    per_charge = thickness / (eps * VACUUM * unit)  # of a displacement, to a dimensionless field
    case = lazy_case(
        ("K", "Cl"),
        temperature=BODY,
        layers=[
            bath("inside", salts[0], WATER, BODY),
            layer("membrane", thickness, eps, partition={"K": beta, "Cl": 0.0}, diffusivity={"K": 1e-11}),
            bath("outside", salts[1], WATER, BODY),
        ],
        left=reservoir(salts[0], "floating"),
        right=reservoir(salts[1]),
    )

    def state(displacement: float) -> tuple[float, float, float]:
        """y at the left face less the left bath, drop of the membrane, and displacement at the right face."""
        face = grahame_potential(-displacement, salts[0], WATER, BODY)
        crowd = FARADAY * beta * inside * math.exp(-face) * thickness * per_charge
        field = displacement * per_charge
        w, slope = unipolar_profile(field, 0.0, crowd, np.linspace(0.0, 1.0, 101))
        if (w <= 0).any():  # more charge in the membrane than fits at this field
            return face, math.inf, math.inf
        return face, -2 * math.log(w[-1]), -2 * slope[-1] / w[-1] / per_charge

    def excess(displacement: float) -> float:
        face, drop, right = state(displacement)
        if math.isinf(drop):
            return 1e3
        return -face + drop + grahame_potential(right, salts[1], WATER, BODY) - math.log(outside / inside)

    def expected() -> Values:
        displacement = root(excess, -0.02, 0.001)
        face, drop, right = state(displacement)
        return {
            "membrane_potential": unit * math.log(outside / inside),
            "surface_charge.left": displacement,
            "surface_charge.right": -right,
            "layer_drop.inside": -unit * face,
            "layer_drop.membrane": unit * drop,
            "layer_drop.outside": unit * grahame_potential(right, salts[1], WATER, BODY),
        }

    return Reference(name, case, expected, "Nernst, Z. phys. Chem. 4 (1889) 129; first integrals at equilibrium")


def _davies(strength: float) -> float:
    """gamma of a monovalent ion by Davies' equation at 310 K, I in mol/m^3."""
    charge = FARADAY / AVOGADRO
    thermal = VACUUM * water_permittivity(BODY) * thermal_voltage(BODY) * charge
    a = charge**3 * math.sqrt(2 * AVOGADRO * 1000) / (8 * math.pi * thermal**1.5)
    i = math.sqrt(strength / 1000)
    return math.exp(-a * (i / (1 + i) - 0.3 * i * i))


def _nernst_of_activities(name: str, inside: float, outside: float) -> Reference:
    salts = [{"K": c, "Cl": c} for c in (inside, outside)]
    membrane = layer("membrane", 4e-9, 5.0, partition={"K": 0.05, "Cl": 0.0}, diffusivity={"K": 1e-11})
    case = lazy_case(
        ("K", "Cl"),
        temperature=BODY,
        layers=[
            layer("inside", 20e-9, "water"),
            membrane,
            layer("outside", 30e-9, "water"),
        ],
        left=reservoir(salts[0], "floating"),
        right=reservoir(salts[1]),
        activity={"model": "davies"},
    )

    def expected() -> Values:
        ratio = outside * _davies(outside) / (inside * _davies(inside))
        return {"membrane_potential": thermal_voltage(BODY) * math.log(ratio)}

    return Reference(name, case, expected, "Nernst with activities; Davies, Ion Association (1962)")


LIPID = Slab("lipid", 5e-9, 2.0)
HEADS = (Slab("inner heads", 0.6e-9, 10.0), Slab("tails", 3e-9, 2.2), Slab("outer heads", 0.5e-9, 30.0))
NACL, KCL, CACL2 = {"Na": 150.0, "Cl": 150.0}, {"K": 10.0, "Cl": 10.0}, {"Ca": 50.0, "Cl": 100.0}
MIXTURE = {"Na": 100.0, "Ca": 2.0, "Mg": 1.0, "Cl": 106.0}

SLABS = [
    _between_metals("dielectrics between metals", (LIPID, *HEADS), (0.0, 0.0, 0.0), metal(-0.065)),
    _between_metals("dielectrics with charged interfaces", HEADS, (0.02, -0.035), metal(0.2)),
    _between_metals(
        "dielectrics with fixed charge",
        (Slab("ramp", 4e-9, 20.0, (-50.0, 100.0)), Slab("even", 3e-9, 5.0, (30.0, 30.0))),
        (0.01,),
        charged(0.005),
    ),
    _slabs("slab between equal baths", Membrane(NACL, NACL, -0.065, (LIPID,), (0.0, 0.0))),
    _slabs("slab between unequal baths", Membrane(NACL, KCL, -0.065, (LIPID,), (0.0, 0.0), BODY)),
    _slabs("slab at 1 V, 2:1 against 1:1", Membrane(CACL2, KCL, 1.0, (LIPID,), (0.0, 0.0))),
    _slabs("slab with charged faces", Membrane(NACL, MIXTURE, 0.1, (LIPID,), (-0.02, 0.05))),
    _slabs("three slabs", Membrane(NACL, KCL, 0.15, HEADS, (0.0, 0.0, 0.0, 0.0))),
    _slabs("three slabs with dipoles", Membrane(NACL, CACL2, -0.08, HEADS, (-0.1, 0.08, -0.06, 0.04))),
    _slabs(
        "slab with fixed charge", Membrane(NACL, KCL, 0.05, (Slab("film", 3e-9, 6.0, (-40.0, -120.0)),), (0.0, 0.01))
    ),
    _selective("potassium membrane", 140.0, 4.0, 0.05, 5.0, 4e-9),
    _selective("potassium membrane, crowded", 100.0, 20.0, 1.0, 20.0, 6e-9),
    _nernst_of_activities("Nernst of activities", 140.0, 4.0),
]
