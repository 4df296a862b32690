"""What is given at the ends at any time, as the steps in time see it: from segments, in scaled units."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

import electrodiff as ed
from electrodiff.solvers.drive import segment_ends
from electrodiff.solvers.march import Ends
from electrodiff.solvers.schedule import segments
from electrodiff.solvers.transient import transient_mesh, transient_problem
from electrodiff.units import FARADAY, Scales

CaseOf = Callable[..., ed.Case]
END = 1e-6


def ends_of(case: ed.Case, *changes: dict[str, object], part: int = 0) -> tuple[Ends, Scales]:
    """What is given in one segment of a transient of a microsecond."""
    timed = case.changed({"study": {"kind": "transient", "end": END, "protocol": list(changes)}, "expect": []})
    mesh = transient_mesh(timed)
    segment = segments(timed)[part]
    first = transient_problem(segment.first, mesh)
    last = first if segment.last is segment.first else transient_problem(segment.last, mesh)
    return segment_ends(segment, first, last), first.scales


def values(ends: Ends, scales: Scales, *times: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return ends.at(np.array(times) / scales.time)


@pytest.fixture
def membrane(case_of: CaseOf) -> ed.Case:
    return case_of("clamped_membrane", {"mesh.nodes": 65})


def test_without_ramps_and_sines_what_is_given_is_constant(membrane: ed.Case) -> None:
    ends, scales = ends_of(membrane, {"set": {"left.potential": -0.02}})
    assert ends.is_constant
    targets, charges, currents = values(ends, scales, 0.0, 1e-7, END)
    assert (targets == targets[0]).all()
    assert targets[0, 0, -1] * scales.potential == pytest.approx(-0.02, rel=1e-14)
    assert targets[0, :, 0] * scales.concentration == pytest.approx([140.0, 4.0], rel=1e-14)
    assert not charges.any()
    assert not currents.any()


def test_a_ramp_is_straight_in_time_and_others_stay(membrane: ed.Case) -> None:
    ends, scales = ends_of(membrane, {"ramp": {"left.potential": 0.035}, "over": END})
    assert not ends.is_constant
    targets, _, _ = values(ends, scales, 0.0, 0.25 * END, END)
    assert targets[:, 0, -1] * scales.potential == pytest.approx([-0.065, -0.04, 0.035], rel=1e-13)
    assert (targets[:, 1] == targets[0, 1]).all()
    assert (targets[:, 0, :-1] == targets[0, 0, :-1]).all()


def test_a_ramp_in_a_later_segment_counts_from_its_own_start(membrane: ed.Case) -> None:
    ends, scales = ends_of(membrane, {"at": 0.5 * END, "ramp": {"right.potential": 0.01}, "over": 0.25 * END}, part=1)
    targets, _, _ = values(ends, scales, 0.0, 0.125 * END, 0.25 * END)
    assert targets[:, 1, -1] * scales.potential == pytest.approx([0.0, 0.005, 0.01], abs=1e-16)


def test_a_sine_is_amplitude_times_sine_of_its_angle(membrane: ed.Case) -> None:
    wave = {"amplitude": 0.01, "frequency": 3e6, "phase": 0.4}
    ends, scales = ends_of(membrane, {"sine": {"left.potential": wave}})
    times = np.linspace(0, END, 17)
    targets, _, _ = values(ends, scales, *times)
    expected = -0.065 + 0.01 * np.sin(2 * math.pi * 3e6 * times + 0.4)
    np.testing.assert_allclose(targets[:, 0, -1] * scales.potential, expected, rtol=1e-12)


def test_sines_on_both_ends_and_a_ramp_add_up(membrane: ed.Case) -> None:
    ends, scales = ends_of(
        membrane,
        {"ramp": {"left.potential": 0.0}, "over": END},
        {"sine": {"right.potential": {"amplitude": 0.02, "frequency": 1e6}}},
    )
    targets, _, _ = values(ends, scales, 0.25 * END)
    assert targets[0, 0, -1] * scales.potential == pytest.approx(-0.065 * 0.75, rel=1e-12)
    assert targets[0, 1, -1] * scales.potential == pytest.approx(0.02, rel=1e-12)


def test_ions_of_a_salt_swing_together(case_of: CaseOf) -> None:
    """Each alone would leave a reservoir charged, which no case may be."""
    case = case_of("liquid_junction", {"mesh.nodes": 65})
    wave = {"amplitude": 20.0, "frequency": 1e6}
    ends, scales = ends_of(case, {"sine": {"left.concentrations.H": wave, "left.concentrations.Cl": wave}})
    targets, _, _ = values(ends, scales, 0.25 / 1e6, 0.75 / 1e6)
    h, _, cl = targets[:, 0, :3].T * scales.concentration
    assert h == pytest.approx([120.0, 80.0], rel=1e-12)
    assert cl == pytest.approx([120.0, 80.0], rel=1e-12)


def test_a_ramp_of_a_current_is_that_of_the_floating_end(case_of: CaseOf) -> None:
    case = case_of("resting_potential", {"mesh.nodes": 65})
    ends, scales = ends_of(case, {"ramp": {"left.current": 0.5}, "over": END})
    _, _, currents = values(ends, scales, 0.0, 0.5 * END, END)
    assert currents * FARADAY * scales.flux == pytest.approx([0.0, 0.25, 0.5], rel=1e-12)


def test_a_ramp_of_a_surface_charge_is_that_of_the_wall(case_of: CaseOf) -> None:
    case = case_of("debye_layer", {"mesh.nodes": 65})
    ends, scales = ends_of(case, {"ramp": {"left.surface_charge": 0.05}, "over": END})
    _, charges, _ = values(ends, scales, 0.0, 0.5 * END, END)
    assert charges[:, 0] * scales.surface_charge == pytest.approx([-0.05, 0.0, 0.05], abs=1e-15)
    assert not charges[:, 1].any()
