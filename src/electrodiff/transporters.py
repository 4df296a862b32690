"""Pumps, cotransporters and channels: what crosses a membrane beside what its lipid lets through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, model_validator

from electrodiff.fields import (
    Concentration,
    ConductancePerArea,
    CountPerCycle,
    Density,
    Diffusivity,
    HillExponent,
    MolarEnergy,
    MoleculesPerCycle,
    Name,
    OpenProbability,
    Permeability,
    PositiveNumber,
    Potential,
    Rate,
    Record,
    SingleConductance,
    Turnover,
    WorkingPart,
    problem,
)
from electrodiff.layers import Gate
from electrodiff.units import AVOGADRO

Sided = dict[Literal["left", "right"], dict[str, Concentration]]


class VoltageDependence(Record):
    """How a rate depends on V = phi(left) - phi(right): times 1 + V/scale (not below 0), or times exp(V/scale)."""

    kind: Literal["linear", "exponential"]
    """`"linear"`: times 1 + V/scale; "exponential": times exp(V/scale)."""
    scale: Potential
    """[V] The voltage that doubles the rate, or multiplies it by e; negative if the rate falls with V."""

    @model_validator(mode="after")
    def _check_scale(self) -> VoltageDependence:
        if self.scale == 0:
            raise problem("scale", self.scale, "it must not be zero; a typical one is 100 mV")
        return self


class Transporter(Record):
    """A pump or a cotransporter: takes ions from one face of a layer to the other.

    Its rate r, cycles per area and time, follows from one of the laws

        constant           r = r_0
        michaelis_menten   r = r_0 prod (c / (c + K))^h over the ions of `half_saturation`
        affinity           r = r_0 A,  A = sum nu_i [ln(a_left / a_right) + z_i F V / RT], the driving force over RT
        cubic_sodium       r = r_0 (Na_left / Na_right)^3

    with r_0 = scale times `rate`, or times `density` times `turnover`.
    """

    name: Name
    """By which keys and results call it."""
    layer: str
    """The layer it crosses."""
    stoichiometry: dict[str, CountPerCycle] = Field(min_length=1)
    """Ions moved from left to right (outward) per cycle; negative for those that go the other way."""
    law: Literal["constant", "michaelis_menten", "affinity", "cubic_sodium"] = "constant"
    """One of those above."""
    rate: Rate | None = None
    """r_0 [mol/(m^2 s)]"""
    density: Density | None = None
    """Transporters per area [1/m^2], with `turnover` instead of `rate`."""
    turnover: Turnover | None = None
    """Cycles per second of one transporter."""
    scale: WorkingPart = 1.0
    """Part of the transporters that works: 0 blocks it."""
    half_saturation: Sided = Field(default_factory=dict)
    """K of each ion on each side [mol/m^3]."""
    hill: dict[Literal["left", "right"], dict[str, HillExponent]] = Field(default_factory=dict)
    """h of each ion on each side; 1 where it is left out."""
    voltage_dependence: VoltageDependence | None = None
    """How the rate depends on V; None if it does not."""
    senses: Literal["bulk", "face"] = "bulk"
    """Where the law reads concentrations and potential: at the ends of the stack, or at the faces of the layer."""
    atp: MoleculesPerCycle = 0.0
    """ATP used per cycle."""

    @model_validator(mode="after")
    def _check(self) -> Transporter:
        for ion, number in self.stoichiometry.items():
            if number == 0:
                raise problem(f"stoichiometry.{ion}", number, f"no {ion} is moved then; leave it out")
        if (self.rate is None) == (self.density is None and self.turnover is None):
            raise problem("rate", self.rate, 'give rate = "1e-8 mol/m^2/s", or density and turnover, and not both')
        if self.rate is None and (self.density is None or self.turnover is None):
            missing = "turnover" if self.turnover is None else "density"
            raise problem(missing, None, 'a rate needs both, such as density = "1000 /um^2" and turnover = "100 /s"')
        saturates = self.law == "michaelis_menten"
        if saturates and not any(self.half_saturation.values()):
            remedy = 'the law needs it, such as half_saturation = { left = { Na = "10 mM" }, right = { K = "1.5 mM" } }'
            raise problem("half_saturation", None, remedy)
        for key in ("half_saturation", "hill"):
            if getattr(self, key) and not saturates:
                remedy = f"the law '{self.law}' has none; drop it, or set law = \"michaelis_menten\""
                raise problem(key, getattr(self, key), remedy)
        for side, table in self.half_saturation.items():
            for ion, value in table.items():
                if value == 0:
                    raise problem(f"half_saturation.{side}.{ion}", value, "it must be greater than zero")
        for side, exponents in self.hill.items():
            for ion in exponents:
                if ion not in self.half_saturation.get(side, {}):
                    raise problem(f"hill.{side}.{ion}", ion, f"half_saturation.{side} has no {ion}; give it there too")
        return self

    @property
    def largest_rate(self) -> float:
        """r_0 [mol/(m^2 s)], by its scale."""
        own = self.density * self.turnover / AVOGADRO if self.density and self.turnover else self.rate or 0.0
        return self.scale * own


class Channels(Record):
    """Channels for one ion: their density [1/m^2], the conductance of an open one [S], and the part that is open."""

    ion: str
    """The one that passes."""
    density: Density
    """Channels per area of the membrane [1/m^2]."""
    conductance: SingleConductance
    """Slope conductance of an open one [S]."""
    open_probability: OpenProbability = 1.0
    """Part of them that is open, 0 to 1."""

    @model_validator(mode="after")
    def _check_probability(self) -> Channels:
        if self.open_probability > 1:
            raise problem("open_probability", self.open_probability, "it must lie between 0 and 1")
        return self

    @property
    def conductance_per_area(self) -> float:
        """N p g [S/m^2]."""
        return self.density * self.open_probability * self.conductance


class Pathway(Record):
    """A way for ions across a layer, beside its lipid and other pathways.

    Its permeability P to each ion is given, or has a given slope conductance at rest: dI/dV of the GHK current at the
    potential `at`, or else at the one at which all pathways and transporters together carry no current, by GHK.
    """

    name: Name
    """By which keys and results call it."""
    layer: str
    """Name of the layer that it crosses."""
    permeability: dict[str, Permeability] = Field(default_factory=dict)
    """[m/s]"""
    conductance: dict[str, ConductancePerArea] = Field(default_factory=dict)
    """[S/m^2] slope conductance."""
    channels: tuple[Channels, ...] = ()
    """Channels by their number, each for one ion."""
    barrier: dict[str, MolarEnergy] = Field(default_factory=dict)
    """W of each ion, [J/mol] or in kT, in pores that fill `area_fraction`: P = fraction D exp(-W/RT) / thickness."""
    diffusivity: dict[str, Diffusivity] = Field(default_factory=dict)
    """[m^2/s] in these pores; an ion left out has its free one."""
    area_fraction: PositiveNumber | None = None
    """Part of the layer's area that these pores have."""
    at: Potential | None = None
    """[V] where the conductances hold; None is at rest."""
    scale: WorkingPart = 1.0
    """Part of the pathway that is there: 0 blocks it."""
    gating: Gate | None = None
    """Opens and closes with the voltage over the layer."""

    @model_validator(mode="after")
    def _check(self) -> Pathway:
        seen: set[str] = set()
        for ion, place in zip(self.ions, self._places(), strict=True):
            if ion in seen:
                remedy = f"{ion} is given twice; give one of permeability, conductance, channels, barrier"
                raise problem(place, ion, remedy)
            seen.add(ion)
        if self.barrier and (self.area_fraction is None or self.area_fraction > 1):
            remedy = "a barrier stands in pores; say which part of the area they have, from 0 to 1, such as 1e-6"
            raise problem("area_fraction", self.area_fraction, remedy)
        for ion in self.diffusivity:
            if ion not in self.barrier:
                raise problem(f"diffusivity.{ion}", ion, f"barrier has no {ion}; give it there too, or drop this")
        if not seen:
            remedy = (
                'it lets nothing pass; give permeability = { K = "1e-7 m/s" } or conductance = { K = "0.5 mS/cm^2" }'
            )
            raise problem("permeability", None, remedy)
        return self

    def _places(self) -> Iterator[str]:
        """Where each of `ions` stands."""
        for name in ("permeability", "conductance"):
            yield from (f"{name}.{ion}" for ion in getattr(self, name))
        yield from (f"channels[{index}].ion" for index in range(len(self.channels)))
        yield from (f"barrier.{ion}" for ion in self.barrier)

    @property
    def conductances(self) -> dict[str, float]:
        """Slope conductance of the ions that are given by one [S/m^2]."""
        return {**self.conductance, **{channel.ion: channel.conductance_per_area for channel in self.channels}}

    @property
    def ions(self) -> tuple[str, ...]:
        """The ions that it lets pass."""
        return (*self.permeability, *self.conductance, *(channel.ion for channel in self.channels), *self.barrier)
