"""Layers with fixed charge: the Donnan potential, thin films, and Teorell, Meyer and Sievers with a gradient of salt."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from scipy.interpolate import PchipInterpolator

from electrodiff import theory
from electrodiff.model import Case
from electrodiff.units import CONCENTRATION, FLUX, NUMBER, POTENTIAL
from electrodiff.verify.builders import CHLORIDE, SODIUM, bath, film, water
from electrodiff.verify.physics import BODY, MILLIVOLT, ROOM, debye, root, thermal
from electrodiff.verify.quadrature import film_deficit, film_potential
from electrodiff.verify.readings import face, middle, scalar
from electrodiff.verify.records import Reading, Row

_row = partial(Row, "fixed-charge")
VT = thermal(ROOM)
# Films so wide that their faces do not see each other.
THICK = 200 * debye(10.0)
_EXACT = "an even film is a solution of the discrete equations; its faces are 100 Debye lengths away"
_MESH = "1e-6 RT/F of the mesh, read between nodes"
MIDDLE = middle("potential", 1)

# ---- equilibrium ----------------------------------------------------------------------------------------------------

_MIXTURE = {"Ca": 5.0, "K": 20.0, "Cl": 30.0}
_ENTRY = {"Ca": 0.2, "K": 1.0, "Cl": 0.6}


def _mixed() -> Case:
    """A film of +50 mM that calcium, potassium and chloride enter unequally."""
    reservoir = {"concentrations": _MIXTURE, "potential": 0.0}
    keys: dict[str, Any] = {
        "ions": {ion: {} for ion in _MIXTURE},
        "layers.left bath.diffusivity": {},
        "layers.right bath.diffusivity": {},
        "layers.film.partition": _ENTRY,
        "left": reservoir,
        "right": reservoir,
    }
    return film(50.0, 100e-9, 30.0, 30.0).changed(keys)


def _mixed_potential() -> float:
    """50 + sum z beta c e^(-z y) = 0."""
    valences = {"Ca": 2, "K": 1, "Cl": -1}

    def charge(y: float) -> float:
        return 50 + sum(z * _ENTRY[ion] * _MIXTURE[ion] * math.exp(-z * y) for ion, z in valences.items())

    return VT * root(charge, -5.0, 5.0)


def _face_potential() -> float:
    """psi_D - tanh(psi_D / 2): the first integrals of bath and film meet at the face."""
    donnan = math.asinh(2.5)
    return VT * (donnan - math.tanh(donnan / 2))


def _sodium_inside(_: Any = None) -> float:
    """c_Na with c_Na c_Cl = 100 and c_Na - c_Cl = 1000."""
    return (1000 + math.hypot(1000, 20)) / 2


def _middle_sodium(solution: Any) -> Reading:
    x = solution.x[solution.layer_entries[1]]
    entry = solution.layer_entries[1].start + len(x) // 2
    return Reading(float(solution.concentration[0, entry]), float(solution.profile_error["concentration"][0, entry]))


def _missing_share(solution: Any) -> Reading:
    """1 - mean potential of the film over that of Donnan."""
    entries = solution.layer_entries[1]
    x, donnan = solution.x[entries], VT * math.asinh(2.5)
    mean, error = (
        float(PchipInterpolator(x, values[entries]).integrate(x[0], x[-1]) / (x[-1] - x[0]))
        for values in (solution.potential, solution.profile_error["potential"])
    )
    return Reading(1 - mean / donnan, error / donnan)


def _thin(X: float) -> float:
    return VT * film_potential(X, 5e-9, 10.0, debye(10.0))


def _compartments() -> Case:
    """A closed compartment with 120 mM of anions that stay, behind a membrane, and a bath of KCl."""
    ions = {"K": {}, "Cl": {}, "A": {"valence": -1, "diffusivity": 5e-10}}
    slab = {
        "name": "membrane",
        "thickness": 4e-9,
        "relative_permittivity": 10,
        "partition": {"K": 0.1, "Cl": 0.05, "A": 0},
    }
    salt = {"K": 100.0, "Cl": 100.0}
    return Case(
        temperature=BODY,
        ions=ions,
        layers=[water("inside", 10e-6, initial={"A": 120.0}), slab, water("outside", 15e-9)],
        left={"kind": "closed"},
        right=bath(salt),
    )


EQUILIBRIUM = (
    *(
        _row(
            f"donnan{X:+g}",
            f"potential in a thick film of {X:+g} mM, 10 mM NaCl: (RT/F) asinh(X/2c)",
            POTENTIAL,
            partial(film, float(X), THICK, 10.0, 10.0),
            MIDDLE,
            VT * math.asinh(X / 20),
            1e-9,
            _EXACT,
            "donnan1911",
            convention="film - bath",
        )
        for X in (-1000, -50, 1, 50, 300)
    ),
    _row(
        "donnan-mixture",
        "potential in +50 mM with Ca 5, K 20, Cl 30 mM, partitions 0.2, 1, 0.6",
        POTENTIAL,
        _mixed,
        MIDDLE,
        _mixed_potential,
        1e-9,
        _EXACT,
        "donnan1911",
        convention="film - bath",
    ),
    _row(
        "donnan-counter-ions",
        "sodium in a film of -1000 mM, 10 mM NaCl",
        CONCENTRATION,
        partial(film, -1000.0, THICK, 10.0, 10.0),
        _middle_sodium,
        _sodium_inside,
        1e-9,
        _EXACT,
        "donnan1911",
        relative=True,
        convention="no sign",
    ),
    _row(
        "donnan-face",
        "potential at the face of +50 mM, 10 mM NaCl",
        POTENTIAL,
        partial(film, 50.0, THICK, 10.0, 10.0),
        face("potential", 1, "left"),
        _face_potential,
        1e-7,
        _MESH,
        "gouy1910",
        convention="face - bath",
    ),
    *(
        _row(
            f"thin-film{X:+g}",
            f"potential in the middle of 5 nm of {X:+g} mM, 10 mM NaCl",
            POTENTIAL,
            partial(film, float(X), 5e-9, 10.0, 10.0),
            MIDDLE,
            partial(_thin, float(X)),
            3e-7,
            _MESH,
            "gouy1910",
            convention="film - bath",
        )
        for X in (50, 300)
    ),
    _row(
        "donnan-mean",
        "part of the Donnan potential that the mean of 50 mM, 100 Debye lengths wide, lacks",
        NUMBER,
        partial(film, 50.0, 100 * debye(10.0), 10.0, 10.0),
        _missing_share,
        lambda: film_deficit(50.0, 10.0) / 100,
        1e-3,
        "the integral of a cubic through the nodes",
        "donnan1911",
        relative=True,
        convention="no sign",
    ),
    _row(
        "donnan-compartment",
        "closed compartment of 10 um with 120 mM of anions, 100 mM KCl outside",
        POTENTIAL,
        _compartments,
        scalar("membrane_potential"),
        -thermal(BODY) * math.asinh(120 / 200),
        2e-6,
        "the Debye layer of 0.7 nm takes its part of the anions in 10 um",
        "donnan1911",
    ),
)

# ---- a gradient of salt ---------------------------------------------------------------------------------------------

_LAST = "half of the last digit printed, and 0.002 mV for the Debye layers at the faces of 100 um"
_TMS_TABLE = ((0, 12.27), (-10, 1.06), (-100, -42.17), (-1000, -58.78), (10, 22.34), (100, 50.72), (1000, 58.99))


def _tms(X: float) -> float:
    """Donnan at both faces and Planck between them, right - left."""
    return -float(theory.teorell_meyer_sievers_potential(X, SODIUM, CHLORIDE, 10.0, 100.0, ROOM))


def _co_ion_flux() -> float:
    """D c' with c = (sqrt(X^2 + 4 c_bath^2) - |X|) / 2 of the co-ion at either face of an ion exchanger."""
    left, right = ((math.hypot(2 * c, 5000.0) - 5000.0) / 2 for c in (10.0, 100.0))
    return CHLORIDE * (left - right) / 10e-6


