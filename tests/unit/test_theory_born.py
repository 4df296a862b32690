"""The Born energy of an ion in a medium of low permittivity."""

import math

import numpy as np
import pytest
from scipy import constants
from scipy.integrate import quad

from electrodiff.errors import CaseError
from electrodiff.theory import born_energy

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
