"""devsim: a finite-volume simulator of semiconductors, whose equations a user writes as expressions.

The same scheme as ours (Scharfetter and Gummel), in C++ with symbolic derivatives, factored by UMFPACK or MKL PARDISO.  One
thread: its own start-up of threads costs more than they save on a thousand nodes.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from peers.membrane import Floats, Integers, Membrane
from work_precision_tasks import Task as Course

LENGTHS, GROWTH = np.array([0.4, 3.0, 0.4]), 2.5
MOST_TURNS = 60
# The part of a step of TR-BDF2 that the trapezium takes: both parts have the same matrix then.
GAMMA = 2 - math.sqrt(2)
# Where Newton's method ends in time.
TURN_IN_TIME = 1e-4
DEVICE = "stack"


def load() -> Any:
    """devsim, on the BLAS of the wheel scipy-openblas32, whose names have a prefix, unless another one is asked for."""
    if "DEVSIM_MATH_LIBS" not in os.environ and (spec := find_spec("scipy_openblas32")) and spec.origin:
        (library,) = Path(spec.origin).parent.glob("lib/libscipy_openblas.*")
        os.environ |= {"DEVSIM_MATH_LIBS": str(library), "DEVSIM_BLAS_PREFIX": "scipy_", "DEVSIM_BLAS_SUFFIX": "_"}
    with _silent():
        return import_module("devsim")


@contextmanager
def _silent() -> Iterator[None]:
    """Nothing printed, by Python or by C++: devsim reports every turn of Newton's method."""
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


