"""A solved case: profiles, fluxes, charges and potential drops with their error estimates, in SI units.

Signs: x from left to right; V_m = phi(left) - phi(right); fluxes and currents positive from left to right.

Values are extrapolated from nested meshes (`extrapolation`); `problem`, `state` and `face_flux` are those of the finest.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from electrodiff.doubts import doubts
from electrodiff.profiles import DebyeLayer, Floats, Profiles
from electrodiff.quantities import QUANTITIES, members
from electrodiff.readings import Readings

if TYPE_CHECKING:
    import xarray

# The profiles that are extrapolated; whether they are positive.
EXTRAPOLATED = {
    "potential": False,
    "activity": True,
    "concentration": True,
    "charge_density": False,
    "electric_field": False,
}


@dataclass(frozen=True)
class Solution(Profiles):
    """The solution of a case, how it was found, and how good it is."""

    scalars: Mapping[str, float | None]
    """Every reported scalar by its full name, such as `flux.K` [SI units]; None where it is not defined."""
    error: Mapping[str, float | None]
    """Estimated discretisation error of each, in the same unit; None where there is none, or no estimate."""
    extrapolated: Mapping[str, Floats]
    """The profiles of `EXTRAPOLATED` [SI units], on the nodes of the finest mesh."""
    profile_error: Mapping[str, Floats]
    """Estimated error of each of these, of the same shape and unit; NaN without an estimate."""
    converged: bool
    """Whether Newton's method has ended within its tolerance on every mesh."""
    message: str
    """How the solve ended; if it failed, where and what to try."""
    residuals: Floats
    """(iterations,) largest residual before each Newton step on any mesh, as a relative change of its unknown."""
    updates: Floats
    """(iterations,) largest relative change of each Newton step."""
    meshes: tuple[int, ...] = ()
    """Number of nodes of every mesh that was solved on, in order; the last ones are those extrapolated from."""
    missed: tuple[str, ...] = ()
    """The scalars whose estimated error is above the accuracy that the case asks for."""
    fallbacks: tuple[str, ...] = ()
    """What Newton's method needed beyond itself, such as a ramp of the voltages."""
    notes: tuple[str, ...] = ()
    """What the solver has to say about the solution, such as that a resting potential is unstable."""

    def __repr__(self) -> str:
        # That of every array would fill thousands of lines.
        potential = f"V = {self.membrane_potential * 1e3:.4g} mV"
        return f"<Solution '{self.case.title}': {potential}, {self.nodes} nodes; {self.message}>"

    def _repr_html_(self) -> str:
        from electrodiff.notebook import solution_html

        return solution_html(self)

    @property
    def iterations(self) -> int:
        """Number of Newton steps on all meshes."""
        return self.residuals.size

    # ---- profiles -------------------------------------------------------------------------------------------------

    @property
    def potential(self) -> Floats:
        """(M,) electric potential [V]."""
        return self.extrapolated["potential"]

    @property
    def activity(self) -> Floats:
        """(n, M) activity of each ion [mol/m^3]; 0 where it is absent."""
        return self.extrapolated["activity"]

    @property
    def concentration(self) -> Floats:
        """(n, M) concentration of each ion [mol/m^3]: beta a / gamma."""
        return self.extrapolated["concentration"]

    @property
    def charge_density(self) -> Floats:
        """(M,) charge per volume, mobile and fixed [C/m^3]."""
        return self.extrapolated["charge_density"]

    @property
    def electric_field(self) -> Floats:
        """(M,) -dphi/dx [V/m] on each side of each node."""
        return self.extrapolated["electric_field"]

    # ---- fluxes ---------------------------------------------------------------------------------------------------

    @property
    def flux(self) -> dict[str, float]:
        """Flux of each ion [mol/(m^2 s)]: the resistance-weighted mean over the stack (see `readings`).

        An ion that is absent somewhere, or that meets an end that is no reservoir, has flux 0.
        """
        return self._numbers("flux")

    @property
    def ion_current(self) -> dict[str, float]:
        """Current density carried by each ion, z F J [A/m^2]."""
        return self._numbers("ion_current")

    @property
    def current_density(self) -> float:
        """Net current density [A/m^2]."""
        return self._number("current_density")

    @property
    def current(self) -> float | None:
        """Net current through the whole area [A]; None where the geometry has no area."""
        return self.scalars["current"]

    # ---- potentials, charges, fields ------------------------------------------------------------------------------

    @property
    def membrane_potential(self) -> float:
        """V_m = phi(left end) - phi(right end) [V]."""
        return self._number("membrane_potential")

    @property
    def layer_drop(self) -> dict[str, float]:
        """phi(left face) - phi(right face) of each layer [V]."""
        return self._numbers("layer_drop")

    @property
    def surface_charge(self) -> dict[str, float]:
        """Charge per area held by the left and right Debye layer [C/m^2]; see `end_debye_layers`."""
        return self._numbers("surface_charge")

    @property
    def debye_drop(self) -> dict[str, float]:
        """phi(left) - phi(right) of the left and right Debye layer [V]; see `end_debye_layers`."""
        return self._numbers("debye_drop")

    @property
    def charge_beside(self) -> dict[str, float]:
        """Charge per area of the Debye layer on each side of each interface [C/m^2], by "interface.side"."""
        return self._numbers("charge_beside")

    @property
    def drop_beside(self) -> dict[str, float]:
        """phi(left) - phi(right) of the Debye layer on each side of each interface [V], by "interface.side"."""
        return self._numbers("drop_beside")

    @property
    def electrode_charge(self) -> dict[str, float | None]:
        """Charge per area on the wall at either end [C/m^2]; None where there is no wall."""
        return self._family("electrode_charge")

    @property
    def capacitance(self) -> float | None:
        """Integral capacitance [F/m^2]: charge of the left side over the membrane potential (see `readings`)."""
        return self.scalars["capacitance"]

    @property
    def field_ratio(self) -> dict[str, float | None]:
        """At each interface, the field on the side of the lower permittivity over that on the other side, dimensionless."""
        return self._family("field_ratio")

    @property
    def log_permeability(self) -> dict[str, float | None]:
        """log10 of P = 1 / integral of dx / (D beta) [m/s], of each ion in each layer; None for an absent ion."""
        return self._family("log_permeability")

    @property
    def open_fraction(self) -> dict[str, float]:
        """Open fraction of each gated conductance, by "layer.ion"."""
        return self._numbers("open_fraction")

    @property
    def passive_flux(self) -> dict[str, float]:
        """Flux of each ion through lipid and pathways [mol/(m^2 s)] (see `readings`); empty without transporters."""
        return self._numbers("passive_flux")

    @property
    def transported_flux(self) -> dict[str, float]:
        """Flux of each ion that transporters carry [mol/(m^2 s)]; empty without transporters."""
        return self._numbers("transported_flux")

    @property
    def transporter_rate(self) -> dict[str, float]:
        """Rate of every transporter [mol/(m^2 s)]."""
        return self._numbers("transporter_rate")

    @property
    def nernst_potential(self) -> dict[str, float | None]:
        """Nernst potential of each ion between the ends [V], of a case with transporters; None for an absent one."""
        return self._family("nernst_potential")

    @property
    def bulk_charge_imbalance(self) -> float | None:
        """Largest |charge| / (F sum |z| c), a number, further than 10 Debye lengths from every boundary but a reservoir."""
        return self.scalars["bulk_charge_imbalance"]

    # ---- Debye layers ---------------------------------------------------------------------------------------------

    @cached_property
    def readings(self) -> Readings:
        """What the finest mesh says by itself."""
        return Readings(self.problem, self.state, self.gate)

    @property
    def debye_lengths(self) -> list[float]:
        """Debye length of each layer [m], at its reservoir if it has one, else in the middle; inf without ions."""
        return self.readings.debye_lengths

    @cached_property
    def debye_layers(self) -> dict[str, tuple[DebyeLayer, DebyeLayer]]:
        """The Debye layers left and right of each interface, by the interface's name "left layer|right layer"."""
        charge, drop = self.charge_beside, self.drop_beside

        def of(name: str, part: DebyeLayer) -> DebyeLayer:
            member = f"{name}.{part.side}"
            return replace(part, charge=charge[member], drop=drop[member])

        return {name: (of(name, left), of(name, right)) for name, (left, right) in self.readings.debye_layers.items()}

    @property
    def end_debye_layers(self) -> dict[str, DebyeLayer]:
        """The Debye layer next to the first interface, on its left, and next to the last one, on its right.

        Without an interface: the two halves of the only layer.
        """
        charge, drop = self.surface_charge, self.debye_drop
        layers = self.readings.end_debye_layers.items()
        return {side: replace(part, charge=charge[side], drop=drop[side]) for side, part in layers}

    # ---- as data --------------------------------------------------------------------------------------------------

    def quantities(self) -> dict[str, Any]:
        """Every reported quantity by name, SI units; a family as a dictionary of its members."""
        return {name: self._value(name, self.scalars) for name in QUANTITIES}

    def errors(self) -> dict[str, Any]:
        """The error estimate of every reported quantity, arranged as `quantities`."""
        return {name: self._value(name, self.error) for name in QUANTITIES}

    @property
    def has_estimates(self) -> bool:
        """Whether there is an estimate of errors: it takes two meshes or more."""
        return any(value is not None for value in self.error.values())

    @property
    def wanted_accuracy(self) -> float | None:
        """The accuracy that the case asks for; None where it asks for a number of nodes."""
        return self.case.mesh.accuracy if self.case.mesh.nodes is None else None

    @property
    def reached(self) -> bool | None:
        """Whether every estimate is within the wanted accuracy; None where none was wanted, or on a mesh that was given."""
        if self.wanted_accuracy is None or (self.converged and not self.has_estimates):
            return None
        return self.converged and not self.missed

    def relative_errors(self) -> dict[str, float]:
        """Estimate of each scalar over the larger of its size and its scale (`Readings.scales`), a number, by full name."""
        scales = self.readings.scales()
        return {
            name: error / max(abs(self.scalars[name] or 0.0), scales[name], sys.float_info.min)
            for name, error in self.error.items()
            if error is not None
        }

    def scalar(self, name: str) -> float | None:
        """One reported scalar by its full name, such as `flux.K` [SI units]."""
        return self.scalars[name]

    @property
    def warnings(self) -> list[str]:
        """What makes the solution doubtful, and what of the case was not used; one sentence each (see `doubts`)."""
        return [*self.notes, *doubts(self)]

    @cached_property
    def dataset(self) -> xarray.Dataset:
        """Profiles, fluxes and scalars as a labelled dataset with units (see docs/results.md)."""
        from electrodiff.dataset import to_dataset

        return to_dataset(self)

    def _value(self, name: str, table: Mapping[str, float | None]) -> Any:
        return members(name, table) if QUANTITIES[name].per else table[name]

    def _family(self, name: str) -> dict[str, float | None]:
        return members(name, self.scalars)

    def _numbers(self, name: str) -> dict[str, float]:
        return {member: float("nan") if value is None else value for member, value in self._family(name).items()}

    def _number(self, name: str) -> float:
        value = self.scalars[name]
        return float("nan") if value is None else value
