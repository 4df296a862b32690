"""Many points at once: lanes give the answers of the single solver, alone or in company, or hand the point on."""

import numpy as np
import pytest

import electrodiff as ed
from electrodiff.engines import LocalEngine
from electrodiff.fvm.kernels.vectors import LANES
from electrodiff.grid.line import FINEST, layered_line
from electrodiff.solvers import points as points_module
from electrodiff.solvers.batch.lines import LANE_FRACTION, layered_lines, node_positions
from electrodiff.solvers.batch.scalars import batch_names
from electrodiff.solvers.batch.solve import chain_points, solve_batch
from electrodiff.solvers.batch.stacks import points_of
from electrodiff.solvers.levels import scalar_estimates, solve_nested
from electrodiff.solvers.newton import NewtonOptions
from electrodiff.solvers.points import solve_points
from electrodiff.solvers.sweep import solve_sweep
from electrodiff.sweep_study import ROUTES

# Of the sum of the absolute values of what it is made of, an answer is that of the single solver to this (the issue's own).
SAME = 1e-10


def case_of(**changes):
    return ed.load_case(ed.bundled_case("clamped_membrane")).changed({"expect": [], **changes})


def salt(z_cation, z_anion, left, right, layers, potential="floating"):
    """A case of one salt between two baths."""
    ions = {"M": {"valence": z_cation, "diffusivity": 1e-9}, "X": {"valence": z_anion, "diffusivity": 2e-9}}
    ends = [{"M": c, "X": -z_cation / z_anion * c} for c in (left, right)]
    return ed.Case.model_validate(
        {
            "temperature": 298.15,
            "ions": ions,
            "layers": layers,
            "left": {"kind": "reservoir", "concentrations": ends[0], "potential": potential},
            "right": {"kind": "reservoir", "concentrations": ends[1], "potential": 0.0},
        }
    )


def bath(name, thickness=20e-9):
    return {"name": name, "thickness": thickness, "relative_permittivity": 80.0}


SLAB = {"name": "slab", "thickness": 5e-9, "relative_permittivity": 4.0, "partition": {"M": 1e-3, "X": 1e-4}}
FILM = {"name": "film", "thickness": 30e-9, "relative_permittivity": 60.0, "fixed_charge": -80.0}

# Each: a case, the keys of its axes, and the first and the last value of each.
STUDIES = {
    "clamped membrane": (case_of(), {"left.potential": (-0.15, 0.15)}),
    "floating membrane": (
        case_of(**{"left.potential": "floating", "right.neutralise": "Cl"}),
        {"right.concentrations.K": (2.0, 150.0)},
    ),
    "given current": (case_of(**{"left.potential": "floating", "left.current": 0.1}), {"left.current": (-0.5, 0.5)}),
    "permeable or not": (
        case_of(),
        {"layers.membrane.partition.K": (1e-9, 1.0), "layers.membrane.thickness": (2e-9, 9e-9)},
    ),
    "one layer": (salt(1, -1, 100.0, 10.0, [bath("water")]), {"layers.water.thickness": (1e-9, 1e-6)}),
    "divalent": (
        salt(2, -1, 150.0, 15.0, [bath("a"), SLAB, bath("b")]),
        {"right.concentrations.M": (1.0, 150.0), "right.concentrations.X": (2.0, 300.0)},
    ),
    "fixed charge": (
        salt(1, -2, 100.0, 20.0, [bath("a"), FILM, bath("b")]),
        {"layers.film.fixed_charge": (-200.0, 200.0), "layers.film.relative_permittivity": (30.0, 80.0)},
    ),
    "two membranes": (
        salt(1, -1, 100.0, 20.0, [bath("a"), SLAB, bath("b"), {**SLAB, "name": "second"}, bath("c")], potential=0.02),
        {"layers.slab.partition.M": (1e-4, 1e-1), "layers.second.diffusivity.X": (1e-11, 1e-9)},
    ),
    "surface charge": (
        salt(1, -1, 100.0, 20.0, [bath("a"), SLAB, bath("b")], potential=-0.05).changed(
            {"interfaces": [{"between": ["a", "slab"], "surface_charge": -0.02}]}
        ),
        {"interfaces.0.surface_charge": (-0.05, 0.05)},
    ),
    "no ion inside": (
        salt(1, -1, 100.0, 100.0, [bath("a"), {**SLAB, "partition": {"M": 0.0, "X": 0.0}}, bath("b")], potential=0.05),
        {"left.potential": (-0.1, 0.1)},
    ),
}


