"""The lessons of the gallery: its numbers are those of the commands beside them, and of GHK.

GHK is written out here, so that it depends on no code of the program.
"""

from __future__ import annotations

import math
import re
import shlex
from pathlib import Path

import pytest
from scipy import constants

import electrodiff as ed

GALLERY = (Path(__file__).parents[2] / "docs" / "gallery.md").read_text(encoding="utf-8")
FARADAY = constants.N_A * constants.e
THERMAL_VOLTAGE = constants.R * 310.0 / FARADAY
NUMBER = r"(-?\d+\.?\d*)"

POTENTIALS = re.findall(rf"^\| `electrodiff run (.+?)` \| .+? \| {NUMBER} \| {NUMBER} \|$", GALLERY, re.MULTILINE)
CURRENTS = re.findall(rf"^\| {NUMBER} \| {NUMBER} \| {NUMBER} \| {NUMBER} \| {NUMBER} \|$", GALLERY, re.MULTILINE)

LESSONS = {"equal_percent_equal_absolute", "two_channel_types", "potassium_channels_blocked", "selectivity_lost"}

WITHOUT = {"K": "layers.membrane.partition.Na", "Na": "layers.membrane.partition.K"}
"""The key that, at 0, leaves this ion's channels alone in `two_channel_types`."""


def case_of_command(arguments: str) -> ed.Case:
    """The case that `electrodiff run` solves with these arguments."""
    name, *options = shlex.split(arguments)
    changes = dict(
        value.split("=", 1) for option, value in zip(options[::2], options[1::2], strict=True) if option == "--set"
    )
    return ed.load_case(ed.bundled_case(name), changes)


def folder_of_command(arguments: str) -> str:
    """Where `electrodiff run` puts its results: in what --out says, else in a folder called after the case."""
    name, *options = shlex.split(arguments)
    return options[options.index("--out") + 1] if "--out" in options else f"results/{name}"


def permeability(case: ed.Case, ion: str) -> float:
    membrane = case.layers[1]
    return membrane.partition[ion] * membrane.diffusivity.get(ion, 0.0) / membrane.thickness


def ghk_voltage(case: ed.Case) -> float:
    inside, outside = case.concentrations("left"), case.concentrations("right")
    inward = outward = 0.0
    for ion in case.ions:
        here, there = (outside, inside) if case.valence(ion) > 0 else (inside, outside)
        inward += permeability(case, ion) * here[ion]
        outward += permeability(case, ion) * there[ion]
    return THERMAL_VOLTAGE * math.log(inward / outward)


def ghk_current(case: ed.Case, voltage: float) -> float:
    """Of monovalent cations, P F u (c_in - c_out exp(-u)) / (1 - exp(-u)) [A/m^2]."""
    u = voltage / THERMAL_VOLTAGE
    weight = u / -math.expm1(-u) if u else 1.0
    inside, outside = case.concentrations("left"), case.concentrations("right")
    cations = [ion for ion in case.ions if case.valence(ion) > 0]
    return FARADAY * weight * sum(permeability(case, i) * (inside[i] - outside[i] * math.exp(-u)) for i in cations)


def test_gallery_has_a_table_for_every_lesson():
    assert {arguments.split()[0] for arguments, *_ in POTENTIALS} >= LESSONS
    assert len(CURRENTS) >= 3


def test_every_variant_has_a_folder_of_its_own():
    folders = [folder_of_command(arguments) for arguments, *_ in POTENTIALS]
    assert len(set(folders)) == len(folders)


@pytest.mark.parametrize(("arguments", "pnp", "ghk"), POTENTIALS)
def test_potentials_of_the_gallery_are_those_of_the_program_and_of_ghk(arguments, pnp, ghk):
    case = case_of_command(arguments)
    solution = ed.solve(case)
    assert not solution.warnings
    assert f"{1e3 * solution.membrane_potential:.2f}" == pnp
    assert f"{1e3 * ghk_voltage(case):.2f}" == ghk
    # The slab's own ions and the Debye layers are all that part them: 0.07 mV where the slab holds most.
    assert solution.membrane_potential == pytest.approx(ghk_voltage(case), abs=8e-5)


