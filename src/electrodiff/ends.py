"""The two ends of a stack: a reservoir, a wall, or a plane of symmetry."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, model_validator

from electrodiff.fields import (
    Concentration,
    CurrentDensity,
    Length,
    Permittivity,
    Potential,
    PotentialOrFloating,
    Record,
    SurfaceCharge,
    problem,
)


class Reservoir(Record):
    """A well-stirred bath beyond one end of the stack."""

    kind: Literal["reservoir"] = "reservoir"
    """`"reservoir"`, also if left out."""
    concentrations: dict[str, Concentration]
    """[mol/m^3] of each ion; an ion left out is absent."""
    potential: PotentialOrFloating
    """[V], or found so that the net current is `current`."""
    current: CurrentDensity | None = None
    """[A/m^2] net current density through the stack, outward; only with a floating potential, where it is 0 if left out."""
    neutralise: str | None = None
    """The ion whose concentration is adjusted to make the reservoir neutral."""

    @model_validator(mode="after")
    def _check_current(self) -> Reservoir:
        if self.current is not None and not self.is_floating:
            remedy = 'a current can be given only where the potential is unknown; set potential = "floating" or drop it'
            raise problem("current", self.current, remedy)
        return self

    @property
    def is_floating(self) -> bool:
        """Whether the potential is an unknown."""
        return self.potential == "floating"


class Stern(Record):
    """A layer of solvent between a wall and the closest ions."""

    thickness: Length
    """[m] from the wall to where the centres of ions can come."""
    relative_permittivity: Permittivity
    """eps / eps_0 in it, dimensionless."""


class Wall(Record):
    """An end that no ion passes: a metal at a given potential, a given surface charge, or neither, and then no field."""

    kind: Literal["wall"]
    """`"wall"`."""
    potential: Potential | None = None
    """[V] of the metal."""
    surface_charge: SurfaceCharge | None = None
    """[C/m^2] on the wall."""
    stern: Stern | None = None
    """Stands for an ion-free layer next to the wall, called "left stern" or "right stern"."""

    @model_validator(mode="after")
    def _check_one(self) -> Wall:
        if self.potential is not None and self.surface_charge is not None:
            remedy = "the potential of the wall is given too, and each follows from the other; drop one of them"
            raise problem("surface_charge", self.surface_charge, remedy)
        return self


class Closed(Record):
    """A plane, axis or centre of symmetry: no flux and no field."""

    kind: Literal["closed"]
    """`"closed"`."""


def stern_sides(tree: Any) -> list[str]:
    """The ends of a case, as a tree, whose walls have a Stern layer; not one whose keys are wrong, as the wall will say."""
    if not isinstance(tree, dict) or not isinstance(tree.get("layers"), list | tuple):
        return []
    return [side for side in ("left", "right") if _has_stern(tree.get(side))]


def _has_stern(end: Any) -> bool:
    if isinstance(end, Wall):
        return end.stern is not None
    stern = end.get("stern") if isinstance(end, dict) else None
    return isinstance(stern, dict) and {*stern} == {*Stern.model_fields}


def _with_kind(value: Any) -> Any:
    """An end without a kind is a reservoir."""
    return {"kind": "reservoir", **value} if isinstance(value, dict) and "kind" not in value else value


End = Annotated[
    Annotated[Reservoir | Wall | Closed, Discriminator("kind")],
    BeforeValidator(_with_kind),
]
