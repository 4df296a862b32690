"""Derivatives from the solved equations, against differences of full solves and against closed forms."""

from __future__ import annotations

import math
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

import electrodiff as ed
from electrodiff.key_numbers import number_at
from electrodiff.units import FARADAY, GAS_CONSTANT, VACUUM_PERMITTIVITY

# Solutions so accurate that their differences are good to 1e-7.  Baths say what neutralises them, so that ions may be added.
CHANGES: dict[str, dict[str, object]] = {
    "clamped_membrane": {"left.neutralise": "A", "right.neutralise": "Cl"},
    "resting_potential": {"left.neutralise": "A", "right.neutralise": "Cl"},
    "charged_membrane": {},
    "ion_exchange_membrane": {"left.neutralise": "Cl", "right.neutralise": "Cl"},
    # Sizes of their own: where two are equal, which one is the smaller changes with either.
    "steric_electrode": {"right.neutralise": "Cl", "ions.Cl.diameter": 0.6e-9},
    "resting_cell": {"right.neutralise": "Cl"},
}
# By case and key the scalars that answer to it, each by a good part of itself or of its scale.
TABLE: dict[str, dict[str, tuple[str, ...]]] = {
    "clamped_membrane": {
        "left.potential": ("current_density", "surface_charge.left"),
        "layers.membrane.thickness": ("flux.K", "surface_charge.right"),
        "left.concentrations.K": ("current_density",),
        "layers.membrane.fixed_charge": ("layer_drop.membrane",),
    },
    "resting_potential": {
        "layers.membrane.partition.K": ("membrane_potential", "flux.Na"),
        "layers.membrane.relative_permittivity": ("surface_charge.left",),
        "temperature": ("membrane_potential", "surface_charge.right"),
        "right.concentrations.K": ("membrane_potential", "flux.K"),
        "layers.membrane.diffusivity.Cl": ("flux.Cl",),
    },
    "charged_membrane": {
        "interfaces.0.surface_charge": ("surface_charge.left", "debye_drop.left"),
        "layers.inside.relative_permittivity": ("debye_drop.left",),
    },
    "ion_exchange_membrane": {
        "layers.membrane.fixed_charge": ("membrane_potential", "flux.Na"),
        "ions.Na.diffusivity": ("membrane_potential",),
    },
    "steric_electrode": {
        "left.potential": ("electrode_charge.left", "capacitance"),
        "ions.K.diameter": ("surface_charge.left",),
        "ions.Cl.diameter": ("electrode_charge.left",),
        "right.concentrations.K": ("electrode_charge.left",),
    },
    "resting_cell": {
        "transporters.sodium pump.rate": ("membrane_potential", "nernst_potential.Na"),
        "layers.membrane.permeability.K": ("membrane_potential", "passive_flux.K"),
        "transporters.sodium pump.half_saturation.left.Na": ("nernst_potential.K",),
        "layers.cytosol.initial.A": ("nernst_potential.Na",),
    },
}
TRIPLES = [(name, key, quantity) for name, keys in TABLE.items() for key, names in keys.items() for quantity in names]


@cache
def case(name: str) -> ed.Case:
    settings: dict[str, object] = {"mesh.accuracy": 1e-9, "study": {"kind": "steady"}, "expect": []}
    return ed.load_case(ed.bundled_case(name)).changed({**settings, **CHANGES[name]})


@cache
def sensitivity(name: str) -> ed.Sensitivity:
    return ed.sensitivity(ed.solve(case(name)), list(TABLE[name]))


@cache
def solved_beside(name: str, key: str) -> dict[float, ed.Solution]:
    number = number_at(case(name), key)
    distances = [sign * number.step * part for part in (2.0, 1.0, 0.5) for sign in (1.0, -1.0)]
    return {h: ed.solve(case(name).replace(key, number.value + h)) for h in distances}


def differenced(name: str, key: str, quantity: str) -> float:
    """The derivative by differences of full solves at three distances, extrapolated."""
    table = solved_beside(name, key)
    row = [
        (table[h].scalars[quantity] - table[-h].scalars[quantity]) / (2 * h) for h in sorted(table, reverse=True)[:3]
    ]
    for order in (3.0, 15.0):
        row = [after + (after - before) / order for before, after in pairwise(row)]
    return row[0]


@pytest.mark.parametrize(("name", "key", "quantity"), TRIPLES)
def test_a_derivative_is_the_limit_of_differences_of_full_solves(name: str, key: str, quantity: str) -> None:
    found = sensitivity(name)
    assert found.of(quantity, key) == pytest.approx(differenced(name, key, quantity), rel=1e-6, abs=0)
    assert found.error_of(quantity, key) < 1e-6 * abs(found.of(quantity, key))


def test_the_table_has_every_kind_of_case_and_enough_pairs() -> None:
    assert len(TRIPLES) >= 25
    assert case("steric_electrode").steric is not None
    assert case("resting_cell").transporters
    assert case("resting_potential").left.potential == "floating"


def test_the_comparison_would_see_a_wrong_derivative() -> None:
    """Of another key, or of a case that is a little different."""
    own = sensitivity("resting_potential")
    true = differenced("resting_potential", "layers.membrane.partition.K", "membrane_potential")
    other = case("resting_potential").replace("layers.membrane.partition.K", 1.00001e-4)
    beside = ed.sensitivity(ed.solve(other), "layers.membrane.partition.K").of(
        "membrane_potential", "layers.membrane.partition.K"
    )
    assert own.of("membrane_potential", "temperature") != pytest.approx(true, rel=0.5)
    assert beside != pytest.approx(true, rel=1e-6, abs=0)


