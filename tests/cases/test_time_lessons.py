"""What the gallery and the heads of the cases in time say: their numbers are those of the program, and of closed forms."""

from __future__ import annotations

import math
import re
from pathlib import Path

import mpmath
import numpy as np
import pytest
from scipy import constants

import electrodiff as ed
from electrodiff.transient import Transient

ROOT = Path(__file__).parents[2]
GALLERY = re.sub(r"\s+", " ", (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8"))
FARADAY = constants.N_A * constants.e
THERMAL = constants.R * 310.0 / FARADAY
EPS = constants.epsilon_0

IONS = {"K": (1, 2e-7, 140.0, 4.0), "Na": (1, 8e-9, 12.0, 145.0), "Cl": (-1, 9e-8, 10.0, 149.0)}
"""Valence, permeability [m/s], concentrations inside and outside [mol/m^3]."""
BATHS = ({"K": 140.0, "Na": 12.0, "Cl": 10.0, "A": 142.0}, {"K": 4.0, "Na": 145.0, "Cl": 149.0})
DIFFUSIVITY = {"K": 1.96e-9, "Na": 1.33e-9, "Cl": 2.03e-9, "A": 0.5e-9}


def solved(name: str, **study: object) -> Transient:
    case = ed.load_case(ed.bundled_case(name))
    return ed.solve_transient(case.changed({f"study.{key}": value for key, value in study.items()}))


def numbers(pattern: str) -> list[float]:
    """The numbers of a sentence of the gallery."""
    match = re.search(pattern, GALLERY)
    assert match is not None
    return [float(text) for text in re.findall(r"-?\d+\.\d+", match[0])]


def ghk_current(voltage: float) -> float:
    total = 0.0
    for z, permeability, inside, outside in IONS.values():
        u = z * voltage / THERMAL
        total += z * FARADAY * permeability * u * (inside - outside * math.exp(-u)) / -math.expm1(-u)
    return total


def test_plateaus_of_the_voltage_clamp_are_those_of_the_gallery_and_of_ghk():
    voltages = [-0.090, -0.040, -0.015, 0.010, 0.035]
    said = numbers(r"The plateaus are [^;]+")
    assert said == pytest.approx([ghk_current(v) for v in voltages], abs=5e-3)
    assert numbers(r"; GHK says -0\.482.+?7\.052") == pytest.approx([ghk_current(v) for v in voltages], abs=5.1e-4)
    result = solved("voltage_clamp_steps", output={"times": [9.9e-6, 29.9e-6, 49.9e-6, 69.9e-6, 89.9e-6]})
    assert result.membrane_potential[1:6] == pytest.approx(voltages, rel=1e-12)
    assert result.total_current_density[1:6] == pytest.approx(said, abs=5.1e-4)


def test_spikes_of_the_voltage_clamp_carry_the_capacitance_times_the_step():
    """The charge of the outer Debye layer 100 ns after a step, less that before it: 0.351 uF/cm^2 times 25 mV."""
    result = solved(
        "voltage_clamp_steps", end="0.2 us", output={"times": [1e-7]}, protocol=[{"set": {"left.potential": -0.09}}]
    )
    before = ed.solve(ed.load_case(ed.bundled_case("clamped_membrane"))).surface_charge["right"]
    strengths = [304.0, 298.0]
    layers = sum(math.sqrt(80 * EPS * THERMAL / (FARADAY * s)) / (80 * EPS) for s in strengths)
    capacitance = 1 / (5e-9 / (2 * EPS) + layers)
    assert capacitance == pytest.approx(0.35e-2, abs=2e-5)
    # 2 %: charge that the ions of the slab mirror.
    assert result.scalar("surface_charge.right")[1] - before == pytest.approx(capacitance * 0.025, rel=0.02)


def test_example_of_the_results_page_prints_the_charging_current_and_the_capacitance_against_bias(capsys):
    page = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    (example,) = [
        text for text in re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL) if "solve_impedance" in text
    ]
    exec(compile(example, "results.md", "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    course = [[float(text) for text in re.findall(r"[-+]?\d[\d.]*e[-+]\d+", line)] for line in lines if "A/m^2" in line]
    assert [len(row) for row in course] == [3] * 72
    assert course[-1][1] == pytest.approx(ghk_current(-0.065), rel=0.02)
    spectra = [re.findall(r"-?\d+(?:\.\d+)?", line) for line in lines if "uF" in line]
    assert [int(row[0]) for row in spectra] == [-90, -60, -30, 0, 30]
    # 1 %: the Debye layers of 301 mM are thinner where they are charged, and the slab has a few ions.
    debye = math.sqrt(80 * EPS * THERMAL / (FARADAY * 301.0))
    series = 100 / (5e-9 / (2 * EPS) + 2 * debye / (80 * EPS))
    assert [float(row[1]) for row in spectra] == pytest.approx([series] * 5, rel=0.01)
    # R/(1 + (omega R C)^2), R the slope resistance of Goldman, Hodgkin and Katz.
    for row in spectra:
        volt = int(row[0]) * 1e-3 + 1e-9
        resistance = 2e-6 / (ghk_current(volt + 1e-6) - ghk_current(volt - 1e-6))
        omega_rc = 2 * math.pi * 1e4 * resistance * 1e-2 * float(row[1])
        assert float(row[3]) == pytest.approx(1e4 * resistance / (1 + omega_rc**2), rel=0.05)


def linear_current(conductivity: list[float], time: float) -> float:
    """Current density after a small step of -65 mV over both baths and the slab, by Talbot's inverse of V / (s Z(s)).

    Z of a bath of one diffusivity D against a blocking face: (tanh(kL)/(k lambda^2) + s L/D) / (s eps k^2),
    k^2 = 1/lambda^2 + s/D; of the slab d / (s eps).
    """

    def image(s: mpmath.mpc) -> mpmath.mpc:
        impedance = 5e-9 / (2 * EPS * s)
        for sigma, bath in zip(conductivity, BATHS, strict=True):
            debye_squared = 80 * EPS * THERMAL / (FARADAY * sum(bath.values()))
            diffusivity = sigma * debye_squared / (80 * EPS)
            k = mpmath.sqrt(1 / debye_squared + s / diffusivity)
            mobile = mpmath.tanh(k * 20e-9) / (k * debye_squared) + s * 20e-9 / diffusivity
            impedance += mobile / (s * 80 * EPS * k**2)
        return -0.065 / s / impedance

    return float(mpmath.invertlaplace(image, time, method="talbot"))


def test_membrane_is_charged_through_baths_that_are_dielectrics_too():
    """tau = R (C_m + C_b) of a resistive dielectric in series with a capacitor: 0.54 ns, of which R C_b = 0.45."""
    conductivity = [FARADAY * sum(DIFFUSIVITY[ion] * c for ion, c in bath.items()) / THERMAL for bath in BATHS]
    resistance = sum(20e-9 / sigma for sigma in conductivity)
    of_water = resistance * 80 * EPS / 40e-9
    of_membrane = resistance * 2 * EPS / 5e-9
    said = numbers(r"charges it with a time of .+? of the water's own")
    assert said == pytest.approx([1e9 * tau for tau in (of_water + of_membrane, of_membrane, of_water)], abs=6e-3)
    result = solved("membrane_charging", output={"times": [2e-10, 6e-10]})
    current = result.total_current_density
    assert 4e-10 / math.log(current[1] / current[2]) == pytest.approx(of_water + of_membrane, rel=0.08)
    # 1 %: each bath as a salt of one mean diffusivity.  The line above is coarser, as the Debye layers still form.
    expected = [linear_current(conductivity, time) for time in (2e-10, 6e-10)]
    assert current[1:3] == pytest.approx(expected, rel=0.01)
    field = 0.065 / (40e-9 / 80 + 5e-9 / 2) / 80
    first = field * np.mean(conductivity) * (40e-9 / 80) / (40e-9 / 80 + 5e-9 / 2)
    assert first == pytest.approx(7.2e4, rel=0.01)
    assert current[0] == pytest.approx(-first, rel=2e-3)


def test_currents_of_membrane_charging_are_those_of_the_gallery():
    result = solved("membrane_charging", output={"times": [1e-12, 1e-9, 1e-8, 1e-7, 1e-6]})
    assert [f"{number:.2g}" for number in result.total_current_density[3:5]] == ["-3.9", "-0.96"]
    assert "-1.0e4 A/m^2 at 1 ns, -3.9 at 10 ns, -0.96 at 100 ns" in GALLERY
    # By the trial of another integrator: -7.18e4, -1.013e4, -3.92, -0.957 and +0.183 A/m^2.
    assert result.total_current_density[1:6] == pytest.approx([-7.18e4, -1.013e4, -3.92, -0.957, 0.183], rel=2e-3)
    assert numbers(r"the current ends at .+? GHK says 0\.201") == pytest.approx(
        [result.total_current_density[-1], ghk_current(-0.065)], abs=5.1e-4
    )


def test_junction_passes_the_potentials_of_its_head():
    times = [8e-10, 8e-9, 1e-6, 5e-5, 1e-3]
    result = solved("junction_build_up", output={"times": times})
    head = [-25e-3, -26.65e-3, -26.69e-3, -27.1e-3, -26.85e-3]
    assert result.membrane_potential[1:6] == pytest.approx(head, abs=0.3e-3)
    assert result.membrane_potential[2:6] == pytest.approx(head[1:], abs=0.06e-3)


def test_cell_passes_the_potentials_of_the_issue_that_asked_for_it():
    result = solved("cell_from_picoseconds_to_days", output={"times": [0.05, 0.1, 1.0, 1e5]})
    assert 1e3 * result.membrane_potential[1:] == pytest.approx([-34, -49.3, -71.4, -53.2, -12.47], abs=0.25)
    # The charge on the membrane at -71.45 mV, in potassium ions of those inside.
    share = 3 * 3.51e-3 * 0.07145 / (10e-6 * FARADAY * 140.0)
    assert share == pytest.approx(6e-6, rel=0.1)
