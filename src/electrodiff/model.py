"""The records of a case: ions, layers, interfaces, reservoirs, and the case that joins them.

Frozen and validated.  Dimensional fields take SI numbers or text with a unit and hold SI numbers; concentrations are in
mol/m^3 (= mM).  x runs from left (inside) to right (outside); V_m = phi(left) - phi(right); fluxes and currents are
positive from left to right.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, PrivateAttr, model_validator

from electrodiff import checks, keys, units
from electrodiff.fields import (
    ChargeConcentration,
    Concentration,
    Diffusivity,
    Length,
    Partition,
    Permeability,
    Permittivity,
    PositiveNumber,
    PotentialOrFloating,
    Record,
    SurfaceCharge,
    Temperature,
    nearest,
    problem,
)
from electrodiff.ions import KNOWN_IONS, scaled_diffusivity, water_relative_permittivity
from electrodiff.quantities import QUANTITIES, scalar_names

Side = Literal["left", "right"]


class Ion(Record):
    """An ion: valence and free diffusivity in water; for a known ion both may be left to the table."""

    valence: int | None = Field(None, strict=True, ge=-10, le=10)
    diffusivity: Diffusivity | None = None
    """[m^2/s] as written, not scaled to the temperature."""


class Layer(Record):
    """A slab of one material.  An ion with partition 0 is absent from it."""

    name: str = Field(min_length=1, pattern=r"^[^.|\[\]]+$")
    thickness: Length
    relative_permittivity: Permittivity
    partition: dict[str, Partition] | None = None
    """beta of each ion; None means 1 for all."""
    diffusivity: dict[str, Diffusivity] = Field(default_factory=dict)
    """[m^2/s] of each ion; an ion left out has its free one."""
    permeability: dict[str, Permeability] = Field(default_factory=dict)
    """[m/s] P = beta D / thickness, instead of a partition."""
    fixed_charge: ChargeConcentration = 0.0
    """[mol/m^3 of elementary charges], signed."""


class Interface(Record):
    """The boundary between two adjacent layers, for what sits on it."""

    between: tuple[str, str]
    surface_charge: SurfaceCharge = 0.0
    """[C/m^2]"""


class Reservoir(Record):
    """A well-stirred bath beyond one end of the stack."""

    kind: Literal["reservoir"] = "reservoir"
    concentrations: dict[str, Concentration]
    """[mol/m^3] of each ion; an ion left out is absent."""
    potential: PotentialOrFloating
    """[V], or found so that the net current is zero."""
    neutralise: str | None = None
    """The ion whose concentration is adjusted to make the reservoir neutral."""

    @property
    def is_floating(self) -> bool:
        """Whether the potential is an unknown."""
        return self.potential == "floating"


class Study(Record):
    """What is computed."""

    kind: Literal["steady"] = "steady"


class MeshSettings(Record):
    """How the stack is divided: by the accuracy wanted, or into a given number of nodes."""

    geometry: Literal["planar"] = "planar"
    accuracy: PositiveNumber = Field(1e-6, ge=1e-12, le=0.1)
    """Wanted relative error; sets the spacing (docs/mesh.md)."""
    nodes: int | None = Field(None, strict=True, ge=5, le=10_000_000)
    """Total number of nodes; overrides `accuracy`."""


class Expectation(Record):
    """A value that the solution must reproduce."""

    quantity: str
    value: float | str
    tolerance: float | str
    source: str

    @model_validator(mode="after")
    def _check_units(self) -> Expectation:
        family = self.quantity.partition(".")[0]
        if family not in QUANTITIES:
            remedy = f"no quantity has this name{nearest(family, QUANTITIES)}; known are {', '.join(QUANTITIES)}"
            raise problem("quantity", self.quantity, remedy)
        for key in ("value", "tolerance"):
            number = self._si(key)
            if key == "tolerance" and not number > 0:
                raise problem(key, getattr(self, key), "it must be greater than zero")
        return self

    def _si(self, key: str) -> float:
        value = getattr(self, key)
        dimension = QUANTITIES[self.quantity.partition(".")[0]].dimension
        try:
            if isinstance(value, str) == bool(dimension.unit):
                return units.to_si(value, dimension) if isinstance(value, str) else value
            reason = ""
        except units.UnitError as error:
            reason = f"{error}; " if str(error) else ""
        kind = f"a {dimension.name} with a unit" if dimension.unit else "a plain number"
        raise problem(key, value, f"{reason}expected {kind}, such as '{dimension.example}'")

    @property
    def value_si(self) -> float:
        """Expected value in SI units."""
        return self._si("value")

    @property
    def tolerance_si(self) -> float:
        """Allowed absolute difference in SI units."""
        return self._si("tolerance")


class Case(Record):
    """One problem: the ions, the stack of layers from left to right, its two ends, and what to compute.

    Raises pydantic.ValidationError when built from Python with values that do not fit; `load_case` and `replace` raise
    CaseError, whose text names the key, the value and the remedy.
    """

    title: str = ""
    temperature: Temperature
    scale_diffusivities: bool = True
    """Whether table diffusivities (25 degC) are scaled to the temperature by T / viscosity of water."""
    ions: dict[str, Ion] = Field(min_length=1)
    layers: tuple[Layer, ...] = Field(min_length=1)
    interfaces: tuple[Interface, ...] = ()
    left: Reservoir
    right: Reservoir
    study: Study = Study()
    mesh: MeshSettings = MeshSettings()
    expect: tuple[Expectation, ...] = ()
    _text: str | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _check(self) -> Case:
        checks.check_case(self)
        return self

    def __eq__(self, other: object) -> bool:
        """Equal numbers; the text that a case was read from does not matter."""
        return isinstance(other, Case) and self.model_dump() == other.model_dump()

    @property
    def ion_names(self) -> tuple[str, ...]:
        """Names of the ions, in the order of the case."""
        return tuple(self.ions)

    @property
    def layer_names(self) -> tuple[str, ...]:
        """Names of the layers from left to right."""
        return tuple(layer.name for layer in self.layers)

    @property
    def valences(self) -> tuple[int, ...]:
        """z_i of each ion."""
        return tuple(self.valence(name) for name in self.ions)

    def valence(self, ion: str) -> int:
        """z of one ion: its own, or that of the table."""
        given = self.ions[ion].valence
        return KNOWN_IONS[ion].valence if given is None else given

    def free_diffusivity(self, ion: str) -> float:
        """D in water [m^2/s]: as written in the case, or the table's at 25 degC scaled to the temperature."""
        given = self.ions[ion].diffusivity
        if given is not None:
            return given
        table = KNOWN_IONS[ion].diffusivity
        return scaled_diffusivity(table, self.temperature) if self.scale_diffusivities else table

    def diffusivity(self, layer: Layer, ion: str) -> float:
        """D of an ion in a layer [m^2/s]."""
        given = layer.diffusivity.get(ion)
        return self.free_diffusivity(ion) if given is None else given

    def partition(self, layer: Layer, ion: str) -> float:
        """beta of an ion in a layer; from a permeability, beta = P d / D."""
        if ion in layer.permeability:
            return layer.permeability[ion] * layer.thickness / self.diffusivity(layer, ion)
        return 1.0 if layer.partition is None else layer.partition[ion]

    def relative_permittivity(self, layer: Layer) -> float:
        """eps_r of a layer; "water" is that of water at the temperature."""
        given = layer.relative_permittivity
        return water_relative_permittivity(self.temperature) if given == "water" else float(given)

    def surface_charge(self, left: str, right: str) -> float:
        """sigma [C/m^2] on the interface between two adjacent layers."""
        return sum(face.surface_charge for face in self.interfaces if set(face.between) == {left, right})

    def concentrations(self, side: Side) -> dict[str, float]:
        """Concentration of every ion [mol/m^3] in the reservoir at one end, neutralised if the case says so."""
        reservoir: Reservoir = getattr(self, side)
        given = {ion: reservoir.concentrations.get(ion, 0.0) for ion in self.ions}
        adjusted = reservoir.neutralise
        if adjusted is not None:
            charge = sum(self.valence(ion) * c for ion, c in given.items())
            given[adjusted] -= charge / self.valence(adjusted)
        return given

    def crosses(self, ion: str) -> bool:
        """Whether an ion is present in every layer, so that it can go from one end to the other."""
        return all(self.partition(layer, ion) > 0 for layer in self.layers)

    def scalar_names(self) -> list[str]:
        """Names of the scalars that a solution of this case reports."""
        return scalar_names(self.ions, self.layer_names)

    def replace(self, key: str, value: Any) -> Case:
        """A new case with one key changed: `case.replace("layers.membrane.partition.K", 1e-5)`.

        Layers are named, not numbered.  Raises CaseError if the key or the value does not fit.
        """
        return keys.replaced(self, {key: value})

    def changed(self, values: Mapping[str, Any]) -> Case:
        """A new case with several keys changed at once, checked after the last."""
        return keys.replaced(self, values)


def case_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the case file."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Case.model_json_schema()}
