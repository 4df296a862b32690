"""What of a case becomes a border unknown, with which numbers, in which order."""

from __future__ import annotations

import math

import numpy as np
import pytest

import electrodiff as ed
from electrodiff import materials
from electrodiff.fvm.borders import BorderUnknown, as_border, kept, stretches
from electrodiff.fvm.kernels.arrays import AMOUNT, BALANCE, CURRENT, GATING, RATE
from electrodiff.fvm.kernels.border import free_borders, open_part
from electrodiff.fvm.kernels.rates import AFFINITY, HALF, HILL, POWER, SATURATING
from electrodiff.fvm.problem import Problem, build_problem, placed
from electrodiff.grid.line import layered_line
from electrodiff.units import AVOGADRO, thermal_voltage

TEMPERATURE = 310.0
IONS = ("K", "Na", "Cl", "A")
LEAKS = {"K": 2e-10, "Na": 8e-12, "Cl": 9e-11, "A": 0.0}
INSIDE = {"K": 140.0, "Na": 12.0, "Cl": 10.0, "A": 142.0}
OUTSIDE = {"K": 4.0, "Na": 145.0, "Cl": 149.0, "A": 0.0}
PUMP = {"name": "pump", "layer": "membrane", "stoichiometry": {"Na": 3, "K": -2}, "rate": 4e-10}
KCC2 = {"name": "KCC2", "layer": "membrane", "stoichiometry": {"K": 1, "Cl": 1}, "law": "affinity", "rate": 1e-10}
GATE = {"half_potential": -0.05, "slope": 0.01}


def problem_of(leaks: dict[str, float] = LEAKS, **keys: object) -> Problem:
    bath = {"thickness": 20e-9, "relative_permittivity": 80}
    membrane = {"thickness": 5e-9, "relative_permittivity": 2, "permeability": leaks}
    case = ed.Case(
        temperature=TEMPERATURE,
        ions={ion: {"valence": -1, "diffusivity": 5e-10} if ion == "A" else {} for ion in IONS},
        layers=[
            {"name": "cytosol", **bath, "initial": INSIDE},
            {"name": "membrane", **membrane, "gating": keys.pop("gating", {})},
            {"name": "bath", **bath},
        ],
        left={"kind": "closed"},
        right={"kind": "reservoir", "concentrations": OUTSIDE, "potential": 0.0},
        **keys,
    )
    return build_problem(case, layered_line(case).mesh())


def membrane_nodes(problem: Problem) -> tuple[int, int]:
    return int(problem.mesh.boundaries[1]), int(problem.mesh.boundaries[2])


def only(problem: Problem, kind: int) -> int:
    (b,) = np.flatnonzero(problem.border.kind == kind)
    return int(b)


# ---- which ----------------------------------------------------------------------------------------------------------


def test_cell_without_transporters_has_its_trapped_ion_alone():
    problem = problem_of()
    assert problem.border.kind.tolist() == [AMOUNT]
    assert problem.border.row.tolist() == [3]


def test_every_transporter_is_a_rate_in_the_order_of_the_case():
    problem = problem_of(transporters=[PUMP, KCC2])
    rates = np.flatnonzero(problem.border.kind == RATE)
    assert problem.border.stoichiometry[rates].tolist() == [[-2, 3, 0, 0], [1, 0, 1, 0]]
    assert problem.border.law[rates].tolist() == [SATURATING, AFFINITY]
    assert [(int(problem.border.first[b]), int(problem.border.last[b])) for b in rates] == [membrane_nodes(problem)] * 2


def test_floating_end_is_a_current_and_has_no_trapped_ion():
    problem = problem_of()
    left = {"kind": "reservoir", "concentrations": INSIDE, "potential": "floating"}
    case = problem.case.changed({"left": left})
    assert build_problem(case, problem.mesh).border.kind.tolist() == [CURRENT]


def test_ion_that_transporters_alone_carry_has_a_balance_instead_of_an_amount():
    problem = problem_of({**LEAKS, "Cl": 0.0}, transporters=[PUMP, KCC2])
    b = only(problem, BALANCE)
    assert problem.border.row[b] == 2
    assert (int(problem.border.first[b]), int(problem.border.last[b])) == membrane_nodes(problem)
    assert problem.border.node[b] <= membrane_nodes(problem)[0]
    assert problem.border.row[only(problem, AMOUNT)] == 3
    # Without the cotransporter it is trapped.
    trapped = problem_of({**LEAKS, "Cl": 0.0}, transporters=[PUMP])
    assert sorted(trapped.border.row[trapped.border.kind == AMOUNT]) == [2, 3]


def test_ion_that_leaks_needs_no_balance():
    assert BALANCE not in problem_of(transporters=[PUMP, KCC2]).border.kind


# ---- their numbers --------------------------------------------------------------------------------------------------


