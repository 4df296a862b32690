"""The numbers of the course, computed: for each page those in bold, in their order.

Each is a closed form of `electrodiff.theory` or a solution of the program, in the unit that the page shows.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy import constants

import electrodiff as ed
from electrodiff import theory

FARADAY = constants.N_A * constants.e
BODY = 310.0
"""Temperature of all cases but the wall [K]."""
ROOM = 298.15
"""Temperature of the charged wall [K]."""
RADIUS = 10e-6
"""Of the cells [m]."""
SALT = {"Na": 1, "Cl": -1}
VALENCE = {"K": 1, "Na": 1, "Cl": -1}
INSIDE = {"K": 140.0, "Na": 12.0, "Cl": 10.0}
OUTSIDE = {"K": 4.0, "Na": 145.0, "Cl": 149.0}
THERMAL = 1e3 * theory.nernst_slope_log(1, BODY)
"""RT/F [mV]."""


def solved(name: str, changes: dict[str, object] | None = None) -> ed.Solution:
    """The steady state of a bundled case with some keys changed, its expectations aside."""
    return ed.solve(ed.load_case(ed.bundled_case(name)).changed({"expect": [], **(changes or {})}))


def millivolts(solution: ed.Solution) -> float:
    return 1e3 * solution.membrane_potential


def capacitor() -> list[float]:
    at_rest = solved("capacitor")
    debye = theory.debye_length(150, 80, BODY)
    with_layers = theory.slab_with_debye_layers_capacitance(5e-9, 2, debye, debye, 80)
    charge = -at_rest.surface_charge["left"]
    density = charge / constants.e
    layers = 1 - at_rest.layer_drop["membrane"] / at_rest.membrane_potential
    # Both layers take 0.05 of the voltage: 2 lambda / 80 is 0.05 / 0.95 of 5 nm / 2.
    long = 0.05 / 0.95 * 5e-9 / 2 * 80 / 2
    dilute = 150 * (debye / long) ** 2
    bath = {"Na": f"{dilute} mM", "Cl": f"{dilute} mM"}
    wide = {f"layers.{side}.thickness": "60 nm" for side in ("inside", "outside")}
    thin = solved("capacitor", {"left.concentrations": bath, "right.concentrations": bath, **wide})
    return [
        100 * theory.slab_capacitance(5e-9, 2),
        100 * with_layers,
        1e6 * charge * 100,
        1e-12 * density,
        1e9 / math.sqrt(density),
        1e6 * theory.sphere_charging_fraction(-0.07, RADIUS, with_layers, 150),
        1e6 * theory.cylinder_charging_fraction(-0.07, 0.5e-6, with_layers, 150),
        100 * layers,
        1e9 * long,
        dilute,
        100 * (1 - thin.layer_drop["membrane"] / thin.membrane_potential),
    ]


def debye_layer() -> list[float]:
    wall = solved("debye_layer")
    debye = theory.debye_length(150, 80, ROOM)
    thermal = theory.nernst_slope_log(1, ROOM)
    grahame = theory.grahame_potential(-0.05, 150, 80, ROOM)
    sodium, chloride = (150 * math.exp(-z * grahame / thermal) for z in (1, -1))
    pressure = 0.05**2 / (2 * 80 * constants.epsilon_0 * constants.R * ROOM)
    # Far from the wall psi = 4 tanh(psi_0 / 4) e^(-x / lambda), and the charge relative to the ions is sinh(psi).
    far = 4 * math.tanh(abs(grahame) / thermal / 4)
    return [
        100 * theory.gouy_chapman_potential(debye, grahame, 150, 80, ROOM) / grahame,
        *(1e9 * theory.debye_length(c, 80, ROOM) for c in (150, 15, 1.5, 1e-4)),
        1e3 * -0.05 * debye / (80 * constants.epsilon_0),
        1e3 * grahame,
        millivolts(wall),
        sodium,
        chloride,
        sodium + chloride - 300,
        pressure,
        far,
        1e9 * debye * math.log(far / 1e-6),
        1e9 * debye * math.log(far / 1e-6) / (1e9 * debye),
        1e5 * far * math.exp(-10),
        1e5 * wall.bulk_charge_imbalance,
    ]


def nernst() -> list[float]:
    cell = solved("nernst_potassium")
    clamped = solved("nernst_potassium", {"left.potential": "-70 mV"})
    E = theory.nernst_potential(1, 140, 4, BODY)
    charge = -cell.surface_charge["left"]
    conductance = theory.ghk_conductance_equilibrium(2e-7, 1, 140, 4, BODY)
    ghk = theory.ghk_current(2e-7, 1, 140, 4, -0.07, BODY)
    return [
        1e3 * E,
        1e3 * theory.nernst_potential(1, 140, 40, BODY),
        1e3 * math.log(10) * theory.nernst_slope_log(1, BODY),
        1e3 * math.log(10) * theory.nernst_slope_log(1, 293.15),
        1e-12 * charge / constants.e,
        3e6 * charge / (RADIUS * FARADAY * 140),
        conductance / 10,
        1e3 * cell.capacitance / conductance,
        1e3 * (-0.07 - E),
        100 * conductance * (-0.07 - E),
        100 * ghk,
        100 * clamped.ion_current["K"],
        ghk / (conductance * (-0.07 - E)),
    ]


def salt_membrane(beta: float) -> ed.Solution:
    """The KCl membrane of `ghk_validity_map`, 5 nm thick, with this partition."""
    partition = {f"layers.membrane.partition.{ion}": beta for ion in ("K", "Cl")}
    return solved("ghk_validity_map", {"study": {"kind": "steady"}, **partition})


def ghk() -> list[float]:
    P, leaky = {"K": 1, "Na": 0.04, "Cl": 0.45}, {"K": 1, "Na": 0.08, "Cl": 0.45}
    rest = solved("resting_potential")
    more_sodium = solved("resting_potential", {"layers.membrane.partition.Na": 8e-6})
    salt = {"K": 1, "Cl": -1}, {"K": 150, "Cl": 150}, {"K": 15, "Cl": 15}
    inner = theory.debye_length(150, 2, BODY)
    return [
        4 + 0.04 * 145 + 0.45 * 10,
        140 + 0.04 * 12 + 0.45 * 149,
        1e3 * theory.ghk_voltage(P, VALENCE, INSIDE, OUTSIDE, BODY),
        millivolts(rest),
        1e3 * theory.ghk_voltage(leaky, VALENCE, INSIDE, OUTSIDE, BODY),
        millivolts(more_sodium),
        *(100 * rest.ion_current[ion] for ion in VALENCE),
        1e3 * theory.ghk_voltage({"K": 1, "Cl": 0.1}, *salt, BODY),
        1e3 * theory.planck_potential(salt[0], {"K": 1, "Cl": 0.1}, *salt[1:], BODY),
        1e9 * inner,
        5e-9 / inner,
        millivolts(salt_membrane(1)),
        1e4 * (inner / 5e-9) ** 2,
        millivolts(salt_membrane(1e-6)),
    ]


def pump() -> list[float]:
    cell = solved("resting_cell")
    account = ed.cell_account(cell)
    assert account is not None
    ions = {ion.name: ion for ion in account.ions}
    inside = {name: ions[name].inside for name in VALENCE}
    P = {"K": 1.0, "Na": 0.0625, "Cl": 0.5}
    cations = {"K": 1.0, "Na": 0.0625}
    E = {name: 1e3 * ions[name].nernst_potential for name in cations}
    area = 4 * math.pi * RADIUS**2
    # Of one cycle: three sodium ions out against V - E_Na, two potassium ions in against E_K - V.
    stored = FARADAY * 1e-6 * (3 * (E["Na"] - millivolts(cell)) + 2 * (millivolts(cell) - E["K"]))
    leaks = {name: ions[name].passive_flux for name in cations}
    lost = FARADAY * sum(leaks[name] * 1e-3 * (millivolts(cell) - E[name]) for name in cations)
    with_pump, without = (
        1e3 * law(cations, VALENCE, inside, OUTSIDE, BODY) for law in (theory.ghk_voltage_pumped, theory.ghk_voltage)
    )
    at_once = millivolts(cell) - 1e3 * theory.ghk_voltage(P, VALENCE, inside, OUTSIDE, BODY)
    return [
        with_pump,
        without,
        with_pump - without,
        at_once,
        1e3 * theory.ghk_pump_ceiling(1.5, BODY),
        account.atp_rate_of_cell / 1e7,
        stored,
        100 * stored / 55,
        1e12 * account.fuel * area,
        -leaks["Na"] / leaks["K"],
        1e5 * lost,
        1e5 * account.work,
        RADIUS / 3 * inside["K"] / leaks["K"] / 3600,
    ]


def chloride() -> list[float]:
    passive, kcc2, nkcc1 = (solved(f"chloride_{name}") for name in ("passive", "kcc2", "nkcc1"))
    drive = [1e3 * (cell.nernst_potential["Cl"] - cell.membrane_potential) for cell in (passive, kcc2, nkcc1)]
    rich = solved("chloride_kcc2", {"right.concentrations.K": "10 mM", "right.concentrations.Na": "139 mM"})
    E = {ion: 1e3 * nkcc1.nernst_potential[ion] for ion in VALENCE}
    accounts = [ed.cell_account(cell) for cell in (nkcc1, solved("resting_cell"))]
    turns = [next(row.rate for row in account.transporters if row.name == "sodium pump") for account in accounts]
    inward = {row.name: row for row in accounts[0].ions}["Na"]
    carried = -inward.transported_flux["NKCC1"]
    alone = (E["Na"] + E["K"]) / 2
    return [
        *(abs(value) for value in drive),
        1e3 * rich.nernst_potential["K"],
        1e3 * rich.nernst_potential["Cl"],
        millivolts(rich),
        149 * math.exp(1e3 * rich.nernst_potential["Cl"] / THERMAL),
        149 * math.exp(1e3 * kcc2.nernst_potential["Cl"] / THERMAL),
        E["Na"],
        E["K"],
        alone,
        149 * math.exp(alone / THERMAL),
        -1e8 * inward.passive_flux,
        1e8 * carried,
        3e8 * turns[0],
        100 * (turns[0] / turns[1] - 1),
    ]


def pump_stopped() -> list[float]:
    cell = solved("resting_cell")
    account = ed.cell_account(cell)
    assert account is not None
    inside = {ion.name: ion.inside for ion in account.ions if ion.name in VALENCE}
    P = {"K": 4e-9, "Na": 2.5e-10, "Cl": 2e-9}
    alone = theory.ghk_voltage(P, VALENCE, inside, OUTSIDE, BODY)
    slope = sum(
        theory.ghk_conductance_slope(P[ion], z, inside[ion], OUTSIDE[ion], alone, BODY) for ion, z in VALENCE.items()
    )
    capacitance = theory.slab_capacitance(5e-9, 2)
    donnan = theory.donnan_potential_symmetric(-142, 149, BODY)
    ratio = math.exp(-1e3 * donnan / THERMAL)
    left = {"K": 4 * ratio, "Na": 145 * ratio, "Cl": 149 / ratio}
    excess = sum(left.values()) + 142 - 298
    course = ed.solve_transient(
        ed.load_case(ed.bundled_case("pump_block")).changed({"expect": [], "study.error_estimates": False})
    )
    # Interpolated over the logarithm of time, along which the potential is smooth.
    minute = np.interp(
        math.log(60), np.log(np.asarray(course.time[1:])), 1e3 * np.asarray(course.membrane_potential[1:])
    )
    return [
        1e3 * alone,
        1e3 * (alone - cell.membrane_potential),
        slope * 100,
        100 * capacitance,
        1e3 * capacitance / slope,
        float(minute),
        1e3 * donnan,
        ratio,
        left["K"],
        left["Na"],
        left["Cl"],
        1e3 * float(course.membrane_potential[-1]),
        sum(left.values()) + 142,
        excess,
        1e-3 * constants.R * BODY * excess,
        1e-3 * constants.R * BODY * (sum(inside.values()) + 142 - 298),
    ]


def beyond() -> list[float]:
    """Of the page on what PNP leaves out."""
    thermal = constants.k * ROOM
    bjerrum = constants.e**2 / (4 * math.pi * 80 * constants.epsilon_0 * thermal)

    def coupling(charge: float, valence: int) -> float:
        return valence**2 * bjerrum / theory.gouy_chapman_length(charge, 80, ROOM, valence)

    born = theory.born_energy(1, 0.2e-9, 2, 80)
    return [
        1e9 * bjerrum,
        coupling(0.05, 1),
        coupling(0.05, 2),
        coupling(2.5e-4, 1),
        150 * constants.N_A * math.pi * 0.5e-9**2 * 3e-9,
        1e-3 * born,
        born / (constants.R * BODY),
    ]


PAGES: dict[str, Callable[[], list[float]]] = {
    "1_capacitor": capacitor,
    "2_debye_layers": debye_layer,
    "3_nernst": nernst,
    "4_ghk": ghk,
    "5_pump": pump,
    "6_chloride": chloride,
    "7_pump_stopped": pump_stopped,
    "beyond": beyond,
}
