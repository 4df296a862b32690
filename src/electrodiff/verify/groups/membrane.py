"""A slab of lipid between baths: Goldman, Hodgkin and Katz, and where they end."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

from electrodiff import theory
from electrodiff.model import Case
from electrodiff.units import CONDUCTANCE_PER_AREA, CURRENT_DENSITY, FLUX, NUMBER, POTENTIAL
from electrodiff.verify.builders import bath, bundled, membrane, water
from electrodiff.verify.collocation import collocated_rest
from electrodiff.verify.physics import (
    BODY,
    FARADAY,
    LIPID,
    WATER,
    goldman_flux,
    thermal,
)
from electrodiff.verify.quadrature import resting
from electrodiff.verify.readings import curve, scalar
from electrodiff.verify.records import Row

_row = partial(Row, "membrane")
VOLTAGE, CURRENT_READ = scalar("membrane_potential"), scalar("current_density")

# P [m/s], z, inside and outside [mol/m^3] of what passes the membrane of resting_potential.
PERMEANT = {"K": (2e-7, 1, 140.0, 4.0), "Na": (8e-9, 1, 12.0, 145.0), "Cl": (9e-8, -1, 10.0, 149.0)}
PARTITION = {"K": 1e-4, "Na": 4e-6, "Cl": 4.5e-5}
INSIDE = {"K": 140.0, "Na": 12.0, "Cl": 10.0, "A": 142.0}
OUTSIDE = {"K": 4.0, "Na": 145.0, "Cl": 149.0}
VALENCE = {"K": 1, "Na": 1, "Cl": -1, "A": -1}


def goldman_current(voltage: float) -> float:
    """Current of the bundled cell in a constant field [A/m^2]."""
    return FARADAY * sum(law[1] * goldman_flux(*law, voltage, BODY) for law in PERMEANT.values())


def _goldman_voltage() -> float:
    inward, outward = 4 + 0.04 * 145 + 0.45 * 10, 140 + 0.04 * 12 + 0.45 * 149
    return thermal(BODY) * math.log(inward / outward)


# ---- a slab with hardly any ions ------------------------------------------------------------------------------------

POOR = 1e-4


def poor_slab(voltage: float | str, charge: float = 0.0) -> Case:
    """The bundled cell with a ten-thousandth of the ions in its slab."""
    scaled = {f"layers.membrane.partition.{ion}": POOR * beta for ion, beta in PARTITION.items()}
    faces = [{"between": ["cytosol", "membrane"], "surface_charge": charge}]
    return bundled("resting_potential", {"left.potential": voltage, "interfaces": faces, **scaled})


def _slab_arguments(charge: float) -> dict[str, Any]:
    return {
        "permeabilities": {ion: POOR * law[0] for ion, law in PERMEANT.items()},
        "valences": VALENCE,
        "inside": INSIDE,
        "outside": OUTSIDE,
        "thickness": 5e-9,
        "relative_permittivity": LIPID,
        "water_relative_permittivity": WATER,
        "temperature": BODY,
        "left_surface_charge": charge,
    }


def ghk_slab(voltage: float, charge: float = 0.0) -> theory.GhkSlab:
    """Goldman's slab between two diffuse layers of Grahame."""
    return theory.ghk_slab(**_slab_arguments(charge), voltage=voltage)


def _slab_current(voltage: float) -> float:
    return ghk_slab(voltage).current_density


_EMPTY = "a ten-thousandth of the 7e-4 by which the ions of the full slab change it, and 1e-6 of the mesh"

