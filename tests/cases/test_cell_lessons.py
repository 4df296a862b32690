"""The lessons of the living cell: what its cases and the gallery say is what the program gives, and the pump-leak balance.

The balance is written out here, so that it depends on no code of the program: the GHK flux equation between the faces of
the membrane, with the potentials of both Debye layers, the rate laws, and neutrality of the cell.
"""

from __future__ import annotations

import math
import re
import shlex
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy import constants, integrate, optimize

import electrodiff as ed

GALLERY = (Path(__file__).parents[2] / "docs" / "gallery.md").read_text(encoding="utf-8")
SECTION = GALLERY.partition("## A living cell")[2].partition("\n## ")[0]
SENTENCES = re.sub(r"\s+", " ", SECTION)
FARADAY = constants.N_A * constants.e
THERMAL = constants.R * 310.0 / FARADAY
VALENCE = {"K": 1, "Na": 1, "Cl": -1}
IONS = tuple(VALENCE)

CASES = (
    *("resting_cell", "chloride_passive", "chloride_kcc2", "chloride_nkcc1"),
    *("hyperkalemia", "cell_without_pump", "pump_block", "bumetanide"),
)
NUMBER = r"(-?\d+\.?\d*)"
CELLS = re.findall(r"^\| `electrodiff run (.+?)` \|" + rf" {NUMBER} \|" * 5 + r" (\w+) \|$", SECTION, re.MULTILINE)
COURSES = re.findall(
    r"^\| `electrodiff run (pump_block.*?)` \|" + rf" {NUMBER} \|" * 4 + r" .+\|$", SECTION, re.MULTILINE
)

SLAB = 1e-8
"""[V] that a micromolar of ions does to the potential within the slab: F c d^2 / (8 eps)."""
BESIDE_DEBYE = 6e-7
"""[V] between the balance and PNP: of the Debye layers the balance knows the linear theory, and PNP the field in the slab."""


def case_of(arguments: str) -> ed.Case:
    """The case that `electrodiff run` solves with these arguments."""
    name, *options = shlex.split(arguments)
    return ed.load_case(ed.bundled_case(name), dict(option.split("=", 1) for option in options if option != "--set"))