def rate_of(problem: Problem, inside: dict[str, float], outside: dict[str, float], voltage: float) -> float:
    """Rate [mol/(m^2 s)] of the only transporter between two solutions [mol/m^3] at a voltage [V]."""
    scales, border = problem.scales, problem.border
    state = np.full(problem.chain.free.shape, np.nan)
    b = only(problem, RATE)
    for node, solution, potential in zip(border.sensed[b], (inside, outside), (voltage, 0.0), strict=True):
        state[node, :-1] = np.array([solution[ion] for ion in IONS]) / scales.concentration
        state[node, -1] = potential / scales.potential
    gate = np.empty(border.kind.size)
    free_borders(problem.chain.valence, border, state, gate)
    return float(gate[b] * scales.flux)


SATURATING_PUMP = {
    **PUMP,
    "law": "michaelis_menten",
    "half_saturation": {"left": {"Na": 10.0}, "right": {"K": 1.5}},
    "hill": {"left": {"Na": 3.0}},
}


@pytest.mark.parametrize("voltage", [-0.08, 0.02])
@pytest.mark.parametrize("scale", [0.0, 0.3, 1.0])
def test_rate_is_that_of_the_case_in_si_units(scale, voltage):
    def at(**keys: object) -> float:
        return rate_of(problem_of(transporters=[{**PUMP, "scale": scale, **keys}]), INSIDE, OUTSIDE, voltage)

    numbers = {**SATURATING_PUMP, "scale": scale}
    sites = (12 / 22) ** 3 * (4 / 5.5)
    assert at() == pytest.approx(scale * 4e-10, rel=1e-14)
    assert at(rate=None, density=1e15, turnover=100.0) == pytest.approx(scale * 1e17 / AVOGADRO, rel=1e-14)
    assert at(**numbers) == pytest.approx(scale * 4e-10 * sites, rel=1e-13)
    linear = {"kind": "linear", "scale": 0.1}
    assert at(**numbers, voltage_dependence=linear) == pytest.approx(
        scale * 4e-10 * sites * (1 + voltage / 0.1), rel=1e-13
    )
    falling = {"kind": "exponential", "scale": -0.05}
    expected = scale * 4e-10 * sites * math.exp(-voltage / 0.05)
    assert at(**numbers, voltage_dependence=falling) == pytest.approx(expected, rel=1e-13)
    assert at(law="cubic_sodium") == pytest.approx(scale * 4e-10 * (12 / 145) ** 3, rel=1e-13)
    force = 3 * math.log(12 / 145) - 2 * math.log(140 / 4) + voltage / thermal_voltage(TEMPERATURE)
    assert at(law="affinity") == pytest.approx(scale * 4e-10 * force, rel=1e-13)


def test_terms_of_a_law_stand_beside_their_ions():
    terms = problem_of(transporters=[SATURATING_PUMP]).border.terms
    (b,) = np.flatnonzero(terms.any(axis=(1, 2, 3)))
    concentration = problem_of().scales.concentration
    expected = np.zeros((2, 3, 4))
    expected[0, HALF, 1], expected[0, HILL, 1] = 10.0 / concentration, 3.0
    expected[1, HALF, 0], expected[1, HILL, 0] = 1.5 / concentration, 1.0
    np.testing.assert_allclose(terms[b], expected, rtol=1e-15)
    cubic = problem_of(transporters=[{**PUMP, "law": "cubic_sodium"}])
    assert cubic.border.terms[only(cubic, RATE), :, POWER, 1].tolist() == [3.0, -3.0]


def test_bulk_is_the_ends_of_the_stack_and_faces_are_those_of_the_layer():
    for senses in ("bulk", "face"):
        problem = problem_of(transporters=[{**PUMP, "senses": senses}])
        sensed = tuple(int(node) for node in problem.border.sensed[only(problem, RATE)])
        assert sensed == ((0, problem.mesh.nodes - 1) if senses == "bulk" else membrane_nodes(problem))


# ---- gates ----------------------------------------------------------------------------------------------------------


def gated() -> Problem:
    """Potassium through a gated lipid, a gated pathway of as much again, scaled to a half, and an open one."""
    pathways = [
        {
            "name": "delayed",
            "layer": "membrane",
            "permeability": {"K": 2e-10, "Na": 1e-12},
            "gating": GATE,
            "scale": 0.5,
        },
        {"name": "open", "layer": "membrane", "permeability": {"K": 1e-10}},
    ]
    return problem_of(gating={"K": {"half_potential": -0.02, "slope": -0.02}}, pathways=pathways)


