"""An impedance as labelled data along `frequency`, beside the steady state about which it is taken.

NetCDF has no complex numbers: of each there is a variable of its real and one of its imaginary part.  The small-signal
profiles lie along `x_response`, as their mesh may be finer than that of the steady state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from electrodiff.dataset import Variable, as_dataset, tables

if TYPE_CHECKING:
    import xarray

    from electrodiff.impedance import Complex, Impedance

# attribute of Impedance: (variable, dimensions beside `frequency`, unit, long name)
COMPLEX: dict[str, tuple[str, tuple[str, ...], str, str]] = {
    "impedance": ("impedance", (), "ohm m2", "impedance"),
    "ion_admittance": ("ion_admittance", ("ion",), "S m-2", "current of the ion per voltage, at `position`"),
    "displacement_admittance": (
        "displacement_admittance",
        (),
        "S m-2",
        "displacement current per voltage, at `position`",
    ),
    "potential": ("potential_response", ("x_response",), "1", "change of the potential per voltage"),
    "concentration": (
        "concentration_response",
        ("ion", "x_response"),
        "mol m-3 V-1",
        "change of the concentration per voltage",
    ),
}


def frequency_tables(result: Impedance) -> tuple[dict[str, Variable], dict[str, Variable]]:
    """The variables and the coordinates of an impedance."""
    variables, coordinates = tables(result.steady)
    for attribute, (name, dimensions, unit, long_name) in COMPLEX.items():
        values: Complex = getattr(result, attribute)
        for part, numbers in (("real", values.real), ("imag", values.imag)):
            text = f"{long_name}, {'imaginary' if part == 'imag' else 'real'} part"
            error = "impedance_error" if name == "impedance" else ""
            variables[f"{name}_{part}"] = Variable(("frequency", *dimensions), numbers, unit, text, error)
    text = "estimated error of the impedance and of both of its parts"
    variables["impedance_error"] = Variable(("frequency",), result.error, "ohm m2", text)
    own = {
        "frequency": Variable(("frequency",), result.frequency, "Hz", "frequency"),
        "x_response": Variable(("x_response",), result.x, "m", "position of the small-signal profiles"),
    }
    return variables, {**own, **coordinates}


def frequency_dataset(result: Impedance) -> xarray.Dataset:
    """The impedance as an xarray dataset."""
    return as_dataset(*frequency_tables(result))


def complex_values(dataset: xarray.Dataset, name: str) -> Complex:
    """A complex variable of a dataset."""
    values = np.empty(dataset[f"{name}_real"].shape, dtype=complex)
    values.real, values.imag = dataset[f"{name}_real"].to_numpy(), dataset[f"{name}_imag"].to_numpy()
    return values