@pytest.mark.parametrize("name", ["clamped_membrane", "resting_potential", "steric_electrode"])
def test_the_error_estimates_are_honest(name: str) -> None:
    """At a modest accuracy none is below the true error by more than half of it; most are not a hundred times above."""
    coarse = ed.sensitivity(ed.solve(case(name).replace("mesh.accuracy", 1e-4)), list(TABLE[name]))
    fine = sensitivity(name)
    ratios = []
    for key, quantities in TABLE[name].items():
        for quantity in quantities:
            true = abs(coarse.of(quantity, key) - fine.of(quantity, key))
            known = fine.error_of(quantity, key)
            assert true <= 1.5 * coarse.error_of(quantity, key) + known, (key, quantity)
            ratios.append(coarse.error_of(quantity, key) / max(true, known))
    assert np.median(ratios) < 100


# ---- closed forms -----------------------------------------------------------------------------------------------


def test_one_permeant_ion_follows_nernst() -> None:
    """dE/d ln c = +-RT/zF, at equilibrium to round-off; 1e-9 for that of differences."""
    own = ed.load_case(ed.bundled_case("nernst_potassium"))
    found = ed.sensitivity(
        ed.solve(own.changed({"left.neutralise": "A", "right.neutralise": "Cl"})),
        ["left.concentrations.K", "right.concentrations.K", "temperature"],
        ["membrane_potential"],
    )
    thermal = GAS_CONSTANT * 310 / FARADAY
    by_logarithm = found.derivative[0] * found.at
    assert by_logarithm == pytest.approx([-thermal, thermal, thermal * math.log(4 / 140)], rel=1e-9)


def test_a_constant_field_has_the_slope_of_ghk() -> None:
    """In a junction of equal total concentrations the field is constant at any potential, and every ion follows GHK.

    1e-6: the accuracy of the solution, 1000 Debye lengths.
    """
    own = ed.load_case(ed.bundled_case("liquid_junction")).changed({"left.potential": 0.03, "expect": []})
    keys = ["left.potential", "ions.K.diffusivity", "layers.junction.thickness"]
    found = ed.sensitivity(ed.solve(own), keys)
    for ion, z, left, right in (("H", 1, 100.0, 0.0), ("K", 1, 0.0, 100.0), ("Cl", -1, 100.0, 100.0)):
        permeability = own.free_diffusivity(ion) / 1e-6
        slope = ed.theory.ghk_conductance_slope(permeability, z, left, right, 0.03, 298.15)
        current = ed.theory.ghk_current(permeability, z, left, right, 0.03, 298.15)
        name = f"ion_current.{ion}"
        assert found.of(name, "left.potential") == pytest.approx(slope, rel=1e-6)
        assert found.of(name, "layers.junction.thickness") == pytest.approx(-current / 1e-6, rel=1e-6)
        assert found.elasticity_of(name, "ions.K.diffusivity") == pytest.approx(float(ion == "K"), abs=1e-6)


def test_a_charged_wall_has_the_capacitance_of_gouy_and_chapman() -> None:
    """d(sigma)/d(phi) = (eps / lambda) cosh(F phi / 2RT), and its inverse where the charge is given."""
    # The bath is 25 Debye lengths thick, which leaves 1e-11.
    own = ed.load_case(ed.bundled_case("debye_layer")).changed({"expect": []})
    permittivity, thermal = 80 * VACUUM_PERMITTIVITY, GAS_CONSTANT * 298.15 / FARADAY
    potential = 2 * thermal * math.asinh(-0.05 / math.sqrt(8 * permittivity * GAS_CONSTANT * 298.15 * 150))
    length = float(ed.theory.debye_length(150.0, 80.0, 298.15))
    capacitance = permittivity / length * math.cosh(potential / (2 * thermal))
    given = ed.sensitivity(ed.solve(own), "left.surface_charge")
    assert given.of("membrane_potential", "left.surface_charge") == pytest.approx(1 / capacitance, rel=1e-6)
    metal = own.changed({"left.surface_charge": None, "left.potential": potential})
    held = ed.sensitivity(ed.solve(metal), "left.potential")
    assert held.of("electrode_charge.left", "left.potential") == pytest.approx(capacitance, rel=1e-5)


def test_only_the_ratios_of_permeabilities_matter_to_a_resting_potential() -> None:
    """sum of P dV/dP = 0 over all ions of a membrane (Euler); the baths leave 1e-6 of RT/F."""
    keys = [f"layers.membrane.partition.{ion}" for ion in ("K", "Na", "Cl")]
    found = ed.sensitivity(ed.solve(case("resting_potential")), keys, ["membrane_potential"])
    parts = found.derivative[0] * found.at
    assert abs(parts.sum()) < 1e-4 * np.abs(parts).max()


def test_the_slope_of_a_curve_is_the_sensitivity_to_its_potential() -> None:
    own = ed.load_case(ed.bundled_case("iv_curve")).replace("study", {"kind": "iv", "potentials": [-0.05]})
    curve = ed.solve_iv(own)
    clamped = own.changed({"study": {"kind": "steady"}, "left.potential": -0.05, "expect": []})
    slope = ed.sensitivity(ed.solve(clamped), "left.potential").of("current_density", "left.potential")
    assert slope == pytest.approx(curve.slope_conductance[0], rel=1e-8)
