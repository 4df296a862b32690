"""FiPy: a finite-volume program in Python for any set of equations, solved by SuperLU.

Potential and activities are coupled in one matrix.  The diffusion and the drift of an ion are FiPy's own terms, exponentially
fitted; what a change of the potential does to the flux is a diffusion term of the potential with the derivative of that flux
as its coefficient, so that a sweep is a step of Newton's method.  FiPy takes a source of another variable into the matrix
only if its coefficient is positive; the unknowns are therefore z a, the charges of the ions.  The ion that the membrane keeps
out follows from the potential.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

import numpy as np

from peers.membrane import Floats, Membrane, graded_positions

LENGTHS, GROWTH = np.array([0.4, 3.0, 0.4]), 2.5
MOST_SWEEPS = 40


def load() -> Any:
    """FiPy with the solvers of scipy, which are compiled and need no other package."""
    os.environ.setdefault("FIPY_SOLVERS", "scipy")
    return import_module("fipy")


class Cells:
    """One membrane on about so many cells."""

    def __init__(self, membrane: Membrane, nodes: int, tolerance: float) -> None:
        """tolerance: of the largest change of a potential or of an activity in the last sweep."""
        self.fipy, self.membrane, self.tolerance = load(), membrane, tolerance
        x, layer = graded_positions(membrane.faces, nodes, LENGTHS, GROWTH)
        self.mesh = self.fipy.Grid1D(dx=np.diff(x))
        self.layer, self.x = layer, (x[1:] + x[:-1]) / 2
        self.ions = np.flatnonzero(membrane.passes).tolist()
        self._variables()
        self.equations = self._equations()
        # Its tolerance is there to end repetitions early, and would skip the last sweeps altogether.
        self.solver = self.fipy.solvers.LinearLUSolver(tolerance=1e-15, iterations=1)

    def _variables(self) -> None:
        fipy, membrane, mesh = self.fipy, self.membrane, self.mesh
        self.phi = fipy.CellVariable(mesh=mesh, name="phi")
        self.charge = [fipy.CellVariable(mesh=mesh, name=f"charge{i}") for i in self.ions]
        self.voltage = fipy.Variable(value=membrane.voltage)
        self.phi.constrain(self.voltage, mesh.facesLeft)
        self.phi.constrain(0.0, mesh.facesRight)
        for i, one in zip(self.ions, self.charge, strict=True):
            one.constrain(membrane.valence[i] * membrane.left[i], mesh.facesLeft)
            one.constrain(membrane.valence[i] * membrane.right[i], mesh.facesRight)
        self.permittivity = fipy.CellVariable(mesh=mesh, value=membrane.permittivity[self.layer]).harmonicFaceValue
        values = membrane.conductivity[self.layer].T
        self.conductivity = [fipy.CellVariable(mesh=mesh, value=values[i]).harmonicFaceValue for i in self.ions]
        # Weights of phi in the fluxes, and what the kept ion has of charge: renewed before each sweep.
        self.mobile = [fipy.FaceVariable(mesh=mesh) for _ in self.ions]
        self.drift = [fipy.FaceVariable(mesh=mesh, rank=1) for _ in self.ions]
        self.pull = [fipy.CellVariable(mesh=mesh) for _ in self.ions]
        self.kept, self.kept_slope = fipy.CellVariable(mesh=mesh), fipy.CellVariable(mesh=mesh)

    def _equations(self) -> Any:
        fipy, membrane = self.fipy, self.membrane
        total = fipy.DiffusionTerm(coeff=self.permittivity, var=self.phi)
        total += self.kept + fipy.ImplicitSourceTerm(coeff=self.kept_slope, var=self.phi)
        for i, one in zip(self.ions, self.charge, strict=True):
            partition = fipy.CellVariable(mesh=self.mesh, value=membrane.partition[self.layer, i])
            total += fipy.ImplicitSourceTerm(coeff=partition, var=one)
        system = total
        for k, one in enumerate(self.charge):
            own = fipy.DiffusionTerm(coeff=self.conductivity[k], var=one)
            own += fipy.ExponentialConvectionTerm(coeff=self.drift[k], var=one)
            own += fipy.DiffusionTerm(coeff=self.mobile[k], var=self.phi) - self.pull[k]
            system = system & own
        return system

    def reset(self) -> None:
        """To the first guess: baths as given, straight lines of phi and ln a in the membrane."""
        membrane = self.membrane
        part = np.clip((self.x - membrane.faces[1]) / (membrane.faces[-2] - membrane.faces[1]), 0.0, 1.0)
        self.phi.setValue(float(self.voltage.value) * (1 - part))
        for i, one in zip(self.ions, self.charge, strict=True):
            one.setValue(membrane.valence[i] * membrane.left[i] ** (1 - part) * membrane.right[i] ** part)

    def set_voltage(self, voltage: float) -> None:
        """Potential of the left end."""
        self.voltage.setValue(voltage)

    def _renew(self) -> None:
        """Coefficients of the next sweep, from the present values."""
        membrane = self.membrane
        gradient = self.phi.faceGrad
        step = self._step()
        for k, (i, one) in enumerate(zip(self.ions, self.charge, strict=True)):
            z = membrane.valence[i]
            self.drift[k].setValue(z * self.conductivity[k].value * gradient.value)
            left, right = self._sides(one)
            u = z * step
            self.mobile[k].setValue(z * self.conductivity[k].value * (right - _slope(u) * (left - right)))
            self.pull[k].setValue((self.mobile[k] * gradient).divergence.value)
        (held,) = np.flatnonzero(~membrane.passes)
        z = membrane.valence[held]
        phi = self.phi.value
        kept = (
            z
            * membrane.partition[self.layer, held]
            * membrane.left[held]
            * np.exp(z * (float(self.voltage.value) - phi))
        )
        self.kept_slope.setValue(-z * kept)
        self.kept.setValue(kept + z * kept * phi)

    def _sides(self, variable: Any) -> tuple[Floats, Floats]:
        """Values left and right of every face; of an end its own."""
        values = variable.value
        first, last = (float(variable.faceValue.value[k]) for k in (0, -1))
        return np.concatenate([[first], values]), np.concatenate([values, [last]])

    def _step(self) -> Floats:
        left, right = self._sides(self.phi)
        return right - left

    def solve(self) -> None:
        """From the present values.  Raises RuntimeError if the sweeps do not converge."""
        for _ in range(MOST_SWEEPS):
            before = np.array([self.phi.value, *(one.value for one in self.charge)])
            self._renew()
            self.equations.sweep(solver=self.solver)
            after = np.array([self.phi.value, *(one.value for one in self.charge)])
            if np.abs(after - before).max() <= self.tolerance:
                return
        raise RuntimeError("FiPy did not converge")

    def current(self) -> float:
        """Net conduction amidst the membrane [A/m^2]."""
        face = self.layer.size // 2
        width = self.x[face] - self.x[face - 1]
        step, total = self._step()[face], 0.0
        for i, one in zip(self.ions, self.charge, strict=True):
            left, right = (float(side[face]) for side in self._sides(one))
            u = self.membrane.valence[i] * step
            plus = u / np.expm1(u) if u else 1.0
            conductivity = self.membrane.conductivity[self.layer[face], i]
            total += conductivity / width * (plus * left - (plus + u) * right)
        return float(total) * self.membrane.current_scale


def _slope(u: Floats) -> Floats:
    """dB/du of the Bernoulli function B(u) = u / (e^u - 1)."""
    small = np.abs(u) < 1e-3
    safe = np.where(small, 1.0, u)
    growth = np.expm1(safe)
    return np.where(small, u / 6 - 0.5, (growth - safe * (1 + growth)) / growth**2)