GOLDMAN = (
    _row(
        "ghk-voltage",
        "resting potential of the bundled cell, P_K : P_Na : P_Cl = 1 : 0.04 : 0.45",
        POTENTIAL,
        partial(bundled, "resting_potential"),
        VOLTAGE,
        _goldman_voltage,
        2e-5,
        "the ions of the slab and the Debye layers shift all fluxes alike, which hardly moves the potential",
        "hodgkin1949",
    ),
    *(
        _row(
            f"ghk-current{1e3 * voltage:+.0f}mV",
            f"current of the cell at {1e3 * voltage:+.0f} mV, by the bulk values",
            CURRENT_DENSITY,
            partial(bundled, "clamped_membrane", {"left.potential": voltage}),
            CURRENT_READ,
            partial(goldman_current, voltage),
            0.02,
            "the Debye layers take 0.8 % of the voltage, and change what is at the faces",
            "goldman1943",
            relative=True,
        )
        for voltage in (-0.12, 0.08)
    ),
    *(
        _row(
            f"ghk-slab{1e3 * voltage:+.0f}mV",
            f"current at {1e3 * voltage:+.0f} mV through a slab poor in ions, with Debye layers",
            CURRENT_DENSITY,
            partial(poor_slab, voltage),
            CURRENT_READ,
            partial(_slab_current, voltage),
            3e-6,
            _EMPTY,
            "goldman1943",
            relative=True,
        )
        for voltage in (-0.12, -0.065, 0.08)
    ),
    _row(
        "ghk-slab-rest",
        "resting potential of a slab poor in ions, with Debye layers",
        POTENTIAL,
        partial(poor_slab, "floating"),
        VOLTAGE,
        lambda: theory.ghk_slab_reversal_potential(**_slab_arguments(0.0)),
        3e-8,
        "1e-6 RT/F of the mesh",
        "hodgkin1949",
    ),
    _row(
        "ghk-slab-charged",
        "flux of K at -65 mV with -0.02 C/m^2 on the inner face",
        FLUX,
        partial(poor_slab, -0.065, -0.02),
        scalar("flux.K"),
        lambda: ghk_slab(-0.065, -0.02).flux["K"],
        3e-6,
        _EMPTY,
        "grahame1947",
        relative=True,
        convention="positive to the right",
    ),
    _row(
        "ghk-slab-drop",
        "voltage over the slab itself at -65 mV",
        POTENTIAL,
        partial(poor_slab, -0.065),
        scalar("layer_drop.membrane"),
        lambda: ghk_slab(-0.065).slab_voltage,
        3e-8,
        "1e-6 RT/F of the mesh",
        "gouy1910",
        convention="left - right",
    ),
)

# ---- curves ---------------------------------------------------------------------------------------------------------

_THICK = 5e-6


def wide_slab(study: Mapping[str, Any], potential: float | str = "floating", only: str = "") -> Case:
    """The bundled cell, 5 um thick with the same permeabilities from so few ions that its field is constant."""
    few = {ion: 0.0 if only and ion != only else 1e-8 * beta for ion, beta in PARTITION.items()}
    changes = {"thickness": _THICK, "partition": {**few, "A": 0.0}, "diffusivity": dict.fromkeys(PARTITION, 1.0)}
    keys = {f"layers.membrane.{key}": value for key, value in changes.items()}
    return bundled("resting_potential", {**keys, "left.potential": potential, "study": study})


def _curve(potentials: list[float], only: str = "") -> Case:
    return wide_slab({"kind": "iv", "potentials": potentials}, only=only)


def goldman_slope(voltage: float) -> float:
    """dI/dV [S/m^2], from the current in the complex plane: Im I(V + i h) / h without cancellation."""
    step = 1e-20

    def current(P: float, z: int, inside: float, outside: float) -> complex:
        u = z * complex(voltage, step) / thermal(BODY)
        exponential = complex(math.exp(-u.real), -u.imag * math.exp(-u.real))
        return P * z * u * (inside - outside * exponential) / (1 - exponential)

    return float(FARADAY * sum(current(*law).imag for law in PERMEANT.values()) / step)


def _one_ion_ratio() -> float:
    """|I(V) / I(-V)| of K alone at 110 mV."""
    there, back = (goldman_flux(1.0, 1, 140.0, 4.0, sign * 0.11, BODY) for sign in (1, -1))
    return abs(there / back)


_FAR = "8e-6 of the voltage lies in the Debye layers, and 2e-5 RT/F is the charge of the slab"

CURVES = (
    _row(
        "ghk-slope",
        "dI/dV at -50 mV in a constant field",
        CONDUCTANCE_PER_AREA,
        partial(_curve, [-0.05, 0.05]),
        curve("slope_conductance", 0),
        partial(goldman_slope, -0.05),
        5e-5,
        _FAR,
        "goldman1943",
        relative=True,
    ),
    _row(
        "ghk-reversal",
        "reversal potential of the curve",
        POTENTIAL,
        partial(_curve, [-0.05, 0.05]),
        curve("reversal_potential", 0),
        lambda: resting(PERMEANT, BODY),
        1e-6,
        _FAR,
        "hodgkin1949",
    ),
    _row(
        "ghk-rectification",
        "I(110 mV) / I(-110 mV) of potassium alone, 140|4 mM",
        NUMBER,
        partial(_curve, [-0.11, 0.11], "K"),
        curve("rectification", 1),
        _one_ion_ratio,
        1e-4,
        _FAR,
        "goldman1943",
        relative=True,
    ),
)

