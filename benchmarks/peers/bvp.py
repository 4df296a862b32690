"""scipy's `solve_bvp`: collocation of fourth order (Lobatto IIIA) that adapts its mesh.

The unknowns are phi, eps phi' and the activities of the three ions that pass; their fluxes are unknown parameters, and the
ion that the membrane keeps out follows from phi.  `solve_bvp` knows one interval and continuous right-hand sides only.  Each
layer is therefore mapped on one unit of t, with dx/dt = 0 at the interfaces: there the right-hand side jumps from 0 to 0.

The floating potential needs no root search: it is a parameter more, for the condition that the current is zero.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy.integrate import solve_bvp

from peers.membrane import Floats, Membrane, graded

# Spacing grows with the distance d to the nearest interface as l + GROWTH d, l [nm] in the baths and in the membrane.
LENGTHS, GROWTH = np.array([0.8, 0.2, 0.8]), 1.5


class Known(NamedTuple):
    """What depends on t alone, at M points."""

    speed: Floats
    """(M,) dx/dt."""
    field: Floats
    """(M,) dx/dt over the permittivity."""
    charge: Floats
    """(n, M) dx/dt z beta."""
    held: Floats
    """(M,) dx/dt z beta a of the ion that does not pass, where phi is that of its reservoir."""
    resistance: Floats
    """(n, M) dx/dt / (D beta)."""


class BoundaryValue:
    """One membrane, as `solve_bvp` takes it."""

    def __init__(self, membrane: Membrane, nodes: int, floating: bool = False) -> None:
        """nodes: of the mesh to start with."""
        passes = membrane.passes
        self.membrane, self.floating, self.voltage = membrane, floating, membrane.voltage
        self.z = membrane.valence[passes]
        self.left, self.right = membrane.left[passes], membrane.right[passes]
        self.charge = (membrane.valence * membrane.partition)[:, passes]
        self.resistance = 1 / membrane.conductivity[:, passes]
        (held,) = np.flatnonzero(~passes)
        self.held_valence = float(membrane.valence[held])
        self.held = membrane.valence[held] * membrane.partition[:, held] * membrane.left[held]
        self.mesh = self._mesh(nodes)
        self._known: dict[bytes, Known] = {}

    # ---- the mesh ---------------------------------------------------------------------------------------------------

    def _mesh(self, nodes: int) -> Floats:
        """About so many nodes t, graded by the distance to the nearest interface."""
        left, half, right = graded(self.membrane.faces, nodes, LENGTHS, GROWTH)
        # The inverse of x = 3 t^2 - 2 t^3, from 0 to 1/2
        half = 0.5 - np.sin(np.arcsin(1 - half) / 3)
        return np.concatenate([1 - np.sqrt(left[::-1]), 1 + half[1:], 2 - half[-2::-1], 2 + np.sqrt(right[1:])])

    def known(self, t: Floats) -> Known:
        """What depends on t alone; remembered, since every turn of Newton's method asks for the same t."""
        key = t.tobytes()
        if key not in self._known:
            self._known[key] = self._at(t)
        return self._known[key]

    def _at(self, t: Floats) -> Known:
        layer = np.clip(t.astype(int), 0, self.membrane.permittivity.size - 1)
        thickness, part = np.diff(self.membrane.faces)[layer], t - layer
        speed = thickness * np.choose(layer, [2 * (1 - part), 6 * part * (1 - part), 2 * part])
        return Known(
            speed,
            speed / self.membrane.permittivity[layer],
            speed * self.charge[layer].T,
            speed * self.held[layer],
            speed * self.resistance[layer].T,
        )

    def positions(self, t: Floats) -> Floats:
        """x [nm]"""
        layer = np.clip(t.astype(int), 0, 2)
        part, thickness = t - layer, np.diff(self.membrane.faces)[layer]
        share = np.choose(layer, [1 - (1 - part) ** 2, part**2 * (3 - 2 * part), part**2])
        return np.asarray(self.membrane.faces[layer] + thickness * share)

    # ---- equations --------------------------------------------------------------------------------------------------

    def slopes(self, t: Floats, y: Floats, p: Floats) -> Floats:
        """(2 + n, M)"""
        known, n = self.known(t), self.z.size
        out = np.empty_like(y)
        field = known.field * y[1]
        out[0] = field
        kept = known.held * np.exp(self.held_valence * (self._voltage(p) - y[0]))
        out[1] = -(known.charge * y[2:]).sum(axis=0) - kept
        out[2:] = -self.z[:, None] * field * y[2:] - known.resistance * p[:n, None]
        return out

    def jacobians(self, t: Floats, y: Floats, p: Floats) -> tuple[Floats, Floats]:
        """(2 + n, 2 + n, M) by the unknowns and (2 + n, k, M) by the parameters."""
        known, n = self.known(t), self.z.size
        by_y, by_p = np.zeros((2 + n, 2 + n, t.size)), np.zeros((2 + n, p.size, t.size))
        by_y[0, 1] = known.field
        kept = self.held_valence * known.held * np.exp(self.held_valence * (self._voltage(p) - y[0]))
        by_y[1, 0] = kept
        by_y[1, 2:] = -known.charge
        drift = -self.z[:, None] * known.field
        for i in range(n):
            by_y[2 + i, 1] = drift[i] * y[2 + i]
            by_y[2 + i, 2 + i] = drift[i] * y[1]
            by_p[2 + i, i] = -known.resistance[i]
        if self.floating:
            by_p[1, n] = -kept
        return by_y, by_p

    def _voltage(self, p: Floats) -> float:
        return float(p[-1]) if self.floating else self.voltage

    def conditions(self, first: Floats, last: Floats, p: Floats) -> Floats:
        """(2 + n + k,)"""
        potentials = [first[0] - self._voltage(p), last[0]]
        current = [self.z @ p[: self.z.size]] if self.floating else []
        return np.concatenate([potentials, first[2:] - self.left, last[2:] - self.right, current])

    def condition_jacobians(self, _first: Floats, _last: Floats, p: Floats) -> tuple[Floats, Floats, Floats]:
        """Of the conditions, by both ends and the parameters."""
        n = self.z.size
        count = 2 + 2 * n + self.floating
        by_first, by_last, by_p = np.zeros((count, 2 + n)), np.zeros((count, 2 + n)), np.zeros((count, p.size))
        by_first[0, 0] = by_last[1, 0] = 1.0
        by_first[2 : 2 + n, 2:] = by_last[2 + n : 2 + 2 * n, 2:] = np.eye(n)
        if self.floating:
            by_p[0, n], by_p[-1, :n] = -1.0, self.z
        return by_first, by_last, by_p

    # ---- solving ----------------------------------------------------------------------------------------------------

    def first_guess(self) -> tuple[Floats, Floats]:
        """Baths as given, straight lines of phi and ln a in the membrane; no fluxes."""
        membrane = self.membrane
        start, stop = membrane.faces[1], membrane.faces[-2]
        part = np.clip((self.positions(self.mesh) - start) / (stop - start), 0.0, 1.0)
        y = np.zeros((2 + self.z.size, part.size))
        y[0] = self.voltage * (1 - part)
        y[1] = -self.voltage / (stop - start) * membrane.permittivity[1]
        y[2:] = self.left[:, None] ** (1 - part) * self.right[:, None] ** part
        return y, np.array([0.0] * self.z.size + [self.voltage] * self.floating)

    def solve(self, tolerance: float, analytic: bool, guess: tuple[Floats, Floats], mesh: Floats | None = None) -> Any:
        """What `solve_bvp` gives.  Raises RuntimeError if it gives up."""
        jacobians: dict[str, Callable[..., Any]] = (
            {"fun_jac": self.jacobians, "bc_jac": self.condition_jacobians} if analytic else {}
        )
        start = self.mesh if mesh is None else mesh
        found = solve_bvp(self.slopes, self.conditions, start, *guess, tol=tolerance, max_nodes=20_000, **jacobians)
        if found.status != 0:
            raise RuntimeError(f"solve_bvp: {found.message}")
        return found

    def current_density(self, parameters: Floats) -> float:
        """[A/m^2]"""
        return float(self.z @ parameters[: self.z.size]) * self.membrane.current_scale


