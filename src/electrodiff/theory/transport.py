"""Rate laws of pumps and cotransporters.

Signs: inside = left, V_m = phi(inside) - phi(outside); a stoichiometry counts the ions moved outward per cycle.
"""

from __future__ import annotations

import numpy as np

from electrodiff.theory._types import (
    CONCENTRATION,
    TEMPERATURE,
    FloatLike,
    PerIon,
    ion_names,
    ion_values,
    require_non_negative,
    require_positive,
    total,
)
from electrodiff.units import thermal_voltage


def saturation(concentration: FloatLike, half_saturation: FloatLike, hill: FloatLike = 1.0) -> FloatLike:
    """Part of a transporter's sites that an ion occupies, if it takes h of it together.

        (c / (c + K))^h

    concentration c and half_saturation K [mol/m^3], hill h: independent sites of the same affinity.
    Raises CaseError when c is negative or K is not positive.
    Source: R. P. Garay, P. J. Garrahan, J. Physiol. 231 (1973) 297, for the sodium sites of the pump, h = 3.
    """
    require_non_negative("concentration", concentration, CONCENTRATION)
    require_positive("half_saturation", half_saturation, CONCENTRATION)
    result: FloatLike = np.divide(concentration, concentration + half_saturation) ** hill
    return result


def transport_affinity(
    stoichiometry: PerIon, valences: PerIon, inside: PerIon, outside: PerIon, voltage: FloatLike, temperature: float
) -> FloatLike:
    """Driving force of a transport, the free energy that a cycle sets free over R T.

        A = sum_i nu_i [ln(c_i(inside) / c_i(outside)) + z_i F V_m / (R T)]

    stoichiometry nu_i, ions outward per cycle, valences z_i, concentrations [mol/m^3], voltage V_m [V], temperature T [K];
    mappings by ion or sequences.  0 at thermodynamic equilibrium: for a cotransporter of K and Cl where both have the same
    Nernst potential.  Raises CaseError when T or a concentration is not positive, or an ion has no value.
    Source: O. Kedem, A. Katchalsky, Biochim. Biophys. Acta 27 (1958) 229 (linear flows and forces).
    """
    require_positive("temperature", temperature, TEMPERATURE)
    ions = ion_names(stoichiometry)
    columns = [
        ion_values(name, table, ions)
        for name, table in (
            ("stoichiometry", stoichiometry),
            ("valences", valences),
            ("inside", inside),
            ("outside", outside),
        )
    ]
    for name, values in zip(("inside", "outside"), columns[2:], strict=True):
        for value in values:
            require_positive(name, value, CONCENTRATION)
    u = voltage / thermal_voltage(temperature)
    return total(
        nu * (np.log(np.divide(within, without)) + z * u) for nu, z, within, without in zip(*columns, strict=True)
    )
