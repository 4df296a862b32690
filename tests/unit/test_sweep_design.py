"""The points of a sweep: what they are, and how they are cut into chains and chunks."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from scipy.stats import qmc
from sweep_tools import sweep_case

import electrodiff as ed
from electrodiff.sweep_design import Design

K = {"key": "right.concentrations.K", "values": [1.0, 2.0, 4.0]}
BETA = {"key": "layers.membrane.partition.K", "from": 1e-6, "to": 1e-2, "points": 5, "scale": "log"}
VOLTS = {"key": "left.potential", "from": "-100 mV", "to": "100 mV", "points": 41}
MODEL = {"key": "mesh.geometry", "values": ["cylindrical", "spherical"]}
SPHERE = {"mesh.inner_radius": "1 um", "mesh.geometry": "spherical"}


def design_of(*axes: dict[str, Any], chain: int = 16, chunk: int = 64, **study: Any) -> Design:
    changes = study.pop("changes", None)
    case = sweep_case(*axes, changes=changes, **study)
    assert isinstance(case.study, ed.SweepStudy)
    return Design(case.study, chain, chunk)


def all_values(design: Design) -> np.ndarray:
    return design.values(np.arange(design.size))


def test_a_product_has_every_combination_and_its_last_axis_runs_fastest() -> None:
    design = design_of(K, BETA)
    expected = list(itertools.product([1.0, 2.0, 4.0], np.geomspace(1e-6, 1e-2, 5)))
    assert design.shape == (3, 5)
    assert design.dimensions == design.keys == ("right.concentrations.K", "layers.membrane.partition.K")
    np.testing.assert_array_equal(all_values(design), expected)


def test_a_linear_axis_is_evenly_spaced_in_si_units() -> None:
    np.testing.assert_array_equal(all_values(design_of(VOLTS))[:, 0], np.linspace(-0.1, 0.1, 41))


def test_keys_of_one_axis_take_the_same_value_and_axes_of_one_name_go_side_by_side() -> None:
    both = {"keys": ["layers.membrane.partition.K", "layers.membrane.partition.A"], "values": [1e-3, 1e-2]}
    left = {"name": "salt", "key": "left.concentrations.K", "values": [10.0, 20.0, 40.0]}
    also = {"name": "salt", "key": "left.concentrations.A", "values": ["10 mM", "20 mM", "40 mM"]}
    design = design_of(left, both, also)
    assert design.shape == (3, 2)
    assert design.dimensions == ("salt", "layers.membrane.partition.K")
    expected = [(c, beta, beta, c) for c in (10.0, 20.0, 40.0) for beta in (1e-3, 1e-2)]
    np.testing.assert_array_equal(all_values(design), expected)


def test_a_zip_takes_the_axes_side_by_side() -> None:
    design = design_of(K, {**BETA, "points": 3}, design="zip")
    assert (design.shape, design.dimensions) == ((3,), ("point",))
    np.testing.assert_array_equal(all_values(design), np.column_stack([[1.0, 2.0, 4.0], np.geomspace(1e-6, 1e-2, 3)]))


def drawn(u: np.ndarray) -> np.ndarray:
    """Concentrations by threes of the unit interval, partitions evenly in their logarithm."""
    return np.column_stack([np.array([1.0, 2.0, 4.0])[(3 * u[:, 0]).astype(int)], 1e-6 * 1e4 ** u[:, 1]])


def test_a_random_design_is_that_of_numpy_with_its_seed() -> None:
    free = {name: value for name, value in BETA.items() if name != "points"}
    design = design_of(K, free, design="random", points=1000, seed=7)
    np.testing.assert_allclose(all_values(design), drawn(np.random.default_rng(7).random((1000, 2))), rtol=1e-14)
    other = design_of(K, free, design="random", points=1000)
    assert (all_values(other)[:, 1] != all_values(design)[:, 1]).all()


def test_a_sobol_design_is_that_of_scipy_and_fills_the_box_evenly() -> None:
    free = {name: value for name, value in BETA.items() if name != "points"}
    design = design_of(K, free, design="sobol", points=100, seed=3)
    u = qmc.Sobol(2, seed=np.random.default_rng(3)).random_base2(7)[:100]
    np.testing.assert_allclose(all_values(design), drawn(u), rtol=1e-14)
    whole = all_values(design_of(K, free, design="sobol", points=256, seed=3))[:, 1]
    # Of a whole power of two, every one of as many equal parts has one point.
    assert sorted((256 * np.log(whole / 1e-6) / np.log(1e4)).astype(int).tolist()) == list(range(256))


# ---- order -------------------------------------------------------------------------------------------------------


DESIGNS = {
    "line": (VOLTS,),
    "product": (K, VOLTS),
    "choices last": (VOLTS, MODEL),
    "choices first": (MODEL, K, BETA),
    "choices alone": (MODEL,),
}


@pytest.mark.parametrize("axes", DESIGNS.values(), ids=DESIGNS)
@pytest.mark.parametrize(("chain", "chunk"), [(16, 64), (1, 1), (4, 10), (1000, 1)])
def test_chunks_hold_every_point_once_and_whole_chains(
    axes: tuple[dict[str, Any], ...], chain: int, chunk: int
) -> None:
    design = design_of(*axes, chain=chain, chunk=chunk, changes=SPHERE)
    seen: list[int] = []
    for index in range(design.chunks):
        segments = list(design.segments(index))
        points = [point for segment in segments for point in segment.points.tolist()]
        assert points == design.chunk_points(index).tolist()
        assert len(points) < chunk + chain
        for segment in segments:
            assert segment.starts[0] == 0
            lengths = np.diff([*segment.starts, segment.points.size])
            assert 1 <= lengths.min() <= lengths.max() <= chain
            np.testing.assert_array_equal(segment.values, design.values(segment.points))
        seen += points
    assert sorted(seen) == list(range(design.size))


def test_a_chain_runs_along_the_last_axis_and_ends_with_its_row() -> None:
    design = design_of(K, VOLTS, chunk=1000)
    (segment,) = design.segments(0)
    assert segment.starts == tuple(row + start for row in (0, 41, 82) for start in (0, 16, 32))


def test_chains_are_the_same_whatever_the_size_of_the_chunks() -> None:
    def chains(chunk: int) -> list[list[int]]:
        design = design_of(K, VOLTS, chunk=chunk)
        found = []
        for index in range(design.chunks):
            for segment in design.segments(index):
                found += [part.tolist() for part in np.split(segment.points, segment.starts[1:])]
        return found

    assert chains(1) == chains(20) == chains(10_000)


def test_choices_change_slowest_and_no_chain_goes_across_them() -> None:
    design = design_of(VOLTS, MODEL, chunk=1000, changes=SPHERE)
    first, second = design.segments(0)
    assert [segment.choices for segment in (first, second)] == [{"mesh.geometry": name} for name in MODEL["values"]]
    # The model is the last axis, so that its points alternate in the result.
    assert first.points.tolist() == list(range(0, 82, 2))
    assert second.points.tolist() == list(range(1, 82, 2))


def test_drawn_points_have_no_neighbours_and_start_by_themselves() -> None:
    free = {name: value for name, value in BETA.items() if name != "points"}
    (segment,) = design_of(free, design="random", points=20).segments(0)
    assert segment.starts == tuple(range(20))


def test_a_million_points_are_arrays() -> None:
    design = design_of({**VOLTS, "points": 1000}, {**BETA, "points": 1000}, chain=64, chunk=4096)
    assert design.size == 10**6
    # 63 chains of 64 and one of 40 in each row: chunks are as many points but for a chain.
    sizes = np.diff(design.bounds)
    assert sizes.max() < 4096 + 64
    assert sizes.sum() == 10**6
    last = design.values(design.chunk_points(design.chunks - 1))
    assert last[-1] == pytest.approx([0.1, 1e-2], rel=1e-14)


def test_the_point_at_given_values_is_found() -> None:
    design = design_of(K, BETA)
    assert design.point_at({"right.concentrations.K": 2.0, "layers.membrane.partition.K": 1e-4 * (1 + 1e-12)}) == 7
    assert design.point_at({"right.concentrations.K": 2.0}) is None  # five of them
    assert design.point_at({"right.concentrations.K": 3.0, "layers.membrane.partition.K": 1e-4}) is None
