"""The Born energy of an ion in a medium of low permittivity, and its images in a slab."""

import math

import numpy as np
import pytest
from scipy import constants
from scipy.integrate import quad

from electrodiff.errors import CaseError
from electrodiff.theory import born_energy, image_energy, slab_partition

KT = constants.R * 298.15


def test_born_energy_is_the_energy_of_the_field_outside_the_ion() -> None:
    """(1/2) integral of E D over all space beyond the radius, in the medium less in water, for one mole."""

    def field_energy(relative_permittivity: float) -> float:
        charge, eps = 2 * constants.e, relative_permittivity * constants.epsilon_0

        def shell(t: float) -> float:
            r = 0.13e-9 / t  # from the radius to infinity on (0, 1]
            field = charge / (4 * math.pi * eps * r**2)
            return 0.5 * eps * field**2 * 4 * math.pi * r**2 * 0.13e-9 / t**2

        return constants.N_A * quad(shell, 1e-12, 1.0, epsrel=1e-12)[0]

    energy = born_energy(2, 0.13e-9, 2.0, 80.0)
    assert energy == pytest.approx(field_energy(2.0) - field_energy(80.0), rel=1e-10)


def test_monovalent_ion_of_02_nm_needs_68_kt_to_enter_a_lipid() -> None:
    # e^2 / (8 pi eps_0 k T) = 28.02 nm at 298.15 K; 28.02 / 0.2 * (1/2 - 1/80) = 68.3
    assert born_energy(1, 0.2e-9, 2.0, 80.0) / KT == pytest.approx(68.3, abs=0.05)
    # A divalent one of 0.13 nm: four times as much over 0.65 times the radius.
    assert born_energy(2, 0.13e-9, 2.0, 80.0) / KT == pytest.approx(420.3, abs=0.1)


def test_born_energy_is_zero_in_the_reference_and_negative_in_a_better_solvent() -> None:
    assert born_energy(1, 0.2e-9, 80.0, 80.0) == 0.0
    assert born_energy(0, 0.2e-9, 2.0, 80.0) == 0.0
    assert born_energy(-1, 0.2e-9, 100.0, 80.0) < 0.0


def test_born_energy_goes_as_the_square_of_the_valence_over_the_radius() -> None:
    energies = born_energy(np.array([1, -1, 2]), np.array([0.1e-9, 0.2e-9, 0.2e-9]), 2.0, 80.0)
    assert energies / energies[1] == pytest.approx([2.0, 1.0, 4.0], rel=1e-15)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1, 0.0, 2.0, 80.0), "radius is 0.0"),
        ((1, math.nan, 2.0, 80.0), "radius is nan"),
        ((1, 1e-10, 0.0, 80.0), "relative_permittivity is 0.0"),
        ((1, 1e-10, 2.0, -80.0), "reference_relative_permittivity is -80.0"),
    ],
)
def test_values_out_of_range_are_refused(arguments: tuple[float, ...], message: str) -> None:
    with pytest.raises(CaseError, match=message):
        born_energy(*arguments)


SLAB = (4e-9, 2.0, 80.0)  # thickness, relative permittivity, that of the water


def screened_energy(position: float, thickness: float, slab: float, water: float) -> float:
    """Half the charge times the potential of all else, from the boundary conditions of each Bessel mode [J/mol].

    For each wave number q along the slab the potential is A e^(q x) to the left, e^(-q |x - x0|) + B e^(-q x) +
    C e^(q (x - d)) inside and D e^(-q (x - d)) to the right, with phi and eps phi' continuous at 0 and d.
    """

    def mode(t: float) -> float:
        q = t / thickness
        near, far, across = math.exp(-q * position), math.exp(-q * (thickness - position)), math.exp(-t)
        matrix = [
            [1.0, -1.0, -across, 0.0],
            [water, slab, -slab * across, 0.0],
            [0.0, -across, -1.0, 1.0],
            [0.0, slab * across, -slab, -water],
        ]
        _, b, c, _ = np.linalg.solve(matrix, [near, slab * near, far, -slab * far])
        return (b * near + c * far) / thickness

    integral, _ = quad(mode, 0.0, np.inf, epsrel=1e-12, limit=500)
    return constants.N_A * constants.e**2 / (8 * math.pi * constants.epsilon_0 * slab) * integral