@dataclass(frozen=True)
class Balance:
    """The pump-leak balance of a spherical cell."""

    case: ed.Case

    @cached_property
    def bath(self) -> dict[str, float]:
        return self.case.concentrations("right")

    @property
    def impermeant(self) -> float:
        """[mol/m^3] inside."""
        return self.case.layers[0].initial.get("A", 0.0)

    @property
    def radius(self) -> float:
        return self.case.layers[0].thickness

    def debye_length_over_permittivity(self, concentrations: float) -> float:
        """[m^2/F] of water with this sum of monovalent ions [mol/m^3]."""
        water = 80 * constants.epsilon_0
        return math.sqrt(water * THERMAL / (FARADAY * concentrations)) / water

    def charge(self, voltage: float, inside: dict[str, float]) -> float:
        """On the membrane [C/m^2]: a slab in series with two Debye layers, of a fraction of RT/F each."""
        slab = self.case.layers[1].thickness / (2 * constants.epsilon_0)
        return voltage / (slab + sum(self._layers(inside)))

    def _layers(self, inside: dict[str, float]) -> tuple[float, float]:
        contents = sum(inside.values()) + self.impermeant, sum(self.bath.values())
        return tuple(map(self.debye_length_over_permittivity, contents))

    def leak(self, ion: str, voltage: float, inside: dict[str, float]) -> float:
        """GHK between the faces, per inner area: the membrane is wider outside [mol/(m^2 s)]."""
        z, membrane = VALENCE[ion], self.case.layers[1]
        within, without = (self.charge(voltage, inside) * layer for layer in self._layers(inside))
        u = z * (voltage - within - without) / THERMAL
        near = inside[ion] * math.exp(z * within / THERMAL)
        far = self.bath[ion] * math.exp(-z * without / THERMAL)
        wider = 1 + membrane.thickness / self.radius
        return wider * membrane.permeability[ion] * u * (near - far * math.exp(-u)) / -math.expm1(-u)

    def rate(self, transporter: ed.Transporter, voltage: float, inside: dict[str, float]) -> float:
        """The law of a transporter, with what is in the bulk [mol/(m^2 s)]."""
        rate = transporter.scale * transporter.rate
        if transporter.law == "affinity":
            return rate * sum(
                number * (math.log(inside[ion] / self.bath[ion]) + VALENCE[ion] * voltage / THERMAL)
                for ion, number in transporter.stoichiometry.items()
            )
        for side, contents in (("left", inside), ("right", self.bath)):
            for ion, half in transporter.half_saturation[side].items():
                rate *= (contents[ion] / (contents[ion] + half)) ** transporter.hill[side][ion]
        return rate

    def rates(self, voltage: float, inside: dict[str, float]) -> dict[str, float]:
        return {one.name: self.rate(one, voltage, inside) for one in self.case.transporters}

    def fluxes(self, voltage: float, inside: dict[str, float]) -> dict[str, float]:
        """Leak and transporters of every ion, outward [mol/(m^2 s)]."""
        rates = self.rates(voltage, inside)
        moved = {
            ion: sum(one.stoichiometry.get(ion, 0.0) * rates[one.name] for one in self.case.transporters)
            for ion in IONS
        }
        return {ion: self.leak(ion, voltage, inside) + moved[ion] for ion in IONS}

    @cached_property
    def steady(self) -> dict[str, float]:
        """Every quantity of the steady state, by the names of the program."""

        def lack(unknowns: np.ndarray) -> list[float]:
            voltage, inside = _read(unknowns)
            # In the Debye layer they are in excess by their share of its charge.
            share = self.impermeant / (sum(inside.values()) + self.impermeant)
            excess = -3 / self.radius / FARADAY * self.charge(voltage, inside) * share
            charge = sum(VALENCE[ion] * c for ion, c in inside.items()) - (self.impermeant - excess)
            return [*(1e9 * flux for flux in self.fluxes(voltage, inside).values()), charge / 200]

        # A cell at rest, and one that has run down.
        starts = [-2.0, *np.log([120.0, 15.0, 12.0])], [-0.4, *np.log([6.0, 220.0, 100.0])]
        found = min(
            (optimize.root(lack, start, tol=1e-14) for start in starts), key=lambda root: max(map(abs, root.fun))
        )
        assert max(map(abs, found.fun)) < 1e-10
        voltage, inside = _read(found.x)
        return {
            "membrane_potential": voltage,
            **{f"transporter_rate.{name}": rate for name, rate in self.rates(voltage, inside).items()},
            **{f"nernst_potential.{i}": THERMAL / VALENCE[i] * math.log(self.bath[i] / inside[i]) for i in IONS},
        }

    def inside(self, potentials: dict[str, float]) -> dict[str, float]:
        """Concentrations of these Nernst potentials [mol/m^3]."""
        return {i: self.bath[i] * math.exp(-VALENCE[i] * potentials[f"nernst_potential.{i}"] / THERMAL) for i in IONS}

    def voltage(self, inside: dict[str, float]) -> float:
        """At which no net current flows [V]."""

        def current(voltage: float) -> float:
            return sum(VALENCE[ion] * flux for ion, flux in self.fluxes(voltage, inside).items())

        return optimize.brentq(current, -0.2, 0.2, xtol=1e-14)

    def course(self, start: dict[str, float], times: list[float]) -> tuple[np.ndarray, np.ndarray]:
        """Potential [V] and concentrations (T, 3) [mol/m^3] at times after a start."""

        def change(_: float, contents: np.ndarray) -> list[float]:
            inside = dict(zip(IONS, contents, strict=True))
            return [-3 / self.radius * flux for flux in self.fluxes(self.voltage(inside), inside).values()]

        found = integrate.solve_ivp(
            change, (0, times[-1]), [start[ion] for ion in IONS], "Radau", times, rtol=1e-8, atol=1e-9
        )
        return np.array([self.voltage(dict(zip(IONS, row, strict=True))) for row in found.y.T]), found.y.T


def _read(unknowns: np.ndarray) -> tuple[float, dict[str, float]]:
    # On its way the search may go far beyond what a number holds.
    return THERMAL * unknowns[0], dict(zip(IONS, np.exp(np.minimum(unknowns[1:], 100.0)).tolist(), strict=True))


def stopped(case: ed.Case) -> ed.Case:
    """The case of a block once it has set in."""
    return case.changed(dict(case.study.protocol[0].set))


@cache
def solved(arguments: str) -> ed.Solution:
    return ed.solve(case_of(arguments))


@cache
def balance(arguments: str) -> Balance:
    return Balance(case_of(arguments))


