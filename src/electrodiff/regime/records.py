"""The records of the regime report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from electrodiff.membrane import Membrane
from electrodiff.model import Case

Outlook = Literal["holds", "nearly", "fails"]


@dataclass(frozen=True)
class Limit:
    """A textbook limit, and whether the case is in it."""

    name: str
    """Stable name, such as "constant_field"."""
    title: str
    """For a reader: "constant field (GHK)"."""
    outlook: Outlook
    because: str
    """A clause with its numbers: "its Debye length, 18 nm, is 3.7 times its thickness: its ions bend ..."."""
    short: str = ""
    """The part of it that fits into another sentence; empty if all of it does."""


@dataclass(frozen=True)
class LayerScales:
    """Lengths and times of one layer; inf and None where it has no ions."""

    name: str
    thickness: float
    """[m]"""
    relative_permittivity: float
    debye_lengths: tuple[float | None, float | None]
    """With the ions that the left and the right solution would fill it with [m]; inf without ions, None without such a
    solution."""
    thickness_over_debye_length: float
    """With the shorter of its Debye lengths; 0 without ions."""
    slowest: str | None
    """The ion with the smallest diffusivity of those that enter; None if all have the same."""
    diffusion_time: float | None
    """L^2 / D, D the smallest diffusivity [s]."""
    debye_time: float | None
    """lambda^2 / D, the longer of both sides, D the mean over the ions that enter, weighted with z^2 c [s]."""


@dataclass(frozen=True)
class Face:
    """Where a solution meets a membrane, an electrode or a charged wall."""

    name: str
    """"cytosol|membrane", or "left wall"."""
    layer: str
    """The layer of the solution."""
    surface_charge: float | None
    """Charge of the face itself, as given or, on an electrode, as its potential asks for [C/m^2]."""
    facing_charge: float | None
    """All charge that the Debye layer has to balance, that of the membrane's field included [C/m^2]."""
    gouy_chapman_length: float | None
    """2 eps R T / (F |facing charge|) [m]; inf without a charge."""
    potential: float | None
    """phi(face) - phi(bulk) that Grahame's equation gives [V]; in a charged membrane, that of a linear Donnan layer."""


@dataclass(frozen=True)
class Times:
    """Characteristic times [s]; None where the case has no such thing."""

    debye: float | None
    """lambda^2 / D of the slower bath."""
    diffusion_baths: float | None
    """L^2 / D of the slowest ion in the thicker bath."""
    diffusion_membrane: float | None
    """d^2 / D of the slowest ion that passes the membrane."""
    charging_membrane: float | None
    """R C: capacitance of the membrane with its double layers over its conductance."""
    charging_baths: float | None
    """lambda L / D: what the double layers take to charge through the water of the baths; the slower bath."""
    run_down: float | None
    """Volume over area and permeability of the most permeant ion, of a closed compartment, or else of the smaller bath."""


@dataclass(frozen=True)
class Group:
    """A dimensionless number."""

    name: str
    title: str
    value: float | None


@dataclass(frozen=True)
class Neutrality:
    """How neutral a reservoir is."""

    side: str
    net: float
    """sum z c / sum |z| c."""
    balancing: str | None
    """The ion that the case lets balance the others; None if all are given."""


@dataclass(frozen=True)
class Living:
    """A membrane with transporters between stirred solutions: a closed cell in its steady state, by pump-leak."""

    inside: dict[str, float]
    """Concentrations left of the membrane [mol/m^3]."""
    outside: dict[str, float]
    """The same right of it [mol/m^3]."""
    voltage: float
    """V_m of the case [V]: as it is given, or at rest."""
    resting_potential: float | None
    """V_m without current, by GHK with the transporters [V]; None where there is none."""
    rates: dict[str, float]
    """Cycles of each working transporter at V_m [mol/(m^2 s)]."""
    pump_current: float
    """Net current of all transporters at V_m, outward [A/m^2]."""
    leak_current: dict[str, float]
    """Of each ion at V_m, by GHK, outward [A/m^2]."""
    pumped_current: dict[str, float]
    """Of each ion, by the transporters, outward [A/m^2]."""
    without_pump: float | None
    """V_m at which the leaks alone carry no current [V]; None where there is none."""
    mullins_noda: float | None
    """V_m by Mullins and Noda [V]; None without a pump that exchanges cations."""
    run_down: float | None
    """How long what a closed cell holds of `run_down_ion` lasts at its leak, when the transporters stop [s]."""
    run_down_ion: str | None
    unsteady: str | None
    """Why a closed cell has no steady state, where all else is of its Donnan state; None if it has one, or is none."""


@dataclass(frozen=True)
class Regime:
    """Lengths, times, dimensionless groups and limits of a case."""

    case: Case
    membrane: Membrane | None
    limits: tuple[Limit, ...]
    layers: tuple[LayerScales, ...] = ()
    faces: tuple[Face, ...] = ()
    times: Times | None = None
    voltage: float | None = None
    """V_m [V]: as the case gives it, or at rest by GHK; None without a membrane."""
    has_donnan_steps: bool = False
    """Whether V_m contains Donnan potentials at the faces of the membrane."""
    main_ion: str | None = None
    """The ion with the largest conductance at rest, which alone may hold the potential; None where nothing rests."""
    membrane_conductance: float | None = None
    """Slope conductance dI/dV_m at V_m, by GHK [S/m^2]."""
    bath_conductances: tuple[float | None, float | None] = (None, None)
    """F^2 / (R T) sum z^2 D c / L of the left and the right bath [S/m^2]; None where there is none."""
    capacitance: float | None = None
    """Of the membrane in series with its Debye layers [F/m^2]."""
    groups: tuple[Group, ...] = ()
    neutrality: tuple[Neutrality, ...] = ()
    living: Living | None = None
    """None without working transporters."""

    def limit(self, name: str) -> Limit | None:
        """The limit of this name; None where the case has nothing to do with it."""
        return next((limit for limit in self.limits if limit.name == name), None)
