"""Cases in time: how double layers and membranes charge, and how what is uncharged spreads and leaks away."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
from scipy.optimize import brentq

from electrodiff.model import Case
from electrodiff.transient import Transient
from electrodiff.units import CONCENTRATION, CURRENT_DENSITY, POTENTIAL, SURFACE_CHARGE, TIME
from electrodiff.verify.builders import DIFFUSIVITY, bath, blocking_cell, insulated, water
from electrodiff.verify.physics import LIPID, ROOM, VACUUM, WATER, debye, thermal
from electrodiff.verify.quadrature import Complex, inverse_laplace
from electrodiff.verify.readings import series
from electrodiff.verify.records import Reading, Row

_row = partial(Row, "time")
LENGTH = debye(100.0)
# Small enough that what is not linear, sinh(x)/x - 1 = x^2/6 with x = 1e-3/4, is 1e-8.
SMALL = 1e-3 * thermal(ROOM)
STEP = {"at": 0.0, "set": {"left.potential": SMALL}}


def in_time(case: Case, times: list[float], *changes: dict[str, Any], **study: Any) -> Case:
    """The case as a transient with outputs at these times [s]."""
    keys = {"kind": "transient", "end": times[-1], "protocol": list(changes), "output": {"times": times}, **study}
    return case.changed({"study": keys})


# ---- two blocking electrodes ----------------------------------------------------------------------------------------


def decay_time(e: float) -> float:
    """The slowest time of the charge of a blocking cell, D tau = lambda^2 / q, e = lambda / half gap [s].

    tanh(sqrt(1-q)/e) e / sqrt(1-q) = q: the largest pole of 1 / (s Z(s)).
    """

    def excess(q: float) -> float:
        return math.tanh(math.sqrt(1 - q) / e) * e / math.sqrt(1 - q) - q

    return LENGTH**2 / DIFFUSIVITY / float(brentq(excess, e / 2, min(2 * e, 0.999), xtol=1e-16, rtol=1e-14))


def _charging(e: float) -> Case:
    """A blocking cell after a small step, with outputs at 0.1, 1, 4, 5 and 6 decay times."""
    times = [part * decay_time(e) for part in (0.1, 1.0, 4.0, 5.0, 6.0)]
    cell = blocking_cell(LENGTH / e, mesh={"nodes": 1601})
    return in_time(cell, times, STEP, tolerance=1e-8)


def _decay(result: Transient) -> Reading:
    """From three charges at equal distances in time; by then the next mode is gone."""
    charge = result.scalar("electrode_charge.left")[-3:]
    span = float(result.time[-1] - result.time[-2])
    return Reading(span / math.log((charge[1] - charge[0]) / (charge[2] - charge[1])))


def _cell_charge(e: float, part: float) -> float:
    """V / (s^2 Z(s)) at a part of the decay time, Z of Macdonald."""
    half = LENGTH / e

    def image(s: Complex) -> Complex:
        k = np.sqrt(1 / LENGTH**2 + s / DIFFUSIVITY)
        decayed = np.exp(-2 * k * half)
        tanh = (1 - decayed) / (1 + decayed)
        impedance = 2 / (s * WATER * VACUUM * k**2) * (tanh / (k * LENGTH**2) + s * half / DIFFUSIVITY)
        return np.asarray(SMALL / (s**2 * impedance))

    return inverse_laplace(image, part * decay_time(e))


_MESH = "second order on 1600 cells"
_CHARGE = "electrode_charge.left"

CHARGING = (
    *(
        _row(
            f"bazant-time-{e:g}",
            f"charging time of a blocking cell, lambda / half gap {e:g}: {ratio} of lambda L / D",
            TIME,
            partial(_charging, e),
            _decay,
            partial(decay_time, e),
            1e-4,
            _MESH + "; the next mode is nine times as fast",
            "bazant2004",
            relative=True,
            convention="no sign",
            slow=slow,
        )
        for e, ratio, slow in ((0.1, 0.9456, False), (0.05, 0.9740, True), (0.01, 0.9950, True))
    ),
    *(
        _row(
            f"bazant-charge-{part:g}",
            f"charge of its left wall {part:g} charging times after a step of RT/1000F, lambda / half gap 0.1",
            SURFACE_CHARGE,
            partial(_charging, 0.1),
            series(_CHARGE, index),
            partial(_cell_charge, 0.1, part),
            3e-5,
            _MESH,
            "bazant2004",
            relative=True,
        )
        for part, index in ((0.1, 1), (1.0, 2))
    ),
    _row(
        "bazant-at-once",
        "charge of its left wall at once: that of an empty capacitor",
        SURFACE_CHARGE,
        partial(_charging, 0.1),
        series(_CHARGE, 0),
        WATER * VACUUM * SMALL / (20 * LENGTH),
        1e-8,
        "rounding of the field over the first cell",
        "gauss",
        relative=True,
        convention="charge of the wall",
    ),
)

# ---- a membrane that no ion can pass --------------------------------------------------------------------------------

BATH = 20e-9
CAPACITANCE = 1 / (5e-9 / (LIPID * VACUUM) + 2 * LENGTH / (WATER * VACUUM))
RC = 2 * BATH * LENGTH**2 / (WATER * VACUUM * DIFFUSIVITY) * CAPACITANCE
_TIMES = [0.1 * RC, RC, 3 * RC]


def _stepped() -> Case:
    slab = insulated(100.0, BATH, mesh={"nodes": 801})
    return in_time(slab, _TIMES, STEP, tolerance=1e-8)


def _ramped() -> Case:
    slab = insulated(100.0, BATH, mesh={"nodes": 801})
    ramp = {"at": 0.0, "ramp": {"left.potential": SMALL}, "over": 400 * RC}
    return in_time(slab, [200 * RC, 400 * RC], ramp, tolerance=1e-8)


def _impedance(s: Complex) -> Complex:
    """Two baths of width h and the slab: Z_bath = (1/(s eps)) [h s/(D k^2) + tanh(k h)/(lambda^2 k^3)]."""
    k = np.sqrt(1 / LENGTH**2 + s / DIFFUSIVITY)
    decayed = np.exp(-2 * k * BATH)
    tanh = (1 - decayed) / (1 + decayed)
    baths = (BATH * s / (DIFFUSIVITY * k**2) + tanh / (LENGTH**2 * k**3)) / (s * WATER * VACUUM)
    return np.asarray(2 * baths + 5e-9 / (s * LIPID * VACUUM))


def _slab_drop(time: float) -> float:
    charge = inverse_laplace(lambda s: np.asarray(SMALL / (s**2 * _impedance(s))), time)
    return charge * 5e-9 / (LIPID * VACUUM)


def _slab_current(time: float) -> float:
    return inverse_laplace(lambda s: np.asarray(SMALL / (s * _impedance(s))), time)


SLAB = (
    *(
        _row(
            f"slab-drop-{time / RC:g}",
            f"voltage over an ion-free slab {time / RC:g} R C after a step of RT/1000F",
            POTENTIAL,
            _stepped,
            series("layer_drop.slab", index),
            partial(_slab_drop, time),
            3e-5,
            _MESH.replace("1600", "800"),
            "macdonald1953",
            relative=True,
            convention="left - right",
        )
        for index, time in enumerate(_TIMES, start=1)
    ),
    _row(
        "slab-current",
        "current through it 1 R C after the step",
        CURRENT_DENSITY,
        _stepped,
        series("total_current_density", 2),
        partial(_slab_current, RC),
        2e-4,
        _MESH.replace("1600", "800") + ", and the tolerance of the steps",
        "macdonald1953",
        relative=True,
        convention="positive to the right",
    ),
    _row(
        "slab-ramp",
        "current under a ramp: C dV/dt",
        CURRENT_DENSITY,
        _ramped,
        series("total_current_density", 1),
        CAPACITANCE * SMALL / (400 * RC),
        3e-5,
        _MESH.replace("1600", "800"),
        "gauss",
        relative=True,
        convention="positive to the right",
    ),
)

# ---- what is uncharged ----------------------------------------------------------------------------------------------

_WIDTH, _SPREAD = 1e-6, 1e-9


def _sugar(layers: list[dict[str, Any]], left: dict[str, Any], times: list[float], right: float) -> Case:
    # Two solutes, of which one is only there because the kernels of two are compiled for the other rows too.
    case = Case(
        temperature=ROOM,
        ions={"sugar": {"valence": 0, "diffusivity": _SPREAD}, "urea": {"valence": 0, "diffusivity": 1.4 * _SPREAD}},
        layers=layers,
        left=left,
        right=bath({"sugar": right}),
    )
    return in_time(case, times, start="initial", tolerance=1e-7)


def _filling() -> Case:
    """A layer without sugar beside a bath of 10 mM, closed at the left."""
    layer = water("layer", _WIDTH, initial={"sugar": 0.0, "urea": 0.0})
    return _sugar([layer], {"kind": "closed"}, [0.3 * _WIDTH**2 / _SPREAD], 10.0)


def _filled() -> float:
    """c at the closed end: 10 [1 - (4/pi) sum (-1)^n / (2n+1) exp(-(2n+1)^2 pi^2 D t / 4 L^2)]."""
    odd = [(1 - 2 * (n % 2), 2 * n + 1) for n in range(20)]
    left = math.fsum(sign / m * math.exp(-((m * math.pi) ** 2) * 0.3 / 4) for sign, m in odd)
    return 10.0 * (1 - 4 / math.pi * left)


_PERMEABILITY = 1e-4


def _leaking() -> Case:
    """A closed compartment of 1 um with 10 mM of sugar, which leaks through a slab into a bath without."""
    slab = {
        "name": "slab",
        "thickness": 5e-9,
        "relative_permittivity": LIPID,
        "partition": {"sugar": 1e-6, "urea": 0.0},
        "diffusivity": {"sugar": _PERMEABILITY * 5e-9 / 1e-6},
        "initial": {"sugar": 0.0},
    }
    layers = [water("inside", _WIDTH, initial={"sugar": 10.0, "urea": 10.0}), slab]
    tau = _leak_time()
    return _sugar(layers, {"kind": "closed"}, [tau, 2 * tau], 0.0)


def _leak_time() -> float:
    """1 / (D k^2) with k tan(k L) = P / D [s]."""
    kL = float(
        brentq(lambda y: y * math.tan(y) - _PERMEABILITY * _WIDTH / _SPREAD, 1e-6, math.pi / 2 - 1e-9, xtol=1e-15)
    )
    return float(_WIDTH**2 / (_SPREAD * kL**2))


def _inner_sugar(index: int) -> Any:
    return lambda result: Reading(float(result.concentration[index, 0, 0]))


def _leak_decay(result: Transient) -> Reading:
    first, last = result.concentration[1:, 0, 0]
    return Reading(float((result.time[2] - result.time[1]) / math.log(first / last)))


NEUTRAL = (
    _row(
        "fick-filling",
        "sugar at the closed end of 1 um, 0.3 L^2/D after it meets 10 mM",
        CONCENTRATION,
        _filling,
        _inner_sugar(-1),
        _filled,
        1e-3,
        "second order on the mesh that a run in time takes by itself",
        "fick1855",
        relative=True,
        convention="no sign",
    ),
    _row(
        "fick-leak",
        "time in which sugar leaks out of 1 um: 1/(D k^2), k tan(k L) = P/D",
        TIME,
        _leaking,
        _leak_decay,
        _leak_time,
        1e-3,
        "second order on the mesh that a run in time takes by itself",
        "fick1855",
        relative=True,
        convention="no sign",
    ),
)

ROWS = (*CHARGING, *SLAB, *NEUTRAL)
