"""Currents beyond the diffusion-limited one through an ion-exchange layer: extended space charge.

A cation-exchange layer of 1 M between unstirred layers of delta = 1 um of 1 mM NaCl passes sodium alone, so that salt is
depleted on the side from which it comes.  Electroneutrality would end at i = 2 F D c / delta; in Poisson's equation a
charged layer without salt grows out of the Debye layer instead and carries more (Rubinstein and Shtilman 1979).
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import constants

import electrodiff as ed

FARADAY = constants.N_A * constants.e
DIFFUSIVITY, CONCENTRATION, UNSTIRRED = 1.334e-9, 1.0, 1e-6
# Thick, so that the chloride that leaks through it (a thousandth of a mM there) is less than a thousandth of the current.
EXCHANGER = 1e-5
LIMITING = 2 * FARADAY * DIFFUSIVITY * CONCENTRATION / UNSTIRRED
VOLTAGES = (0.02, 0.1, 0.2, 0.5, 1.0, 2.0)


def exchanger(voltage: float, unstirred: float = UNSTIRRED) -> ed.Case:
    water = {"thickness": unstirred, "relative_permittivity": 80}
    salt = {"Na": CONCENTRATION, "Cl": CONCENTRATION}
    return ed.Case(
        temperature=298.15,
        ions={"Na": {"diffusivity": DIFFUSIVITY}, "Cl": {"diffusivity": 2.032e-9}},
        layers=[
            {"name": "left", **water},
            {"name": "exchanger", "thickness": EXCHANGER, "relative_permittivity": 80, "fixed_charge": -1000.0},
            {"name": "right", **water},
        ],
        left={"concentrations": salt, "potential": voltage},
        right={"concentrations": salt, "potential": 0.0},
    )


@pytest.fixture(scope="module")
def solutions() -> dict[float, ed.Solution]:
    return {voltage: ed.solve(exchanger(voltage)) for voltage in VOLTAGES}


def test_overlimiting_currents_are_found_and_meet_the_accuracy(solutions):
    assert all(solution.missed == () for solution in solutions.values())
    currents = [solution.current_density for solution in solutions.values()]
    assert all(low < high for low, high in itertools.pairwise(currents))
    assert currents[0] < 0.5 * LIMITING
    assert currents[-1] > 1.1 * LIMITING


def missing_voltage(unstirred: float) -> float:
    """What neutral layers leave of 20 mV, relative.

    Salt falls linearly on the left and rises on the right, c = c0 (1 -+ i / i_lim) at the two faces.  Each unstirred layer
    takes (RT/F) ln of that ratio, half of it by Nernst and half by its resistance; the exchanger's resistance is that of 1 M.
    """
    current = ed.solve(exchanger(0.02, unstirred)).current_density
    share = current / LIMITING * unstirred / UNSTIRRED
    thermal = constants.R * 298.15 / FARADAY
    ohmic = current * EXCHANGER / (FARADAY / thermal * DIFFUSIVITY * 1000.0)
    return float(2 * thermal * np.log((1 + share) / (1 - share)) + ohmic) / 0.02 - 1


def test_current_below_the_limit_tends_to_that_of_neutral_layers_as_they_grow():
    # What is left is the share of the Debye layers, about 10 nm of each unstirred one, as long as that is more than what
    # leaks as chloride.
    thin, thick = missing_voltage(0.3e-6), missing_voltage(1e-6)
    assert thin / thick == pytest.approx(1 / 0.3, rel=0.05)
    assert 0 < missing_voltage(3e-6) < 1e-2


def test_a_charged_layer_without_salt_grows_on_the_depleted_side(solutions):
    def charged_width(solution: ed.Solution) -> float:
        """Thickness next to the exchanger where anions are below a tenth of cations."""
        entries = solution.layer_entries[0]
        sodium, chloride = (row[entries] for row in solution.concentration)
        x = solution.x[entries]
        return float(x[-1] - x[chloride < 0.1 * sodium][0])

    widths = [charged_width(solutions[voltage]) for voltage in (0.1, 0.5, 1.0, 2.0)]
    assert all(low < high for low, high in itertools.pairwise(widths))
    # At 2 V far beyond the Debye layer of the exchanger's face, which is 10 nm of 1 mM.
    assert widths[-1] > 10 * 10e-9
