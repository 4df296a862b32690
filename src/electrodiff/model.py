"""The records of a case: ions, layers, interfaces, reservoirs, and the case that joins them.

Frozen and validated.  Dimensional fields take SI numbers or text with a unit and hold SI numbers; concentrations are in
mol/m^3 (= mM).  x runs from left (inside) to right (outside); V_m = phi(left) - phi(right); fluxes and currents are
positive from left to right.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, PrivateAttr, StrictFloat, StrictInt, StrictStr, ValidationInfo, model_validator

from electrodiff import checks, keys, protocol, units
from electrodiff.changes import flat
from electrodiff.ends import Closed, End, Reservoir, Stern, Wall, stern_sides
from electrodiff.fields import (
    AreaProfile,
    MolarEnergy,
    PositiveNumber,
    Profile,
    Radius,
    RadiusProfile,
    Record,
    Temperature,
    Title,
    nearest,
    problem,
)
from electrodiff.ions import KNOWN_IONS, scaled_diffusivity, water_relative_permittivity
from electrodiff.layers import Activity, Gate, Interface, Ion, Layer, Steric
from electrodiff.quantities import CLOSED_FORMS, CURVE_QUANTITIES, QUANTITIES, quantity_of, scalar_names
from electrodiff.studies import Study
from electrodiff.study import ImpedanceStudy, IVStudy, SteadyStudy, TransientStudy
from electrodiff.transporters import Channels, Pathway, Transporter, VoltageDependence

__all__ = [
    "Activity",
    "Case",
    "Channels",
    "Closed",
    "Expectation",
    "FitSettings",
    "Gate",
    "IVStudy",
    "ImpedanceStudy",
    "Interface",
    "Ion",
    "Layer",
    "MeshSettings",
    "Pathway",
    "Profile",
    "Reservoir",
    "SteadyStudy",
    "Steric",
    "Stern",
    "Study",
    "TransientStudy",
    "Transporter",
    "VoltageDependence",
    "Wall",
    "case_schema",
]

Side = Literal["left", "right"]


class MeshSettings(Record):
    """How the stack is divided: by the accuracy wanted, or into a given number of nodes."""

    geometry: Literal["planar", "cylindrical", "spherical"] = "planar"
    """`area` and `radius` make a channel of a planar one."""
    inner_radius: Radius | None = None
    """[m] of the left end in cylindrical and spherical geometry; 0 if left out: the axis or the centre."""
    area: AreaProfile | None = None
    """[m^2] of the cross section along the whole stack, in a planar geometry: a channel."""
    radius: RadiusProfile | None = None
    """[m] of the round cross section along the whole stack, instead of its area."""
    accuracy: PositiveNumber = 1e-6
    """Wanted error of every reported number, relative to the larger of its size and its scale (docs/mesh.md)."""
    nodes: int | None = Field(None, strict=True, ge=5, le=10_000_000)
    """Number of nodes of the finest mesh; overrides `accuracy`."""

    @model_validator(mode="after")
    def _check_accuracy(self) -> MeshSettings:
        if not 1e-12 <= self.accuracy <= 0.1:
            raise problem("accuracy", self.accuracy, "it must lie between 1e-12 and 0.1, such as 1e-6")
        return self


class FitSettings(Record):
    """What `electrodiff fit` looks for if it is told nothing else."""

    parameters: tuple[str, ...] = Field(min_length=1)
    """Key paths, such as `layers.membrane.permeability.K`."""


class Expectation(Record):
    """A value that the solution must reproduce."""

    quantity: str
    """Its full name: `membrane_potential`, `flux.K`."""
    value: StrictFloat | StrictInt | StrictStr
    """With its unit, as in the file; `value_si` is in SI units."""
    tolerance: StrictFloat | StrictInt | StrictStr
    """Largest difference that is allowed, with its unit; `tolerance_si` is in SI units."""
    source: str
    """A closed form or a publication."""
    at: dict[str, Any] = Field(default_factory=dict)
    """Of a sweep: the values of its keys at the point that is meant."""

    @model_validator(mode="before")
    @classmethod
    def _flatten(cls, data: Any) -> Any:
        """`right.potential` without quotes is a table in a table to TOML; here it is the same key path."""
        is_table = isinstance(data, dict) and isinstance(data.get("at"), dict)
        return {**data, "at": flat(data["at"])} if is_table else data

    @model_validator(mode="after")
    def _check_units(self) -> Expectation:
        family = self.quantity.partition(".")[0]
        known = [*QUANTITIES, *CURVE_QUANTITIES, *CLOSED_FORMS]
        if family not in known:
            remedy = f"no quantity has this name{nearest(family, known)}; known are {', '.join(known)}"
            raise problem("quantity", self.quantity, remedy)
        for key in ("value", "tolerance"):
            number = self._si(key)
            if key == "tolerance" and not number > 0:
                raise problem(key, getattr(self, key), "it must be greater than zero")
        return self

    def _si(self, key: str) -> float:
        value = getattr(self, key)
        dimension = quantity_of(self.quantity).dimension
        try:
            if isinstance(value, str) == bool(dimension.unit) and math.isfinite(
                float("0" if dimension.unit else value)
            ):
                return units.to_si(value, dimension) if isinstance(value, str) else value
            reason = ""
        except OverflowError:  # a whole number of more than 308 digits
            reason = "it must be finite; "
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

    title: Title = ""
    """What the case is, in a line."""
    temperature: Temperature
    """[K]"""
    scale_diffusivities: bool = True
    """Whether table diffusivities (25 degC) are scaled to the temperature by T / viscosity of water."""
    ions: dict[str, Ion] = Field(min_length=1)
    """By name: `K`, `Na`, `Cl`, or any that has its valence and diffusivity."""
    layers: tuple[Layer, ...] = Field(min_length=1)
    """From left to right."""
    interfaces: tuple[Interface, ...] = ()
    """Those that carry a charge."""
    left: End
    """The inside."""
    right: End
    """The outside."""
    transporters: tuple[Transporter, ...] = ()
    """Pumps and cotransporters across layers."""
    pathways: tuple[Pathway, ...] = ()
    """Channels and other ways for ions beside the lipid of a layer."""
    atp_free_energy: MolarEnergy = -55e3
    """[J/mol] of the hydrolysis of ATP in the cell, negative: between -50 and -65 kJ/mol in living cells (D. L. Nelson,
    M. M. Cox, Lehninger Principles of Biochemistry (2005) ch. 13)."""
    steric: Steric | None = None
    """None for points."""
    activity: Activity | None = None
    """None for ideal solutions."""
    study: Study = SteadyStudy()
    """What to compute."""
    mesh: MeshSettings = MeshSettings()
    """Geometry and accuracy."""
    expect: tuple[Expectation, ...] = ()
    """What the result must be."""
    fit: FitSettings | None = None
    """What `electrodiff fit` looks for."""
    _text: str | None = PrivateAttr(default=None)
    _derived: dict[str, Any] = PrivateAttr(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _expand_stern(cls, data: Any) -> Any:
        return stern_as_layers(data)

    @model_validator(mode="after")
    def _check(self, info: ValidationInfo) -> Case:
        checks.check_case(self)
        from_file = bool(info.context and info.context.get("from_file"))
        self.__dict__["study"] = protocol.checked_study(self, from_file)
        return self

    def __eq__(self, other: object) -> bool:
        """Equal numbers; the text that a case was read from does not matter."""
        return isinstance(other, Case) and self.model_dump() == other.model_dump()

    def __repr__(self) -> str:
        # That of every field would fill a page.
        counts = f"{len(self.ions)} ions, {len(self.layers)} layers"
        return f"<Case '{self.title}': {counts}, {self.study.kind} study>"

    def __str__(self) -> str:
        return repr(self)

    def _repr_html_(self) -> str:
        from electrodiff.notebook import case_html

        return case_html(self)

    @property
    def derived(self) -> dict[str, Any]:
        """What follows from the case and is asked for often, by name."""
        # As `_derived`, for which pydantic looks in several places first.
        derived: dict[str, Any] = (self.__pydantic_private__ or {})["_derived"]
        return derived

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
        return tuple(map(self.valence, self.ions))

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

    def relative_permittivity(self, layer: Layer) -> float:
        """eps_r of a layer, dimensionless; "water" is that of water at the temperature."""
        given = layer.relative_permittivity
        return water_relative_permittivity(self.temperature) if given == "water" else float(given)

    def surface_charge(self, left: str, right: str) -> float:
        """sigma [C/m^2] on the interface between two adjacent layers."""
        return sum(face.surface_charge for face in self.interfaces if set(face.between) == {left, right})

    def concentrations(self, side: Side) -> dict[str, float]:
        """Concentration of every ion [mol/m^3] in the reservoir at one end, neutralised if the case says so.

        Zero for all ions at an end that is no reservoir.
        """
        reservoir = getattr(self, side)
        if not isinstance(reservoir, Reservoir):
            return dict.fromkeys(self.ions, 0.0)
        given = {ion: reservoir.concentrations.get(ion, 0.0) for ion in self.ions}
        adjusted = reservoir.neutralise
        if adjusted is not None:
            charges = [self.valence(ion) * c for ion, c in given.items() if ion != adjusted]
            needed = -sum(charges) / self.valence(adjusted)
            # What the round-off of the others asks for is nothing.
            largest = max(map(abs, charges), default=0.0)
            given[adjusted] = 0.0 if abs(needed) <= 1e-15 * len(given) * largest else needed
        return given

    def scalar_names(self) -> list[str]:
        """Names of the scalars that a solution of this case reports."""
        return scalar_names(self.ions, self.layer_names, self.gate_names, self.transporter_names)

    def expectable_names(self) -> list[str]:
        """Names of the scalars that may be expected: those of a solution, or the one that belongs to a whole curve."""
        return ["reversal_potential"] if isinstance(self.study, IVStudy) else self.scalar_names()

    @property
    def gate_names(self) -> list[str]:
        """Names of the gates: "layer.ion" of those of a lipid, and "pathway.ion"."""
        own = [f"{layer.name}.{ion}" for layer in self.layers for ion in layer.gating]
        return own + [f"{pathway.name}.{ion}" for pathway in self.pathways if pathway.gating for ion in pathway.ions]

    @property
    def transporter_names(self) -> tuple[str, ...]:
        """Names of the transporters."""
        return tuple(transporter.name for transporter in self.transporters)

    def replace(self, key: str, value: Any) -> Case:
        """A new case with one key changed: `case.replace("layers.membrane.partition.K", 1e-5)`.

        Layers are named, not numbered.  Raises CaseError if the key or the value does not fit.
        """
        return keys.replaced(self, {key: value})

    def changed(self, values: Mapping[str, Any]) -> Case:
        """A new case with several keys changed at once, checked after the last."""
        return keys.replaced(self, values)


def stern_as_layers(data: Any) -> Any:
    """The tree of a case with the `stern` of its walls written as what it stands for: an ion-free layer at that end."""
    sides = stern_sides(data)
    if not sides:
        return data
    data = {**data, "layers": list(data["layers"])}
    # From right to left, so that places on the left stay what they are.
    for side in reversed(sides):
        end = data[side]
        if isinstance(end, Wall):
            end = end.model_dump(exclude_none=True)
        ions = data.get("ions")
        nowhere = dict.fromkeys(ions if isinstance(ions, dict) else (), 0.0)
        layer = {"name": f"{side} stern", "partition": nowhere, **end["stern"]}
        data["layers"].insert(0 if side == "left" else len(data["layers"]), layer)
        data[side] = {key: value for key, value in end.items() if key != "stern"}
    return data


def case_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the case file."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Case.model_json_schema()}
