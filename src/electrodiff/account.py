"""The account of a living membrane: what leaks, what is pumped, who pays for it, and how much.

Signs: inside = left, positive fluxes and currents are outward, V = phi(left) - phi(right).  All per reference area.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal

NO_FLUX = 1e-9
"""Below this part of what goes either way a net flux is round-off, or equilibrium to all that anybody measures."""


@dataclass(frozen=True)
class IonAccount:
    """What an ion does at a membrane with transporters."""

    name: str
    valence: int
    inside: float
    """Concentration at the left end [mol/m^3]."""
    outside: float
    """Concentration at the right end [mol/m^3]."""
    nernst_potential: float | None
    """E [V]; None without charge, or absent from one side."""
    driving_force: float | None
    """V - E [V]."""
    passive_flux: float
    """Through lipid and pathways [mol/(m^2 s)]."""
    exchange_flux: float
    """The larger of the two one-way fluxes that it is the difference of [mol/(m^2 s)]: what a tracer would show."""
    transported_flux: dict[str, float]
    """By the name of each transporter that carries the ion [mol/(m^2 s)]."""
    current: float
    """Carried by the passive flux, z F J [A/m^2]."""
    share: float | None
    """Of the sum of the sizes of all passive currents; None where the ion does not flow."""
    dissipation: float
    """Free energy that its passive flux loses, T times the entropy produced, summed over all faces [W/m^2]."""
    standing: Literal["passive", "accumulated", "extruded", "impermeant"]
    """passive: no driving force to speak of; accumulated: more of it inside than at equilibrium; extruded: less."""

    @property
    def is_flowing(self) -> bool:
        """Whether there is a passive flux, other than by round-off."""
        return abs(self.passive_flux) > NO_FLUX * self.exchange_flux


@dataclass(frozen=True)
class TransporterAccount:
    """What a transporter does, and what it costs."""

    name: str
    rate: float
    """Cycles [mol/(m^2 s)]."""
    current: float
    """Net current that it carries [A/m^2]."""
    atp_rate: float
    """ATP that it uses [mol/(m^2 s)]."""
    work: float
    """Free energy that it gives to the ions, r sum nu_i (mu_i(right) - mu_i(left)) [W/m^2]; negative if it takes some."""
    fuel: float
    """Free energy of the ATP that it uses, -Delta G r atp [W/m^2]."""
    efficiency: float | None
    """work / fuel; None without ATP."""


@dataclass(frozen=True)
class ExcessIons:
    """What a Debye layer holds of an ion beside what the bulk would."""

    side: Literal["left", "right"]
    """Of the membrane."""
    ion: str
    amount: float
    """[mol/m^2]"""
    count: float | None
    """Number of ions over the whole area; None where the geometry has no area."""
    fraction: float | None
    """Of the ion's amount on that side; None for a reservoir, which has no end."""


@dataclass(frozen=True)
class CellAccount:
    """The whole account of a membrane with transporters, per reference area; `cell_account` makes it."""

    membrane_potential: float
    """[V]"""
    ions: tuple[IonAccount, ...]
    """What each ion does: leak, transport [mol/(m^2 s)] and driving force [V]."""
    transporters: tuple[TransporterAccount, ...]
    """What each transporter does: cycles, current, ATP, energy."""
    pump_current: float
    """Net current of all transporters [A/m^2]."""
    pump_potential: float | None
    """What that current adds to V directly: V less the potential at the same concentrations with all currents of
    transporters zero [V]; None where it cannot be solved for."""
    atp_rate: float
    """[mol/(m^2 s)]"""
    atp_rate_of_cell: float | None
    """[molecules/s]; None where the geometry has no area."""
    dissipation: float
    """Of all passive fluxes [W/m^2]."""
    work: float
    """Of all transporters on the ions [W/m^2]; equals `dissipation` in the steady state of a closed cell."""
    supplied: float
    """Free energy that enters at the ends of the stack, with ions and current [W/m^2]; 0 between one reservoir and a
    closed end."""
    stored: float
    """Free energy that goes into concentrations and field, work + supplied - dissipation [W/m^2], counted from the solution
    outside; 0 in a steady state."""
    fuel: float
    """Free energy of all ATP used [W/m^2]."""
    excess: tuple[ExcessIons, ...]
    """Of each ion in the Debye layers."""
    open_fraction: dict[str, float]
    """Of each gate, by "pathway.ion" or "layer.ion": the part that is open, 0 to 1."""


# SI units, as a part of the key, of the fields that have one.
_UNITS = {
    "membrane_potential": "V",
    "pump_potential": "V",
    "nernst_potential": "V",
    "driving_force": "V",
    "inside": "mol_m3",
    "outside": "mol_m3",
    "passive_flux": "mol_m2_s",
    "exchange_flux": "mol_m2_s",
    "transported_flux": "mol_m2_s",
    "rate": "mol_m2_s",
    "atp_rate": "mol_m2_s",
    "atp_rate_of_cell": "per_s",
    "current": "A_m2",
    "pump_current": "A_m2",
    "dissipation": "W_m2",
    "work": "W_m2",
    "supplied": "W_m2",
    "stored": "W_m2",
    "fuel": "W_m2",
    "amount": "mol_m2",
}


def as_data(account: Any) -> Any:
    """An account, or a part of it, as plain data; names end in their SI unit: `pump_current_A_m2`."""
    if isinstance(account, tuple):
        return [as_data(part) for part in account]
    if not is_dataclass(account):
        return account
    return {
        f"{field.name}_{_UNITS[field.name]}" if field.name in _UNITS else field.name: as_data(
            getattr(account, field.name)
        )
        for field in fields(account)
    }