class Device:
    """One membrane as a device; devsim holds one at a time."""

    def __init__(self, membrane: Membrane, x: Floats, tolerance: float) -> None:
        """On nodes x (N,), with one at each boundary of a layer."""
        self.membrane, self.tolerance, self.voltage = membrane, tolerance, membrane.voltage
        self.ions = [f"a{i}" for i in range(membrane.valence.size)]
        self.regions = [f"layer{k}" for k in range(membrane.permittivity.size)]
        self.devsim = devsim = load()
        with _silent():
            devsim.reset_devsim()
            devsim.set_parameter(name="threads_available", value=1)
            self._mesh(x)
            for k in range(len(self.regions)):
                self._layer(k)
            self._interfaces()
            self._contacts()
        self.x = [np.array(devsim.get_node_model_values(device=DEVICE, region=one, name="x")) for one in self.regions]
        self.reset()

    # ---- the device -------------------------------------------------------------------------------------------------

    def _mesh(self, x: Floats) -> None:
        devsim, faces = self.devsim, self.membrane.faces
        devsim.create_1d_mesh(mesh="mesh")
        for at in x:
            face = int(np.abs(faces - at).argmin())
            tag = {"tag": f"face{face}"} if abs(faces[face] - at) < 1e-9 else {}
            # No further nodes: the spacing is asked to be wider than the stack.
            devsim.add_1d_mesh_line(mesh="mesh", pos=float(at), ps=1e3, **tag)
        for k, region in enumerate(self.regions):
            devsim.add_1d_region(mesh="mesh", material="m", region=region, tag1=f"face{k}", tag2=f"face{k + 1}")
        for k in range(1, len(self.regions)):
            devsim.add_1d_interface(mesh="mesh", name=f"face{k}", tag=f"face{k}")
        for name, k in (("left", 0), ("right", len(self.regions))):
            devsim.add_1d_contact(mesh="mesh", name=name, tag=f"face{k}", material="metal")
        devsim.finalize_mesh(mesh="mesh")
        devsim.create_device(mesh="mesh", device=DEVICE)

    def _present(self, k: int) -> list[int]:
        return np.flatnonzero(self.membrane.partition[k] > 0).tolist()

    def _layer(self, k: int) -> None:
        """Unknowns and equations of a layer."""
        devsim, membrane = self.devsim, self.membrane
        where = {"device": DEVICE, "region": self.regions[k]}
        present = self._present(k)
        for name in self.names(k):
            devsim.node_solution(**where, name=name)
            devsim.edge_from_node_model(**where, node_model=name)
        charge = "+".join(
            f"({float(membrane.valence[i] * membrane.partition[k, i])!r})*{self.ions[i]}" for i in present
        )
        self._node(where, "charge", f"-({charge})", [self.ions[i] for i in present])
        self._edge(
            where, "displaced", f"({float(membrane.permittivity[k])!r})*(phi@n0-phi@n1)*EdgeInverseLength", ["phi"]
        )
        devsim.equation(
            **where,
            name="phi",
            variable_name="phi",
            node_model="charge",
            edge_model="displaced",
            variable_update="default",
        )
        for i in present:
            ion, z = self.ions[i], float(membrane.valence[i])
            flux = f"B(({z})*(phi@n1-phi@n0))*{ion}@n0-B(({z})*(phi@n0-phi@n1))*{ion}@n1"
            conductivity = float(membrane.conductivity[k, i])
            self._edge(where, f"flux_{ion}", f"({conductivity!r})*({flux})*EdgeInverseLength", ["phi", ion])
            self._node(where, f"content_{ion}", f"({float(membrane.partition[k, i])!r})*{ion}", [ion])
            devsim.equation(
                **where,
                name=ion,
                variable_name=ion,
                edge_model=f"flux_{ion}",
                time_node_model=f"content_{ion}",
                variable_update="positive",
            )

    def _node(self, where: dict[str, str], name: str, equation: str, variables: list[str]) -> None:
        self.devsim.node_model(**where, name=name, equation=equation)
        for one in variables:
            self.devsim.node_model(**where, name=f"{name}:{one}", equation=f"diff({equation},{one})")

    def _edge(self, where: dict[str, str], name: str, equation: str, variables: list[str]) -> None:
        self.devsim.edge_model(**where, name=name, equation=equation)
        for one in variables:
            for end in ("n0", "n1"):
                by = f"{one}@{end}"
                self.devsim.edge_model(**where, name=f"{name}:{by}", equation=f"diff({equation},{by})")

    def _interfaces(self) -> None:
        devsim = self.devsim
        for k in range(1, len(self.regions)):
            where = {"device": DEVICE, "interface": f"face{k}"}
            both = sorted(set(self._present(k - 1)) & set(self._present(k)))
            for name in ["phi", *(self.ions[i] for i in both)]:
                model = f"continuous_{name}"
                devsim.interface_model(**where, name=model, equation=f"{name}@r0-{name}@r1")
                devsim.interface_model(**where, name=f"{model}:{name}@r0", equation="1")
                devsim.interface_model(**where, name=f"{model}:{name}@r1", equation="-1")
                devsim.interface_equation(**where, name=name, interface_model=model, type="continuous")

    def _contacts(self) -> None:
        devsim, membrane = self.devsim, self.membrane
        for contact, k, given in (("left", 0, membrane.left), ("right", -1, membrane.right)):
            where = {"device": DEVICE, "contact": contact}
            devsim.set_parameter(
                device=DEVICE, name=f"{contact}_phi", value=membrane.voltage if contact == "left" else 0.0
            )
            values = {"phi": f"{contact}_phi"} | {self.ions[i]: repr(float(given[i])) for i in self._present(k)}
            for name, value in values.items():
                model = f"{contact}_{name}_given"
                devsim.contact_node_model(**where, name=model, equation=f"{name}-({value})")
                devsim.contact_node_model(**where, name=f"{model}:{name}", equation="1")
                devsim.contact_equation(**where, name=name, node_model=model)

    # ---- solving ----------------------------------------------------------------------------------------------------

    def reset(self) -> None:
        """To the first guess: baths as given, straight lines of phi and ln a in the membrane."""
        membrane = self.membrane
        for k, (region, x) in enumerate(zip(self.regions, self.x, strict=True)):
            part = np.clip((x - membrane.faces[1]) / (membrane.faces[-2] - membrane.faces[1]), 0.0, 1.0)
            self.set_values(region, "phi", self.voltage * (1 - part))
            for i in self._present(k):
                one = np.full(x.size, membrane.left[i])
                if membrane.passes[i]:
                    one = membrane.left[i] ** (1 - part) * membrane.right[i] ** part
                self.set_values(region, self.ions[i], one)

    def names(self, k: int) -> list[str]:
        """Of the unknowns in a layer."""
        return ["phi", *(self.ions[i] for i in self._present(k))]

    def values(self, region: str, name: str) -> Floats:
        """Of an unknown in a layer."""
        return np.array(self.devsim.get_node_model_values(device=DEVICE, region=region, name=name))

    def set_values(self, region: str, name: str, values: Floats) -> None:
        """Of an unknown in a layer."""
        self.devsim.set_node_values(device=DEVICE, region=region, name=name, values=values.tolist())

    def set_voltage(self, voltage: float) -> None:
        """Potential of the left end."""
        self.voltage = float(voltage)
        self.devsim.set_parameter(device=DEVICE, name="left_phi", value=self.voltage)

    def solve(self, kind: str = "dc", **settings: Any) -> None:
        """One solution.  Raises RuntimeError if devsim gives up."""
        # The relative error of a potential that is 0, as in a whole bath, says nothing.
        limits = {"absolute_error": self.tolerance, "relative_error": 1e30, "maximum_iterations": MOST_TURNS}
        try:
            with _silent():
                self.devsim.solve(type=kind, **{**limits, **settings})
        except self.devsim.error as error:
            raise RuntimeError(f"devsim: {error}") from error

    def current(self) -> float:
        """Net conduction amidst the membrane [A/m^2]."""
        where = {"device": DEVICE, "region": self.regions[1]}
        total = 0.0
        for i in self._present(1):
            flux = self.devsim.get_edge_model_values(**where, name=f"flux_{self.ions[i]}")
            total += self.membrane.valence[i] * flux[len(flux) // 2]
        return float(total) * self.membrane.current_scale

    def conduction(self) -> float:
        """Net conduction [A/m^2] along x, each edge weighted with its share of the potential difference in a dielectric: the
        total current between ends at constant potentials."""
        mean = share = 0.0
        for k, (region, x) in enumerate(zip(self.regions, self.x, strict=True)):
            weight = np.diff(x) / self.membrane.permittivity[k]
            share += float(weight.sum())
            for i in self._present(k):
                flux = self.devsim.get_edge_model_values(device=DEVICE, region=region, name=f"flux_{self.ions[i]}")
                mean += float(self.membrane.valence[i] * (weight @ np.array(flux)))
        return mean / share * self.membrane.current_scale


class Stepper:
    """The step of the voltage on the mesh of a course in time, by TR-BDF2 (R. E. Bank et al., IEEE Trans. CAD 4, 1985)."""

    def __init__(self, membrane: Membrane, course: Course) -> None:
        mesh = course.problem.mesh
        self.device = Device(membrane, mesh.x / membrane.scales.length, TURN_IN_TIME)
        self.times = course.times
        device = self.device
        device.set_voltage(0.0)
        device.reset()
        device.solve(absolute_error=1e-9)
        names = [(region, name) for region, k in zip(device.regions, range(3), strict=True) for name in device.names(k)]
        self._start = {one: device.values(*one) for one in names}

    def run(self, steps: Integers) -> Floats:
        """(T,) total current density [A/m^2] at the outputs, with so many equal steps (T,) on the way to each."""
        device = self.device
        device.set_voltage(0.0)
        for (region, name), values in self._start.items():
            device.set_values(region, name, values)
        device.solve("transient_dc")
        device.set_voltage(device.membrane.voltage)
        found, now = [], 0.0
        for time, count in zip(self.times, steps, strict=True):
            step = (float(time) - now) / int(count)
            for _ in range(count):
                if now == 0.0:
                    # The jump of the potential is no part of a trapezium.
                    device.solve("transient_bdf1", tdelta=step, charge_error=1e30)
                else:
                    device.solve("transient_tr", tdelta=step, gamma=GAMMA, charge_error=1e30)
                    device.solve("transient_bdf2", tdelta=step, gamma=GAMMA, charge_error=1e30)
            now = float(time)
            found.append(device.conduction())
        return np.array(found)


def needed_steps(errors: Floats, demanded: float) -> Floats:
    """(T,) how many steps lead to each output with the error demanded, by the errors (T,) of one step each: it falls with the
    square of their number.  What an output needs, the two before and after it get too."""
    need = np.sqrt(errors / demanded)
    around = np.lib.stride_tricks.sliding_window_view(np.pad(need, 2, mode="edge"), 5)
    return np.asarray(around.max(axis=1))
