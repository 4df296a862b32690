"""Goldman-Hodgkin-Katz between two diffuse layers: the quasi-equilibrium limit of Poisson and Nernst-Planck.

Regime: an uncharged slab so poor in ions that its field is constant, between two wide baths of ideal point ions that
are at equilibrium up to its faces, because the slab holds back the currents.  All ions of a bath screen, also those
that do not enter the slab.  What the voltage equation leaves out is then only that the slab sees part of the voltage,
and the concentrations at its faces instead of those of the bulk.

Signs: x runs from left (inside) to right (outside), V_m = phi(left) - phi(right), positive fluxes go outward.  A drop
is phi(face) - phi(bulk) of its own bath.  The displacement points right where the slab's voltage is positive.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from electrodiff.theory._bath import WallBath, wall_bath
from electrodiff.theory._roots import rising_root
from electrodiff.theory._types import POTENTIAL, SURFACE_CHARGE, FloatLike, ion_names, ion_values, require_finite
from electrodiff.theory.capacitor import slab_capacitance
from electrodiff.theory.ghk import ghk_flux_from_faces, ghk_reversal_potential
from electrodiff.units import FARADAY, thermal_voltage


@dataclass(frozen=True)
class GhkSlab:
    """What a thin uncharged slab between two diffuse layers sees, and lets through.

    `voltage = slab_voltage - left_drop + right_drop` [V].  The tables are by ion name and have all ions of both baths.
    """

    voltage: float
    """From bulk to bulk, V_m [V]."""
    left_drop: float
    """phi(left face) - phi(left bulk) [V]."""
    right_drop: float
    """phi(right face) - phi(right bulk) [V]."""
    slab_voltage: float
    """phi(left face) - phi(right face) [V]."""
    displacement: float
    """eps E in the slab [C/m^2], the charge that the left layer and the left face hold together."""
    left_face: dict[str, float]
    """Concentrations in the water at the left face [mol/m^3]."""
    right_face: dict[str, float]
    """Concentrations in the water at the right face [mol/m^3]."""
    flux: dict[str, float]
    """Outward fluxes [mol/(m^2 s)]."""
    current_density: float
    """Outward current of all ions [A/m^2]."""


def ghk_slab(
    permeabilities: Mapping[str, float],
    valences: Mapping[str, float],
    inside: Mapping[str, float],
    outside: Mapping[str, float],
    voltage: float,
    thickness: float,
    relative_permittivity: float,
    water_relative_permittivity: float,
    temperature: float,
    left_surface_charge: float = 0.0,
    right_surface_charge: float = 0.0,
) -> GhkSlab:
    """Drops, face concentrations and fluxes of a thin slab between two diffuse layers at a given voltage.

        V_m = D d / eps - psi_L + psi_R,    g_L(psi_L) = sigma_L - D,    g_R(psi_R) = sigma_R + D
        a_i = c_i exp(-z_i F psi / (R T)),    J_i = P_i (B(-u) a_L,i - B(u) a_R,i),    u = z_i F D d / (eps R T)

    g of each bath is its `grahame_charge`.  permeabilities P_i = beta_i D_i / d [m/s] (an ion without one does not enter
    the slab), valences z_i, bulk concentrations inside and outside [mol/m^3] (an ion without one is absent), mappings
    by ion name; voltage V_m from bulk to bulk [V], thickness d [m] and relative_permittivity eps / eps_0 of the slab,
    water_relative_permittivity of both baths, temperature T [K], surface charges sigma of the two faces [C/m^2].  V_m
    rises with the displacement D, which is found to round-off.  Regime: see the head of the module.
    Raises CaseError when a bath is not neutral, the voltage or a charge is not finite, and for values out of range.

    Source: D. E. Goldman, J. Gen. Physiol. 27 (1943) 37, for the slab; D. C. Grahame, Chem. Rev. 41 (1947) 441, for the
    layers.
    """
    slab = _slab(
        permeabilities,
        valences,
        (inside, outside),
        slab_capacitance(thickness, relative_permittivity),
        (water_relative_permittivity, temperature),
        (left_surface_charge, right_surface_charge),
    )
    require_finite("voltage", voltage, POTENTIAL)
    return _state(slab, slab.displacement(voltage))


def ghk_slab_reversal_potential(
    permeabilities: Mapping[str, float],
    valences: Mapping[str, float],
    inside: Mapping[str, float],
    outside: Mapping[str, float],
    thickness: float,
    relative_permittivity: float,
    water_relative_permittivity: float,
    temperature: float,
    left_surface_charge: float = 0.0,
    right_surface_charge: float = 0.0,
) -> float:
    """Membrane potential at which a thin slab between two diffuse layers carries no net current [V].

        sum_i z_i F J_i(V_m) = 0

    Fluxes J_i, arguments, regime and source as for `ghk_slab`, whose state at this voltage has all the rest.  Every
    current rises with V_m, so the zero is the only one, and it lies between the smallest and the largest Nernst
    potential; it is found to round-off.  `ghk_reversal_potential` up to what the layers change.
    Raises CaseError as `ghk_slab` and `ghk_reversal_potential` do.
    """
    slab = _slab(
        permeabilities,
        valences,
        (inside, outside),
        slab_capacitance(thickness, relative_permittivity),
        (water_relative_permittivity, temperature),
        (left_surface_charge, right_surface_charge),
    )
    start = slab.displacement(ghk_reversal_potential(permeabilities, valences, inside, outside, temperature))
    scale = slab.capacitance * slab.thermal_voltage
    # The layers move the potential by a small part of R T / F; the search widens where they do not.
    root = rising_root(lambda displacement: _state(slab, displacement).current_density, start, 1e-3 * scale, scale)
    return slab.voltage(root)


@dataclass(frozen=True)
class _Slab:
    """The slab, its two baths and the charges of its faces; all follows from the displacement D [C/m^2]."""

    ions: tuple[str, ...]
    permeabilities: tuple[float, ...]
    left: WallBath
    right: WallBath
    capacitance: float
    left_surface_charge: float
    right_surface_charge: float
    temperature: float

    @property
    def thermal_voltage(self) -> float:
        return thermal_voltage(self.temperature)

    def drops(self, displacement: float) -> tuple[float, float]:
        """phi(face) - phi(bulk) on the left and on the right, in units of R T / F."""
        left = self.left.wall_potential(self.left_surface_charge - displacement)
        return left, self.right.wall_potential(self.right_surface_charge + displacement)

    def voltage(self, displacement: float) -> float:
        """From bulk to bulk [V]; rises with the displacement."""
        left, right = self.drops(displacement)
        return displacement / self.capacitance + self.thermal_voltage * (right - left)

    def displacement(self, voltage: float) -> float:
        """The inverse of `voltage`."""
        start = self.capacitance * voltage
        # The slab alone takes 1 / C of voltage for a displacement, and the layers some more: this step is enough.
        step = self.capacitance * abs(self.voltage(start) - voltage)
        scale = self.capacitance * (abs(voltage) + self.thermal_voltage * sum(map(abs, self.drops(0.0))))
        return rising_root(lambda displacement: self.voltage(displacement) - voltage, start, step, scale)


def _slab(
    permeabilities: Mapping[str, float],
    valences: Mapping[str, float],
    baths: tuple[Mapping[str, float], Mapping[str, float]],
    capacitance: FloatLike,
    water: tuple[float, float],
    surface_charges: tuple[float, float],
) -> _Slab:
    """The checked arguments of `ghk_slab`; `water` is its permittivity and its temperature."""
    for side, charge in zip(("left", "right"), surface_charges, strict=True):
        require_finite(f"{side}_surface_charge", charge, SURFACE_CHARGE)
    ions = tuple(str(ion) for ion in ion_names(permeabilities, *baths))
    charges = dict(zip(ions, ion_values("valences", valences, ions), strict=True))
    inside, outside = (
        wall_bath(charges, dict(zip(ions, ion_values(side, bath, ions, 0.0), strict=True)), *water, f"{side} ")
        for side, bath in zip(("inside", "outside"), baths, strict=True)
    )
    P = ion_values("permeabilities", permeabilities, ions, 0.0)
    return _Slab(ions, tuple(map(float, P)), inside, outside, float(capacitance), *surface_charges, water[1])


def _state(slab: _Slab, displacement: float) -> GhkSlab:
    """Everything that a displacement implies."""
    left_drop, right_drop = slab.drops(displacement)
    left_face, right_face = slab.left.face(left_drop), slab.right.face(right_drop)
    slab_voltage = displacement / slab.capacitance
    flux = tuple(
        float(ghk_flux_from_faces(P, z, a_left, a_right, slab_voltage, slab.temperature))
        for P, z, a_left, a_right in zip(slab.permeabilities, slab.left.valences, left_face, right_face, strict=True)
    )
    return GhkSlab(
        voltage=slab_voltage + slab.thermal_voltage * (right_drop - left_drop),
        left_drop=slab.thermal_voltage * left_drop,
        right_drop=slab.thermal_voltage * right_drop,
        slab_voltage=slab_voltage,
        displacement=displacement,
        left_face=dict(zip(slab.ions, left_face, strict=True)),
        right_face=dict(zip(slab.ions, right_face, strict=True)),
        flux=dict(zip(slab.ions, flux, strict=True)),
        current_density=FARADAY * math.fsum(z * J for z, J in zip(slab.left.valences, flux, strict=True)),
    )