def test_gates_are_in_the_order_of_their_names_and_share_the_permeability():
    problem = gated()
    gates = np.flatnonzero(problem.border.kind == GATING)
    assert problem.case.gate_names == ["membrane.K", "delayed.K", "delayed.Na"]
    assert problem.border.row[gates].tolist() == [0, 0, 1]
    # K: 2 of the lipid, 1 of the gated pathway, 1 of the open one; Na: 8 and 0.5.
    np.testing.assert_allclose(problem.border.share[gates], [2 / 4, 1 / 4, 0.5 / 8.5], rtol=1e-13)
    scales = problem.scales
    np.testing.assert_allclose(problem.border.value[gates] * scales.potential, [-0.02, -0.05, -0.05])
    np.testing.assert_allclose(problem.border.slope[gates] * scales.potential, [-0.02, 0.01, 0.01])


def test_what_gates_leave_open_is_the_sum_of_the_open_pathways():
    problem = gated()
    gate = np.where(problem.border.kind == GATING, 0.0, 1.0)
    opened = {"membrane.K": 0.3, "delayed.K": 0.6, "delayed.Na": 0.1}
    gate[problem.border.kind == GATING] = list(opened.values())
    chain = placed(problem, gate, np.ones(problem.chain.free.shape))
    faces = slice(*membrane_nodes(problem))
    part = chain.conductance[faces, :2] / problem.chain.conductance[faces, :2]
    # By permeabilities [1e-10 m/s]: the scheme multiplies what all of them have together when open.
    expected = [(2 * 0.3 + 1 * 0.6 + 1) / 4, (0.08 + 0.005 * 0.1) / 0.085]
    np.testing.assert_allclose(part, np.broadcast_to(expected, part.shape), rtol=1e-13)
    others = np.delete(np.arange(problem.mesh.nodes - 1), np.r_[faces])
    np.testing.assert_array_equal(chain.conductance[others], problem.chain.conductance[others])
    assert open_part(problem.border, gate, int(np.flatnonzero(problem.border.kind == GATING)[1])) == pytest.approx(
        2.2 / 4
    )


@pytest.mark.parametrize("fraction", [1e-6, 1e-12, 1e-20, 1e-100])
@pytest.mark.parametrize("lipid", [2e-10, 0.0])
def test_gates_that_are_nearly_closed_leave_their_small_part_to_round_off(lipid, fraction):
    """Of a lipid and a pathway that are both gated, or of the pathway alone."""
    pathways = [{"name": "delayed", "layer": "membrane", "permeability": {"K": 6e-10}, "gating": GATE}]
    keys = {"gating": {"K": GATE}} if lipid else {}
    problem = problem_of({**LEAKS, "K": lipid}, pathways=pathways, **keys)
    gate = np.where(problem.border.kind == GATING, fraction, 1.0)
    chain = placed(problem, gate, np.ones(problem.chain.free.shape))
    faces = slice(*membrane_nodes(problem))
    part = chain.conductance[faces, 0] / problem.chain.conductance[faces, 0]
    np.testing.assert_allclose(part, fraction, rtol=1e-12)


def test_permeability_of_a_layer_is_that_of_lipid_and_pathways():
    case = gated().case
    layer = case.layers[1]
    assert materials.permeance(case, layer, "K") == pytest.approx(4e-10, rel=1e-13)
    assert materials.lipid_permeance(case, layer, "K") == pytest.approx(2e-10, rel=1e-13)
    assert materials.beside_lipid(case, layer, "K") == pytest.approx({"delayed": 1e-10, "open": 1e-10}, rel=1e-13)
    assert materials.beside_lipid(case, layer, "Cl") == {}


# ---- as arrays ------------------------------------------------------------------------------------------------------


def test_no_border_unknowns_have_arrays_of_length_zero():
    border = as_border([], 3)
    assert all(len(array) == 0 for array in border)
    assert border.terms.shape == (0, 2, 3, 3)
    assert border.kind.dtype == border.sensed.dtype == np.int64


def test_what_is_kept_keeps_all_of_its_numbers():
    unknowns = [
        BorderUnknown(RATE, 1, 0, 1, 2, float(b), stoichiometry=np.full(2, b), by_voltage=(b, -b)) for b in range(4)
    ]
    border = kept(as_border(unknowns, 2), np.array([False, True, False, True]))
    assert border.value.tolist() == [1, 3]
    assert border.stoichiometry.tolist() == [[1, 1], [3, 3]]
    assert border.by_voltage.tolist() == [[1, -1], [3, -3]]
    assert border.sensed.tolist() == [[1, 2], [1, 2]]


@pytest.mark.parametrize(
    ("present", "expected"),
    [([], []), ([0, 0], []), ([1, 1], [(0, 2)]), ([1, 0, 1, 1, 0], [(0, 1), (2, 4)]), ([0, 1], [(1, 2)])],
)
def test_stretches_are_runs_of_faces_with_their_nodes(present, expected):
    assert stretches(np.array(present, dtype=bool)) == expected
