"""Impedance: blocking cells and slabs in closed form, capacitance against bias, slope conductance, dielectrics."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from electrodiff.model import Case
from electrodiff.units import CAPACITANCE, CONDUCTANCE_PER_AREA, Dimension
from electrodiff.verify.builders import (
    DIFFUSIVITY,
    SALT,
    blocking_cell,
    electrode,
    insulated,
    like_salt,
    water,
)
from electrodiff.verify.groups.membrane import goldman_slope, wide_slab
from electrodiff.verify.physics import LIPID, ROOM, VACUUM, WATER, debye, thermal
from electrodiff.verify.readings import small_capacitance, spectrum
from electrodiff.verify.records import Reading, Row

_row = partial(Row, "frequency")
IMPEDANCE = Dimension("impedance", "ohm m^2", "1e-4 ohm m^2")
_MESH = "three times the accuracy that the mesh is made for, 1e-6"

# ---- blocking electrodes --------------------------------------------------------------------------------------------

HALF, CONCENTRATION = 0.5e-6, 10.0
FREQUENCIES = (1e3, 1e4, 1e6, 1e8)


def macdonald(frequency: float, half: float, concentration: float) -> complex:
    """Z = 2/(s eps k^2) [tanh(k L)/(k lambda^2) + s L/D],  k^2 = 1/lambda^2 + s/D,  s = 2 pi i f,  L the half gap."""
    s, length = 2j * math.pi * frequency, debye(concentration)
    k = np.sqrt(1 / length**2 + s / DIFFUSIVITY)
    return complex(2 / (s * WATER * VACUUM * k**2) * (np.tanh(k * half) / (k * length**2) + s * half / DIFFUSIVITY))


def _cell() -> Case:
    return blocking_cell(HALF, CONCENTRATION, study={"kind": "impedance", "frequencies": list(FREQUENCIES)})


def _part_row(index: int, word: str) -> Row:
    part = np.real if word == "real" else np.imag
    frequency = FREQUENCIES[index]
    exact = macdonald(frequency, HALF, CONCENTRATION)
    return _row(
        f"macdonald-{frequency:g}Hz-{word}",
        f"{word} part of Z of 1 um of 10 mM salt between electrodes, {frequency:g} Hz",
        IMPEDANCE,
        _cell,
        spectrum(part, index),
        float(part(exact)),
        3e-6 * abs(exact),
        "three times the accuracy that the mesh is made for, 1e-6, of abs(Z)",
        "macdonald1953",
    )


BLOCKING = tuple(_part_row(index, word) for index in range(len(FREQUENCIES)) for word in ("real", "imaginary"))

# ---- slabs ----------------------------------------------------------------------------------------------------------

_SLAB_FREQUENCIES = [1e3, 1e8, 1e14]


def _slab() -> Case:
    return insulated(100.0, 30e-9, study={"kind": "impedance", "frequencies": _SLAB_FREQUENCIES})


def _slab_impedance(frequency: float) -> float:
    """Two baths, together a blocking cell of the half gap 30 nm, and the slab."""
    slab = 5e-9 / (2j * math.pi * frequency * LIPID * VACUUM)
    return abs(macdonald(frequency, 30e-9, 100.0) + slab)


def _dielectrics() -> float:
    return 1 / (2 * 30e-9 / (WATER * VACUUM) + 5e-9 / (LIPID * VACUUM))


def _ball() -> Case:
    """Salt water from 10 to 30 nm, lipid to 35 and salt water to 65 nm, at 1e14 Hz."""
    layers = [
        water("inside", 20e-9),
        {"name": "shell", "thickness": 5e-9, "relative_permittivity": LIPID},
        water("outside", 30e-9),
    ]
    salt = {"concentrations": {"K": 100.0, "Cl": 100.0}, "potential": 0.0}
    return Case(
        temperature=ROOM,
        ions=like_salt(),
        layers=layers,
        left=salt,
        right=salt,
        mesh={"geometry": "spherical", "inner_radius": 10e-9},
        study={"kind": "impedance", "frequencies": [1e14]},
    )


def _whole_capacitance(result: object) -> Reading:
    """Of the whole ball [F/m^2 of its unit sphere]: per area, times the area the program refers to, over 4 pi."""
    reading = small_capacitance()(result)
    area = result.steady.problem.mesh.reference_area / (4 * math.pi)  # type: ignore[attr-defined]
    return Reading(reading.value * area / 1e-18, None if reading.estimate is None else reading.estimate * area / 1e-18)


def _ball_capacitance() -> float:
    radii, permittivities = np.array([10.0, 30.0, 35.0, 65.0]) * 1e-9, np.array([WATER, LIPID, WATER])
    series = ((1 / radii[:-1] - 1 / radii[1:]) / (VACUUM * permittivities)).sum()
    return float(1 / series / 1e-18)


SLABS = (
    *(
        _row(
            f"slab-{frequency:g}Hz",
            f"abs(Z) of an ion-free slab between baths of 30 nm, {frequency:g} Hz",
            IMPEDANCE,
            _slab,
            spectrum(np.abs, index),
            partial(_slab_impedance, frequency),
            3e-6,
            _MESH,
            "macdonald1953",
            relative=True,
        )
        for index, frequency in enumerate(_SLAB_FREQUENCIES[:2])
    ),
    _row(
        "dielectrics",
        "capacitance of the stack at 1e14 Hz: its dielectrics in series",
        CAPACITANCE,
        _slab,
        small_capacitance(2),
        _dielectrics,
        3e-6,
        "ions move within 1e-5 of a period of theirs, in quadrature",
        "gauss",
        relative=True,
        convention="no sign",
    ),
    _row(
        "dielectrics-sphere",
        "capacitance of three concentric shells at 1e14 Hz, over 4 pi nm^2",
        CAPACITANCE,
        _ball,
        _whole_capacitance,
        _ball_capacitance,
        3e-6,
        "ions move within 1e-5 of a period of theirs, in quadrature",
        "gauss",
        relative=True,
        convention="no sign",
    ),
)

# ---- slopes of steady states ----------------------------------------------------------------------------------------


def _biased(v: float) -> Case:
    study = {"kind": "impedance", "frequencies": [1e-2]}
    return electrode({"potential": v * thermal(ROOM)}, SALT, study=study)


def _conductance(result: object) -> Reading:
    """1 / Re Z."""
    value = float(1 / result.impedance[0].real)  # type: ignore[attr-defined]
    return Reading(value, abs(value) * float(result.relative_error[0]))  # type: ignore[attr-defined]


SLOPES = (
    *(
        _row(
            f"gouy-chapman-capacitance{v:+g}",
            f"capacitance of a wall at {v:+g} RT/F, 150 mM: (eps/lambda) cosh(psi/2)",
            CAPACITANCE,
            partial(_biased, v),
            small_capacitance(),
            WATER * VACUUM / debye(150.0) * math.cosh(v / 2),
            3e-6,
            _MESH,
            "gouy1910",
            relative=True,
            convention="no sign",
        )
        for v in (0.0, -5.0)
    ),
    _row(
        "slope-conductance",
        "1/Z at 1 mHz of a slab in a constant field, -50 mV",
        CONDUCTANCE_PER_AREA,
        partial(wide_slab, {"kind": "impedance", "frequencies": [1e-3]}, -0.05),
        _conductance,
        partial(goldman_slope, -0.05),
        5e-5,
        "8e-6 of the voltage lies in the Debye layers, and 2e-5 RT/F is the charge of the slab",
        "goldman1943",
        relative=True,
    ),
)

ROWS = (*BLOCKING, *SLABS, *SLOPES)
