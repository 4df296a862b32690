"""The pump-leak model: a cell whose sodium pump balances its leaks, with what it holds, what moves, and what that costs.

Three models are one record.  Without chloride (its leak and both cotransporters 0) and without water it is the model
of Na, K and an impermeant anion; with chloride, that of Na, K, Cl and the cotransporters; with a water permeability
the volume moves too.  Everything is per area of membrane: the volume is the volume of the cell over its area [m].

Regime: well-stirred, electroneutral inside and outside, ideal ions, a bath that never changes, a membrane that bears no
pressure.  The voltage is the one at which no net current flows, which the capacitance reaches within milliseconds.

Signs: inside = left, V_m = phi(inside) - phi(outside), positive fluxes and currents are outward.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from electrodiff.errors import CaseError
from electrodiff.theory._roots import rising_root
from electrodiff.theory._types import (
    CONCENTRATION,
    CONDUCTANCE,
    LENGTH,
    NEUTRAL,
    PERMEABILITY,
    TEMPERATURE,
    FloatLike,
    Floats,
    require_finite,
    require_non_negative,
    require_positive,
)
from electrodiff.theory.energetics import PUMP_POTASSIUM, PUMP_SODIUM, atp_rate_from_pump_current
from electrodiff.theory.ghk import bernoulli, ghk_current
from electrodiff.units import FARADAY, thermal_voltage

Ions = Floats
"""One value for each of Na, K and Cl, in this order."""

VALENCES: Ions = np.array([1.0, 1.0, -1.0])
_PUMPED: Ions = np.array([PUMP_SODIUM, -PUMP_POTASSIUM, 0.0])
_KCC2: Ions = np.array([0.0, 1.0, 1.0])
_NKCC1: Ions = np.array([1.0, 1.0, 2.0])


@dataclass(frozen=True)
class PumpLeakBath:
    """What a cell lies in: concentrations outside [mol/m^3], their mean impermeant valence, and the temperature [K].

    `impermeant` counts everything else that is dissolved, glucose as well.  Raises CaseError unless the bath is neutral
    to 1e-9 of its ions, Na, K and T are above zero, and the rest is not negative.
    """

    sodium: float
    potassium: float
    chloride: float
    temperature: float
    impermeant: float = 0.0
    impermeant_valence: float = -1.0

    def __post_init__(self) -> None:
        require_positive("sodium of the bath", self.sodium, CONCENTRATION)
        require_positive("potassium of the bath", self.potassium, CONCENTRATION)
        require_non_negative("chloride of the bath", self.chloride, CONCENTRATION)
        require_positive("temperature", self.temperature, TEMPERATURE)
        require_non_negative("impermeant of the bath", self.impermeant, CONCENTRATION)
        charge = self.sodium + self.potassium - self.chloride + self.impermeant_valence * self.impermeant
        if not abs(charge) <= NEUTRAL * self.osmolarity:
            raise CaseError(
                f"the bath carries {charge:g} mol/m^3 of charge; expected a neutral one: "
                "change chloride, impermeant or impermeant_valence"
            )

    @property
    def ions(self) -> Ions:
        """Concentrations of Na, K and Cl [mol/m^3]."""
        return np.array([self.sodium, self.potassium, self.chloride])

    @property
    def osmolarity(self) -> float:
        """Sum of all concentrations [mol/m^3]."""
        return self.sodium + self.potassium + self.chloride + self.impermeant


@dataclass(frozen=True)
class LinearLeak:
    """Leaks that obey Ohm's law, with conductances per area [S/m^2].

        I_i = g_i (V_m - E_i)

    Raises CaseError unless those of Na and K are above zero and that of Cl is not negative.
    Source: A. L. Hodgkin, A. F. Huxley, J. Physiol. 116 (1952) 449.
    """

    sodium: float
    potassium: float
    chloride: float = 0.0

    def __post_init__(self) -> None:
        _check_leak(self, CONDUCTANCE)

    def currents(self, voltage: float, inside: Ions, bath: PumpLeakBath) -> Ions:
        """Outward currents of Na, K and Cl [A/m^2]."""
        return self._conductances * (voltage - self._reversals(inside, bath))

    def voltage(self, pump_current: float, inside: Ions, bath: PumpLeakBath) -> float:
        """Voltage at which leaks and pump carry no net current, (sum g E - I) / sum g [V]."""
        g = self._conductances
        return float((g @ self._reversals(inside, bath) - pump_current) / g.sum())

    @property
    def _conductances(self) -> Ions:
        return np.array([self.sodium, self.potassium, self.chloride])

    def _reversals(self, inside: Ions, bath: PumpLeakBath) -> Ions:
        """Nernst potentials, and 0 for an ion that does not leak and may be absent."""
        leaks = self._conductances > 0.0
        ratio = np.where(leaks, bath.ions, 1.0) / np.where(leaks, inside, 1.0)
        return thermal_voltage(bath.temperature) / VALENCES * np.log(ratio)


@dataclass(frozen=True)
class GhkLeak:
    """Leaks that obey the flux equation of Goldman, Hodgkin and Katz, with permeabilities [m/s].

        I_i = z_i F P_i (B(-u_i) c_in - B(u_i) c_out),    u_i = z_i F V_m / (R T)

    Raises CaseError unless those of Na and K are above zero and that of Cl is not negative.
    Source: as for `ghk_flux`.
    """

    sodium: float
    potassium: float
    chloride: float = 0.0

    def __post_init__(self) -> None:
        _check_leak(self, PERMEABILITY)

    def currents(self, voltage: float, inside: Ions, bath: PumpLeakBath) -> Ions:
        """Outward currents of Na, K and Cl [A/m^2]."""
        P = np.array([self.sodium, self.potassium, self.chloride])
        return np.asarray(ghk_current(P, VALENCES, inside, bath.ions, voltage, bath.temperature))

    def voltage(self, pump_current: float, inside: Ions, bath: PumpLeakBath) -> float:
        """Voltage at which leaks and pump carry no net current, to round-off [V]."""
        outward = self.sodium * inside[0] + self.potassium * inside[1] + self.chloride * bath.chloride
        inward = self.sodium * bath.sodium + self.potassium * bath.potassium + self.chloride * inside[2]

        def current(u: float) -> float:
            out, into = np.asarray(bernoulli(np.array([-u, u])))
            return float(outward * out - inward * into + pump_current / FARADAY)

        # Round-off of the current moves its zero by as much, hence the scale.
        return thermal_voltage(bath.temperature) * rising_root(current, float(np.log(inward / outward)), 1.0, 1.0)


Leak = LinearLeak | GhkLeak


def _check_leak(leak: Leak, expected: str) -> None:
    require_positive("sodium of the leak", leak.sodium, expected)
    require_positive("potassium of the leak", leak.potassium, expected)
    require_non_negative("chloride of the leak", leak.chloride, expected)


@dataclass(frozen=True)
class SodiumPump:
    """A pump that carries 3 Na out and 2 K in for each ATP; its net current p [A/m^2] is F times its turnover.

        I_Na = 3 p,    I_K = -2 p,    p = rate (Na_in / Na_out)^sodium_order

    rate [A/m^2]; sodium_order 0 is a pump of constant rate, 3 one that slows as it empties the cell of sodium.
    Raises CaseError when either is negative.
    Source: J. Keener, J. Sneyd, Mathematical Physiology (1998) ch. 2; order 3: K. M. Duesterwald et al., eLife 7 (2018)
    e39575.
    """

    rate: float
    sodium_order: float = 0.0

    def __post_init__(self) -> None:
        require_non_negative("rate of the pump", self.rate, "a current density in A/m^2, such as 0.005")
        require_non_negative("sodium_order of the pump", self.sodium_order, "an exponent, such as 0 or 3")

    def current(self, inside: FloatLike, outside: FloatLike) -> FloatLike:
        """Net outward current p at these concentrations of sodium [A/m^2]."""
        ratio = np.divide(inside, outside)
        result: FloatLike = self.rate * ratio**self.sodium_order
        return result


@dataclass(frozen=True)
class PumpLeakCell:
    """A cell: its leak and pump, what it cannot lose, and whether it moves chloride and water.

    impermeant [mol/m^2] is the amount of impermeant molecules per area of membrane, impermeant_valence their mean
    charge.  kcc2 and nkcc1 [S/m^2] are the strengths of the cotransporters, water_permeability [m/s] the osmotic one
    (0 keeps the volume; 1e-5 is that of a lipid membrane).
    Raises CaseError when impermeant is not positive, the valence not finite, or a strength negative.
    """

    leak: Leak
    pump: SodiumPump
    impermeant: float
    impermeant_valence: float = -1.0
    kcc2: float = 0.0
    nkcc1: float = 0.0
    water_permeability: float = 0.0

    def __post_init__(self) -> None:
        require_positive("impermeant of the cell", self.impermeant, "an amount per area in mol/m^2, such as 1e-4")
        require_non_negative("kcc2", self.kcc2, CONDUCTANCE)
        require_non_negative("nkcc1", self.nkcc1, CONDUCTANCE)
        require_non_negative("water_permeability", self.water_permeability, "a permeability in m/s, such as 1e-5")
        require_finite("impermeant_valence", self.impermeant_valence, "a mean charge, such as -1.0")

    @property
    def moves_chloride(self) -> bool:
        """Whether chloride can cross; if not, it stays as it is and counts as impermeant."""
        return max(self.leak.chloride, self.kcc2, self.nkcc1) > 0.0


@dataclass(frozen=True)
class PumpLeakState:
    """Inside of a cell: voltage [V], concentrations [mol/m^3], volume over area [m]; floats, or arrays over time."""

    voltage: FloatLike
    sodium: FloatLike
    potassium: FloatLike
    chloride: FloatLike
    impermeant: FloatLike
    volume: FloatLike

    @property
    def ions(self) -> Ions:
        """Concentrations of Na, K and Cl [mol/m^3], one row each."""
        return np.array([self.sodium, self.potassium, self.chloride])

    @property
    def osmolarity(self) -> FloatLike:
        """Sum of all concentrations [mol/m^3]."""
        return self.sodium + self.potassium + self.chloride + self.impermeant


@dataclass(frozen=True)
class PumpLeakFluxes:
    """Outward fluxes of Na, K and Cl [mol/(m^2 s)] by what carries them."""

    leak: Ions
    pump: Ions
    kcc2: Ions
    nkcc1: Ions

    @property
    def total(self) -> Ions:
        """Net outward fluxes of Na, K and Cl [mol/(m^2 s)]."""
        return self.leak + self.pump + self.kcc2 + self.nkcc1


def pump_leak_state(
    cell: PumpLeakCell, bath: PumpLeakBath, volume: float, sodium: float, chloride: float = 0.0
) -> PumpLeakState:
    """State of a cell of this volume over area [m] that holds these concentrations of Na and Cl [mol/m^3].

        K = Cl - Na - z X,    X = impermeant / volume,    V_m from zero net current

    Raises CaseError when that takes a negative concentration of potassium, when a value is out of range, or when the
    cell moves chloride and has none, or its bath.

    Source: D. C. Tosteson, J. F. Hoffman, J. Gen. Physiol. 44 (1960) 169.
    """
    require_positive("volume", volume, LENGTH)
    require_positive("sodium", sodium, CONCENTRATION)
    require_non_negative("chloride", chloride, CONCENTRATION)
    if cell.moves_chloride and not min(chloride, bath.chloride) > 0.0:
        raise CaseError(
            f"chloride is {chloride} inside and {bath.chloride} mol/m^3 outside; a cell that moves it needs both above 0"
        )
    impermeant = cell.impermeant / volume
    potassium = chloride - sodium - cell.impermeant_valence * impermeant
    if not potassium > 0.0:
        raise CaseError(
            f"potassium would have to be {potassium:g} mol/m^3 for the cell to be neutral; give less sodium, more chloride "
            "or more impermeant anions"
        )
    inside = np.array([sodium, potassium, chloride])
    pump = float(cell.pump.current(sodium, bath.sodium))
    voltage = cell.leak.voltage(pump, inside, bath)
    return PumpLeakState(voltage, sodium, potassium, chloride, impermeant, volume)


def pump_leak_fluxes(cell: PumpLeakCell, bath: PumpLeakBath, state: PumpLeakState) -> PumpLeakFluxes:
    """Outward fluxes through the leaks, the pump and the cotransporters [mol/(m^2 s)].

        J_i = I_i / (z_i F),    J_pump = (3, -2, 0) p / F
        J_KCC2 = (0, 1, 1) (G / F) (R T / F) ln(K Cl / (K_o Cl_o))
        J_NKCC1 = (1, 1, 2) (G / F) (R T / F) ln(Na K Cl^2 / (Na_o K_o Cl_o^2))

    Concentrations without index are inside, those with o outside, G is `kcc2` or `nkcc1` [S/m^2]; the state holds
    floats.  A cotransporter follows its thermodynamic affinity, carries no current, and stops at equilibrium; far
    from it a real one saturates.

    Source: cotransporters: I. Oestby et al., PLoS Comput. Biol. 5 (2009) e1000272; K. M. Duesterwald et al., eLife 7
    (2018) e39575.
    """
    leak = cell.leak.currents(float(state.voltage), state.ions, bath) / (VALENCES * FARADAY)
    pump = _PUMPED * (cell.pump.current(state.sodium, bath.sodium) / FARADAY)
    return PumpLeakFluxes(
        leak, pump, _cotransport(cell.kcc2, _KCC2, state, bath), _cotransport(cell.nkcc1, _NKCC1, state, bath)
    )


def _cotransport(strength: float, stoichiometry: Ions, state: PumpLeakState, bath: PumpLeakBath) -> Ions:
    """Outward fluxes of a cotransporter; none if there is none, whatever is absent."""
    if strength == 0.0:
        return np.zeros(3)
    affinity = thermal_voltage(bath.temperature) * (stoichiometry @ np.log(state.ions / bath.ions))
    return stoichiometry * (strength / FARADAY * affinity)


def pump_leak_atp_rate(cell: PumpLeakCell, bath: PumpLeakBath, state: PumpLeakState) -> FloatLike:
    """ATP that the pump of a cell consumes [mol/(m^2 s)].

        rate = p / F

    p is the current of the pump, one charge for each cycle and ATP [A/m^2].  Source: as for `SodiumPump`.
    """
    return atp_rate_from_pump_current(cell.pump.current(state.sodium, bath.sodium))


def pump_voltage_contribution(cell: PumpLeakCell, bath: PumpLeakBath, state: PumpLeakState) -> float:
    """Voltage less the one just after the pump stops, at the same concentrations [V]; the state holds floats.

        V_m(p) - V_m(0)

    -p / sum g for linear leaks.  For GHK leaks at a steady state without cotransporters its size is at most
    (R T / F) ln(3/2), 10.83 mV at 310 K, which it nears when the cell holds little sodium and chloride, and potassium
    outside counts for little.

    Source: R. C. Thomas, Physiol. Rev. 52 (1972) 563.
    """
    pump = float(cell.pump.current(state.sodium, bath.sodium))
    return cell.leak.voltage(pump, state.ions, bath) - cell.leak.voltage(0.0, state.ions, bath)
