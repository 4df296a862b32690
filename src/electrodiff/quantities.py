"""The scalar quantities that a solution reports: one table for JSON keys, expectations, NetCDF units and the docs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from electrodiff.units import (
    CAPACITANCE,
    CONDUCTANCE_PER_AREA,
    CURRENT,
    CURRENT_DENSITY,
    FLUX,
    NUMBER,
    POTENTIAL,
    SURFACE_CHARGE,
    Dimension,
)


@dataclass(frozen=True)
class Quantity:
    """A reported scalar, or a family of them with one value for each ion, side, layer or interface."""

    name: str
    dimension: Dimension
    meaning: str
    per: str = ""
    """"" | "ion" | "side" | "layer" | "interface" | "interface.side" | "layer.ion" | "gate" | "transporter" |
    "carried ion": every ion of a case with transporters.

    A member is named `name.member`.
    """

    @property
    def json_key(self) -> str:
        """Name with its SI unit, as in `run --json`: `current_density_A_m2`."""
        return f"{self.name}_{_SUFFIX[self.dimension.unit]}" if self.dimension.unit else self.name


_SUFFIX = {
    "V": "V",
    "A": "A",
    "A/m^2": "A_m2",
    "mol/m^2/s": "mol_m2_s",
    "C/m^2": "C_m2",
    "F/m^2": "F_m2",
    "S/m^2": "S_m2",
}

QUANTITIES: dict[str, Quantity] = {
    quantity.name: quantity
    for quantity in (
        Quantity("membrane_potential", POTENTIAL, "phi(left end) - phi(right end)"),
        Quantity("current_density", CURRENT_DENSITY, "net current density, positive from left to right"),
        Quantity("flux", FLUX, "flux, positive from left to right", per="ion"),
        Quantity("ion_current", CURRENT_DENSITY, "current density carried by the ion, z F flux", per="ion"),
        Quantity(
            "surface_charge",
            SURFACE_CHARGE,
            "charge per area of the Debye layer next to the first (left) or last (right) interface, "
            "fixed and mobile, without the charge of the interface itself",
            per="side",
        ),
        Quantity(
            "capacitance",
            CAPACITANCE,
            "integral capacitance: charge of the left wall, or else surface_charge.left, over membrane_potential "
            "(null where more than the voltage makes that charge: fixed or surface charge, or ions inside the membrane)",
        ),
        Quantity("layer_drop", POTENTIAL, "phi(left face) - phi(right face) of the layer", per="layer"),
        Quantity(
            "debye_drop",
            POTENTIAL,
            "phi(left) - phi(right) over the Debye layer next to the first (left) or last (right) interface",
            per="side",
        ),
        Quantity(
            "charge_beside",
            SURFACE_CHARGE,
            "charge per area of the Debye layer on each side of the interface: all of a bath that ends in a reservoir, "
            "else half of the layer",
            per="interface.side",
        ),
        Quantity("drop_beside", POTENTIAL, "phi(left) - phi(right) over the same Debye layer", per="interface.side"),
        Quantity(
            "field_ratio",
            NUMBER,
            "field on the side of the lower permittivity over field on the other side of the interface",
            per="interface",
        ),
        Quantity("current", CURRENT, "net current through the whole area (null where the geometry has none)"),
        Quantity(
            "electrode_charge",
            SURFACE_CHARGE,
            "charge per area on the wall at an end (null at an end that is no wall)",
            per="side",
        ),
        Quantity(
            "log_permeability",
            NUMBER,
            "log10 of the permeability 1 / integral of dx / (D beta) in m/s (null for an absent ion)",
            per="layer.ion",
        ),
        Quantity("open_fraction", NUMBER, "open fraction of a gated conductance", per="gate"),
        Quantity(
            "passive_flux",
            FLUX,
            "flux of the ion through lipid and pathways of the membrane, without what transporters carry",
            per="carried ion",
        ),
        Quantity("transported_flux", FLUX, "flux of the ion that transporters carry", per="carried ion"),
        Quantity("transporter_rate", FLUX, "cycles of the transporter per area and time", per="transporter"),
        Quantity(
            "nernst_potential", POTENTIAL, "(RT/zF) ln(activity right / activity left) of the ends", per="carried ion"
        ),
        Quantity(
            "bulk_charge_imbalance",
            NUMBER,
            "largest abs(charge) / (F sum abs(z) c) further than 10 Debye lengths from every interface and wall "
            "(null if nothing is that far)",
        ),
    )
}

CURVE_QUANTITIES: dict[str, Quantity] = {
    quantity.name: quantity
    for quantity in (
        Quantity("slope_conductance", CONDUCTANCE_PER_AREA, "dI/dV at the potential"),
        Quantity(
            "chord_conductance",
            CONDUCTANCE_PER_AREA,
            "I / (V - reversal_potential) (dI/dV at the reversal potential itself; null without one)",
        ),
        Quantity("rectification", NUMBER, "abs(I(V) / I(-V)) (null where the study has no potential -V, and at 0 V)"),
        Quantity("reversal_potential", POTENTIAL, "membrane potential without net current (null if there is none)"),
    )
}
"""What a current-voltage study reports beside these; all but the reversal potential once for each of its potentials."""

CLOSED_FORMS: dict[str, Quantity] = {
    quantity.name: quantity
    for quantity in (
        Quantity("ghk_potential", POTENTIAL, "membrane potential without net current by the GHK voltage equation"),
        Quantity(
            "ghk_difference", POTENTIAL, "membrane_potential - ghk_potential: the error of GHK, with its sign turned"
        ),
        Quantity("planck_potential", POTENTIAL, "that of an electroneutral membrane, by Planck"),
        Quantity("planck_difference", POTENTIAL, "membrane_potential - planck_potential"),
        Quantity("debye_ratio", NUMBER, "thickness of the membrane over the Debye length of the ions inside it"),
    )
}
"""What a sweep may put beside the solution at each of its points: textbook models, null where they do not apply."""


def quantity_of(name: str) -> Quantity:
    """The quantity of a scalar by its full name, such as `flux.K`.  Raises KeyError if there is none."""
    family = name.partition(".")[0]
    return QUANTITIES.get(family) or CURVE_QUANTITIES.get(family) or CLOSED_FORMS[family]


def scalar_names(
    ions: Iterable[str], layers: Iterable[str], gates: Iterable[str] = (), transporters: Iterable[str] = ()
) -> list[str]:
    """Names of all scalars of a case with these ions, layers, gates and transporters: `flux.K`, `surface_charge.left`, ..."""
    ions, layers, transporters = list(ions), list(layers), list(transporters)
    members = {
        "": [""],
        "ion": [f".{ion}" for ion in ions],
        "side": [".left", ".right"],
        "layer": [f".{layer}" for layer in layers],
        "layer.ion": [f".{layer}.{ion}" for layer in layers for ion in ions],
        "gate": [f".{gate}" for gate in gates],
        "transporter": [f".{transporter}" for transporter in transporters],
        "carried ion": [f".{ion}" for ion in ions if transporters],
        "interface": [f".{left}|{right}" for left, right in pairwise(layers)],
        "interface.side": [f".{left}|{right}.{side}" for left, right in pairwise(layers) for side in ("left", "right")],
    }
    return [quantity.name + member for quantity in QUANTITIES.values() for member in members[quantity.per]]


def members(name: str, table: Mapping[str, float | None]) -> dict[str, float | None]:
    """The members of a family in a table of scalars by full name."""
    start = f"{name}."
    return {scalar.removeprefix(start): value for scalar, value in table.items() if scalar.startswith(start)}


def rounded_up(error: float) -> str:
    """One digit of an error, never less than it is: 3e-7 for 2.1e-7, 0.03 for 0.021."""
    if not 0 < error < math.inf:
        return f"{error:g}"
    exponent = math.floor(math.log10(error))
    # A digit that is whole but for the rounding of the division is whole.
    digit = math.ceil(error / 10.0**exponent * (1 - 1e-9))
    mantissa, power = f"{digit * 10.0**exponent:.0e}".split("e")
    plain = -2 <= int(power) <= 3
    return f"{float(mantissa) * 10.0 ** int(power):g}" if plain else f"{mantissa}e{int(power)}"