def numbers(pattern: str) -> list[float]:
    """The numbers of a sentence of the gallery, without those of exponents and names."""
    match = re.search(pattern, SENTENCES)
    assert match is not None, pattern
    return [float(text) for text in re.findall(r"(?<![\w^])-?\d+\.\d+(?:e\d+)?", match[0])]


@pytest.mark.parametrize("name", CASES)
def test_what_a_case_expects_is_what_the_balance_gives(name):
    case = case_of(name)
    steady = Balance(stopped(case) if case.study.kind == "transient" else case).steady
    expected = [entry for entry in case.expect if entry.quantity in steady]
    assert "membrane_potential" in [entry.quantity for entry in expected]
    for entry in expected:
        # Half of the tolerance leaves the other half for the program.
        assert abs(entry.value_si - steady[entry.quantity]) < entry.tolerance_si / 2, entry.quantity


def test_gallery_has_a_row_for_every_steady_cell_and_every_run_down():
    assert {arguments.split()[0] for arguments, *_ in CELLS} == set(CASES) - {"pump_block", "bumetanide"}
    assert len(CELLS) == 10
    assert len(COURSES) == 3


@pytest.mark.parametrize(("arguments", *"vknce", "standing"), CELLS)
def test_cells_of_the_gallery_are_those_of_the_program_and_of_the_balance(arguments, v, k, n, c, e, standing):
    cell = balance(arguments)
    for table in (solved(arguments).scalars, cell.steady):
        inside = cell.inside(table)
        found = [1e3 * table["membrane_potential"], *inside.values(), 1e3 * table["nernst_potential.Cl"]]
        # Half a unit of the last digit shown, and a rounding more.
        assert found == pytest.approx([float(x) for x in (v, k, n, c, e)], abs=0.0501)
        assert [found[0], found[4]] == pytest.approx([float(v), float(e)], abs=0.00501)
    excess = cell.steady["membrane_potential"] - cell.steady["nernst_potential.Cl"]
    assert standing == ("passive" if abs(excess) < 1e-6 else "extruded" if excess > 0 else "accumulated")
    for name, value in cell.steady.items():
        if "potential" in name:
            assert solved(arguments).scalars[name] == pytest.approx(value, abs=BESIDE_DEBYE), name


@pytest.mark.parametrize(("arguments", *"abcd"), COURSES)
def test_run_down_follows_the_balance_to_its_donnan_state(arguments, a, b, c, d):
    case, times = case_of(arguments), [3600.0, 14400.0]
    result = ed.solve_transient(case.changed({"study.output": {"times": times}}))
    cell = Balance(case)
    voltage, _ = Balance(stopped(case)).course(cell.inside(cell.steady), [time - 1 for time in times])
    # 2 uV: a thousandth of the tolerance of the steps, 1e-4 RT/F, in a course that forgets what came before.
    assert result.membrane_potential[1:3] == pytest.approx(voltage, abs=2e-6)
    # Of amounts: impermeant anions A inside, B and Cl outside.  1e-6: 3e-7 of A are in excess in the Debye layer.
    bath, impermeant = cell.bath, cell.impermeant
    outside = bath.get("A", 0.0)
    cations, chloride = bath["K"] + bath["Na"], bath["Cl"]
    half = impermeant / 2 / math.sqrt(cations * chloride)
    donnan = -THERMAL * (math.asinh(half) - math.log(cations / chloride) / 2)
    assert result.membrane_potential[-1] == pytest.approx(donnan, rel=1e-6, abs=1e-9)
    assert donnan == pytest.approx(0.0, abs=1e-12) or not outside
    found = [1e3 * potential for potential in (*result.membrane_potential[:3], donnan)]
    assert found == pytest.approx([float(x) for x in (a, b, c, d)], abs=0.00501)
    assert abs(result.amount_residual).max() < 1e-12


def test_chloride_that_is_passive_takes_the_potential_and_does_not_make_it():
    potentials = [solved(name).membrane_potential for name in ("resting_cell", "chloride_passive")]
    assert potentials[0] == pytest.approx(potentials[1], abs=SLAB)
    for name in ("resting_cell", "chloride_passive", "hyperkalemia"):
        assert solved(name).nernst_potential["Cl"] == pytest.approx(solved(name).membrane_potential, abs=1e-9)


