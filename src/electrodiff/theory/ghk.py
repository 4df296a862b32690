"""Goldman-Hodgkin-Katz: electrodiffusion through a slab whose electric field is constant.

Regime of everything here: independent ions in a slab whose Debye length is much larger than its thickness, or equal
total concentrations on both sides of an uncharged slab.  The permeability of a slab is P = beta D / d.

Signs: x runs from left (inside) to right (outside), V_m = phi(left) - phi(right), positive fluxes go outward.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from electrodiff.errors import CaseError
from electrodiff.theory._types import (
    CONCENTRATION,
    PERMEABILITY,
    TEMPERATURE,
    FloatLike,
    PerIon,
    ion_names,
    ion_values,
    require_non_negative,
    require_positive,
    total,
)
from electrodiff.theory.energetics import PUMP_POTASSIUM, PUMP_SODIUM
from electrodiff.units import FARADAY, thermal_voltage

PUMP_RATIO = "a ratio of ions out to ions in, such as 1.5"

# exp(-800) is 0 in double precision (the least positive number is exp(-745)), and 800 exp(-800) is not inf * 0.
_WHERE_EXP_IS_ZERO = 800.0


def bernoulli(u: FloatLike) -> FloatLike:
    """Bernoulli function, accurate to round-off for every u.

        B(u) = u / (e^u - 1),    B(0) = 1,    B(-u) = B(u) + u

    Evaluated from |u|, as e^-|u| |u| / (1 - e^-|u|) for u > 0 and |u| / (1 - e^-|u|) else, so that nothing
    cancels or overflows; B(inf) = 0.  Dimensionless.

    Source: D. L. Scharfetter, H. K. Gummel, IEEE Trans. Electron Devices 16 (1969) 64.
    """
    size = np.abs(np.minimum(u, _WHERE_EXP_IS_ZERO))
    ratio = np.where(size == 0.0, 1.0, size / np.where(size == 0.0, 1.0, -np.expm1(-size)))
    result: FloatLike = (ratio * np.exp(-np.clip(u, 0.0, _WHERE_EXP_IS_ZERO)))[()]
    return result


def ghk_flux(
    permeability: FloatLike,
    valence: FloatLike,
    inside: FloatLike,
    outside: FloatLike,
    voltage: FloatLike,
    temperature: float,
) -> FloatLike:
    """Outward flux of an ion through a slab of constant field [mol/(m^2 s)].

        J = P u (c_in - c_out e^-u) / (1 - e^-u) = P (B(-u) c_in - B(u) c_out),    u = z F V_m / (R T)

    permeability P [m/s], valence z, concentrations [mol/m^3], voltage V_m [V], temperature T [K].  P (c_in - c_out)
    at u = 0.  Accurate to round-off of the larger one-way flux.  Regime: see the head of the module.
    Raises CaseError when T is not positive, or P or a concentration is negative.

    Source: D. E. Goldman, J. Gen. Physiol. 27 (1943) 37; A. L. Hodgkin, B. Katz, J. Physiol. 108 (1949) 37.
    """
    require_non_negative("permeability", permeability, PERMEABILITY)
    require_non_negative("inside", inside, CONCENTRATION)
    require_non_negative("outside", outside, CONCENTRATION)
    require_positive("temperature", temperature, TEMPERATURE)
    u = valence * voltage / thermal_voltage(temperature)
    return permeability * (bernoulli(-u) * inside - bernoulli(u) * outside)


def ghk_current(
    permeability: FloatLike,
    valence: FloatLike,
    inside: FloatLike,
    outside: FloatLike,
    voltage: FloatLike,
    temperature: float,
) -> FloatLike:
    """Outward current density of an ion through a slab of constant field [A/m^2].

        I = z F J

    Arguments, regime, errors and source as for `ghk_flux`, which gives J.
    """
    return FARADAY * valence * ghk_flux(permeability, valence, inside, outside, voltage, temperature)


def ghk_flux_from_faces(
    permeability: FloatLike,
    valence: FloatLike,
    left_face: FloatLike,
    right_face: FloatLike,
    slab_voltage: FloatLike,
    temperature: float,
) -> FloatLike:
    """Outward flux of an ion from what the two faces of the slab see, not the bulk [mol/(m^2 s)].

        J = P (B(-u) a_left - B(u) a_right),    u = z F (phi_left - phi_right) / (R T)

    permeability P [m/s], activities at the faces of the slab [mol/m^3] (for an ideal solution the concentrations on
    the water side), slab_voltage phi_left - phi_right between the faces [V], temperature T [K].  Sharper than
    `ghk_flux` with bulk values: bulk and face differ by the Debye layers, a = c exp(-z F psi / (R T)), which also
    take their share of the voltage.  Exact for a constant field; errors and source as for `ghk_flux`.
    """
    return ghk_flux(permeability, valence, left_face, right_face, slab_voltage, temperature)


class _Row(NamedTuple):
    """One permeant ion: its permeability, valence, and concentrations on both sides."""

    ion: object
    permeability: FloatLike
    valence: float
    inside: FloatLike
    outside: FloatLike


def _rows(permeabilities: PerIon, valences: PerIon, inside: PerIon, outside: PerIon) -> list[_Row]:
    """The ions that carry current: charged, with a permeability above zero.  Raises CaseError if there is none."""
    ions = ion_names(permeabilities)
    columns = zip(
        ions,
        ion_values("permeabilities", permeabilities, ions),
        [float(valence) for valence in ion_values("valences", valences, ions)],
        ion_values("inside", inside, ions, missing=0.0),
        ion_values("outside", outside, ions, missing=0.0),
        strict=True,
    )
    rows = [_Row(*column) for column in columns]
    for row in rows:
        require_non_negative(f"permeability of ion {row.ion}", row.permeability, PERMEABILITY)
        require_non_negative(f"inside of ion {row.ion}", row.inside, CONCENTRATION)
        require_non_negative(f"outside of ion {row.ion}", row.outside, CONCENTRATION)
    permeant = [row for row in rows if row.valence != 0.0 and np.any(np.asarray(row.permeability) > 0.0)]
    if not permeant:
        raise CaseError("no ion carries a current; give one charged ion at least a permeability above 0")
    return permeant


def ghk_voltage(
    permeabilities: PerIon, valences: PerIon, inside: PerIon, outside: PerIon, temperature: float
) -> FloatLike:
    """Membrane potential at which monovalent ions carry no net current through a slab of constant field [V].

        V_m = (R T / F) ln[ (sum+ P c_out + sum- P c_in) / (sum+ P c_in + sum- P c_out) ]

    permeabilities P (any common unit: only ratios count), valences, concentrations inside and outside [mol/m^3],
    all four as mappings by ion name or all as sequences; temperature T [K].  An ion missing from the mapping
    `inside` or `outside` is absent there, one missing from `permeabilities` is impermeant.  Concentrations and
    permeabilities may be arrays that broadcast.  Regime: see the head of the module, and no pump current.
    Raises CaseError when a permeant ion is not monovalent (use `ghk_reversal_potential`), when no ion is permeant,
    when no permeant ion opposes the others (the potential is infinite), and for negative values.

    Source: as for `ghk_flux`.
    """
    return _monovalent_voltage(_rows(permeabilities, valences, inside, outside), temperature)


def ghk_voltage_pumped(
    permeabilities: PerIon,
    valences: PerIon,
    inside: PerIon,
    outside: PerIon,
    temperature: float,
    pump_ratio: FloatLike = PUMP_SODIUM / PUMP_POTASSIUM,
    imported: str | int = "K",
) -> FloatLike:
    """Membrane potential of monovalent ions and an electrogenic pump that keeps its imported ion steady [V].

        V_m = (R T / F) ln[ (r P_K K_out + P_Na Na_out + P_Cl Cl_in) / (r P_K K_in + P_Na Na_in + P_Cl Cl_out) ]

    As `ghk_voltage`, with the permeability of the `imported` ion (its name, or its row in sequences) times pump_ratio
    r, the cations that the pump takes out for each cation that it brings in: 1.5 for three sodium against two
    potassium.  The pump refills what leaks, p = J_K, and its current (r - 1) F p balances those of all ions:
    sum z J + (r - 1) J_K = 0.  Holds when the imported ion is steady; the others need not be.  r = 1 is `ghk_voltage`.
    Raises CaseError as `ghk_voltage` does, and when r is not positive or the imported ion is no permeant cation.

    Source: L. J. Mullins, K. Noda, J. Gen. Physiol. 47 (1963) 117.
    """
    require_positive("pump_ratio", pump_ratio, PUMP_RATIO)
    rows = _rows(permeabilities, valences, inside, outside)
    if not any(row.ion == imported and row.valence > 0.0 for row in rows):
        raise CaseError(f"imported is {imported}; expected a permeant cation, one of those in permeabilities")
    weighted = [
        row._replace(permeability=pump_ratio * row.permeability) if row.ion == imported else row for row in rows
    ]
    return _monovalent_voltage(weighted, temperature)


def ghk_pump_ceiling(pump_ratio: FloatLike, temperature: float) -> FloatLike:
    """Most that a pump's current can add to the membrane potential, whatever the ions [V].

        |V_m(r) - V_m(1)| <= (R T / F) |ln r|

    V_m(r) from `ghk_voltage_pumped`, pump_ratio r, temperature T [K]; 10.83 mV for r = 3/2 at 310 K.  Approached where
    the imported ion dominates the sum of P c on one side and hardly counts in that of the other.  Of the steady state
    only: a pump that is driven faster for a while may add more.
    Raises CaseError when r or T is not positive.

    Source: as for `ghk_voltage_pumped`; R. C. Thomas, Physiol. Rev. 52 (1972) 563.
    """
    require_positive("pump_ratio", pump_ratio, PUMP_RATIO)
    require_positive("temperature", temperature, TEMPERATURE)
    result: FloatLike = thermal_voltage(temperature) * np.abs(np.log(pump_ratio))
    return result


def _monovalent_voltage(rows: list[_Row], temperature: float) -> FloatLike:
    """The GHK voltage of these ions [V].  Raises CaseError when one is not monovalent or nothing opposes the others."""
    require_positive("temperature", temperature, TEMPERATURE)
    for row in rows:
        if abs(row.valence) != 1.0:
            raise CaseError(
                f"valence of ion {row.ion} is {row.valence:g}; the GHK voltage equation is for valences 1 and -1: "
                "use ghk_reversal_potential, which takes any"
            )
    toward_positive = total(row.permeability * (row.outside if row.valence > 0 else row.inside) for row in rows)
    toward_negative = total(row.permeability * (row.inside if row.valence > 0 else row.outside) for row in rows)
    if not np.all(np.minimum(toward_positive, toward_negative) > 0.0):
        raise _unbalanced()
    result: FloatLike = thermal_voltage(temperature) * np.log(np.divide(toward_positive, toward_negative))
    return result


def _unbalanced() -> CaseError:
    return CaseError(
        "inside and outside: the permeant ions carry current in one direction only, at every voltage; give a "
        "permeant cation on the other side, or a permeant anion on the same side"
    )


def ghk_reversal_potential(
    permeabilities: PerIon, valences: PerIon, inside: PerIon, outside: PerIon, temperature: float
) -> float:
    """Membrane potential at which ions of any valence carry no net current through a slab of constant field [V].

        sum_i z_i F P_i (B(-u_i) c_in,i - B(u_i) c_out,i) = 0,    u_i = z_i F V_m / (R T)

    Arguments and regime as for `ghk_voltage`, scalars only; equal to it for monovalent ions.  The current rises with
    V_m, so the zero is the only one, and it lies between the smallest and the largest Nernst potential; it is found
    to round-off.  Raises CaseError when no ion is permeant, when no permeant ion opposes the others, and for
    negative values.

    Source: as for `ghk_flux`; root by R. P. Brent, Algorithms for Minimization without Derivatives (1973).
    """
    from scipy.optimize import brentq

    require_positive("temperature", temperature, TEMPERATURE)
    rows = _rows(permeabilities, valences, inside, outside)
    low, high = _bracket(rows)
    # An ion absent from one side has no finite Nernst potential to start from: widen until the sign changes.
    step = 1.0
    while _reduced_current(low, rows) > 0.0:
        low, step = low - step, 2.0 * step
    step = 1.0
    while _reduced_current(high, rows) < 0.0:
        high, step = high + step, 2.0 * step
    if low == high:
        return thermal_voltage(temperature) * low
    # Round-off of the current moves its zero by about one eps of R T / F, so a finer tolerance would buy nothing.
    eps = float(np.finfo(float).eps)
    root: float = brentq(_reduced_current, low, high, args=(rows,), xtol=eps, rtol=4.0 * eps)
    return thermal_voltage(temperature) * root


def _reduced_current(v: float, rows: list[_Row]) -> float:
    """Total current over F, at the voltage v in units of R T / F."""
    fluxes = (bernoulli(-row.valence * v) * row.inside - bernoulli(row.valence * v) * row.outside for row in rows)
    return math.fsum(row.valence * float(row.permeability * flux) for row, flux in zip(rows, fluxes, strict=True))


def _bracket(rows: list[_Row]) -> tuple[float, float]:
    """The smallest and the largest finite Nernst potential, in units of R T / F; both 0 if there is none.

    Raises CaseError when all currents have one direction at every voltage.
    """
    falling = [row for row in rows if float(row.outside if row.valence > 0 else row.inside) > 0.0]
    rising = [row for row in rows if float(row.inside if row.valence > 0 else row.outside) > 0.0]
    if not falling or not rising:
        raise _unbalanced()
    finite = [
        math.log(float(row.outside) / float(row.inside)) / row.valence
        for row in rows
        if float(row.inside) > 0.0 and float(row.outside) > 0.0
    ]
    return min(finite, default=0.0), max(finite, default=0.0)
