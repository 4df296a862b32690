"""The estimated errors of a transient are honest: true errors are below them, and not far below."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from references_tools import FARADAY, ROOM, VACUUM, WATER, thermal_voltage
from time_tools import DIFFUSIVITY, blocking_cell, blocking_charge, in_time, run, step

import electrodiff as ed
from electrodiff.solvers.transient import solve_transient, transient_line
from electrodiff.transient import Transient

VT = thermal_voltage(ROOM)

# Of the pairs of an output and a scalar, those that may be worse than their estimate; and estimates over true errors.
HONEST, LOOSEST = 0.95, 100.0


def series(transient: Transient) -> dict[str, np.ndarray]:
    """Every series of a transient that has an estimate, by name."""
    names = ("total_current_density", *transient.case.scalar_names())
    return {**{name: transient.scalar(name) for name in names}, "ion_flux": transient.ion_flux}


def pairs(result: Transient, reference: Transient) -> np.ndarray:
    """(2, pairs) the true error of every number, and its estimate."""
    exact = series(reference)
    found = []
    for name, values in series(result).items():
        true, estimate = np.abs(values - exact[name]).ravel(), result.error[name].ravel()
        known = np.isfinite(true)
        found.append(np.stack([true[known], estimate[known]]))
    return np.concatenate(found, axis=1)


def is_honest(true: np.ndarray, estimate: np.ndarray) -> bool:
    """Whether true errors are below their estimates."""
    return bool(np.mean(true <= estimate) >= HONEST)


def is_tight(true: np.ndarray, estimate: np.ndarray) -> bool:
    """Whether estimates are not much larger than true errors; of those that are no zero."""
    return bool(np.median(estimate[true > 0] / true[true > 0]) <= LOOSEST)


def reference_of(case: ed.Case) -> Transient:
    """A run on four times the cells with a thousandth of the tolerance."""
    finer = case.replace("study.tolerance", case.study.tolerance / 1000)  # type: ignore[union-attr]
    return solve_transient(finer, mesh=transient_line(case).refined(4).mesh())


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("membrane_charging", {}),
        ("membrane_charging", {"mesh.nodes": 61}),
        ("junction_build_up", {}),
        ("junction_build_up", {"mesh.nodes": 41}),
        ("junction_build_up", {"study.tolerance": 0.03}),
        ("blocking_cell_charging", {"mesh.nodes": 41}),
        ("voltage_clamp_steps", {"mesh.nodes": 81}),
    ],
)
def test_true_errors_are_below_their_estimates(case_of: Callable[..., ed.Case], name: str, changes: dict[str, object]):
    """The reference has a sixteenth of the errors in space, which is below what SAFETY leaves room for."""
    case = case_of(name, {**changes, "expect": []})
    true, estimate = pairs(solve_transient(case), reference_of(case))
    assert true.size > 500
    assert is_honest(true, estimate)
    assert is_tight(true, estimate)
    # What the two checks are worth: a tenth of the estimates would not be honest, and a thousandfold not tight.
    assert not is_honest(true, estimate / 10)
    assert not is_tight(true, estimate * 1000)


@pytest.mark.parametrize("nodes", [41, 81, 321])
def test_charge_of_a_blocking_cell_is_that_of_linear_theory_within_its_estimate(nodes: int):
    """Inverse Laplace transform; at 10 uV the current is 1e-7 of itself off from linear, (V/VT)^2."""
    half_gap, voltage = 20e-9, 1e-5
    case = blocking_cell(half_gap, nodes=nodes)
    output = {"from": 1e-11, "per_decade": 10}
    result = run(case, 1e-7, step("left.potential", voltage), output=output, error_estimates=True)
    charge, estimate = result.scalar("electrode_charge.left")[1:], result.error["electrode_charge.left"][1:]
    exact = np.array([blocking_charge(half_gap, voltage, float(time)) for time in result.time[1:]])
    true = np.abs(charge - exact)
    assert is_honest(true, estimate)
    assert is_tight(true, estimate)


# ---- one error at a time -------------------------------------------------------------------------------------------


def test_estimates_fall_to_a_quarter_when_the_cells_are_halved(case_of: Callable[..., ed.Case]):
    """Where the steps add nothing: 1e-9 of the potential."""
    case = case_of("membrane_charging", {"study.tolerance": 1e-9, "expect": []})
    results = [solve_transient(case.replace("mesh.nodes", nodes)) for nodes in (257, 513, 1025)]
    for name in ("total_current_density", "surface_charge.right", "layer_drop.membrane"):
        # The median over the outputs, as some errors change their sign.
        sizes = [float(np.median(result.error[name])) for result in results]
        orders = np.log2(np.array(sizes[:-1]) / sizes[1:])
        assert orders == pytest.approx([2, 2], abs=0.1), name


# Given to the slab below, whose potential becomes 50 RT/F: it takes steps for the tolerance, not for their growth.
CURRENT = 1e5  # A/m^2


def charged_slab(tolerance: float) -> Transient:
    """A salt between two equal baths, all of it as conductive everywhere, from t = 0 on under a given current.

    Nothing depends on x but the potential, and that linearly: no mesh makes an error.
    """
    bath = {"concentrations": {"K": 1.0, "Cl": 1.0}}
    case = ed.Case(
        temperature=ROOM,
        ions={ion: {"diffusivity": DIFFUSIVITY} for ion in bath["concentrations"]},
        layers=[{"name": "water", "thickness": 1e-7, "relative_permittivity": WATER}],
        left={**bath, "potential": "floating"},
        right={**bath, "potential": 0.0},
        mesh={"nodes": 33},
    )
    tau = slab_time()
    changes = step("left.current", CURRENT)
    output = {"times": [tau, 2 * tau, 3 * tau]}
    return solve_transient(in_time(case, 3 * tau, changes, tolerance=tolerance, output=output, error_estimates=True))


def slab_conductivity() -> float:
    """Two ions of 1 mM: 2 F^2 D c / RT [S/m]."""
    return 2 * FARADAY * DIFFUSIVITY * 1.0 / VT


def slab_time() -> float:
    """Permittivity over conductivity [s]."""
    return WATER * VACUUM / slab_conductivity()


def slab_potential(times: np.ndarray) -> np.ndarray:
    """The potential of a resistor and a capacitor side by side under this current [V]."""
    return -CURRENT * 1e-7 / slab_conductivity() * np.expm1(-times / slab_time())


def test_estimates_fall_with_the_tolerance_and_stay_above_the_error_of_a_resistor_and_a_capacitor():
    """0.7 to 1.3 decades for each, as errors do, less a tenth for so few outputs; and they stay below the tolerance."""
    tolerances = 10.0 ** -np.arange(3.0, 8.0)
    sizes = []
    for tolerance in tolerances:
        result = charged_slab(float(tolerance))
        true = np.abs(result.membrane_potential - slab_potential(result.time))
        estimate = result.error["membrane_potential"]
        assert is_honest(true, estimate)
        assert estimate.max() < tolerance * VT
        sizes.append(float(estimate.max()))
    slope = np.polyfit(np.log10(tolerances), np.log10(sizes), 1)[0]
    assert 0.6 < slope < 1.3
