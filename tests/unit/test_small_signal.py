"""The linear response against a dense system differenced by hand, the place where it is read, and what is refused."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from newton_system import rate_by_hand

import electrodiff as ed
from electrodiff.fvm.kernels.arrays import GATING, RATE
from electrodiff.fvm.kernels.factors import Jacobian, fill_flows
from electrodiff.fvm.problem import build_problem
from electrodiff.grid.line import layered_line
from electrodiff.impedance import Impedance
from electrodiff.solvers.impedance import solve_impedance
from electrodiff.solvers.newton import NewtonOptions
from electrodiff.solvers.robust import solve_robustly
from electrodiff.solvers.small_signal import Linearised, Response, linearised, respond
from electrodiff.units import FARADAY

BATH = {"thickness": "4 nm", "relative_permittivity": 80}
STUDY = {"kind": "impedance", "frequencies": [1.0, 1e6]}


def everything(**changes: object) -> ed.Case:
    """Divalent, monovalent and excluded ions of finite size, a gate, fixed and surface charge, a bias."""
    slab = {
        "name": "slab",
        "thickness": "2 nm",
        "relative_permittivity": 5,
        "partition": {"Ca": 0.2, "Cl": 0.5, "K": 0.1, "SO4": 0},
        "diffusivity": {"Ca": "1e-10 m^2/s", "K": "3e-11 m^2/s"},
        "fixed_charge": "-30 mM",
        "gating": {"K": {"half_potential": "10 mV", "slope": "8 mV"}},
    }
    case = {
        "temperature": 300.0,
        "ions": {ion: {"diameter": "0.5 nm"} for ion in ("Ca", "Cl", "K", "SO4")},
        "steric": {"model": "bikerman"},
        "layers": ({"name": "left", **BATH}, slab, {"name": "right", **BATH}),
        "interfaces": ({"between": ("left", "slab"), "surface_charge": 0.02},),
        "left": {"concentrations": {"Ca": 20.0, "Cl": 30.0, "K": 40.0, "SO4": 25.0}, "potential": 0.03},
        "right": {"concentrations": {"Ca": 1.0, "Cl": 102.0, "K": 100.0}, "potential": 0.01},
        "study": STUDY,
        "mesh": {"nodes": 17},
    }
    return ed.Case(**{**case, **changes})


# Pumps that look at the bulk and at the faces, by laws that see ions and voltage, a cotransporter, and another gate on
# the potassium, in the place of which the pathway has a part of its own.
TRANSPORTERS = (
    {
        "name": "pump",
        "layer": "slab",
        "stoichiometry": {"K": -2, "Ca": 1.5},
        "law": "michaelis_menten",
        "rate": 4e-2,
        "half_saturation": {"left": {"Ca": 5.0}, "right": {"K": 30.0}},
        "hill": {"left": {"Ca": 2.0}},
        "voltage_dependence": {"kind": "exponential", "scale": 0.03},
        "senses": "face",
    },
    {
        "name": "slower",
        "layer": "slab",
        "stoichiometry": {"K": 1},
        "law": "michaelis_menten",
        "rate": 2e-2,
        "half_saturation": {"left": {"K": 50.0}},
        "voltage_dependence": {"kind": "linear", "scale": -0.1},
    },
    {
        "name": "co",
        "layer": "slab",
        "stoichiometry": {"K": 1, "Cl": 2},
        "law": "affinity",
        "rate": 1e-2,
        "senses": "face",
    },
)
PATHWAYS = (
    {
        "name": "channels",
        "layer": "slab",
        "permeability": {"K": 2e-3, "Cl": 1e-2},
        "gating": {"half_potential": 0.03, "slope": -0.012},
    },
)


def linear(case: ed.Case) -> Linearised:
    problem = build_problem(case, layered_line(case).mesh())
    attempt = solve_robustly(problem, None, NewtonOptions())
    assert attempt.converged
    return linearised(problem, attempt.result.state, attempt.result.gate)


def change_at(system: Linearised, omega: float) -> np.ndarray:
    """(N, m) of the activities and of the potential."""
    return respond(system, np.array([omega]), 0).change[0]


def flows(system: Linearised, omega: float, change: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(N, n) flow of each ion, (N,) displacement current, and (N,) sum of the sizes of the terms of both at every node.

    Of the half cell and the face at its right, of the last node at its left; at a wall no ion passes.
    """
    linear = system.linear
    valence, own = np.array(linear.chain.valence), linear.jacobian
    update = change.copy()
    update[:, :-1] += valence * linear.state[:, :-1] * change[:, -1:]

    def face(outflow: np.ndarray, inflow: np.ndarray, of: np.ndarray) -> np.ndarray:
        flow = np.einsum("nrc,nc->nr", outflow[:-1], of[:-1]) + np.einsum("nrc,nc->nr", inflow[:-1], of[1:])
        return flow[[*range(len(flow)), -1]]

    sensed = (linear.by_sensed * update[linear.sensed]).sum(axis=(1, 2))
    flow = face(own.outflow, own.inflow, update)
    flow += np.tensordot(sensed, linear.through, axes=1)[[*range(len(flow) - 1), -2]]
    size = face(abs(own.outflow), abs(own.inflow), abs(update))
    half = np.vstack([linear.right[:-1], -own.storage[-1:]])
    stored = np.einsum("nrc,nc->nr", half[:, :-1, :-1], change[:, :-1])
    ions = flow[:, :-1] + 1j * omega * stored
    ions[[0, -1]] *= linear.open_ends[:, None]
    size[[0, -1], :-1] *= linear.open_ends[:, None]
    displacement = 1j * omega * (flow[:, -1] - stored @ valence)
    return ions, displacement, size[:, :-1] @ abs(valence) + omega * size[:, -1]


