"""Living cells in time: the way to rest, pumps and cotransporters that are blocked, and the impedance of a pump."""

from __future__ import annotations

import math

import numpy as np
import pytest
from living_tools import (
    FARADAY,
    KCC2,
    LEAKS,
    NKCC1,
    OUTSIDE,
    VT,
    between_baths,
    bulk,
    held,
    living_cell,
    nernst,
    pump,
    rate_by_law,
)
from time_tools import run, step

import electrodiff as ed
from electrodiff.solvers.impedance import solve_impedance
from electrodiff.transient import Transient

DAYS = 1e7
GATE = {"half_potential": -0.05, "slope": 0.01}
DELAYED = {"name": "delayed", "layer": "membrane", "permeability": {"K": 2e-10}, "gating": GATE}
BODIES = {
    "constant": living_cell(pump("constant")),
    "linear": living_cell(pump("linear")),
    "exponential, face, spherical": living_cell(pump("exponential", senses="face"), **{"mesh.geometry": "spherical"}),
    "cubic sodium": living_cell(pump("cubic sodium")),
    "cotransporters": living_cell(pump("saturating"), KCC2, {**NKCC1, "senses": "face"}),
    "trapped chloride": living_cell(pump("saturating"), KCC2, leaks={**LEAKS, "Cl": 0.0}),
    "gated pathway": living_cell(pump("linear"), leaks={**LEAKS, "K": 1e-10}, pathways=[DELAYED]),
}


def assert_amounts_kept(result: Transient) -> None:
    # 1e-12 of what there was; what cannot leave is kept over the whole run.
    assert np.abs(result.amount_residual).max() < 1e-12
    assert held(result.frames[-1], "A") == pytest.approx(held(result.frames[0], "A"), rel=1e-12)


# ---- the way to rest ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BODIES)
def test_steady_state_is_the_long_time_limit(name):
    """From the concentrations that the case starts with, neutral and without a potential."""
    case = BODIES[name]
    result = run(case, DAYS, start="initial")
    last = result.frames[-1]
    steady = ed.solve(case, mesh=last.problem.mesh).readings
    # 1e-8 of RT/F and of every activity in the cell and in the bath, of the steady state on the same mesh.
    assert last.membrane_potential == pytest.approx(steady.membrane_potential, abs=1e-8 * VT)
    np.testing.assert_allclose(last.state, steady.state, rtol=1e-8, atol=1e-8)
    assert last.transporter_rate == pytest.approx(steady.transporter_rate, rel=1e-8, abs=1e-20)
    assert_amounts_kept(result)


def test_pump_that_stands_still_is_no_pump_in_time_either():
    without = run(living_cell(), 100.0, start="initial")
    blocked = run(living_cell(pump("linear", scale=0.0)), 100.0, start="initial")
    assert (blocked.time == without.time).all()
    for one, two in zip(without.frames, blocked.frames, strict=True):
        assert (one.state == two.state).all()


# ---- blocking -----------------------------------------------------------------------------------------------------


def test_scale_of_a_transporter_steps_its_rate_at_once():
    """Ouabain blocks nine tenths at 1 s; its wash-out at 2 s brings the pump back."""
    changes = (step("transporters.pump.scale", 0.1, 1.0), step("transporters.pump.scale", 1.0, 2.0))
    result = run(living_cell(pump("linear")), 3.0, *changes, output={"times": [0.5, 1.5, 2.5]})
    for time, frame in zip(result.time, result.frames, strict=True):
        scale = 0.1 if 1.0 < time < 2.0 else 1.0
        expected = scale * rate_by_law("linear", bulk(frame), OUTSIDE, frame.membrane_potential)
        # 1e-5: the rate goes along with the steps, whose errors are 1e-4 of RT/F at most.
        if time not in (1.0, 2.0):
            assert frame.transporter_rate["pump"] == pytest.approx(expected, rel=1e-5)


