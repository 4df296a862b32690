"""Symmetries of the equations, and ions of any valence."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import constants

import electrodiff as ed

THERMAL_VOLTAGE = constants.R * 310.0 / (constants.N_A * constants.e)


def mirrored(case: ed.Case) -> ed.Case:
    """The same stack seen from the other side."""
    return case.changed(
        {
            "layers": [layer.model_dump() for layer in reversed(case.layers)],
            "left": case.right.model_dump(),
            "right": case.left.model_dump(),
        }
    )


def conjugated(case: ed.Case) -> ed.Case:
    """Every charge and potential with the other sign."""
    changes: dict[str, object] = {f"ions.{ion}.valence": -case.valence(ion) for ion in case.ions}
    for side in ("left", "right"):
        changes[f"{side}.potential"] = -getattr(case, side).potential
    changes["interfaces"] = [
        {"between": face.between, "surface_charge": -face.surface_charge} for face in case.interfaces
    ]
    return case.changed({**changes, "layers.membrane.fixed_charge": -case.layers[1].fixed_charge})


@pytest.fixture(scope="module")
def charged(case_of) -> ed.Case:
    """The clamped membrane with everything that has a sign: surface charge on one face, fixed charge in the slab."""
    return case_of(
        "clamped_membrane",
        {
            "interfaces": [{"between": ["cytosol", "membrane"], "surface_charge": -0.02}],
            "layers.membrane.fixed_charge": 2.0,
            "mesh.nodes": 401,
        },
    )


def test_mirror_image_has_the_opposite_fluxes_and_the_mirrored_profiles(charged):
    # 1e-9: the same equations in another order, so Newton's stopping rule and round-off remain.
    solution, image = ed.solve(charged), ed.solve(mirrored(charged))
    assert image.membrane_potential == pytest.approx(-solution.membrane_potential, rel=1e-12)
    for ion in charged.ions:
        assert image.flux[ion] == pytest.approx(-solution.flux[ion], rel=1e-9)
    np.testing.assert_allclose(image.potential[::-1], solution.potential, atol=1e-12)
    np.testing.assert_allclose(image.concentration[:, ::-1], solution.concentration, rtol=1e-9, atol=1e-12)


def test_charge_conjugation_turns_the_potential_round_and_leaves_the_fluxes(charged):
    solution, conjugate = ed.solve(charged), ed.solve(conjugated(charged))
    assert conjugate.flux == pytest.approx(solution.flux, rel=1e-9)
    np.testing.assert_allclose(conjugate.potential, -solution.potential, atol=1e-12)
    np.testing.assert_allclose(conjugate.concentration, solution.concentration, rtol=1e-9)


@pytest.mark.parametrize(("ion", "z"), [("Ca", 2), ("SO4", -2)])
def test_divalent_ion_has_half_the_nernst_potential_of_a_monovalent_one(ion, z):
    other = {"Ca": "Cl", "SO4": "Na"}[ion]
    bath = {"thickness": "20 nm", "relative_permittivity": 80}
    case = ed.Case(
        temperature=310.0,
        ions={ion: {}, other: {}},
        layers=(
            {"name": "inside", **bath},
            {"name": "membrane", "thickness": "5 nm", "relative_permittivity": 2, "partition": {ion: 1e-3, other: 0}},
            {"name": "outside", **bath},
        ),
        left={"concentrations": {ion: 100.0, other: 200.0}, "potential": "floating"},
        right={"concentrations": {ion: 2.0, other: 4.0}, "potential": 0.0},
    )
    solution = ed.solve(case)
    assert solution.membrane_potential == pytest.approx(THERMAL_VOLTAGE / z * math.log(2 / 100), abs=1e-9)


@pytest.mark.parametrize("z", [2, -2])
def test_flux_of_a_divalent_ion_through_an_almost_empty_slab_is_that_of_ghk_at_the_faces(z):
    ion, other = ("Ca", "Cl") if z > 0 else ("SO4", "Na")
    bath = {"thickness": "10 nm", "relative_permittivity": 80}
    beta, diffusivity, thickness = 1e-7, 1e-11, 5e-9
    slab = {
        "name": "membrane",
        "thickness": thickness,
        "relative_permittivity": 2,
        "partition": {ion: beta, other: beta},
        "diffusivity": {ion: diffusivity, other: diffusivity},
    }
    case = ed.Case(
        temperature=310.0,
        ions={ion: {}, other: {}},
        layers=({"name": "inside", **bath}, slab, {"name": "outside", **bath}),
        left={"concentrations": {ion: 100.0, other: 200.0}, "potential": -0.08},
        right={"concentrations": {ion: 50.0, other: 100.0}, "potential": 0.0},
    )
    solution = ed.solve(case)
    entries = solution.layer_entries[1]
    left, right = (solution.activity[0, i] for i in (entries.start, entries.stop - 1))
    u = z * solution.layer_drop["membrane"] / THERMAL_VOLTAGE
    expected = beta * diffusivity / thickness * u * (left - right * math.exp(-u)) / -math.expm1(-u)
    assert solution.flux[ion] == pytest.approx(expected, rel=1e-6)  # the slab's charge is 1e-7 of a bath's