@pytest.fixture(scope="module", params=["a gate", "gates and transporters"])
def system(request) -> Linearised:
    more = request.param != "a gate"
    return linear(everything(transporters=TRANSPORTERS, pathways=PATHWAYS) if more else everything())


def rates_and_contents(system: Linearised, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What flows out of each node, less what comes in, and what it holds, (N, m) each, by the gates and rates of a state."""
    border, chain = system.problem.border, system.problem.chain
    part, carried = np.ones_like(chain.conductance), np.zeros_like(chain.carried)
    for b in range(border.kind.size):
        faces, row = slice(border.first[b], border.last[b]), border.row[b]
        if border.kind[b] == RATE:
            carried[faces] += rate_by_hand(border, b, chain.valence, state) * border.stoichiometry[b]
            continue
        assert border.kind[b] == GATING
        voltage = state[border.first[b], -1] - state[border.last[b], -1]
        fraction = 1 / (1 + math.exp(-(voltage - border.value[b]) / border.slope[b]))
        part[faces, row] -= border.share[b] * (1 - fraction)
    opened = chain._replace(conductance=part * chain.conductance, carried=carried)
    flow, content = np.zeros_like(state), np.zeros_like(state)
    fill_flows(opened, state, flow, content)
    return flow - np.vstack([np.zeros_like(flow[:1]), flow[:-1]]), content


def by_hand(system: Linearised, omega: float) -> np.ndarray:
    """(N, m) changes of activities and potentials: a dense system, its derivatives by central differences."""
    state, free = system.linear.state, system.linear.chain.free.ravel() > 0
    size = state.size
    matrix = np.eye(size, dtype=complex)
    for column, (node, row) in enumerate(np.ndindex(state.shape)):
        step = 1e-6 * max(abs(state[node, row]), 1e-3)
        ends = []
        for sign in (1, -1):
            moved = state.copy()
            moved[node, row] += sign * step
            net, content = rates_and_contents(system, moved)
            ions = net[:, :-1] + 1j * omega * content[:, :-1]
            ends.append(np.column_stack([ions, net[:, -1] - content[:, -1]]).ravel())
        matrix[free, column] = ((ends[0] - ends[1]) / (2 * step))[free]
    source = np.zeros(state.shape, dtype=complex)
    source[0, -1] = 1.0
    return np.linalg.solve(matrix, source.ravel()).reshape(state.shape)


@pytest.mark.parametrize("omega", [1e-6, 1e-2, 1.0, 100.0])
def test_response_is_that_of_a_dense_system_differenced_by_hand(system, omega):
    change = change_at(system, omega)
    expected = by_hand(system, omega)
    # 1e-6 of the largest: central differences with steps of 1e-6.
    np.testing.assert_allclose(change, expected, rtol=0, atol=1e-6 * np.abs(expected).max())
    # It is no real system: at some of these frequencies the phases differ by much.
    if omega == 1.0:
        assert np.abs(expected.imag).max() > 0.01


def test_transporters_and_gates_matter_to_the_response():
    """The test above would see it if one of them did not answer, by an order of its tolerance."""
    whole = linear(everything(transporters=TRANSPORTERS, pathways=PATHWAYS))
    expected = change_at(whole, 1e-2)
    for b in range(whole.problem.border.kind.size):
        still = whole.linear.by_sensed.copy()
        still[b] = 0.0
        change = change_at(replace(whole, linear=whole.linear._replace(by_sensed=still)), 1e-2)
        assert np.abs(change - expected).max() > 1e-5 * np.abs(expected).max()


@pytest.mark.parametrize("omega", [1e-9, 1e-3, 1.0, 1e3])
def test_total_current_is_the_same_at_every_node(system, omega):
    valence = np.array(system.linear.chain.valence)
    nodes = (0, 3, 8, 13, 16)
    responses = [respond(system, np.array([omega]), node) for node in nodes]
    ions, displacement, size = flows(system, omega, responses[0].change[0])
    total, doubt = ions @ valence + displacement, float(responses[0].doubt[0])
    read = total[responses[0].read_at[0]]
    off = np.abs(total - read)
    assert (off <= 100 * np.finfo(float).eps * size + doubt).all()
    assert off.max() < 1e-9 * abs(read)
    # Split at any node, the parts make up the total.
    for node, response in zip(nodes, responses, strict=True):
        assert abs(response.parts[0].sum() - read) < 1e-9 * abs(read)
        np.testing.assert_allclose(response.parts[0, :-1], valence * ions[node], rtol=0, atol=1e-9 * abs(read))


def test_total_current_is_read_where_it_is_not_lost_in_rounding():
    """A blocking cell of 0.1 mm: in its middle a current of 1e-9 of those to and fro; at its walls no ion passes."""
    wall = {"kind": "wall", "potential": 0.0}
    layer = {"name": "water", "thickness": "0.1 mm", "relative_permittivity": 80, "initial": {"K": 100.0, "Cl": 100.0}}
    case = ed.Case(
        temperature=300.0, ions={"K": {}, "Cl": {}}, layers=(layer,), left=wall, right=wall, mesh={"nodes": 401}
    )
    slow = linear(case)
    first, middle, last = (respond(slow, np.array([1e-12]), node) for node in (0, 200, 400))
    assert first.read_at[0] in (0, 400)
    # Both walls see the same charge, with the other sign.
    assert first.parts[0, -1] == pytest.approx(last.parts[0, -1], rel=1e-9)
    ions, displacement, size = flows(slow, 1e-12, first.change[0])
    read, rounding = float(first.rounding[0]), np.finfo(float).eps * size[200]
    # Sizes of complex numbers are |re| + |im|, 1.5 times the absolute value at most.
    assert np.finfo(float).eps * size[first.read_at[0]] <= read <= 1.5 * np.finfo(float).eps * size[first.read_at[0]]
    assert rounding > 1e3 * read
    face = ions[200] @ np.array(slow.linear.chain.valence) + displacement[200]
    assert abs(face - first.parts[0, -1]) <= 1e3 * rounding
    # Split in the middle, what flows is found from the wall, and not from the terms there.
    assert abs(middle.parts[0].sum() - first.parts[0, -1]) < 1e-6 * abs(first.parts[0, -1])


def test_elimination_is_repeated_until_nothing_is_missing():
    """A gap of 1 cm at 10 MHz: once, it is good to a few digits; the last turn changes nothing that a double can hold."""
    wall = {"kind": "wall", "potential": 0.0}
    layer = {"name": "water", "thickness": "1 cm", "relative_permittivity": 80, "initial": {"K": 100.0, "Cl": 100.0}}
    case = ed.Case(
        temperature=300.0, ions={"K": {}, "Cl": {}}, layers=(layer,), left=wall, right=wall, mesh={"nodes": 301}
    )
    fast = linear(case)
    omega = 2 * math.pi * 1e7 * fast.problem.scales.time
    response = respond(fast, np.array([omega]), 0)
    ions, displacement, _ = flows(fast, omega, response.change[0])
    total = ions @ np.array(fast.linear.chain.valence) + displacement
    read = abs(total[response.read_at[0]])
    assert response.corrected[0] < 1e-12 * read
    # Nothing that a whole number of turns in vain would leave: the sum of both walls' charges is that of the water, none.
    assert abs(total[0] - total[-1]) < 1e-7 * read


# ---- lanes and threads -----------------------------------------------------------------------------------------------


def everything_of(response: Response) -> list[np.ndarray]:
    return [response.change, response.parts, response.read_at, response.rounding, response.corrected]


def test_response_has_the_same_bits_with_any_number_of_threads_and_beside_any_other_frequencies(system):
    omega = np.geomspace(1e-9, 1e3, 21)
    together = respond(system, omega, 8, threads=1)
    for threads in (2, 3):
        for one, other in zip(everything_of(together), everything_of(respond(system, omega, 8, threads)), strict=True):
            np.testing.assert_array_equal(one, other)
    for place in (0, 7, 13, 20):
        alone = respond(system, omega[place : place + 1], 8)
        for one, other in zip(everything_of(together), everything_of(alone), strict=True):
            np.testing.assert_array_equal(one[place], other[0])


def test_singular_system_has_no_response(system):
    """An ion that is free and goes nowhere, and is not stored: its pivot is 0."""
    squares = [square.copy() for square in system.linear.jacobian]
    for square in squares:
        square[:, 0] = 0.0
    broken = replace(system, linear=system.linear._replace(jacobian=Jacobian(*squares)))
    response = respond(broken, np.array([1.0]), 8)
    assert not np.isfinite(response.doubt[0])
    assert response.read_at[0] == -1


# ---- what a study asks for ----------------------------------------------------------------------------------------


def test_floating_end_is_clamped_at_its_own_potential(case_of):
    case = case_of("resting_potential", {"study": STUDY})
    floating = solve_impedance(case)
    clamped = solve_impedance(case.replace("left.potential", floating.steady.membrane_potential))
    # 1e-7: the potential is that of the extrapolation, good to 1e-9 of RT/F; each mesh floats at its own.
    np.testing.assert_allclose(floating.impedance, clamped.impedance, rtol=1e-7)


def test_amounts_in_closed_compartments_are_kept_and_not_held():
    """A slab that no ion leaves, between two walls: without its amounts as borders there is still one answer."""
    wall = {"kind": "wall", "potential": 0.0}
    initial = {"K": 100.0, "Cl": 100.0}
    layer = {"name": "water", "thickness": "20 nm", "relative_permittivity": 80, "initial": initial}
    case = ed.Case(temperature=300.0, ions={"K": {}, "Cl": {}}, layers=(layer,), left=wall, right=wall, study=STUDY)
    result = solve_impedance(case)
    assert result.steady.problem.border.kind.size == 2
    change = result.concentration
    widths = np.diff(result.x)
    kept = ((change[..., 1:] + change[..., :-1]) / 2 * widths).sum(axis=-1)
    gone = ((np.abs(change[..., 1:]) + np.abs(change[..., :-1])) / 2 * widths).sum(axis=-1)
    # 1e-9 of what moves: it telescopes over the half cells, which are the trapezoids.
    assert (np.abs(kept) < 1e-9 * gone).all()


def test_given_mesh_has_no_estimate():
    case = everything()
    result = solve_impedance(case, mesh=layered_line(case).mesh())
    assert result.converged
    assert np.isnan(result.error).all()
    assert result.reached is None
    assert result.meshes == (17,)


def test_given_number_of_nodes_is_the_finest_mesh():
    result = solve_impedance(everything())
    assert result.meshes[-1] == 17
    assert np.isfinite(result.error).all()
    assert result.reached is None


def test_study_that_is_no_impedance_is_refused(case_of):
    with pytest.raises(ed.CaseError, match=r"study\.kind is 'steady'; expected 'impedance'"):
        solve_impedance(case_of("clamped_membrane"))


def test_closed_end_is_refused(case_of):
    case = case_of("spherical_cell_potential", {"study": STUDY})
    with pytest.raises(ed.CaseError, match=r"left\.kind is 'closed'.*'reservoir' or 'wall'"):
        solve_impedance(case)


def test_steady_state_that_is_not_found_is_an_error_or_a_result_without_numbers(case_of):
    # No potential drives an ampere per square millimetre through a membrane.
    case = case_of("resting_potential", {"study": STUDY, "left.current": "1e12 A/m^2", "mesh.nodes": 101})
    with pytest.raises(ed.ConvergenceError, match="floating potential"):
        solve_impedance(case)
    result = solve_impedance(case, throw=False)
    assert not result.converged
    assert "floating potential" in result.message
    assert np.isnan(result.impedance).all()
    assert result.potential.shape == (2, result.x.size)
    assert result.concentration.shape == (2, 4, result.x.size)


# ---- the record ---------------------------------------------------------------------------------------------------


def test_record_reads_a_resistor_beside_a_capacitor(case_of):
    frequency, resistance, capacitance = np.array([1.0, 100.0]), 5.0, 2e-3
    omega = 2 * np.pi * frequency
    admittance = 1 / resistance + 1j * omega * capacitance
    steady = ed.solve(case_of("nernst_potassium", {"mesh.nodes": 21}))
    ions = len(steady.case.ions)
    changes = np.ones((2, ions, 3), dtype=complex) * np.array([1.0, 2.0])[:, None, None]
    result = Impedance(
        case=steady.case,
        steady=steady,
        frequency=frequency,
        impedance=1 / admittance,
        error=np.array([1e-6, 1e-3]),
        ion_admittance=np.zeros((2, ions), dtype=complex),
        displacement_admittance=admittance,
        position=0.0,
        x=np.zeros(3),
        potential=np.zeros((2, 3), dtype=complex),
        concentration=changes,
        meshes=(21,),
        converged=True,
        message="",
    )
    np.testing.assert_allclose(result.admittance, admittance)
    np.testing.assert_allclose(result.capacitance, capacitance)
    np.testing.assert_allclose(result.magnitude, 1 / np.hypot(1 / resistance, omega * capacitance))
    np.testing.assert_allclose(result.phase, -np.arctan(omega * resistance * capacitance))
    np.testing.assert_allclose(result.relative_error, result.error / result.magnitude)
    charge = FARADAY * sum(steady.case.valences)
    np.testing.assert_allclose(result.charge_density, charge * changes[:, 0])