def test_kcc2_alone_brings_chloride_to_the_nernst_potential_of_potassium():
    potentials = solved("chloride_kcc2").nernst_potential
    assert potentials["Cl"] == pytest.approx(potentials["K"], abs=1e-9)
    between = solved("chloride_kcc2 --set layers.membrane.permeability.Cl='2e-9 m/s'")
    assert between.nernst_potential["K"] < between.nernst_potential["Cl"] < between.membrane_potential


def test_bumetanide_lets_chloride_go_to_the_potential():
    case = case_of("bumetanide")
    times = [601.0, 3601.0]
    result = ed.solve_transient(case.changed({"study.output": {"times": times}}))
    chloride = [frame.nernst_potential["Cl"] for frame in result.frames]
    assert all(later < before for before, later in pairwise(chloride))
    # 1e-9: the time constant of chloride is 1600 s, the end 600 times that.
    assert chloride[-1] == pytest.approx(result.membrane_potential[-1], abs=1e-9)
    cell = Balance(case)
    _, contents = Balance(stopped(case)).course(cell.inside(cell.steady), [time - 1 for time in times])
    expected = -THERMAL * np.log(cell.bath["Cl"] / contents[:, 2])
    assert chloride[1:3] == pytest.approx(expected, abs=2e-6)
    said = numbers(r"E_Cl falls from .+? in the end")
    assert said == pytest.approx([1e3 * potential for potential in chloride], abs=0.0501)


def test_account_of_the_resting_cell_is_that_of_the_gallery():
    cell = balance("resting_cell")
    inside, turns = cell.inside(cell.steady), cell.steady["transporter_rate.sodium pump"]
    area, voltage = 4 * math.pi * cell.radius**2, cell.steady["membrane_potential"]
    current = FARADAY * turns * area
    shift = voltage - Balance(cell.case.replace("transporters.sodium pump.scale", 0)).voltage(inside)
    sodium, potassium = (cell.steady[f"nernst_potential.{ion}"] for ion in ("Na", "K"))
    stored = FARADAY * (3 * (sodium - voltage) + 2 * (voltage - potassium))
    said = numbers(r"12\.5 pA of sodium.+?kJ/mol")
    expected = [3e12 * current, 2e12 * current, turns * area * constants.N_A, 1e12 * current, 1e3 * shift, stored / 1e3]
    assert said == pytest.approx(expected, rel=5e-3)
    flux = solved("resting_cell").passive_flux["Na"]
    assert flux == pytest.approx(-3 * turns, rel=2e-5)


def test_pump_current_over_the_conductance_is_what_the_pump_adds():
    """0.16 uA/cm^2 over 0.5 mS/cm^2; slope and chord of GHK differ by 0.3 % over so small a step."""
    name = "electrogenic_pump"
    alone = solved(f"{name} --set 'transporters.sodium pump.scale=0'").membrane_potential
    shift = solved(name).membrane_potential - alone
    assert solved(name).transporter_rate["sodium pump"] * FARADAY == pytest.approx(0.16e-2, rel=1e-5)
    # 1 %: the Debye layers take 0.8 % of the voltage.
    assert shift == pytest.approx(-0.16e-2 / 5.0, rel=0.01)
    assert numbers(r"the membrane is at .+? with it at -69\.99") == pytest.approx(
        [1e3 * alone, 1e3 * (alone + shift)], abs=0.00501
    )


@pytest.mark.parametrize("arguments", [row[0] for row in CELLS if not re.search("nkcc1|without|'2e-9", row[0])])
def test_potential_is_that_of_mullins_and_noda_at_the_concentrations_of_the_cell(arguments):
    """Exact in any field, where nothing but leak and pump moves the cations: V = (RT/F) ln(sum / sum), r = 3/2 for K."""
    cell, solution = balance(arguments), solved(arguments)
    weights = {"K": 1.5 * 4e-9, "Na": 2.5e-10}
    inside = cell.inside(solution.scalars)
    sums = [sum(weight * table[ion] for ion, weight in weights.items()) for table in (cell.bath, inside)]
    # 1e-6 mV: the error that the solution itself estimates is 3e-9 mV.
    assert solution.membrane_potential == pytest.approx(THERMAL * math.log(sums[0] / sums[1]), abs=1e-9)


def test_balance_of_another_cell_is_told_apart():
    """A percent of sodium's permeability moves the potential by 170 times what a case allows."""
    case = case_of("resting_cell")
    other = Balance(case.replace("layers.membrane.permeability.Na", "2.525e-10 m/s")).steady
    assert abs(other["membrane_potential"] - case.expect[0].value_si) > 100 * case.expect[0].tolerance_si