# ---- from Goldman to Planck -----------------------------------------------------------------------------------------

_STEEP = {"K": 150.0, "Cl": 150.0}, {"K": 15.0, "Cl": 15.0}


def potassium_chloride(beta: float, thickness: float = 5e-9, **changes: Any) -> Case:
    """KCl 150|15 mM across a slab in which K moves ten times faster than Cl."""
    slab = {
        "name": "membrane",
        "thickness": thickness,
        "relative_permittivity": LIPID,
        "partition": {"K": beta, "Cl": beta},
        "diffusivity": {"K": 1e-11, "Cl": 1e-12},
    }
    case = Case(
        temperature=BODY,
        ions={"K": {"diffusivity": 1.96e-9}, "Cl": {"diffusivity": 2.03e-9}},
        layers=[water("inside", 20e-9), slab, water("outside", 20e-9)],
        left=bath(_STEEP[0], "floating"),
        right=bath(_STEEP[1]),
    )
    return case.changed(changes)


def _empty_rest() -> float:
    return theory.ghk_slab_reversal_potential(
        {"K": 1e-6, "Cl": 1e-7}, {"K": 1, "Cl": -1}, *_STEEP, 5e-9, LIPID, WATER, BODY
    )


def _slow_salt() -> float:
    """(RT/F) (D_K - D_Cl) / (D_K + D_Cl) ln(c_R / c_L) with D_K = 10 D_Cl."""
    return thermal(BODY) * 9 / 11 * math.log(15 / 150)


CROSSING = (
    _row(
        "kcl-empty",
        "KCl 150|15 mM, P 1:0.1, partition 1e-6, at rest",
        POTENTIAL,
        partial(potassium_chloride, 1e-6),
        VOLTAGE,
        _empty_rest,
        2e-6,
        "the charge of the slab: (d / its Debye length)^2 = 2e-3, of which a hundredth of RT/F",
        "hodgkin1949",
    ),
    *(
        _row(
            f"kcl-{beta:g}",
            f"the same with partition {beta:g}: Poisson, Nernst and Planck by collocation",
            POTENTIAL,
            partial(potassium_chloride, beta),
            VOLTAGE,
            partial(collocated_rest, beta),
            3e-8,
            "1e-6 RT/F of the mesh; the collocation is better",
            "kierzenka2001",
            convention="left - right",
        )
        for beta in (1e-3, 0.1, 1.0)
    ),
    _row(
        "kcl-full",
        "the same with partition 1 in a slab of 5 um",
        POTENTIAL,
        partial(potassium_chloride, 1.0, 5e-6),
        VOLTAGE,
        _slow_salt,
        2e-5,
        "two Debye layers of 0.4 nm at the faces of 5 um, and 1/200 of its resistance per nanometre of bath",
        "planck1890",
    ),
)

# ---- full of ions, and yet a constant field -------------------------------------------------------------------------


def _even_totals() -> Case:
    """KCl 150 | NaCl 150 mM across a slab that lets all ions in: the total is the same all through."""
    inside, outside = {"K": 150.0, "Na": 0.0, "Cl": 150.0}, {"K": 0.0, "Na": 150.0, "Cl": 150.0}
    slow = {"K": 1e-14, "Na": 0.3e-14, "Cl": 0.1e-14}
    case = membrane(inside, outside, dict.fromkeys(inside, 1.0), BODY)
    return case.changed({"layers.membrane.diffusivity": slow})


EVEN = (
    _row(
        "ghk-even-totals",
        "KCl 150 | NaCl 150 mM across a slab full of ions, P 1:0.3:0.1, at rest",
        POTENTIAL,
        _even_totals,
        VOLTAGE,
        thermal(BODY) * math.log((0.3 * 150 + 0.1 * 150) / (150 + 0.1 * 150)),
        2e-6,
        "the baths, 4 times as thick, resist 2e-5 of what the slab does",
        "hodgkin1949",
    ),
)

ROWS = (*GOLDMAN, *CURVES, *CROSSING, *EVEN)
