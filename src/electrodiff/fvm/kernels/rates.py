"""Rate laws of transporters, and their derivatives.

A law sees the activities a_i and the potential phi of two nodes, one on each side of the membrane (in its own units: RT/F,
and the concentration of the problem's scales), u = phi(left) - phi(right):

    SATURATING   r = r_0 (1 + k u) e^(q u) prod over both sides and all ions of (a / (a + K))^h a^p
    AFFINITY     r = r_0 sum_i nu_i [ln a_i(left) - ln a_i(right) + z_i u]

r_0 is `value` of its border, k and q are its `by_voltage`, and K, h and p its `terms`.  A negative 1 + k u counts as 0.
The affinity is the thermodynamic driving force of the transport [RT]: positive where what is carried falls in it.

The derivatives are those by the update x = (y, dphi) of both nodes, da = y - z a dphi (see `flux`).
A new law is one more function here and one more line in `rate`.
"""

from __future__ import annotations

import math

from electrodiff.fvm.kernels.arrays import Border, Floats
from electrodiff.fvm.kernels.compiler import kernel

SATURATING = 0
AFFINITY = 1

HALF, HILL, POWER = 0, 1, 2

# An activity below this is none: its logarithm is that of this.
LEAST = 1e-200


@kernel
def saturating_rate(valence: tuple[float, ...], border: Border, b: int, state: Floats, out_by: Floats) -> float:
    """r of law SATURATING, and its derivatives at the left and the right node into `out_by` (2, m)."""
    n = len(valence)
    voltage = state[border.sensed[b, 0], n] - state[border.sensed[b, 1], n]
    linear, exponential = border.by_voltage[b, 0], border.by_voltage[b, 1]
    opened = max(1.0 + linear * voltage, 0.0)
    rate: float = border.value[b] * opened * math.exp(exponential * voltage)
    for side in range(2):
        for i in range(n):
            a = max(state[border.sensed[b, side], i], 0.0)
            half, hill, power = (
                border.terms[b, side, HALF, i],
                border.terms[b, side, HILL, i],
                border.terms[b, side, POWER, i],
            )
            if hill != 0.0:
                rate *= (a / (a + half)) ** hill
            if power != 0.0:
                rate *= max(a, LEAST) ** power
    by_voltage = rate * exponential + (rate * linear / opened if opened > 0.0 else 0.0)
    for side in range(2):
        by_phi = by_voltage if side == 0 else -by_voltage
        for i in range(n):
            a = max(state[border.sensed[b, side], i], LEAST)
            half, hill, power = (
                border.terms[b, side, HALF, i],
                border.terms[b, side, HILL, i],
                border.terms[b, side, POWER, i],
            )
            by_log = rate * (power + (hill * half / (a + half) if hill != 0.0 else 0.0))
            out_by[side, i] = by_log / a
            by_phi -= valence[i] * by_log
        out_by[side, n] = by_phi
    return rate


@kernel
def affinity_rate(valence: tuple[float, ...], border: Border, b: int, state: Floats, out_by: Floats) -> float:
    """r of law AFFINITY, and its derivatives at the left and the right node into `out_by` (2, m)."""
    n = len(valence)
    affinity = 0.0
    for side in range(2):
        sign = 1.0 - 2.0 * side
        node = border.sensed[b, side]
        for i in range(n):
            carried = sign * border.stoichiometry[b, i]
            out_by[side, i] = 0.0
            if carried != 0.0:
                a = max(state[node, i], LEAST)
                affinity += carried * (math.log(a) + valence[i] * state[node, n])
                out_by[side, i] = border.value[b] * carried / a
        # At constant y the electrochemical potentials do not change.
        out_by[side, n] = 0.0
    rate: float = border.value[b] * affinity
    return rate


@kernel
def rate(valence: tuple[float, ...], border: Border, b: int, state: Floats, out_by: Floats) -> float:
    """The rate of the transporter of border b, and its derivatives at both sensed nodes into `out_by` (2, m)."""
    if border.law[b] == AFFINITY:
        result: float = affinity_rate(valence, border, b, state, out_by)
    else:
        result = saturating_rate(valence, border, b, state, out_by)
    return result
