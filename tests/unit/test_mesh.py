"""The graded line."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import electrodiff as ed
from electrodiff.grid.line import graded_nodes, layer_cells, layered_line
from electrodiff.grid.scales import boundary_scales, layer_debye_length


@pytest.fixture(scope="module")
def case(case_of) -> ed.Case:
    return case_of("clamped_membrane")


def test_a_node_sits_on_every_interface_and_the_cells_fill_the_stack(case):
    mesh = layered_line(case)
    np.testing.assert_allclose(mesh.x[mesh.boundaries], [0, 20e-9, 25e-9, 45e-9], rtol=1e-15)
    assert (np.diff(mesh.x) > 0).all()
    assert (mesh.volume_left + mesh.volume_right).sum() == pytest.approx(45e-9, rel=1e-14)
    np.testing.assert_allclose(mesh.area_over_distance * np.diff(mesh.x), 1.0)
    assert (mesh.right - mesh.left == 1).all()


@pytest.mark.parametrize("nodes", [13, 100, 1001, 20000])
def test_the_number_of_nodes_is_the_one_asked_for(case, nodes):
    assert layered_line(case.replace("mesh.nodes", nodes)).nodes == nodes


def test_fewer_nodes_than_the_layers_need_are_refused(case):
    with pytest.raises(ed.CaseError, match="at least 13 nodes"):
        case.replace("mesh.nodes", 12)


def test_a_mesh_with_twice_the_cells_contains_the_nodes_of_the_coarser_one(case):
    cells = layer_cells(case)
    coarse, fine = layered_line(case, cells), layered_line(case, [2 * count for count in cells])
    np.testing.assert_allclose(fine.x[::2], coarse.x, rtol=1e-13, atol=1e-21)


@pytest.mark.parametrize(("left", "right"), [(1.0, 1.0), (0.2, 3.0), (np.inf, 0.5), (0.5, np.inf), (30.0, 0.1)])
def test_spacing_follows_the_nearer_boundary_and_grows_geometrically(left, right):
    x = graded_nodes(10.0, left, right, 200)
    spacing = np.diff(x)
    assert x[0] == 0 and x[-1] == 10  # noqa: PT018
    wanted = np.minimum(left + x[:-1], right + 10.0 - x[:-1])
    ratio = spacing / wanted
    assert ratio.max() / ratio.min() < 1.1  # one fraction f throughout, up to the growth over one cell
    neighbours = spacing[1:] / spacing[:-1]
    assert (np.maximum(neighbours, 1 / neighbours) < 1.3).all()


def test_spacing_is_finest_where_the_potential_varies_fastest(case_of):
    charged = case_of("clamped_membrane", {"interfaces": [{"between": ["cytosol", "membrane"], "surface_charge": 0.3}]})
    cytosol = charged.layers[0]
    # Gouy-Chapman length 2 eps RT/(F sigma) = 0.126 nm at 0.3 C/m^2 and 310 K, beside a Debye length of 0.6 nm
    plain_end, charged_end = boundary_scales(charged, cytosol, [0.0, 0.3])
    assert charged_end == pytest.approx(0.1261e-9, rel=1e-3)
    assert plain_end == layer_debye_length(charged, cytosol)
    plain, fine = (layered_line(case.replace("mesh.nodes", 301)) for case in (case_of("clamped_membrane"), charged))
    gap = [np.diff(mesh.x)[mesh.boundaries[1] - 1] for mesh in (plain, fine)]
    assert gap[1] < gap[0] / 2


def test_a_finer_accuracy_gives_more_cells_in_every_layer(case):
    counts = [layer_cells(case.replace("mesh.accuracy", accuracy)) for accuracy in (1e-4, 1e-5, 1e-6)]
    for coarse, fine in pairwise(counts):
        assert all(c <= f for c, f in zip(coarse, fine, strict=True))
        assert sum(fine) > 2.5 * sum(coarse)  # sqrt(10)


def test_a_layer_without_ions_still_has_cells(case_of):
    assert min(layer_cells(case_of("capacitor"))) >= 4
