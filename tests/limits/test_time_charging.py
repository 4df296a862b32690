"""Double layers that are charged: decay times, charge against time, ramps and sines, against the linear theory."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from references_tools import ROOM, VACUUM, WATER
from time_tools import (
    CONCENTRATION,
    DEBYE,
    DIFFUSIVITY,
    VT,
    blocking_cell,
    blocking_charge,
    decay_time,
    inverse_laplace,
    run,
    step,
)

import electrodiff as ed
from electrodiff.transient import Transient

# Small enough that what is not linear, sinh(x)/x - 1 = x^2/6 with x = 1e-3/4, is 1e-8.
SMALL = 1e-3 * VT


# ---- the tools ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("image", "function"),
    [
        (lambda s: 1 / (s + 1), lambda t: math.exp(-t)),
        (lambda s: 1 / (s**2 * (s + 1)), lambda t: t - 1 + math.exp(-t)),
        (lambda s: np.exp(-np.sqrt(s)) / s, lambda t: math.erfc(1 / (2 * math.sqrt(t)))),
    ],
    ids=["decay", "ramp", "diffusion"],
)
@pytest.mark.parametrize("time", [0.3, 1.0, 5.0])
def test_inverse_laplace_transform_gives_known_functions(
    image: Callable[[np.ndarray], np.ndarray], function: Callable[[float], float], time: float
) -> None:
    assert inverse_laplace(image, time) == pytest.approx(function(time), rel=1e-11)


@pytest.mark.parametrize(("e", "ratio"), [(0.1, 0.94565), (0.05, 0.97399), (0.01, 0.99496), (0.001, 0.99950)])
def test_root_of_the_decay_time_is_that_of_the_literature(e: float, ratio: float) -> None:
    half_gap = DEBYE / e
    assert decay_time(half_gap) * DIFFUSIVITY / (DEBYE * half_gap) == pytest.approx(ratio, abs=5.1e-6)


# ---- two blocking electrodes ----------------------------------------------------------------------------------------


def charged(e: float, voltage: float, times: tuple[float, ...]) -> Transient:
    """A blocking cell after a step, at times in decay times."""
    half_gap = DEBYE / e
    tau = decay_time(half_gap)
    output = {"times": [time * tau for time in times]}
    # 1600 cells: their error falls as 1/cells^2 and is 2e-5 where the gap is 2000 Debye lengths.
    return run(
        blocking_cell(half_gap, nodes=1601),
        times[-1] * tau,
        step("left.potential", voltage),
        tolerance=1e-8,
        output=output,
    )


@pytest.mark.parametrize("e", [0.1, 0.05, 0.01, 0.001])
def test_charge_of_a_blocking_cell_decays_at_the_slowest_time_of_the_exact_theory(e: float) -> None:
    """Of three charges at equal distances in time; by then the next mode, nine times as fast at the least, is gone."""
    result = charged(e, SMALL, (4, 5, 6))
    charge = result.scalar("electrode_charge.left")[1:]
    tau = (result.time[2] - result.time[1]) / math.log((charge[1] - charge[0]) / (charge[2] - charge[1]))
    assert tau == pytest.approx(decay_time(DEBYE / e), rel=1e-4)


@pytest.mark.parametrize("e", [0.1, 0.01, 0.001])
def test_charge_of_a_blocking_cell_follows_the_inverse_laplace_transform(e: float) -> None:
    result = charged(e, SMALL, (1e-3, 0.01, 0.1, 0.3, 1, 2, 4, 8))
    expected = [blocking_charge(DEBYE / e, SMALL, float(time)) for time in result.time[1:]]
    # 3e-5: the error of the mesh, as above.
    np.testing.assert_allclose(result.scalar("electrode_charge.left")[1:], expected, rtol=3e-5)


def test_charge_of_a_blocking_cell_at_once_is_that_of_an_empty_capacitor() -> None:
    result = charged(0.1, SMALL, (1,))
    expected = WATER * VACUUM * SMALL / (20 * DEBYE)
    # 1e-12: what rounding makes of the field at the face, over a cell of a hundredth of a Debye length.
    assert result.scalar("electrode_charge.left")[0] == pytest.approx(expected, rel=1e-10)


def test_large_voltages_charge_more_slowly_than_small_ones() -> None:
    """The Debye layers hold sinh(v/2) / (v/2) as much, here 1.18 at v = 2, and take them from the same bulk."""
    small, large = (charged(0.01, voltage, (1, 20)).scalar("electrode_charge.left") for voltage in (SMALL, 4 * VT))
    assert large[2] / (4 * VT) == pytest.approx(small[2] / SMALL * math.sinh(1), rel=0.02)
    assert large[1] / large[2] < 0.97 * small[1] / small[2]


# ---- a membrane that no ion can pass --------------------------------------------------------------------------------

BATH, SLAB, SLAB_PERMITTIVITY = 20e-9, 5e-9, 2.0


def insulator(**keys: object) -> ed.Case:
    """Electrolyte | slab | electrolyte at 0 V, with one diffusivity."""
    salt = {"K": CONCENTRATION, "Cl": CONCENTRATION}

    def bath(name: str) -> dict[str, object]:
        return {"name": name, "thickness": BATH, "relative_permittivity": WATER}

    slab = {
        "name": "slab",
        "thickness": SLAB,
        "relative_permittivity": SLAB_PERMITTIVITY,
        "partition": {"K": 0, "Cl": 0},
    }
    reservoir = {"concentrations": salt, "potential": 0.0}
    return ed.Case(
        temperature=ROOM,
        ions={ion: {"diffusivity": DIFFUSIVITY} for ion in salt},
        layers=[bath("inside"), slab, bath("outside")],
        left=reservoir,
        right=reservoir,
        mesh={"nodes": 801},
    ).changed(keys)


def impedance(s: np.ndarray) -> np.ndarray:
    """Of the insulator, at D s = rate [ohm m^2]: two baths of width h, and the slab.

    At the face of a bath no ion conducts, so that the displacement is all of the current; its charge obeys rho'' = k^2 rho:
    Z_bath = (1 / (s eps)) [h s / (D k^2) + tanh(k h) / (lambda^2 k^3)],  k^2 = 1/lambda^2 + s/D.
    """
    k = np.sqrt(1 / DEBYE**2 + s / DIFFUSIVITY)
    decayed = np.exp(-2 * k * BATH)
    tanh = (1 - decayed) / (1 + decayed)
    bath = (BATH * s / (DIFFUSIVITY * k**2) + tanh / (DEBYE**2 * k**3)) / (s * WATER * VACUUM)
    return np.asarray(2 * bath + SLAB / (s * SLAB_PERMITTIVITY * VACUUM))


# At frequency 0: slab and two Debye layers in series; tanh(20.8) is 1 to round-off.
CAPACITANCE = 1 / (SLAB / (SLAB_PERMITTIVITY * VACUUM) + 2 * DEBYE / (WATER * VACUUM))
RC = 2 * BATH * DEBYE**2 / (WATER * VACUUM * DIFFUSIVITY) * CAPACITANCE


def test_slab_between_baths_is_charged_as_the_inverse_laplace_transform_says() -> None:
    times = [x * RC for x in (0.001, 0.01, 0.1, 0.3, 1, 3, 10)]
    result = run(insulator(), times[-1], step("left.potential", SMALL), tolerance=1e-8, output={"times": times})
    drop = np.array([frame.layer_drop["slab"] for frame in result.frames])[1:]
    charge = [inverse_laplace(lambda s: SMALL / (s**2 * impedance(s)), time) for time in times]
    np.testing.assert_allclose(drop, np.array(charge) * SLAB / (SLAB_PERMITTIVITY * VACUUM), rtol=2e-5)
    current = [inverse_laplace(lambda s: SMALL / (s * impedance(s)), time) for time in times]
    np.testing.assert_allclose(result.total_current_density[1:], current, rtol=2e-4, atol=1e-8 * current[0])


def test_current_of_a_ramp_on_an_insulating_slab_is_its_capacitance_times_the_rate() -> None:
    duration = 400 * RC  # so that its start is forgotten
    result = run(
        insulator(),
        1.5 * duration,
        {"at": 0.0, "ramp": {"left.potential": SMALL}, "over": duration},
        tolerance=1e-8,
        output={"times": [0.3 * duration, 0.6 * duration, duration, 1.4 * duration]},
    )
    plateau = CAPACITANCE * SMALL / duration
    # 2e-5: the error of the mesh.  At the end of the ramp what is kept is the state before it, whose rates are those after.
    assert result.total_current_density[[1, 2]] == pytest.approx([plateau, plateau], rel=2e-5)
    assert abs(result.total_current_density[4]) < 1e-6 * plateau
    assert result.membrane_potential == pytest.approx([0, 0.3 * SMALL, 0.6 * SMALL, SMALL, SMALL, SMALL], rel=1e-12)


@pytest.mark.parametrize("frequency", [0.001 / RC, 0.3 / RC])
def test_current_of_a_sine_on_an_insulating_slab_is_that_of_its_impedance(frequency: float) -> None:
    """At the lower frequency that is omega C V, to 2e-4; at the higher one the baths are in the way."""
    periods = max(2, math.ceil(15 * RC * frequency))  # until e^-15 of the start is left
    phases = np.arange(1, 17) / 16
    times = (periods + phases) / frequency
    result = run(
        insulator(),
        float(times[-1]),
        {"at": 0.0, "sine": {"left.potential": {"amplitude": SMALL, "frequency": frequency}}},
        tolerance=1e-8,
        output={"times": times.tolist()},
    )
    turns = np.exp(-2j * np.pi * phases)
    potential = 2 * (result.membrane_potential[1:] @ turns) / 16
    current = 2 * (result.total_current_density[1:] @ turns) / 16
    expected = 1 / complex(impedance(np.array(2j * np.pi * frequency)))
    assert abs(current / potential - expected) < 3e-5 * abs(expected)
    assert abs(potential) == pytest.approx(SMALL, rel=1e-6)  # some outputs are interpolated
    ideal = 2 * math.pi * frequency * CAPACITANCE
    assert (abs(abs(expected) / ideal - 1) < 3e-4) == (frequency * RC < 0.01)
