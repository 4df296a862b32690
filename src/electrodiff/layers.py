"""What a stack is made of: ions, layers, and the interfaces between layers."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from electrodiff.fields import (
    Charge,
    ChargeProfile,
    ConcentrationProfile,
    Diffusivity,
    DiffusivityProfile,
    Energy,
    Length,
    Name,
    PartitionProfile,
    Permeability,
    Permittivity,
    Potential,
    Radius,
    Record,
    SurfaceCharge,
    problem,
)


class Ion(Record):
    """An ion: valence and free diffusivity in water; for a known ion both may be left to the table."""

    valence: int | None = Field(None, strict=True, ge=-10, le=10)
    """z, charge in elementary charges, signed."""
    diffusivity: Diffusivity | None = None
    """[m^2/s] as written, not scaled to the temperature."""
    diameter: Radius | None = None
    """[m] of the ion in steric models; None is a point."""


class Steric(Record):
    """Ions of finite size, crowding each other (Bikerman): those with a `diameter`."""

    model: Literal["bikerman"]
    """`"bikerman"`: 1/gamma_i = (1 - sum_j v_j c_j)^(v_i/v_0), the volume v a cube of the diameter."""


class Activity(Record):
    """Activity coefficients of the ions in layers of water (those without any partition)."""

    model: Literal["davies"]
    """`"davies"`: ln gamma_i = -A z_i^2 (sqrt(I) / (1 + sqrt(I)) - 0.3 I), ionic strength I [mol/l]."""


class Gate(Record):
    """Boltzmann activation: the open fraction is 1 / (1 + exp(-(V - half_potential) / slope)), V across the layer."""

    half_potential: Potential
    """[V] at which half of the channels are open."""
    slope: Potential
    """[V]; negative for channels that open on hyperpolarisation."""

    @model_validator(mode="after")
    def _check_slope(self) -> Gate:
        if self.slope == 0:
            raise problem("slope", self.slope, "it must not be zero; a steep gate has a slope of 1 mV")
        return self


class Layer(Record):
    """A slab of one material.  An ion with partition 0 is absent from it.

    Each ion has its partition coefficient from one of `partition`, `permeability`, `barrier` and `born_radius`.  Profiles
    run along x from the left face of the layer.
    """

    name: Name
    """By which keys and results call it."""
    thickness: Length
    """[m]"""
    relative_permittivity: Permittivity
    """eps / eps_0, dimensionless; "water" is that of water at the temperature."""
    partition: dict[str, PartitionProfile] | None = None
    """beta of each ion; None, if no other table gives one, means 1 for all."""
    barrier: dict[str, Energy] = Field(default_factory=dict)
    """W of each ion, [J/mol] or in kT: beta = exp(-W/RT)."""
    born_radius: dict[str, Length] = Field(default_factory=dict)
    """[m] of each ion: beta from the Born energy between water and the layer."""
    diffusivity: dict[str, DiffusivityProfile] = Field(default_factory=dict)
    """[m^2/s] of each ion; an ion left out has its free one."""
    permeability: dict[str, Permeability] = Field(default_factory=dict)
    """[m/s] P = beta D / thickness, instead of a partition."""
    fixed_charge: ChargeProfile = 0.0
    """[mol/m^3 of elementary charges], signed."""
    total_fixed_charge: Charge | None = None
    """[C] in the whole layer, instead of a concentration; needs a geometry with an area."""
    initial: dict[str, ConcentrationProfile] = Field(default_factory=dict)
    """[mol/m^3] of each ion at the start, a number or a profile; what an ion that cannot leave has in its compartment."""
    gating: dict[str, Gate] = Field(default_factory=dict)
    """The ions whose conductance depends on the potential across this layer."""

    @property
    def partition_tables(self) -> dict[str, dict[str, object]]:
        """The tables that give partition coefficients, by name, without those that are not given."""
        names = ("permeability", "barrier", "born_radius")
        tables = {name: dict(getattr(self, name)) for name in names if getattr(self, name)}
        return tables if self.partition is None else {"partition": dict(self.partition), **tables}


class Interface(Record):
    """The boundary between two adjacent layers, for what sits on it."""

    between: tuple[str, str]
    """Names of the layers on its left and on its right."""
    surface_charge: SurfaceCharge = 0.0
    """[C/m^2]"""
