"""Who pays for a resting potential: free energy that leaks lose, transporters give, and ATP costs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from references_tools import AVOGADRO, BODY, FARADAY, GAS_CONSTANT, VACUUM
from time_tools import in_time, step

import electrodiff as ed
from electrodiff.account import CellAccount
from electrodiff.cell_ledger import cell_account
from electrodiff.energy import face_dissipation, node_potentials
from electrodiff.pump_potential import membrane_between_baths
from electrodiff.readings import Readings
from electrodiff.solvers.transient import solve_transient

CELLS = ["resting_cell", "chloride_nkcc1", "chloride_kcc2", "hyperkalemia", "cell_without_pump", "electrogenic_pump"]
CLOSED = CELLS[:4]
ELEMENTARY = 1.602176634e-19  # SI 2019


@pytest.fixture(scope="module")
def solved(case_of) -> dict[str, ed.Solution]:
    return {name: ed.solve(case_of(name)) for name in CELLS}


def account_of(solution: ed.Solution) -> CellAccount:
    account = cell_account(solution)
    assert account is not None
    return account


def pumped_membrane(leaks: dict[str, str], *pathways: dict[str, object], **pump: object) -> ed.Case:
    """A planar membrane between reservoirs at rest, with a pump of 3 Na for 2 K."""
    names = ("K", "Na", "Cl")
    baths = {"inside": (140.0, 10.0, 150.0), "outside": (5.0, 145.0, 150.0)}
    inside, outside = ({"concentrations": dict(zip(names, c, strict=True))} for c in baths.values())
    water = {"thickness": "20 nm", "relative_permittivity": 80}
    membrane = {"name": "membrane", "thickness": "5 nm", "relative_permittivity": 2, "permeability": leaks}
    return ed.Case(
        temperature=BODY,
        ions={name: {} for name in names},
        layers=[{"name": "inside", **water}, membrane, {"name": "outside", **water}],
        left={**inside, "potential": "floating"},
        right={**outside, "potential": "0 mV"},
        transporters=[{"name": "pump", "layer": "membrane", "stoichiometry": {"Na": 3, "K": -2}, "atp": 1, **pump}],
        pathways=pathways,
    )


LEAKS = {"K": "4e-9 m/s", "Na": "2.5e-10 m/s", "Cl": "2e-9 m/s"}


def difference(solution: ed.Solution, ion: str) -> float:
    """mu(left end) - mu(right end) [J/mol]."""
    row, z = solution.case.ion_names.index(ion), solution.case.valence(ion)
    left, right = solution.readings.concentration[row, [0, -1]]
    voltage = solution.readings.membrane_potential
    return GAS_CONSTANT * solution.case.temperature * math.log(left / right) + z * FARADAY * voltage


# ---- the second law ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CELLS)
def test_no_face_destroys_entropy(solved, name):
    """-1e-12 of the total: round-off of the baths, whose faces pass next to nothing."""
    lost = face_dissipation(solved[name].readings)
    # At equilibrium everything is round-off; beside it stands what the ions exchange.
    readings = solved[name].readings
    exchanged = GAS_CONSTANT * readings.case.temperature * sum(readings.exchange_flux.values())
    assert lost.min() >= -1e-12 * max(lost.sum(), 1e-9 * exchanged)


def test_no_face_destroys_entropy_while_a_cell_runs_down(run_down):
    for frame in run_down.frames:
        lost = face_dissipation(frame)
        assert lost.min() >= -1e-12 * lost.sum()


def test_a_flux_up_its_potential_would_be_noticed(solved):
    """What transporters carry goes up, by their work: with it among the leaks, the tests above would fail."""
    readings, account = solved["resting_cell"].readings, account_of(solved["resting_cell"])
    mu = node_potentials(readings)
    carried = readings.face_flux - readings.passive_face_flux
    with np.errstate(invalid="ignore"):
        lost = np.where(carried == 0, 0.0, carried * (mu[:-1] - mu[1:]))
    assert lost.sum() == pytest.approx(-account.work, rel=1e-8)
    assert lost.min() < -1e-3 * account.work


# ---- the balance ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CLOSED)
def test_leaks_lose_what_transporters_give(solved, name):
    account = account_of(solved[name])
    assert account.dissipation == pytest.approx(account.work, rel=1e-8)
    assert account.supplied == 0
    assert abs(account.stored) < 1e-8 * account.work


@pytest.mark.parametrize("name", CLOSED)
def test_a_leak_loses_its_flux_times_the_fall_of_its_potential(solved, name):
    """Between the ends, which are at equilibrium with the faces of the membrane: no ion flows in the baths."""
    for ion in account_of(solved[name]).ions:
        if abs(ion.passive_flux) > 1e-15:
            lost = ion.passive_flux * difference(solved[name], ion.name)
            assert ion.dissipation == pytest.approx(lost, rel=1e-8)


def test_solutions_that_stay_as_they_are_pay_for_what_the_pump_does_not():
    solution = ed.solve(pumped_membrane(LEAKS, rate="1e-8 mol/m^2/s"))
    account, flux = account_of(solution), solution.readings.flux
    given = math.fsum(flux[ion] * difference(solution, ion) for ion in flux)
    assert account.supplied == pytest.approx(given, rel=1e-8)
    assert account.dissipation == pytest.approx(account.work + given, rel=1e-8)
    assert given > 0.1 * account.dissipation  # or there would be nothing to see


def test_a_clamp_pays_with_its_current():
    """All ions alike on both sides and no pump: what is lost is I V."""
    alike = {"concentrations": {"K": 100.0, "Na": 50.0, "Cl": 150.0}}
    rest = pumped_membrane(LEAKS, rate="0 mol/m^2/s")
    solution = ed.solve(rest.changed({"left": {**alike, "potential": "-50 mV"}, "right": {**alike, "potential": 0.0}}))
    account = account_of(solution)
    assert account.dissipation == pytest.approx(-0.05 * solution.readings.current_density, rel=1e-8)
    assert account.supplied == pytest.approx(account.dissipation, rel=1e-8)
    assert account.dissipation > 0


def free_energy(frame: Readings) -> float:
    """Of mixing and of the field per reference area, counted from the solution outside [J/m^2].

        sum over half cells of V c RT [ln(a / a_outside) - 1] + 1/2 integral of eps E^2 dx A / A_ref

    impermeant ions, of which there are none outside, counted from 100 mM.
    """
    mesh, case = frame.problem.mesh, frame.case
    energy = 0.0
    for index, entries in enumerate(frame.layer_entries):
        faces = slice(int(frame.node[entries.start]), int(frame.node[entries.stop - 1]))
        for row in range(len(case.ions)):
            c, a, outside = frame.concentration[row, entries], frame.activity[row, entries], frame.activity[row, -1]
            held = np.where(c > 0, c * (np.log(np.maximum(a, 1e-300) / (outside or 100.0)) - 1), 0.0)
            halves = mesh.volume_left[faces] @ held[:-1] + mesh.volume_right[faces] @ held[1:]
            energy += GAS_CONSTANT * case.temperature * float(halves)
        permittivity = VACUUM * case.relative_permittivity(case.layers[index])
        steps = np.diff(frame.potential[entries])
        energy += permittivity / 2 * float(mesh.area_over_distance[faces] @ steps**2)
    return energy


START, STOP = 60.0, 7200.0
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(24)
TIMES = (START + STOP) / 2 + (STOP - START) / 2 * _POINTS


@pytest.fixture(scope="module")
def run_down(case_of):
    """Half of the pumps of the resting cell blocked, at Gauss points in time."""
    half = step("transporters.sodium pump.scale", 0.4)
    moments = {"times": [START, *TIMES.tolist(), STOP]}
    case = in_time(case_of("resting_cell"), STOP, half, start="steady", output=moments, tolerance=1e-8)
    return solve_transient(case)


def test_free_energy_of_a_cell_falls_by_what_its_leaks_lose_more_than_its_pump_gives(run_down):
    """G from the profiles at both ends, against the integral over time of the account: 1e-8 is the tolerance of the steps."""
    _, first, *_, last = run_down.frames
    accounts = [cell_account(run_down, output) for output in range(2, len(run_down.frames) - 1)]
    assert len(accounts) == _WEIGHTS.size
    stored = (STOP - START) / 2 * float(_WEIGHTS @ [account.stored for account in accounts if account is not None])
    assert stored == pytest.approx(free_energy(last) - free_energy(first), rel=1e-8)
    # And the pump is at work meanwhile, or half of the balance would not be tried.
    assert all(account is not None and account.work > 0.2 * account.dissipation for account in accounts)
    assert stored < 0


# ---- ATP ----------------------------------------------------------------------------------------------------------------


def test_one_pump_at_100_cycles_a_second_carries_sixteen_attoamperes():
    """1.6e-5 pA: one elementary charge a cycle."""
    density = 1e15
    account = account_of(ed.solve(pumped_membrane(LEAKS, density=density, turnover="100 /s")))
    assert account.pump_current / density == pytest.approx(100 * ELEMENTARY, rel=1e-9)
    assert account.pump_current / density * 1e12 == pytest.approx(1.6e-5, rel=2e-3)  # two digits
    assert account.atp_rate * AVOGADRO == pytest.approx(100 * density, rel=1e-9)


def test_three_picoamperes_of_sodium_leak_cost_six_million_atp_a_second(case_of):
    """A cell whose pump takes out 3.0 pA of Na: so much leaks in, and each ATP takes three."""
    area = 4 * math.pi * 10e-6**2
    rate = 3.0e-12 / (3 * FARADAY * area)
    changes = {"transporters.sodium pump.law": "constant", "transporters.sodium pump.rate": rate, "expect": []}
    changes |= {"transporters.sodium pump.half_saturation": {}, "transporters.sodium pump.hill": {}}
    account = account_of(ed.solve(case_of("resting_cell", changes)))
    sodium = next(ion for ion in account.ions if ion.name == "Na")
    assert sodium.current * area == pytest.approx(-3.0e-12, rel=1e-9)
    assert account.atp_rate_of_cell == pytest.approx(3.0e-12 / (3 * ELEMENTARY), rel=1e-9)
    assert account.atp_rate_of_cell == pytest.approx(6.24e6, rel=1e-3)  # as printed


@pytest.mark.parametrize("atp", [-55e3, -50e3])
def test_efficiency_is_the_free_energy_of_a_cycle_over_that_of_an_atp(case_of, atp):
    solution = ed.solve(case_of("resting_cell", {"atp_free_energy": atp, "expect": []}))
    pump = account_of(solution).transporters[0]
    cycle = 2 * difference(solution, "K") - 3 * difference(solution, "Na")
    assert pump.efficiency == pytest.approx(cycle / -atp, rel=1e-9)
    assert 0.5 < pump.efficiency < 1


# ---- millivolts -----------------------------------------------------------------------------------------------------------


def test_pump_current_over_conductance_is_what_it_adds_directly():
    """0.16 uA/cm^2 over 0.5 mS/cm^2: 0.32 mV.  2 %: the slope changes by F V / 2 RT over the shift, and by the little
    potential of the Debye layers."""
    leaks = {"name": "leaks", "layer": "membrane", "conductance": {"K": "0.45 mS/cm^2", "Na": "0.05 mS/cm^2"}}
    case = pumped_membrane(dict.fromkeys(LEAKS, "0 m/s"), leaks, rate=0.16e-2 / FARADAY)
    account = account_of(ed.solve(case))
    assert account.pump_current == pytest.approx(0.16e-2, rel=1e-9)
    assert account.pump_potential == pytest.approx(-0.32e-3, rel=0.02)


def test_cut_out_membrane_rests_where_the_cell_does(solved):
    """Flat and between reservoirs, with the same pump per area of its inner face.  In the sphere a leak has d / r more area,
    5 nm of 10 um, so that the pump adds by this part less."""
    solution = solved["resting_cell"]
    flat = ed.solve(membrane_between_baths(solution.readings))
    less = account_of(solution).pump_potential * 5e-9 / 10e-6
    assert flat.membrane_potential - solution.readings.membrane_potential == pytest.approx(less, rel=0.1)


def test_direct_shift_is_that_of_mullins_and_noda_against_goldman(solved):
    """Chloride being passive, at the concentrations of the cell.  1e-5 V: the field is nearly constant."""
    account = account_of(solved["hyperkalemia"])
    held = {ion.name: (ion.inside, ion.outside) for ion in account.ions}
    thermal = GAS_CONSTANT * BODY / FARADAY
    P = {name: float(text.split()[0]) for name, text in LEAKS.items()}
    carried = {"K": 1.5 * P["K"], "Na": P["Na"]}
    pumped = thermal * math.log(
        sum(p * held[ion][1] for ion, p in carried.items()) / sum(p * held[ion][0] for ion, p in carried.items())
    )
    out = P["K"] * held["K"][1] + P["Na"] * held["Na"][1] + P["Cl"] * held["Cl"][0]
    into = P["K"] * held["K"][0] + P["Na"] * held["Na"][0] + P["Cl"] * held["Cl"][1]
    assert account.pump_potential == pytest.approx(pumped - thermal * math.log(out / into), abs=1e-5)


def test_pump_without_current_adds_nothing(solved, case_of):
    neutral = case_of("resting_cell", {"transporters.sodium pump.stoichiometry": {"Na": 3, "K": -3}, "expect": []})
    assert account_of(ed.solve(neutral)).pump_potential == 0.0
    assert account_of(solved["cell_without_pump"]).pump_potential == 0.0


def test_pump_that_alone_sets_the_potential_has_nothing_to_be_compared_with():
    """Nothing but the pump crosses a clamped membrane: without it no ion would go from one reservoir to the other."""
    sealed = pumped_membrane(LEAKS, rate="1e-8 mol/m^2/s").changed(
        {"left.potential": "-50 mV", "layers.membrane.permeability": dict.fromkeys(LEAKS, "0 m/s")}
    )
    account = account_of(ed.solve(sealed))
    assert account.pump_current == pytest.approx(1e-8 * FARADAY, rel=1e-12)
    assert account.pump_potential is None
