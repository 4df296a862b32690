"""The membrane of a case: which layers it is, and what it lets through.  Expected values by hand or by quadrature."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.integrate import quad

import electrodiff as ed
from electrodiff.membrane import Membrane, find_membrane
from electrodiff.units import FARADAY, GAS_CONSTANT, VACUUM_PERMITTIVITY

CaseOf = Callable[..., ed.Case]

STACK = """
temperature = "298.15 K"
[ions.K]
diffusivity = "2e-9 m^2/s"
[ions.Cl]
diffusivity = "2e-9 m^2/s"
[ions.G]
valence = 0
diffusivity = "1e-9 m^2/s"
{layers}
[left]
concentrations = {{ K = "100 mM", Cl = "100 mM", G = "5 mM" }}
potential = "-10 mV"
[right]
concentrations = {{ K = "10 mM", Cl = "10 mM", G = "5 mM" }}
potential = "20 mV"
{more}
"""


def layer(name: str, thickness: str = "5 nm", permittivity: float = 80, more: str = "") -> str:
    return f'[[layers]]\nname = "{name}"\nthickness = "{thickness}"\nrelative_permittivity = {permittivity}\n{more}\n'


def stack(*layers: str, more: str = "") -> ed.Case:
    return ed.parse_case(STACK.format(layers="".join(layers), more=more))


def membrane(case: ed.Case) -> Membrane:
    found = find_membrane(case)
    assert found is not None
    return found


def slab(partition: float, diffusivity: str = "1e-11 m^2/s") -> str:
    return (
        f"partition = {{ K = {partition}, Cl = {partition}, G = 1 }}\n"
        f'diffusivity = {{ K = "{diffusivity}", Cl = "{diffusivity}" }}'
    )


def test_water_around_a_slab_is_its_baths() -> None:
    m = membrane(stack(layer("in"), layer("slab", "4 nm", 2, slab(1e-3)), layer("out")))
    assert (m.name, m.thickness, m.relative_permittivity) == ("slab", pytest.approx(4e-9), pytest.approx(2))
    assert [each.name for each in (*m.left_bath, *m.right_bath)] == ["in", "out"]
    assert not m.is_junction


def test_water_alone_between_reservoirs_is_a_junction() -> None:
    m = membrane(stack(layer("one"), layer("two")))
    assert (m.name, m.is_junction) == ("one | two", True)


def test_a_slow_film_is_a_membrane_where_nothing_else_is() -> None:
    film = layer("film", more='diffusivity = { K = "1e-11 m^2/s" }')
    assert membrane(stack(layer("in"), film, layer("out"))).name == "film"
    assert membrane(stack(film, layer("slab", "4 nm", 2, slab(1e-3)), layer("out"))).name == "slab"


def test_a_porous_layer_beside_a_tight_one_is_part_of_its_bath(case_of: CaseOf) -> None:
    assert membrane(case_of("double_membrane")).name == "inner membrane"


def test_two_membranes_that_share_the_resistance_are_one_stretch(case_of: CaseOf) -> None:
    # As tight for potassium as the inner one: neither may be left out.
    case = case_of("double_membrane", {"layers.outer membrane.partition.K": 1e-6})
    assert membrane(case).name == "inner membrane | intermembrane space | outer membrane"


def test_a_charged_layer_beside_a_tight_one_belongs_to_the_membrane() -> None:
    coat = layer("coat", more='fixed_charge = "-50 mM"')
    assert membrane(stack(layer("in"), coat, layer("slab", "4 nm", 2, slab(1e-6)), layer("out"))).name == "coat | slab"


def test_an_insulating_layer_is_never_taken_for_a_bath() -> None:
    tight = layer("tight", "2 nm", 2, "partition = { K = 0, Cl = 0, G = 0 }")
    other = layer("other", "3 nm", 4, "partition = { K = 0, Cl = 0, G = 0 }")
    m = membrane(stack(layer("in"), tight, other, layer("out")))
    assert (m.name, m.permeant) == ("tight | other", ())
    # d / sum of d_k / eps_k = 5 / (2/2 + 3/4)
    assert m.relative_permittivity == pytest.approx(5 / 1.75, rel=1e-12)


def test_a_wall_or_water_before_a_mirror_is_no_membrane(case_of: CaseOf) -> None:
    assert find_membrane(case_of("debye_layer")) is None
    water = {"layers.gel.fixed_charge": "0 mM"}
    assert find_membrane(case_of("donnan_layer", water)) is None


def test_resistances_of_layers_add_up() -> None:
    m = membrane(stack(layer("a", "4 nm", 2, slab(1e-3)), layer("b", "6 nm", 2, slab(1e-2, "3e-11 m^2/s"))))
    expected = 1 / (4e-9 / (1e-3 * 1e-11) + 6e-9 / (1e-2 * 3e-11))
    assert m.permeability["K"] == pytest.approx(expected, rel=1e-12)


def test_permeability_of_a_barrier_is_that_of_its_resistance(case_of: CaseOf) -> None:
    case = case_of("selectivity_filter")
    RT = GAS_CONSTANT * case.temperature
    x, W = (0.0, 0.3e-9, 0.9e-9, 1.2e-9), (0.0, 23.5e3, 23.5e3, 0.0)
    resistance, _ = quad(lambda at: math.exp(np.interp(at, x, W) / RT) / 0.4e-9, 0, 1.2e-9, points=x[1:3], epsrel=1e-12)
    assert membrane(case).permeability["Na"] == pytest.approx(1 / resistance, rel=1e-9)


def test_permeability_of_a_cone_is_per_area_of_the_tightest_layer() -> None:
    # A pore of 1 nm radius, then a cone to 3 nm: 1 / integral of dx / A of the cone is pi r0 r1 / L.
    profile = '[mesh]\nradius = { x = ["0 nm", "4 nm", "10 nm"], value = ["1 nm", "1 nm", "3 nm"] }'
    both = [layer("pore", "4 nm", 80, slab(0.5)), layer("cone", "6 nm", 80, slab(0.5))]
    pore, cone = (0.5e-11 * area for area in (math.pi * 1e-18 / 4e-9, math.pi * 3e-18 / 6e-9))
    expected = 1 / (1 / pore + 1 / cone) / (math.pi * 1e-18)
    # 3e-4: four Gauss points for 1 / A where the radius triples in one cell
    assert membrane(stack(*both, more=profile)).permeability["K"] == pytest.approx(expected, rel=3e-4)


def test_a_barrier_too_high_for_its_exponential_still_has_a_permeability(case_of: CaseOf) -> None:
    # The case's own source: Born's energy of calcium in lipid.
    assert math.log10(membrane(case_of("lipid_born_barrier")).permeability["Ca"]) == pytest.approx(-230.49274, abs=1e-4)


def test_ions_that_are_blocked_absent_or_uncharged_are_not_permeant(case_of: CaseOf) -> None:
    assert membrane(stack(layer("in"), layer("slab", "4 nm", 2, slab(1e-3)))).permeant == ("K", "Cl")
    assert membrane(case_of("nernst_potassium")).permeant == ("K",)
    none = {"left.concentrations.Na": "0 mM", "right.concentrations.Na": "0 mM", "left.neutralise": "A"}
    case = case_of("resting_potential", {**none, "right.neutralise": "Cl"})
    assert membrane(case).permeant == ("K", "Cl")


def test_voltage_is_left_minus_right_and_unknown_where_it_floats(case_of: CaseOf) -> None:
    assert membrane(stack(layer("slab", "4 nm", 2, slab(1e-3)))).voltage == pytest.approx(-0.030)
    assert membrane(case_of("resting_potential")).voltage is None
    assert membrane(case_of("spherical_cell_potential")).voltage is None


def test_surface_charges_are_those_of_its_own_faces(case_of: CaseOf) -> None:
    assert membrane(case_of("charged_membrane")).surface_charges == (-0.05, -0.01)
    assert membrane(case_of("resting_potential")).surface_charges == (0.0, 0.0)


def test_means_weigh_each_layer_with_its_thickness() -> None:
    ramp = 'fixed_charge = { x = ["0 nm", "2 nm"], value = ["0 mM", "30 mM"] }'
    m = membrane(stack(layer("a", "2 nm", more=ramp), layer("b", "6 nm", 80, slab(0.25))))
    assert m.fixed_charge == pytest.approx((15 * 2 + 0 * 6) / 8, rel=1e-9)
    assert m.partition["K"] == pytest.approx((1 * 2 + 0.25 * 6) / 8, rel=1e-9)


def test_debye_length_is_that_of_the_fuller_side() -> None:
    m = membrane(stack(layer("in"), layer("slab", "4 nm", 2, slab(1e-3)), layer("out")))
    assert m.ionic_strengths == (pytest.approx(0.1), pytest.approx(0.01))
    expected = math.sqrt(VACUUM_PERMITTIVITY * 2 * GAS_CONSTANT * 298.15 / (2 * FARADAY**2 * 0.1))
    assert m.debye_length == pytest.approx(expected, rel=1e-12)


def test_a_membrane_without_ions_does_not_screen(case_of: CaseOf) -> None:
    assert membrane(case_of("capacitor")).debye_length == math.inf