def values_of(axes, count):
    """(count, keys) values along the diagonal of the axes, evenly on a logarithmic scale where both ends are positive."""
    columns = [np.geomspace(*ends, count) if ends[0] > 0 else np.linspace(*ends, count) for ends in axes.values()]
    return np.column_stack(columns)


def prepared(name, count):
    case, axes = STUDIES[name]
    values = values_of(axes, count)
    points = points_of(case, list(axes), values)
    assert points is not None
    return case, list(axes), values, points


@pytest.mark.parametrize("name", STUDIES)
def test_a_lane_gives_the_answer_of_the_single_solver(name):
    case, keys, values, points = prepared(name, LANES + 3)
    names = batch_names(case)
    result = solve_batch(points, names)
    for index in (0, 4, LANES + 2):
        one = case.changed(dict(zip(keys, values[index].tolist(), strict=True)))
        line = layered_line(one, LANE_FRACTION)
        while line.nodes < result.nodes[index]:
            line = line.refined()
        levels = solve_nested(line.nested(), None, NewtonOptions())
        assert levels[-1].converged
        assert np.isfinite(result.values[index]).all()
        found = scalar_estimates(levels)
        scalars, errors = found.scalars, found.error
        scales = levels[-1].readings.scales()
        for value, error, scalar in zip(result.values[index], result.errors[index], names, strict=True):
            size = max(abs(scalars[scalar]), scales[scalar])
            assert value == pytest.approx(scalars[scalar], rel=0, abs=SAME * size), scalar
            assert error == pytest.approx(errors[scalar], rel=0, abs=SAME * size), scalar


@pytest.mark.parametrize("name", STUDIES)
def test_lines_of_many_points_are_those_of_their_cases(name):
    case, keys, values, points = prepared(name, 5)
    lines = layered_lines(points)
    for index in range(points.count):
        line = layered_line(case.changed(dict(zip(keys, values[index].tolist(), strict=True))), LANE_FRACTION)
        np.testing.assert_array_equal(lines.cells[index], line.cells)
        own = node_positions(lines.at(np.array([index])), FINEST)[0]
        np.testing.assert_allclose(own, line.positions(), rtol=1e-13)


def test_an_answer_does_not_depend_on_the_lanes_beside_it():
    case, keys, values, points = prepared("clamped membrane", 3 * LANES)
    names = ["current_density", "flux.K"]
    alone = range(points.count)
    together = solve_batch(points, names, alone)
    backwards = solve_batch(points_of(case, keys, values[::-1]), names, alone)
    single = solve_batch(points_of(case, keys, values[7:8]), names)
    np.testing.assert_array_equal(together.values, backwards.values[::-1])
    np.testing.assert_array_equal(together.iterations, backwards.iterations[::-1])
    np.testing.assert_array_equal(together.values[7], single.values[0])


def test_a_chain_gives_the_answers_of_its_points_alone():
    _, _, _, points = prepared("clamped membrane", 40)
    names = ["current_density"]
    chained = solve_batch(points, names, range(0, 40, chain_points(40)))
    alone = solve_batch(points, names, range(40))
    assert chained.iterations.sum() < alone.iterations.sum()
    np.testing.assert_allclose(chained.values, alone.values, rtol=SAME)