def test_blocked_pump_charges_the_membrane_with_its_current():
    """dV/dt = F r / C just after the block of an electrogenic pump; C that of the slab and both Debye layers."""
    case = living_cell(pump("constant"))
    times = [1.0 + 1e-3, 1.0 + 2e-3]
    result = run(case, 1.002, step("transporters.pump.scale", 0.0, 1.0), output={"times": times}, tolerance=1e-7)
    voltage = dict(zip(result.time, result.membrane_potential, strict=True))
    before = ed.solve(case).membrane_potential
    slab, debye = 5e-9 / 2, math.sqrt(80 * 8.8541878188e-12 * VT / (2 * FARADAY * 150.0)) / 80
    capacitance = 8.8541878188e-12 / (slab + 2 * debye)
    # 2 %: the membrane discharges with a time of 10 s, and its Debye layers are not those of 150 mM alone.
    assert (voltage[times[1]] - voltage[times[0]]) / 1e-3 == pytest.approx(FARADAY * 4e-10 / capacitance, rel=0.02)
    assert voltage[times[0]] > before


def donnan_of_amounts(impermeant: float, salt: float) -> float:
    return -VT * math.asinh(impermeant / (2 * salt))


@pytest.mark.parametrize("geometry", ["planar", "spherical"])
def test_blocked_cell_runs_down_to_the_donnan_state_of_its_amounts(geometry):
    case = living_cell(pump("saturating"), **{"mesh.geometry": geometry, "layers.cytosol.thickness": 10e-6})
    result = run(case, 1e9, step("transporters.pump.scale", 0.0, 1.0), output={"per_decade": 3})
    last = result.frames[-1]
    # 1e-6: the Debye layer has its part of the amounts.
    assert last.membrane_potential == pytest.approx(donnan_of_amounts(142.0, 149.0), rel=1e-6)
    for ion, z in (("K", 1), ("Na", 1), ("Cl", -1)):
        expected = OUTSIDE[ion] * math.exp(-z * last.membrane_potential / VT)
        assert bulk(last)[ion] == pytest.approx(expected, rel=1e-6)
    assert_amounts_kept(result)


def test_blocked_cell_runs_down_to_nothing_where_the_bath_has_as_many_impermeant_ions():
    outside = {"K": 4.0, "Na": 145.0, "Cl": 7.0, "A": 142.0}
    case = living_cell(pump("saturating"), outside=outside, **{"layers.cytosol.thickness": 10e-6})
    result = run(case, 1e9, step("transporters.pump.scale", 0.0, 1.0), output={"per_decade": 3})
    assert result.membrane_potential[0] < -0.05
    assert abs(result.membrane_potential[-1]) < 1e-8
    assert_amounts_kept(result)


@pytest.mark.parametrize("senses", ["bulk", "face"])
def test_bumetanide_shifts_the_potential_of_chloride_negative_to_that_of_the_membrane(senses):
    case = living_cell(pump("saturating"), {**NKCC1, "senses": senses})
    result = run(case, DAYS, step("transporters.NKCC1.scale", 0.0, 1.0), output={"per_decade": 5})
    chloride = np.array([nernst(-1, bulk(frame)["Cl"], OUTSIDE["Cl"]) for frame in result.frames])
    after = chloride[result.time >= 1.0]
    assert chloride[0] > result.membrane_potential[0] + 1e-3
    assert after[-1] < chloride[0] - 1e-3
    # It never turns back by more than the error of the steps.
    assert np.diff(after).max() < 1e-6
    assert after[-1] == pytest.approx(result.membrane_potential[-1], abs=1e-9)
    assert_amounts_kept(result)


def test_cotransporter_that_alone_carries_an_ion_traps_it_when_it_is_blocked():
    case = living_cell(pump("saturating"), KCC2, leaks={**LEAKS, "Cl": 0.0})
    changes = (step("transporters.KCC2.scale", 0.0, 1.0), step("transporters.pump.scale", 0.5, 2.0))
    result = run(case, 1e5, *changes, output={"per_decade": 3})
    inside = [frame for time, frame in zip(result.time, result.frames, strict=True) if time >= 1.0]
    # 1e-12: nothing is carried, and nothing else lets it pass.
    assert held(inside[-1], "Cl") == pytest.approx(held(inside[0], "Cl"), rel=1e-12)
    assert bulk(inside[-1])["Na"] > 1.2 * bulk(inside[0])["Na"]


