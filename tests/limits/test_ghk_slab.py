"""`theory.ghk_slab` is the limit of the solver for a membrane that is poor in ions, with charged faces or without."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest

import electrodiff as ed
from electrodiff import theory

CaseOf = Callable[..., ed.Case]

VOLTAGE = -0.065
CHARGES = [0.0, -0.02]
"""Of the left face [C/m^2]."""
PERMEANT = ("K", "Na", "Cl")
MESHES = (1601, 3201)
"""Nodes; the second mesh halves the cells of the first."""


def membrane_case(case_of: CaseOf, factor: float, charge: float, **changes: object) -> ed.Case:
    """The bundled cell with all partition coefficients times a factor and a charge on the left face."""
    partition = case_of("resting_potential").layers[1].partition
    scaled = {f"layers.membrane.partition.{ion}": factor * beta for ion, beta in partition.items()}
    faces = [{"between": ["cytosol", "membrane"], "surface_charge": charge}]
    return case_of("resting_potential", {"interfaces": faces, **scaled, **changes})


def arguments(case: ed.Case) -> dict[str, object]:
    """What `ghk_slab` takes, but for the voltage."""
    bath, membrane, _ = case.layers
    diffusivity = {ion: membrane.diffusivity.get(ion, 0.0) for ion in case.ions}
    return {
        "permeabilities": {ion: membrane.partition[ion] * diffusivity[ion] / membrane.thickness for ion in case.ions},
        "valences": {ion: case.valence(ion) for ion in case.ions},
        "inside": case.concentrations("left"),
        "outside": case.concentrations("right"),
        "thickness": membrane.thickness,
        "relative_permittivity": membrane.relative_permittivity,
        "water_relative_permittivity": bath.relative_permittivity,
        "temperature": case.temperature,
        "left_surface_charge": case.surface_charge("cytosol", "membrane"),
    }


def extrapolated(case: ed.Case, read: Callable[[ed.Solution], np.ndarray]) -> np.ndarray:
    """Readings of a solution without the mesh's error, which is of second order and a third of the last change."""
    coarse, fine = (read(ed.solve(case.changed({"mesh.nodes": nodes}))) for nodes in MESHES)
    return fine + (fine - coarse) / 3.0


def fluxes(solution: ed.Solution) -> np.ndarray:
    return np.array([solution.flux[ion] for ion in PERMEANT])


def excess(case: ed.Case, expected: Mapping[str, float]) -> np.ndarray:
    """Fluxes of the permeant ions beyond the expected ones, as a part of these."""
    return extrapolated(case, fluxes) / np.array([expected[ion] for ion in PERMEANT]) - 1.0


def clamped(case_of: CaseOf, factor: float, charge: float) -> tuple[ed.Case, theory.GhkSlab]:
    """The membrane at -65 mV, and what `ghk_slab` has for it."""
    case = membrane_case(case_of, factor, charge, **{"left.potential": VOLTAGE})
    return case, theory.ghk_slab(**arguments(case), voltage=VOLTAGE)


@pytest.mark.parametrize(("charge", "potassium"), [(0.0, -7.13e-4), (-0.02, -1.805e-3)])
def test_fluxes_tend_to_those_of_the_thin_slab_as_the_partition(
    case_of: CaseOf, charge: float, potassium: float
) -> None:
    """What the slab's own ions change is of first order in how many they are, and nothing else is left."""
    factors = np.array([1.0, 1e-1, 1e-2, 1e-3])
    pairs = [clamped(case_of, factor, charge) for factor in factors]
    excesses = np.array([excess(case, slab.flux) for case, slab in pairs])
    slopes = [np.polyfit(np.log(factors), np.log(np.abs(column)), 1)[0] for column in excesses.T]
    assert slopes == pytest.approx([1.0] * len(PERMEANT), abs=0.01)
    assert excesses[0, 0] == pytest.approx(potassium, rel=1e-2)  # a trial with another mesh, printed to three digits


@pytest.mark.parametrize("charge", CHARGES)
def test_nearly_empty_membrane_is_the_thin_slab(case_of: CaseOf, charge: float) -> None:
    case, slab = clamped(case_of, 1e-6, charge)
    # A millionth of 3e-3 is left, and some 1e-8 of the mesh: 3e-6 on 1601 nodes, extrapolated.
    assert np.abs(excess(case, slab.flux)).max() < 2e-8
    drops = extrapolated(case, lambda solution: np.array(list(solution.layer_drop.values())))
    assert drops == pytest.approx([-slab.left_drop, slab.slab_voltage, slab.right_drop], abs=1e-9)
    ions = list(case.ions)

    def faces(solution: ed.Solution) -> np.ndarray:
        entries = solution.layer_entries[1]
        return solution.activity[:, [entries.start, entries.stop - 1]]

    expected = np.array([[slab.left_face[ion], slab.right_face[ion]] for ion in ions])
    assert extrapolated(case, faces) == pytest.approx(expected, rel=2e-8, abs=1e-12)  # A is absent outside


@pytest.mark.parametrize(("charge", "least"), [(0.0, 2e-3), (-0.02, 0.2)])
def test_fluxes_do_not_tend_to_those_of_the_bulk_values(case_of: CaseOf, charge: float, least: float) -> None:
    """The layers stay when the slab is empty; this also shows that `excess` sees what is wrong."""
    for factor in (1.0, 1e-3, 1e-6):
        case, _ = clamped(case_of, factor, charge)
        given = arguments(case)
        plain = {
            ion: theory.ghk_flux(
                *(given[name][ion] for name in ("permeabilities", "valences", "inside", "outside")),
                VOLTAGE,
                case.temperature,
            )
            for ion in PERMEANT
        }
        assert np.all(np.abs(excess(case, plain)) > least)


@pytest.mark.parametrize(("charge", "shift"), [(0.0, 2.4e-8), (-0.02, 1.54e-4)])
def test_floating_potential_tends_to_the_reversal_potential_of_the_thin_slab(
    case_of: CaseOf, charge: float, shift: float
) -> None:
    """The charge of the face moves the rest by 0.15 mV, which the voltage equation of the bulk values does not have."""
    case = membrane_case(case_of, 1e-3, charge)
    given = arguments(case)
    expected = theory.ghk_slab_reversal_potential(**given)
    rest = extrapolated(case, lambda solution: np.array([solution.membrane_potential]))[0]
    assert rest == pytest.approx(expected, abs=1e-9)  # a thousandth of the 0.5 uV that the slab's ions change
    tables = [given[name] for name in ("permeabilities", "valences", "inside", "outside")]
    assert expected - theory.ghk_voltage(*tables, case.temperature) == pytest.approx(shift, rel=0.01)
