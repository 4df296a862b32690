"""Where the cells of `pump_leak` come to rest, how they get there, and whether they stay.

Regime and signs: as for `pump_leak`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from electrodiff.errors import CaseError, ConvergenceError
from electrodiff.theory._types import LENGTH, FloatLike, Floats, require_positive
from electrodiff.theory.energetics import PUMP_POTASSIUM, PUMP_SODIUM
from electrodiff.theory.pump_leak import (
    LinearLeak,
    PumpLeakBath,
    PumpLeakCell,
    PumpLeakState,
    pump_leak_fluxes,
    pump_leak_state,
)
from electrodiff.units import thermal_voltage

WATER_MOLAR_VOLUME = 18.07e-6
"""Volume of a mole of water at 25 degC [m^3/mol]; it sets the pace of swelling, not where it ends."""

# Least potassium [mol/m^3] that the rates see: a trial step of an implicit method may ask for less than nothing.
_LEAST_POTASSIUM = 1e-9
# Largest logarithm of an amount that is looked at: 1e130 of any unit, the square of which does not overflow.
_LARGEST_LOGARITHM = 300.0
# Step of the central differences: their error, the square of it, then equals their round-off, eps over it.
_DIFFERENCE = float(np.finfo(float).eps) ** (1.0 / 3.0)
# A Newton step of this size (relative, the unknowns being logarithms) is round-off of the rates, amplified by the
# ratio of the fastest to the slowest of them, at most some 1e4.
_CONVERGED = 1e-11
# Newton may end this far (relative) from where the cell has come in time, and still be the rest it was heading for.
_NEAR = 0.1
# Decades of time to wait for a rest [s]: from a second to thirty thousand years.
_DECADES = range(13)


@dataclass(frozen=True)
class PumpLeakTransient:
    """A cell in time: times [s] and the state at each of them, whose fields are arrays."""

    time: Floats
    state: PumpLeakState


def pump_leak_steady_linear(cell: PumpLeakCell, bath: PumpLeakBath, volume: float | None = None) -> PumpLeakState:
    """Steady state of a cell with linear leaks, a constant pump p [A/m^2] and no cotransporters, in closed form.

        Na = Na_o e^-(V + 3 p / g_Na),    K = K_o e^-(V - 2 p / g_K),    Cl = Cl_o e^V     (V and p / g in R T / F)
        y = e^-V,    alpha = Na_o e^(-3 p / g_Na) + K_o e^(2 p / g_K)
        alpha y^2 + z X y - Cl_o = 0                            volume kept, X = impermeant / volume
        alpha (1 - z) y^2 + z Pi y - (1 + z) Cl_o = 0           volume free, X = Pi - alpha y - Cl_o / y

    Pi is the osmolarity of the bath.  The first line is 3 p + I_Na = 0, -2 p + I_K = 0 and I_Cl = 0, the quadratic is
    neutrality, its root the one with the positive slope.  volume over area [m] belongs to a cell that keeps it; one
    that exchanges water finds its own.  A cell that does not move chloride has none here.
    Raises CaseError when the leak is not linear, the pump not constant or a cotransporter is there (use
    `pump_leak_steady`), when a volume is wanted or not wanted, and when there is no steady state because the cell
    swells without limit or lacks cations or anions.

    Source: J. Keener, J. Sneyd, Mathematical Physiology (1998) ch. 2; A. R. Kay, Front. Cell Dev. Biol. 5 (2017) 41.
    """
    leak = cell.leak
    if not isinstance(leak, LinearLeak) or cell.pump.sodium_order != 0.0 or cell.kcc2 > 0.0 or cell.nkcc1 > 0.0:
        raise CaseError(
            "the closed form is for linear leaks, a pump of sodium_order 0 and no cotransporters; "
            "use pump_leak_steady, which takes any"
        )
    if (volume is None) == (cell.water_permeability == 0.0):
        raise CaseError(
            f"volume is {volume} and water_permeability {cell.water_permeability}; "
            "give a volume to a cell that keeps it, and none to a cell that exchanges water"
        )
    drive = cell.pump.rate / thermal_voltage(bath.temperature)
    with np.errstate(over="ignore"):  # an infinite concentration is refused below
        cations = bath.ions[:2] * np.exp([-PUMP_SODIUM * drive / leak.sodium, PUMP_POTASSIUM * drive / leak.potassium])
    return _neutral_state(cations, cell, bath, cell.impermeant, cell.impermeant_valence, volume)


def pump_leak_donnan(cell: PumpLeakCell, bath: PumpLeakBath, state: PumpLeakState) -> PumpLeakState:
    """Equilibrium [V, mol/m^3, m] that a cell reaches from a state (of floats) after its pump is blocked.

        Na / Na_o = K / K_o = Cl_o / Cl = e^-V           (V in R T / F), neutral, and isosmotic if water moves

    The quadratics of `pump_leak_steady_linear` with p = 0, whatever the leaks and cotransporters are; chloride that
    cannot move counts as impermeant.
    Raises CaseError when there is none: the cell swells without limit, or lacks cations or anions.

    Source: F. G. Donnan, Z. Elektrochem. 17 (1911) 572.
    """
    volume = None if cell.water_permeability > 0.0 else float(state.volume)
    kept = 0.0 if cell.moves_chloride else float(state.chloride * state.volume)
    fixed = cell.impermeant + kept
    valence = (cell.impermeant_valence * cell.impermeant - kept) / fixed
    rest = _neutral_state(bath.ions[:2], cell, bath, fixed, valence, volume)
    if kept == 0.0:
        return rest
    size = float(rest.volume)
    return PumpLeakState(rest.voltage, rest.sodium, rest.potassium, kept / size, cell.impermeant / size, size)


def _neutral_state(
    cations: Floats, cell: PumpLeakCell, bath: PumpLeakBath, fixed: float, valence: float, volume: float | None
) -> PumpLeakState:
    """State whose cations are y times these and whose chloride is that of the bath over y, y = e^-V."""
    chloride = bath.chloride if cell.moves_chloride else 0.0
    alpha = float(cations.sum())
    if volume is None:
        y = _rising_root(alpha * (1.0 - valence), valence * bath.osmolarity, -(1.0 + valence) * chloride)
        impermeant = bath.osmolarity - alpha * y - (chloride / y if chloride else 0.0)
    else:
        require_positive("volume", volume, LENGTH)
        impermeant = fixed / volume
        y = _rising_root(alpha, valence * impermeant, -chloride)
    # Below round-off of the osmolarity the volume is that of the round-off, not of the cell.
    if not (math.isfinite(alpha) and min(cations * y) > 0.0 and impermeant > _CONVERGED * bath.osmolarity):
        raise CaseError(
            "this cell has no steady state: it swells without limit, or lacks cations or anions to be neutral; change "
            "the rate of the pump, or put more impermeant molecules into the bath, or ions of the other sign"
        )
    voltage = -thermal_voltage(bath.temperature) * math.log(y)
    sodium, potassium = (float(ion) for ion in cations * y)
    return PumpLeakState(voltage, sodium, potassium, chloride / y, impermeant, fixed / impermeant)


def _rising_root(a: float, b: float, c: float) -> float:
    """Root of a y^2 + b y + c at which it rises, without cancellation; NaN if there is none, and 0 for y = 0."""
    square = b * b - 4.0 * a * c
    if not square > 0.0:
        return math.nan
    root = math.sqrt(square)
    return -2.0 * c / (b + root) if b > 0.0 else (root - b) / (2.0 * a)


@dataclass(frozen=True)
class _Motion:
    """What of a cell moves, as logarithms: amounts of Na, of Cl if it crosses, volume over area if water does."""

    cell: PumpLeakCell
    bath: PumpLeakBath
    start: PumpLeakState

    @property
    def _ions(self) -> list[int]:
        """Rows of the ions that are unknowns; potassium follows from neutrality."""
        return [0, 2] if self.cell.moves_chloride else [0]

    @property
    def _moves_water(self) -> bool:
        return self.cell.water_permeability > 0.0

    def pack(self) -> Floats:
        """Logarithms of the start."""
        volume = float(self.start.volume)
        return np.log([*self.start.ions[self._ions] * volume, *[volume] * self._moves_water])

    def state(self, x: Floats) -> PumpLeakState:
        """State at these unknowns; neutral by its potassium, without net current by its voltage."""
        cell, start = self.cell, self.start
        values = np.exp(np.clip(x, -_LARGEST_LOGARITHM, _LARGEST_LOGARITHM))
        volume = float(values[-1] if self._moves_water else start.volume)
        sodium = float(values[0]) / volume
        chloride = float(values[1] if cell.moves_chloride else start.chloride * start.volume) / volume
        impermeant = cell.impermeant / volume
        potassium = max(chloride - sodium - cell.impermeant_valence * impermeant, _LEAST_POTASSIUM)
        pump = float(cell.pump.current(sodium, self.bath.sodium))
        voltage = cell.leak.voltage(pump, np.array([sodium, potassium, chloride]), self.bath)
        return PumpLeakState(voltage, sodium, potassium, chloride, impermeant, volume)

    def rates(self, x: Floats) -> Floats:
        """Time derivatives of the unknowns [1/s]."""
        state = self.state(x)
        outflow = pump_leak_fluxes(self.cell, self.bath, state).total[self._ions]
        rates = -outflow / (state.ions[self._ions] * state.volume)
        swelling = self.cell.water_permeability * WATER_MOLAR_VOLUME * (state.osmolarity - self.bath.osmolarity)
        return np.append(rates, [swelling / state.volume] * self._moves_water)


def _jacobian(function: Callable[[Floats], Floats], x: Floats) -> Floats:
    """Derivatives of a function, one column an unknown, by central differences."""
    steps = _DIFFERENCE * np.eye(len(x))
    return np.column_stack([(function(x + step) - function(x - step)) / (2.0 * _DIFFERENCE) for step in steps])


def _integrate(motion: _Motion, x: Floats, times: Floats, rtol: float) -> Floats:
    """Unknowns at these times after the first, at which they are x.  Raises ConvergenceError."""
    from scipy.integrate import solve_ivp

    span = (times[0], times[-1])
    # An unknown is a logarithm: an absolute error of it is a relative one of the amount.
    done = solve_ivp(lambda _, y: motion.rates(y), span, x, method="Radau", t_eval=times, rtol=rtol, atol=rtol)
    if not done.success or not np.all(np.isfinite(done.y)):
        raise ConvergenceError(
            f"the cell could not be followed for {times[-1] - times[0]:g} s: {done.message} "
            "An ion may have run out; try a lower rate of the pump, or its sodium_order 3"
        )
    return np.asarray(done.y)


def pump_leak_transient(
    cell: PumpLeakCell, bath: PumpLeakBath, start: PumpLeakState, times: ArrayLike, rtol: float = 1e-8
) -> PumpLeakTransient:
    """State of a cell at these times [s], the first of which is that of the start.

        d(c_i volume)/dt = -J_i,    d(volume)/dt = P_f v_w (osmolarity inside - osmolarity outside)

    start comes from `pump_leak_state` or another result, perhaps of a cell with another pump; its voltage and
    potassium are computed anew.  Neutral to round-off at all times; rtol is the error allowed in each step.
    Raises CaseError when the times do not rise or the start does not suit the cell, ConvergenceError when an ion runs
    out.

    Source: A. R. Kay, Front. Cell Dev. Biol. 5 (2017) 41; method: E. Hairer, G. Wanner, Solving Ordinary Differential
    Equations II (1996), Radau IIA.
    """
    t = np.asarray(times, dtype=np.float64)
    if t.ndim != 1 or len(t) < 2 or not np.all(np.diff(t) > 0.0):
        raise CaseError("times do not rise; expected two or more in s, such as [0.0, 60.0, 3600.0]")
    motion = _motion(cell, bath, start)
    columns = _integrate(motion, motion.pack(), t, rtol)
    states = [motion.state(x) for x in columns.T]
    names = PumpLeakState.__dataclass_fields__
    fields: dict[str, FloatLike] = {name: np.array([getattr(state, name) for state in states]) for name in names}
    return PumpLeakTransient(t, PumpLeakState(**fields))


def _motion(cell: PumpLeakCell, bath: PumpLeakBath, start: PumpLeakState) -> _Motion:
    """The motion of a cell from a start, which is checked against it."""
    checked = pump_leak_state(cell, bath, float(start.volume), float(start.sodium), float(start.chloride))
    return _Motion(cell, bath, checked)


def pump_leak_steady(cell: PumpLeakCell, bath: PumpLeakBath, start: PumpLeakState) -> PumpLeakState:
    """Steady state [V, mol/m^3, m] that a cell of any kind comes to from a start.

        rates(state) = 0,    those of `pump_leak_transient`, with Re s < 0 for all `pump_leak_eigenvalues` s

    Follows `pump_leak_transient` through the decades of time until Newton's method, from where the cell has come,
    ends on a stable steady state beside it, found to round-off.  With linear leaks there is at most one, and it
    attracts every start.
    Raises CaseError when the start does not suit the cell, ConvergenceError when the cell has not come to rest in
    1e12 s, as one that swells without limit.

    Source: Y. Mori, J. Math. Biol. 65 (2012) 875.
    """
    motion = _motion(cell, bath, start)
    x = motion.pack()
    for decade in _DECADES:
        # The path to the rest needs no accuracy, only the right valley.
        x = _integrate(motion, x, np.array([0.0, 10.0**decade]), rtol=1e-4)[:, -1]
        rest = _newton(motion.rates, x)
        if rest is not None and np.all(np.linalg.eigvals(_jacobian(motion.rates, rest)).real < 0.0):
            return motion.state(rest)
    raise ConvergenceError(
        "the cell has not come to rest in 1e12 s: it swells without limit, its volume being "
        f"{motion.state(x).volume / start.volume:g} times that of the start, or an ion hardly crosses; try another rate "
        "of the pump, impermeant molecules in the bath, or a leak of 0 for that ion"
    )


def _newton(rates: Callable[[Floats], Floats], start: Floats) -> Floats | None:
    """Zero of the rates beside a start, or None."""
    x = start
    for _ in range(20):  # quadratic from a tenth: 1e-1, 1e-2, 1e-4, 1e-8, 1e-16
        jacobian = _jacobian(rates, x)
        if not np.all(np.isfinite(jacobian)) or np.linalg.cond(jacobian) > 1.0 / np.finfo(float).eps:
            return None
        step = np.linalg.solve(jacobian, -rates(x))
        x = x + step
        if not np.all(np.abs(x - start) < _NEAR):
            return None
        if np.all(np.abs(step) < _CONVERGED):
            return x
    return None


def pump_leak_eigenvalues(cell: PumpLeakCell, bath: PumpLeakBath, state: PumpLeakState) -> NDArray[np.complex128]:
    """Eigenvalues of a cell at a steady state, of what can move: Na, Cl, volume [1/s], the slowest first.

        J x = s x,    J = d(rates)/dx of `pump_leak_transient`,    x: what can move

    A disturbance decays as exp(s t): the state is stable if every real part is negative.  From central differences
    of the rates, to about 1e-9 of the largest; the state holds floats.
    Raises CaseError when the state does not suit the cell.

    Source: Y. Mori, J. Math. Biol. 65 (2012) 875.
    """
    motion = _motion(cell, bath, state)
    values = np.linalg.eigvals(_jacobian(motion.rates, motion.pack())).astype(np.complex128)
    return values[np.argsort(np.abs(values))]