class Row:
    """One membrane, prepared for the tasks."""

    def __init__(
        self, membrane: Membrane, nodes: int, tolerance: float, analytic: bool, floating: bool = False
    ) -> None:
        self.system = BoundaryValue(membrane, nodes, floating)
        self.tolerance, self.analytic = tolerance, analytic

    def value(self) -> float:
        """The current density [A/m^2], or the floating potential [V], from the first guess."""
        system = self.system
        parameters = system.solve(self.tolerance, self.analytic, system.first_guess()).p
        potential = float(parameters[-1]) * system.membrane.scales.potential
        return potential if system.floating else system.current_density(parameters)

    def curve(self, voltages: Floats) -> Floats:
        """(V,) current density [A/m^2] at evenly spaced voltages [V], each on the mesh of the one before, from the line
        through the last two if these have the same mesh."""
        system, found, before, last = self.system, np.empty(voltages.size), None, None
        for index, voltage in enumerate(voltages / system.membrane.scales.potential):
            system.voltage = float(voltage)
            if last is None:
                mesh, guess = system.mesh, system.first_guess()
            elif before is None or before.x.size != last.x.size:
                mesh, guess = last.x, (last.y, last.p)
            else:
                mesh, guess = last.x, (2 * last.y - before.y, 2 * last.p - before.p)
            before, last = last, system.solve(self.tolerance, self.analytic, guess, mesh)
            found[index] = system.current_density(last.p)
        return found