GRADIENT = (
    *(
        _row(
            f"tms{X:+g}" if X else "tms0",
            f"NaCl 10 | 100 mM across a film of {X} mM, right - left",
            POTENTIAL,
            partial(film, float(X), 100e-6, 10.0, 100.0, "floating"),
            scalar("membrane_potential", -1.0),
            value * MILLIVOLT,
            0.007 * MILLIVOLT,
            _LAST,
            "specification",
        )
        for X, value in _TMS_TABLE
    ),
    *(
        _row(
            f"tms{X:+g}-closed-form",
            f"the same of {X:+g} mM by the closed form",
            POTENTIAL,
            partial(film, float(X), 100e-6, 10.0, 100.0, "floating"),
            scalar("membrane_potential", -1.0),
            partial(_tms, float(X)),
            3e-6,
            "Debye layers of 3 nm at the faces of 100 um",
            "teorell1935",
        )
        for X in (-100, -10, 10)
    ),
    _row(
        "co-ion-flux",
        "flux of Cl through 10 um of -5000 mM, NaCl 10 | 100 mM, no current",
        FLUX,
        partial(film, -5000.0, 10e-6, 10.0, 100.0, "floating"),
        scalar("flux.Cl"),
        _co_ion_flux,
        2e-3,
        "c_co / |X| = 4e-4 of the counter-ions diffuse along, times the ratio of the diffusivities",
        "teorell1935",
        relative=True,
        convention="positive to the right",
    ),
)

ROWS = (*EQUILIBRIUM, *GRADIENT)
