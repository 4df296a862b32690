"""What the tests of living cells share: closed cells with leaks and transporters, and the laws by which these go.

Nothing here comes from the solver.  Concentrations in mol/m^3, permeabilities in m/s, rates in mol/(m^2 s).
"""

from __future__ import annotations

import math

from scipy import constants

import electrodiff as ed
from electrodiff.readings import Readings

FARADAY = constants.N_A * constants.e
GAS_CONSTANT = constants.R
BODY = 310.15
VT = GAS_CONSTANT * BODY / FARADAY

# A mammalian cell; A is what cannot leave it.
INSIDE = {"K": 140.0, "Na": 12.0, "Cl": 10.0, "A": 142.0}
OUTSIDE = {"K": 4.0, "Na": 145.0, "Cl": 149.0, "A": 0.0}
LEAKS = {"K": 2e-10, "Na": 8e-12, "Cl": 9e-11, "A": 0.0}

PUMP = {"name": "pump", "layer": "membrane", "stoichiometry": {"Na": 3, "K": -2}, "atp": 1}
SATURATING = {
    "law": "michaelis_menten",
    "half_saturation": {"left": {"Na": 10.0}, "right": {"K": 1.5}},
    "hill": {"left": {"Na": 3.0}, "right": {"K": 2.0}},
    "rate": 5e-9,
}
KCC2 = {"name": "KCC2", "layer": "membrane", "stoichiometry": {"K": 1, "Cl": 1}, "law": "affinity", "rate": 1e-10}
NKCC1 = {
    "name": "NKCC1",
    "layer": "membrane",
    "stoichiometry": {"Na": -1, "K": -1, "Cl": -2},
    "law": "affinity",
    "rate": 1e-10,
}

# Pumps by every law, of about the same rate at rest.
PUMPS: dict[str, dict[str, object]] = {
    "constant": {"law": "constant", "rate": 4e-10},
    "density": {"law": "constant", "density": 5e12, "turnover": 48.0},
    "saturating": SATURATING,
    "linear": {**SATURATING, "voltage_dependence": {"kind": "linear", "scale": 0.15}},
    "exponential": {**SATURATING, "voltage_dependence": {"kind": "exponential", "scale": 0.1}},
    "cubic sodium": {"law": "cubic_sodium", "rate": 1e-6},
}


def pump(law: str, **keys: object) -> dict[str, object]:
    """A 3:2 sodium pump by one of the laws."""
    return {**PUMP, **PUMPS[law], **keys}


def living_cell(
    *transporters: dict[str, object],
    inside: dict[str, float] = INSIDE,
    outside: dict[str, float] = OUTSIDE,
    leaks: dict[str, float] = LEAKS,
    **changes: object,
) -> ed.Case:
    """A cell closed at its centre, 1 um deep, in a bath of 20 nm."""
    membrane = {
        "name": "membrane",
        "thickness": 5e-9,
        "relative_permittivity": 2,
        "permeability": leaks,
        "diffusivity": {ion: 1e-11 for ion, leak in leaks.items() if leak > 0},
        "initial": {},
    }
    bath = {"name": "bath", "thickness": 20e-9, "relative_permittivity": 80, "initial": outside}
    case = ed.Case(
        temperature=BODY,
        ions={ion: {"valence": -1, "diffusivity": 5e-10} if ion == "A" else {} for ion in inside},
        layers=[
            {"name": "cytosol", "thickness": 1e-6, "relative_permittivity": 80, "initial": inside},
            membrane,
            bath,
        ],
        left={"kind": "closed"},
        right={"kind": "reservoir", "concentrations": outside, "potential": 0.0},
        transporters=list(transporters),
    )
    return case.changed(changes)


def between_baths(case: ed.Case, potential: float | str, inside: dict[str, float] = INSIDE) -> ed.Case:
    """The membrane of a cell between two baths, at a potential or floating."""
    end = {"kind": "reservoir", "concentrations": inside, "potential": potential}
    return case.changed({"left": end, "layers.cytosol.thickness": 20e-9})


def bulk(readings: Readings) -> dict[str, float]:
    """c of every ion at the centre of the cell."""
    return dict(zip(readings.case.ion_names, readings.concentration[:, 0].tolist(), strict=True))


def faces(readings: Readings, layer: int = 1) -> tuple[dict[str, float], dict[str, float], float]:
    """The activities at both faces of the membrane [mol/m^3], and the voltage between them [V]."""
    entries = readings.layer_entries[layer]
    first, last = entries.start, entries.stop - 1
    inner, outer = (
        dict(zip(readings.case.ion_names, readings.activity[:, at].tolist(), strict=True)) for at in (first, last)
    )
    return inner, outer, float(readings.potential[first] - readings.potential[last])


def rate_by_law(law: str, inside: dict[str, float], outside: dict[str, float], voltage: float) -> float:
    """The rate of `pump(law)` as its definition says."""
    numbers = PUMPS[law]
    if law == "constant":
        return 4e-10
    if law == "density":
        return 5e12 * 48.0 / constants.N_A
    if law == "cubic sodium":
        return 1e-6 * (inside["Na"] / outside["Na"]) ** 3
    by_voltage = {"saturating": 1.0, "linear": max(1 + voltage / 0.15, 0), "exponential": math.exp(voltage / 0.1)}[law]
    sites = (inside["Na"] / (inside["Na"] + 10)) ** 3 * (outside["K"] / (outside["K"] + 1.5)) ** 2
    return float(numbers["rate"]) * by_voltage * sites  # type: ignore[arg-type]


def nernst(valence: int, inside: float, outside: float) -> float:
    """(RT/zF) ln(outside / inside) [V]."""
    return VT / valence * math.log(outside / inside)


def mullins_noda(ratio: float, leak_ratio: float, inside: dict[str, float], outside: dict[str, float]) -> float:
    """Potential of a cell whose K and Na leaks balance a pump of `ratio` Na for one K, with P_Na / P_K [V]."""
    within, without = (ratio * side["K"] + leak_ratio * side["Na"] for side in (inside, outside))
    return VT * math.log(without / within)


def held(readings: Readings, ion: str) -> float:
    """Amount of an ion in the cytosol, per reference area [mol/m^2]."""
    mesh, c = (
        readings.problem.mesh,
        readings.concentration[readings.case.ion_names.index(ion), readings.layer_entries[0]],
    )
    part = slice(*mesh.boundaries[:2])
    return float(c[:-1] @ mesh.volume_left[part] + c[1:] @ mesh.volume_right[part])
