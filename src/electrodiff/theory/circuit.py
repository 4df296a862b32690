"""The membrane as an equivalent circuit: conductances in parallel, each with its battery, and a pump.

Regime: a steady voltage, channels that do not wait for it, and concentrations that the currents leave alone.  A
`CurrentLaw` is a function of the voltage [V] that gives an outward current density [A/m^2] and takes arrays: a
`Channel`, or any other, such as `lambda V: ghk_current(1e-8, 1, 140.0, 4.0, V, 310.0)`.

Signs: V_m = phi(inside) - phi(outside), positive currents go outward.  The current of a pump that takes out three
sodium for two potassium is positive.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from electrodiff.errors import CaseError
from electrodiff.theory._types import (
    CONDUCTANCE,
    POTENTIAL,
    FloatLike,
    PerIon,
    ion_names,
    ion_values,
    require_finite,
    require_non_negative,
    total,
)

CurrentLaw = Callable[[FloatLike], FloatLike]
VoltageLaw = FloatLike | Callable[[FloatLike], FloatLike]

# Samples at which resting potentials are looked for: 1 mV apart from -200 to 200 mV, a tenth of what the steepest
# gates take to open.
_SAMPLES = 401
# Half-width [V] of the differences for dI/dV.  Their error is h^4 / 30 of the fifth derivative, 1e-11 for a gate with a
# slope factor of 2 mV, and round-off of the current over h G, another 1e-11.
_STEP = 1e-5


@dataclass(frozen=True)
class Channel:
    """A channel type: a conductance and a reversal potential, either of them constant or a function of the voltage.

        I(V) = G(V) (V - E(V))

    conductance G [S/m^2], reversal_potential E [V]; a function takes V [V], also as an array.  Calling the record gives
    its outward current [A/m^2].
    Raises CaseError when G is negative or E is NaN or infinite.

    Source: A. L. Hodgkin, A. F. Huxley, J. Physiol. 116 (1952) 449.
    """

    conductance: VoltageLaw
    """G [S/m^2], or a function G(V)."""
    reversal_potential: VoltageLaw
    """E [V], or a function E(V)."""

    def __post_init__(self) -> None:
        if not callable(self.conductance):
            require_non_negative("conductance", self.conductance, CONDUCTANCE)
        if not callable(self.reversal_potential):
            require_finite("reversal_potential", self.reversal_potential, POTENTIAL)

    def __call__(self, voltage: FloatLike) -> FloatLike:
        """Outward current at a voltage [A/m^2]."""
        conductance, reversal_potential = (_at(law, voltage) for law in (self.conductance, self.reversal_potential))
        require_non_negative("conductance", conductance, CONDUCTANCE)
        require_finite("reversal_potential", reversal_potential, POTENTIAL)
        return conductance * (voltage - reversal_potential)


def _at(law: VoltageLaw, voltage: FloatLike) -> FloatLike:
    """Value of a constant or a function at a voltage."""
    return law(voltage) if callable(law) else law


def circuit_current(channels: Sequence[CurrentLaw], voltage: FloatLike, pump_current: FloatLike = 0.0) -> FloatLike:
    """Outward current of channels in parallel and a pump [A/m^2].

        I(V) = sum_k I_k(V) + I_pump

    channels I_k, such as `Channel`; voltage V [V], pump_current [A/m^2].  One type alone reverses at its E, two types
    in between.
    Raises what the channels raise.

    Source: A. L. Hodgkin, A. F. Huxley, J. Physiol. 117 (1952) 500.
    """
    return total(channel(voltage) for channel in channels) + pump_current


def circuit_slope_conductance(channels: Sequence[CurrentLaw], voltage: FloatLike) -> FloatLike:
    """Slope conductance of channels in parallel, which a small step of the voltage sees [S/m^2].

        dI/dV = sum_k [ G_k + G_k'(V) (V - E_k) - G_k E_k'(V) ]

    channels, voltage V [V].  Differenced to fourth order with steps of 10 uV, so good to about 1e-10 of the
    conductances.  Negative where a gate that opens with V outweighs the ohmic part; a rest is stable where it is
    positive.  A pump of constant current adds nothing.
    Raises what the channels raise.

    Source: as for `circuit_current`.
    """
    near, far = (
        circuit_current(channels, voltage + step) - circuit_current(channels, voltage - step)
        for step in (_STEP, 2.0 * _STEP)
    )
    return (8.0 * near - far) / (12.0 * _STEP)


def circuit_resting_potential_chord(
    conductances: PerIon, reversal_potentials: PerIon, pump_current: FloatLike = 0.0
) -> FloatLike:
    """Resting potential of constant conductances in parallel, with or without a pump [V].

        V_m = (sum_k G_k E_k - I_pump) / sum_k G_k

    conductances G_k [S/m^2] and reversal potentials E_k [V], both as mappings by name or both as sequences;
    pump_current I_pump [A/m^2], outward.  Values may be arrays that broadcast.  The mean of the E_k, weighted with the
    G_k, less what the pump adds.  Holds for rectifying channels too, if the G_k are their chord conductances at V_m.
    Raises CaseError when a conductance is negative, all are 0, or a channel lacks a value.

    Source: A. L. Hodgkin, P. Horowicz, J. Physiol. 148 (1959) 127.
    """
    names = ion_names(conductances, reversal_potentials)
    G = ion_values("conductances", conductances, names)
    E = ion_values("reversal_potentials", reversal_potentials, names)
    for name, conductance, reversal_potential in zip(names, G, E, strict=True):
        require_non_negative(f"conductance of {name}", conductance, CONDUCTANCE)
        require_finite(f"reversal potential of {name}", reversal_potential, POTENTIAL)
    whole = total(G)
    if not np.all(np.asarray(whole) > 0.0):
        raise CaseError(f"conductances add up to {whole}; expected one above zero at least: {CONDUCTANCE}")
    result: FloatLike = (total(g * e for g, e in zip(G, E, strict=True)) - pump_current) / whole
    return result


def circuit_resting_potentials(
    channels: Sequence[CurrentLaw], pump_current: float = 0.0, low: float = -0.2, high: float = 0.2
) -> tuple[float, ...]:
    """All voltages between two bounds at which channels in parallel and a pump carry no net current, in order [V].

        sum_k G_k(V) (V - E_k(V)) + I_pump = 0

    channels, pump_current I_pump [A/m^2], bounds low and high [V].  The current is sampled at 401 voltages, 1 mV apart
    between the default bounds, and each change of its sign is followed to round-off; two rests closer than that, where
    the current touches zero, may be missed.  A rest is stable where `circuit_slope_conductance` is positive.
    Raises CaseError when low is not below high, or the current is not finite or is zero throughout.

    Source: as for `circuit_current`; root by R. P. Brent, Algorithms for Minimization without Derivatives (1973).
    """
    from scipy.optimize import brentq

    if not low < high:
        raise CaseError(f"low is {low} and high is {high}; expected low below high, such as -0.2 and 0.2")
    voltages = np.linspace(low, high, _SAMPLES)
    currents = np.broadcast_to(circuit_current(channels, voltages, pump_current), voltages.shape)
    if not np.all(np.isfinite(currents)) or not np.any(currents):
        raise CaseError(
            f"channels carry a current that is not finite, or none at all, between {low} V and {high} V; "
            "give one channel at least a finite conductance above zero"
        )
    signs = np.sign(currents)
    eps = sys.float_info.epsilon
    between = [
        brentq(
            lambda voltage: float(circuit_current(channels, voltage, pump_current)),
            voltages[k],
            voltages[k + 1],
            xtol=eps * (high - low),
            rtol=4.0 * eps,
        )
        for k in np.flatnonzero(signs[:-1] * signs[1:] < 0.0)
    ]
    return tuple(sorted([*map(float, between), *map(float, voltages[signs == 0.0])]))


def circuit_resting_potential(
    channels: Sequence[CurrentLaw], pump_current: float = 0.0, low: float = -0.2, high: float = 0.2
) -> float:
    """The voltage between two bounds at which channels in parallel and a pump carry no net current [V].

        sum_k G_k(V) (V - E_k(V)) + I_pump = 0

    Arguments, regime and source as for `circuit_resting_potentials`, which finds several.
    Raises CaseError as that does, and when there is no such voltage between the bounds, or more than one.
    """
    rests = circuit_resting_potentials(channels, pump_current, low, high)
    if len(rests) == 1:
        return rests[0]
    if rests:
        raise CaseError(
            f"channels rest at {', '.join(f'{rest:.6g} V' for rest in rests)}; narrow low and high to one of these, "
            "or use circuit_resting_potentials"
        )
    ends = ", ".join(f"{float(circuit_current(channels, V, pump_current)):.6g} A/m^2 at {V} V" for V in (low, high))
    raise CaseError(f"channels and pump do not balance between low and high: {ends}; widen the bounds, or add a leak")


def boltzmann_gate(voltage: FloatLike, half_voltage: FloatLike, slope_factor: FloatLike) -> FloatLike:
    """Open share of a gate with one charged step, at equilibrium.

        m = 1 / (1 + exp(-(V - V_half) / k))

    voltage V [V], half_voltage V_half [V], slope_factor k [V]: opens with V where k > 0, closes with it where k < 0.
    Accurate to round-off, also where m is tiny.
    Raises CaseError when k is 0 or NaN.

    Source: A. L. Hodgkin, A. F. Huxley, J. Physiol. 117 (1952) 500.
    """
    if not np.all(np.abs(slope_factor) > 0.0):
        raise CaseError(f"slope_factor is {slope_factor}; expected other than zero, in V, such as 0.007 or -0.007")
    result: FloatLike = np.exp(-np.logaddexp(0.0, -(voltage - half_voltage) / slope_factor))
    return result


def boltzmann_gate_slope(voltage: FloatLike, half_voltage: FloatLike, slope_factor: FloatLike) -> FloatLike:
    """Change of the open share of a Boltzmann gate with the voltage [1/V].

        dm/dV = m (1 - m) / k

    Arguments, errors and source as for `boltzmann_gate`.
    """
    closed = boltzmann_gate(voltage, half_voltage, -slope_factor)
    return boltzmann_gate(voltage, half_voltage, slope_factor) * closed / slope_factor


def leak_likeness(
    voltage: FloatLike, reversal_potential: FloatLike, gate: FloatLike, gate_slope: FloatLike
) -> FloatLike:
    """How far a gated channel is from a leak: the gating part of its slope conductance over the ohmic part.

        S = |(V - E) / m  dm/dV|,    dI/dV = g m (1 + (V - E) / m  dm/dV)    for I = g m (V - E)

    voltage V [V], reversal_potential E [V], gate m, the open share, and gate_slope dm/dV [1/V] at V.  0 for a leak;
    where S << 1 the channel acts as a resistor g m; where S > 1 and m rises towards E, as that of a sodium channel below
    E_Na, its slope conductance is negative.  For powers, m^p h, give the product and its derivative.
    Raises CaseError unless m is positive.

    Source: the derivative of I = g m (V - E), term by term.
    """
    if not np.all(np.asarray(gate) > 0.0):
        raise CaseError(f"gate is {gate}; expected an open share above zero, such as 0.1")
    result: FloatLike = np.abs((voltage - reversal_potential) * gate_slope / gate)
    return result


def leak_likeness_boltzmann(
    voltage: FloatLike, reversal_potential: FloatLike, half_voltage: FloatLike, slope_factor: FloatLike
) -> FloatLike:
    """Leak-likeness of a channel with a Boltzmann gate.

        S = |(V - E) (1 - m) / k|,    m = 1 / (1 + exp(-(V - V_half) / k))

    voltage V [V], reversal_potential E [V], half_voltage V_half [V], slope_factor k [V].  Tends to 0 where the gate is
    open, and to |V - E| / |k| where it is closed.  See `leak_likeness` for what it means, and for its source.
    Raises CaseError when k is 0 or NaN.
    """
    closed = boltzmann_gate(voltage, half_voltage, -slope_factor)
    result: FloatLike = np.abs((voltage - reversal_potential) * closed / slope_factor)
    return result