@pytest.mark.parametrize(("voltage", "potassium", "sodium", "both", "ghk"), CURRENTS)
def test_currents_of_two_channel_types_are_those_of_each_alone_and_add_up(voltage, potassium, sodium, both, ghk):
    clamp = {"left.potential": f"{voltage} mV"}
    alone = [ed.solve(case_of("two_channel_types", {**clamp, WITHOUT[ion]: "0"})).current_density for ion in WITHOUT]
    together = case_of("two_channel_types", clamp)
    current = ed.solve(together).current_density
    assert [f"{100 * value:.1f}" for value in (*alone, current)] == [potassium, sodium, both]
    assert f"{100 * ghk_current(together, 1e-3 * float(voltage)):.1f}" == ghk
    # Each ion in the slab, a millionth of a bath, moves the field that the other one sees by 1e-5.
    assert current == pytest.approx(sum(alone), abs=2e-5 * max(map(abs, alone)))
    # The slab sees 0.8 % less than the voltage; the faces' concentrations make up for a part of it.
    assert current == pytest.approx(ghk_current(together, 1e-3 * float(voltage)), abs=0.02 * max(map(abs, alone)))


def case_of(name: str, changes: dict[str, str]) -> ed.Case:
    return ed.load_case(ed.bundled_case(name), changes)


def test_a_percent_of_sodium_does_more_than_a_percent_of_potassium_and_a_millimole_much_less():
    """dV = (RT/F) P dc / (sum P c): P_Na c_Na = 5.8 against P_K c_K = 4, and P_Na = P_K / 25."""
    rest = ed.solve(case_of("resting_potential", {})).membrane_potential
    outside = {"K": 4.0, "Na": 145.0}

    def lift(ion: str, amount: float) -> float:
        """Change of the potential with this much more of an ion outside [mol/m^3]."""
        changes = {
            f"right.concentrations.{ion}": f"{outside[ion] + amount} mM",
            "right.concentrations.A": f"{amount} mM",
        }
        return ed.solve(case_of("resting_potential", changes)).membrane_potential - rest

    # 1 % of the potential's own change of 0.01 to 0.06 mV; second order in a percent, and what PNP adds to GHK.
    assert lift("Na", 1.45) / lift("K", 0.04) == pytest.approx(0.04 * 145 / 4, rel=0.02)
    assert lift("K", 0.1) / lift("Na", 0.1) == pytest.approx(25, rel=0.02)


def test_without_selectivity_the_leaks_run_down_the_gradients_seven_to_ten_times_as_fast():
    """Fluxes of GHK at the potentials of GHK; the Debye layers and the slab's ions take 1 % of them."""
    ratios = {}
    for name in ("resting_potential", "selectivity_lost"):
        case = case_of(name, {})
        u = ghk_voltage(case) / THERMAL_VOLTAGE
        inside, outside = case.concentrations("left"), case.concentrations("right")
        solved = ed.solve(case).flux
        for ion in ("K", "Na"):
            flux = permeability(case, ion) * u * (inside[ion] - outside[ion] * math.exp(-u)) / -math.expm1(-u)
            assert solved[ion] == pytest.approx(flux, rel=0.01)
            ratios.setdefault(ion, []).append(solved[ion])
    assert ratios["K"][1] / ratios["K"][0] == pytest.approx(7, abs=0.5)
    assert ratios["Na"][1] / ratios["Na"][0] == pytest.approx(10, abs=0.5)


def test_field_of_the_unselective_membrane_falls_by_the_charge_of_the_ions_in_it():
    """Gauss: the charge of GHK's own concentrations in the slab, relative to the field at its inner face."""
    case = case_of("selectivity_lost", {})
    solution = ed.solve(case)
    entries = solution.layer_entries[1]
    field = solution.dataset.electric_field.values[[entries.start, entries.stop - 1]]
    membrane, steps = case.layers[1], 2000
    u = ghk_voltage(case) / THERMAL_VOLTAGE
    inside, outside = case.concentrations("left"), case.concentrations("right")
    charge = 0.0
    for ion in case.ions:
        z = case.valence(ion)
        # c(s) = c_in + (c_out - c_in) (e^(z u s) - 1) / (e^(z u) - 1), s = x / d
        means = [
            inside[ion] + (outside[ion] - inside[ion]) * math.expm1(z * u * (k + 0.5) / steps) / math.expm1(z * u)
            for k in range(steps)
        ]
        charge += FARADAY * z * membrane.partition[ion] * sum(means) / steps
    rise = charge * membrane.thickness / (membrane.relative_permittivity * constants.epsilon_0)
    # 5 %: first order, with the concentrations of a constant field and of the bulk.
    assert field[1] - field[0] == pytest.approx(rise, rel=0.05)
    assert 1 - field[1] / field[0] == pytest.approx(0.15, abs=0.005)