def test_estimated_errors_are_those_of_the_values():
    """Against meshes four times as fine, in the same lanes."""
    case, keys, values, points = prepared("floating membrane", 16)
    fine = points_of(case.replace("mesh.accuracy", 1e-10), keys, values)
    names = ["membrane_potential", "flux.K"]
    coarse, better = solve_batch(points, names), solve_batch(fine, names)
    # An estimate may be a factor too small in places: the rule of the honest errors is 3 (tests/limits/test_accuracy.py).
    assert (np.abs(coarse.values - better.values) <= 3 * coarse.errors + better.errors).all()


def test_what_lanes_do_not_solve_is_not_called_done():
    """2 M of fixed charge in a slab of low permittivity with a volt across it is beyond plain Newton from a crude guess."""
    case = salt(1, -1, 1000.0, 0.01, [bath("a"), {**SLAB, "fixed_charge": 2000.0}, bath("b")], potential=2.0)
    values = np.column_stack([np.linspace(-2.0, 2.0, 9)])
    points = points_of(case, ["left.potential"], values)
    result = solve_batch(points, ["current_density"])
    assert not result.done.all()
    for index in np.flatnonzero(result.done):
        one = ed.solve(case.replace("left.potential", float(values[index, 0])))
        allowed = 3 * result.errors[index, 0] + one.error["current_density"]
        assert abs(result.values[index, 0] - one.current_density) <= allowed


@pytest.mark.parametrize(
    ("case", "key"),
    [
        (lambda: case_of(**{"mesh.geometry": "spherical", "mesh.inner_radius": 1e-6}), "left.potential"),
        (lambda: ed.load_case(ed.bundled_case("resting_cell")), "right.concentrations.K"),
        (lambda: ed.load_case(ed.bundled_case("stern_electrode")), "left.potential"),
        (lambda: case_of(), "temperature"),
        (lambda: case_of(**{"mesh.nodes": 101}), "left.potential"),
    ],
)
def test_what_lanes_have_no_place_for_is_left_to_the_full_solver(case, key):
    assert points_of(case(), [key], np.array([[0.1], [0.2]])) is None


def test_a_sweep_is_the_same_bit_for_bit_whatever_its_chunks(monkeypatch):
    study = {
        "kind": "sweep",
        "axes": [
            {"key": "layers.membrane.partition.K", "from": 1e-6, "to": 1e-2, "points": 5, "scale": "log"},
            {"key": "left.potential", "from": -0.1, "to": 0.1, "points": 40},
        ],
    }
    case = case_of(study=study)
    results = []
    for chunk, threads in ((32, 1), (100, 2), (8192, 1)):
        monkeypatch.setattr(points_module, "LANE_CHUNK", chunk)
        results.append(solve_sweep(case, engine=LocalEngine(threads)).results)
    assert (results[0].route == ROUTES.index("batch")).all()
    for other in results[1:]:
        for name in ("values", "errors", "iterations", "nodes"):
            assert getattr(results[0], name).tobytes() == getattr(other, name).tobytes()


def test_what_lanes_leave_the_full_solver_does():
    """Where charges of both signs meet a volt, lanes miss the wanted accuracy at some points; one result has both routes."""
    case = salt(1, -1, 1000.0, 0.01, [bath("a"), {**SLAB, "fixed_charge": 2000.0}, bath("b")], potential=2.0)
    values = np.linspace(-2.0, 2.0, 9)[:, None]
    names = ["membrane_potential", "current_density"]
    found = solve_points(case, ["left.potential"], values, names)
    assert found.converged.all()
    assert set(found.route.tolist()) == {0, 1}
    single = int(np.flatnonzero(found.route == 0)[0])
    one = ed.solve(case.replace("left.potential", float(values[single, 0])))
    assert abs(found.values[single, 1] - one.current_density) <= found.errors[single, 1] + one.error["current_density"]