@pytest.mark.parametrize("gating", [None, GATE], ids=["open", "gated"])
def test_cell_with_a_blocked_pathway_comes_to_rest_as_one_without_it(gating):
    channels = {"name": "channels", "layer": "membrane", "permeability": {"K": 8e-10}, "gating": gating}
    case = living_cell(pump("linear"), pathways=[channels])
    result = run(case, DAYS, step("pathways.channels.scale", 0.0, 1.0), output={"per_decade": 3})
    last = result.frames[-1]
    # The ions of the pathway were counted in; without it there are fewer in the membrane, by 1e-7 of those in the cell.
    steady = ed.solve(case.changed({"pathways.channels.scale": 0.0}), mesh=last.problem.mesh).readings
    assert last.membrane_potential == pytest.approx(steady.membrane_potential, abs=1e-8 * VT)
    assert last.membrane_potential > result.membrane_potential[0] + 1e-3
    assert_amounts_kept(result)


def test_constant_pump_that_leaks_cannot_balance_runs_until_the_ion_runs_out():
    """3 r = 120 nmol/(m^2 s) out of 12 mM in a depth of 1 um: after 100 s, and some more for what leaks in."""
    case = living_cell(pump("constant", rate=4e-8))
    with pytest.raises(ed.ConvergenceError, match="Na") as error:
        run(case, DAYS, start="initial")
    assert "runs out" in str(error.value)


# ---- impedance ----------------------------------------------------------------------------------------------------

FREQUENCIES = {"kind": "impedance", "frequencies": [1e-4, 1e3]}


def admittance(*transporters: dict[str, object], **changes: object) -> complex:
    case = between_baths(living_cell(*transporters, **changes), "floating").changed({"study": FREQUENCIES})
    return complex(solve_impedance(case).admittance[0])


def clamped_current(case: ed.Case, voltage: float) -> float:
    return ed.solve(case.changed({"left.potential": voltage})).current_density


@pytest.mark.parametrize("senses", ["bulk", "face"])
@pytest.mark.parametrize("law", ["constant", "linear", "exponential"])
def test_admittance_at_low_frequency_is_the_slope_of_the_clamped_current(law, senses):
    case = between_baths(living_cell(pump(law, senses=senses)), "floating")
    rest = ed.solve(case).membrane_potential
    slope = (clamped_current(case, rest + 1e-5) - clamped_current(case, rest - 1e-5)) / 2e-5
    # 1e-6: at 0.1 mHz the capacitive part is in quadrature; differences over 20 uV.
    assert admittance(pump(law, senses=senses)).real == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("law", ["linear", "exponential"])
def test_conductance_of_the_pump_adds_to_that_of_the_leaks(law):
    """Beside a constant pump of the same current: dI_pump/dV = F r / (V + scale), or F r / scale."""
    rest = ed.solve(between_baths(living_cell(pump(law)), "floating")).readings
    rate = rest.transporter_rate["pump"]
    pump_conductance = FARADAY * rate / (rest.membrane_potential + 0.15 if law == "linear" else 0.1)
    added = admittance(pump(law)) - admittance(pump("constant", rate=rate))
    # 1e-5: both rest at the same potential to the error of their meshes.
    assert added.real == pytest.approx(pump_conductance, rel=1e-5)
    assert pump_conductance > 0.005 * admittance(pump(law)).real


def test_pump_and_gated_pathway_answer_together():
    """The small-signal system with a gate, a pump and a cotransporter: the slope of the clamped current."""
    parts = (pump("exponential"), {**NKCC1, "stoichiometry": {"Na": -1, "K": 1, "Cl": 1}, "senses": "face"})
    changes = {"leaks": {**LEAKS, "K": 1e-10}, "pathways": [DELAYED]}
    case = between_baths(living_cell(*parts, **changes), "floating")
    rest = ed.solve(case).membrane_potential
    slope = (clamped_current(case, rest + 1e-5) - clamped_current(case, rest - 1e-5)) / 2e-5
    assert admittance(*parts, **changes).real == pytest.approx(slope, rel=1e-6)