@pytest.mark.parametrize("water", [80.0, 4.0, 1.0])
@pytest.mark.parametrize("position", [0.1e-9, 1e-9, 2e-9, 3.3e-9])
def test_image_energy_is_that_of_the_field_in_three_media(position: float, water: float) -> None:
    expected = screened_energy(position, 4e-9, 2.0, water)
    # rtol 1e-9: the quadrature to infinity, whose integrand decays over d / 2 x = 20 at the place nearest to a face.
    assert image_energy(1, position, 4e-9, 2.0, water) == pytest.approx(expected, rel=1e-9)


def test_image_energy_in_the_middle_is_that_of_parsegian() -> None:
    closed = constants.N_A * constants.e**2 / (4 * math.pi * constants.epsilon_0 * 2.0 * 4e-9) * math.log(160.0 / 82.0)
    assert image_energy(1, 2e-9, *SLAB) == pytest.approx(-closed, rel=1e-13)  # round-off of the two sums
    # e^2 / (4 pi eps_0 k T) = 56.05 nm at 298.15 K; 56.05 / 8 * ln(160 / 82) = 4.68
    assert image_energy(1, 2e-9, *SLAB) / KT == pytest.approx(-4.68, abs=0.01)


def test_image_energy_near_a_face_is_that_of_one_face() -> None:
    x = 1e-13
    one_face = -(78.0 / 82.0) * constants.N_A * constants.e**2 / (16 * math.pi * constants.epsilon_0 * 2.0 * x)
    assert image_energy(1, x, *SLAB) == pytest.approx(one_face, rel=1e-3)  # the other images count x / d, a few 1e-5


def test_image_energy_has_its_symmetries() -> None:
    x = np.linspace(0.1, 0.9, 9) * 4e-9
    energies = image_energy(1, x, *SLAB)
    assert energies == pytest.approx(energies[::-1], rel=1e-13)  # round-off of d - x
    assert np.all(energies <= image_energy(1, 2e-9, *SLAB))  # the middle is the top of the barrier
    assert image_energy(-2, x, *SLAB) == pytest.approx(4.0 * energies, rel=1e-15)
    assert image_energy(1, 2.0 * x, 8e-9, 2.0, 80.0) == pytest.approx(0.5 * energies, rel=1e-13)
    assert np.array_equal(image_energy(1, x, 4e-9, 80.0, 80.0), np.zeros(9))
    assert np.all(image_energy(1, x, 4e-9, 80.0, 2.0) > 0.0)  # a slab of water between lipids repels


def test_slab_partition_is_boltzmann_of_born_less_images() -> None:
    energy = 68.3 - 4.68  # kT, from the tests above
    assert math.log(slab_partition(1, 0.2e-9, *SLAB, 298.15)) == pytest.approx(-energy, abs=0.06)
    assert slab_partition(0, 0.2e-9, *SLAB, 298.15) == 1.0
    thick = slab_partition(1, 2e-9, 4e-3, 2.0, 80.0, 298.15)
    assert thick == pytest.approx(math.exp(-born_energy(1, 2e-9, 2.0, 80.0) / KT), rel=1e-5)  # images of 5e-6 kT
    partitions = slab_partition(1, 0.2e-9, np.array([3e-9, 4e-9, 5e-9]), 2.0, 80.0, 298.15)
    assert np.all(np.diff(partitions) < 0.0)  # a thin slab is the lower barrier


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: image_energy(1, 0.0, *SLAB), "position is 0.0; expected inside the slab"),
        (lambda: image_energy(1, 4e-9, *SLAB), "position is 4e-09"),
        (lambda: image_energy(1, math.nan, *SLAB), "position is nan"),
        (lambda: image_energy(1, 1e-9, 0.0, 2.0, 80.0), "thickness is 0.0"),
        (lambda: image_energy(1, 1e-9, 4e-9, -2.0, 80.0), "relative_permittivity is -2.0"),
        (lambda: image_energy(1, 1e-9, 4e-9, 2.0, 0.0), "reference_relative_permittivity is 0.0"),
        (lambda: slab_partition(1, 2e-9, *SLAB, 298.15), "radius is 2e-09; expected below half the thickness"),
        (lambda: slab_partition(1, 0.2e-9, *SLAB, 0.0), "temperature is 0.0"),
        (lambda: slab_partition(1, 0.2e-9, 0.0, 2.0, 80.0, 298.15), "thickness is 0.0"),
        (lambda: slab_partition(1, 0.0, *SLAB, 298.15), "radius is 0.0"),
    ],
)
def test_slabs_out_of_range_are_refused(call, message: str) -> None:
    with pytest.raises(CaseError, match=message):
        call()
