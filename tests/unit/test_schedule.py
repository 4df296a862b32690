"""The course of a transient in pieces: what is given at any time, from its segments, is what the protocol says."""

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from electrodiff import Case, CaseError, bundled_case, load_case, parse_case
from electrodiff.solvers.schedule import Segment, Sine, case_at_start, segments

CLAMPED = load_case(bundled_case("clamped_membrane"))
RESTING = load_case(bundled_case("resting_potential"))
WALLS = parse_case("""\
temperature = "25 degC"
ions = { K = {}, Cl = {} }
left = { kind = "wall", surface_charge = "0.01 C/m^2" }
right = { concentrations = { K = "100 mM", Cl = "100 mM" }, potential = "0 mV" }
[[layers]]
name = "bath"
thickness = "20 nm"
relative_permittivity = 80
""")


def run(*changes: dict[str, object], case: Case = CLAMPED, end: float = 10.0) -> Case:
    """A transient of `end` seconds."""
    return case.replace("study", {"kind": "transient", "end": end, "protocol": list(changes)})


def step(at: float, value: object, key: str = "left.potential") -> dict[str, object]:
    return {"at": at, "set": {key: value}}


def ramp(at: float, over: float, value: float, key: str = "left.potential") -> dict[str, object]:
    return {"at": at, "over": over, "ramp": {key: value}}


def sine(at: float, key: str = "left.potential", until: float | None = None, **wave: float) -> dict[str, object]:
    table = {key: {"amplitude": 1.0, "frequency": 1.0, **wave}}
    return {"at": at, "sine": table} | ({} if until is None else {"until": until})


def potential(part: Segment, time: float) -> float:
    """The left potential [V] at a time, as a solver reads it from a segment."""
    fraction = (time - part.start) / (part.end - part.start)
    first, last = float(part.first.left.potential), float(part.last.left.potential)
    waves = (wave.value(time) for wave in part.sines if wave.key == "left.potential")
    return first + (last - first) * fraction + sum(waves)


def spans(case: Case) -> list[tuple[float, float]]:
    return [(part.start, part.end) for part in segments(case)]


# ---- no changes --------------------------------------------------------------------------------------------------


def test_a_transient_without_a_protocol_is_one_segment_of_one_steady_case() -> None:
    (part,) = segments(run())
    assert (part.start, part.end, part.sines) == (0, 10, ())
    assert part.first is part.last
    assert part.first == CLAMPED.replace("expect", [])
    assert case_at_start(run()) == part.first


@pytest.mark.parametrize("study", [{"kind": "steady"}, {"kind": "impedance", "frequencies": [1.0]}])
def test_only_a_transient_has_a_course_in_time(study: dict[str, object]) -> None:
    with pytest.raises(CaseError, match=f"study.kind is '{study['kind']}'"):
        segments(CLAMPED.replace("study", study))
    with pytest.raises(CaseError, match="transient"):
        case_at_start(CLAMPED.replace("study", study))


# ---- steps -------------------------------------------------------------------------------------------------------


def test_a_step_jumps_at_its_time_and_not_before() -> None:
    case = run(step(2, 0.0), step(1, -0.05))
    assert spans(case) == [(0, 1), (1, 2), (2, 10)]
    assert [part.first.left.potential for part in segments(case)] == [-0.065, -0.05, 0.0]
    assert all(part.first is part.last for part in segments(case))


def test_a_step_at_zero_comes_after_the_start() -> None:
    case = run(step(0, -0.05))
    assert case_at_start(case).left.potential == -0.065
    assert [part.first.left.potential for part in segments(case)] == [-0.05]


def test_steps_add_up() -> None:
    changes = (step(1, 0.0), step(2, 1e-3, "layers.membrane.partition.K"), step(3, 300.0, "temperature"))
    last = segments(run(*changes))[-1].first
    assert (last.left.potential, last.layers[1].partition["K"], last.temperature) == (0, 1e-3, 300)
    assert last == CLAMPED.changed(
        {key: value for change in changes for key, value in change["set"].items()} | {"expect": []}
    )  # type: ignore[attr-defined]


def test_a_step_reaches_every_kind_of_key() -> None:
    case = CLAMPED.replace("interfaces", [{"between": ["cytosol", "membrane"], "surface_charge": "-0.01 C/m^2"}])
    values = {
        "layers.membrane.fixed_charge": 5.0,
        "layers.1.relative_permittivity": 4.0,
        "layers.membrane.diffusivity.K": 2e-11,
        "interfaces.0.surface_charge": 0.02,
        "ions.K.diffusivity": 1e-9,
        "right.concentrations.K": 4.0,
        "left.neutralise": "A",
    }
    after = segments(run({"at": 1.0, "set": values}, case=case))[-1].first
    assert after == case.changed({**values, "expect": []})


def test_the_cases_can_be_solved_as_they_are() -> None:
    """They are steady, and expect nothing, as what is expected is said of the whole study."""
    assert CLAMPED.expect
    for part in segments(run(step(1, 0.0), ramp(2, 3, 1.0))):
        assert (part.first.study.kind, part.last.study.kind, part.first.expect) == ("steady", "steady", ())


def test_an_end_that_floats_can_be_clamped_and_let_go() -> None:
    case = RESTING.replace("left.current", 0.5)
    parts = segments(run(step(1, 0.01), step(2, "floating"), case=case))
    assert [part.first.left.potential for part in parts] == ["floating", 0.01, "floating"]
    # The clamp ends the current that was imposed, which cannot be there with it.
    assert [part.first.left.current for part in parts] == [0.5, None, None]
    assert CLAMPED.left.current is None


def test_a_wall_can_be_clamped_and_let_go_with_a_charge() -> None:
    parts = segments(run(step(1, 0.05), step(2, 0.02, "left.surface_charge"), case=WALLS))
    assert [part.first.left.potential for part in parts] == [None, 0.05, None]
    assert [part.first.left.surface_charge for part in parts] == [0.01, None, 0.02]


# ---- ramps -------------------------------------------------------------------------------------------------------


def test_a_ramp_goes_from_what_is_to_the_value_and_stays_there() -> None:
    first, second, third = segments(run(ramp(1, 4, 0.035)))
    assert spans(run(ramp(1, 4, 0.035))) == [(0, 1), (1, 5), (5, 10)]
    assert second.first is first.last
    assert (second.first.left.potential, second.last.left.potential) == (-0.065, 0.035)
    assert third.first is third.last is second.last


def test_a_ramp_is_linear_across_the_corners_of_other_changes() -> None:
    case = run(ramp(1, 4, 0.035), step(2, 1e-3, "layers.membrane.partition.K"), sine(3, "right.potential"))
    assert spans(case) == [(0, 1), (1, 2), (2, 3), (3, 5), (5, 10)]
    parts = segments(case)
    # -65 mV and 25 mV in each second.
    assert [part.last.left.potential for part in parts] == pytest.approx(
        [-0.065, -0.04, -0.015, 0.035, 0.035], rel=1e-14
    )
    assert [part.first.layers[1].partition["K"] for part in parts] == [1e-4, 1e-4, 1e-3, 1e-3, 1e-3]
    assert all(after.first.left.potential == before.last.left.potential for before, after in pairwise(parts))


def test_a_ramp_that_outlasts_the_study_is_cut_at_its_end() -> None:
    assert segments(run(ramp(5, 20, 0.035)))[-1].last.left.potential == pytest.approx(-0.065 + 0.1 * 5 / 20, rel=1e-14)


def test_a_step_comes_before_a_ramp_of_its_time_and_after_one_that_ends() -> None:
    parts = segments(run(ramp(1, 1, 0.1), step(1, 0.0), step(2, 0.5)))
    assert [(part.first.left.potential, part.last.left.potential) for part in parts] == [
        (-0.065, -0.065),
        (0.0, 0.1),
        (0.5, 0.5),
    ]


@pytest.mark.parametrize(
    ("case", "key", "start"),
    [
        (RESTING, "left.current", 0.0),
        (RESTING.replace("left.current", 0.5), "left.current", 0.5),
        (WALLS, "left.surface_charge", 0.01),
        (WALLS.replace("left.surface_charge", None), "left.surface_charge", 0.0),
        (WALLS.changed({"left.surface_charge": None, "left.potential": 0.05}), "left.potential", 0.05),
        (CLAMPED.replace("right.neutralise", "Cl"), "right.concentrations.K", 4.0),
        (CLAMPED.replace("right.neutralise", "Cl"), "right.concentrations.A", 0.0),
    ],
)
def test_a_ramp_of_anything_given_starts_from_what_is_given(case: Case, key: str, start: float) -> None:
    def read(moment: Case) -> float:
        side, name, *ion = key.split(".")
        value = getattr(getattr(moment, side), name)
        return float((value.get(ion[0], 0.0) if ion else value) or 0.0)

    first, second, third = segments(run(ramp(1, 2, 7.0, key), step(2, 300.0, "temperature"), case=case))[:3]
    assert read(first.last) == start
    assert read(second.last) == pytest.approx((start + 7) / 2, rel=1e-14)
    assert read(third.last) == 7


def test_the_ions_of_a_salt_may_ramp_together() -> None:
    change = {"at": 1.0, "over": 2.0, "ramp": {"left.concentrations.K": 141.0, "left.concentrations.Cl": 11.0}}
    middle = segments(run(change, step(2, 0.0)))[1].last
    assert middle.concentrations("left") == pytest.approx({"K": 140.5, "Na": 12, "Cl": 10.5, "A": 142}, rel=1e-14)


# ---- sines -------------------------------------------------------------------------------------------------------


def test_a_sine_is_at_work_from_its_time_until_it_stops() -> None:
    case = run(sine(1, until=3, amplitude=0.01, frequency=2, phase=0.5), sine(5, "right.potential"))
    assert spans(case) == [(0, 1), (1, 3), (3, 5), (5, 10)]
    assert [part.sines for part in segments(case)] == [
        (),
        (Sine("left.potential", 0.01, 2, 0.5, 1),),
        (),
        (Sine("right.potential", 1, 1, 0, 5),),
    ]
    # Nothing else changes: one case throughout.
    assert len({id(moment) for part in segments(case) for moment in (part.first, part.last)}) == 1


def test_a_sine_starts_with_its_phase_and_turns_at_its_frequency() -> None:
    wave = Sine("left.potential", amplitude=2.0, frequency=5.0, phase=math.pi / 6, start=3.0)
    assert wave.value(3.0) == pytest.approx(2 * 0.5, rel=1e-14)
    # A twelfth of a period is 30 degrees: sin 60 = sqrt(3)/2, and two twelfths bring it to the top.
    assert wave.value(3 + 1 / 60) == pytest.approx(math.sqrt(3), rel=1e-12)
    assert wave.value(3 + 2 / 60) == pytest.approx(2.0, rel=1e-12)
    # Round-off of an angle of 3000 turns.
    assert wave.value(3 + 600) == pytest.approx(1.0, rel=1e-11)
    assert [wave.value(time) for time in wave.quarters()] == pytest.approx([0, 2, 0, -2], abs=1e-13)


def test_two_sines_may_be_on_different_keys() -> None:
    case = run(sine(1), sine(1, "right.potential", frequency=3))
    assert [wave.key for wave in segments(case)[1].sines] == ["left.potential", "right.potential"]


# ---- the whole ---------------------------------------------------------------------------------------------------


def test_corners_that_differ_by_round_off_are_one_corner() -> None:
    assert 0.1 + 0.2 != 0.3  # or else this test sees nothing
    assert spans(run(ramp(0.1, 0.2, 0.0), step(0.3, 0.1))) == [(0, 0.1), (0.1, 0.3), (0.3, 10)]
    assert spans(run(ramp(0.1, 0.2, 0.0), end=0.3)) == [(0, 0.1), (0.1, 0.3)]
    third = 1 / 3
    assert spans(run(ramp(third, third, 0.0), end=2 * third)) == [
        (0, pytest.approx(third, rel=1e-13)),
        (pytest.approx(third, rel=1e-13), 2 * third),
    ]


def expected(changes: list[tuple[str, float, float, float]], time: float) -> float:
    """The left potential [V] just after `time`, from the protocol itself: the last change that began tells it."""
    value = -0.065
    for kind, start, over, target in changes:
        if start > time:
            break
        if kind == "sine":
            value += target * math.sin(2 * math.pi * (time - start)) if time < round(start + over, 9) else 0.0
        else:
            value += (target - value) * (1.0 if kind == "step" else min(1.0, (time - start) / over))
    return value


@settings(deadline=None, max_examples=100)
@given(data=st.data(), number=st.integers(1, 5))
def test_at_every_time_the_segments_give_what_the_protocol_says(data: st.DataObject, number: int) -> None:
    starts = sorted(data.draw(st.lists(st.integers(0, 98), min_size=number, max_size=number, unique=True)))
    changes: list[tuple[str, float, float, float]] = []
    for start, stop in pairwise([*starts, 120]):
        kind = data.draw(st.sampled_from(["step", "ramp", "sine"]))
        over = data.draw(st.integers(1, stop - start)) / 10
        changes.append((kind, start / 10, over, data.draw(st.floats(-0.1, 0.1))))
    records = [
        step(start, target)
        if kind == "step"
        else ramp(start, over, target)
        if kind == "ramp"
        else sine(start, until=start + over, amplitude=target)
        for kind, start, over, target in changes
    ]
    parts = segments(run(*data.draw(st.permutations(records))))
    assert (parts[0].start, parts[-1].end) == (0, 10)
    assert all(part.end > part.start for part in parts)
    assert all(before.end == after.start for before, after in pairwise(parts))
    for part in parts:
        for fraction in (0.0, 0.3, 0.9):
            time = part.start + fraction * (part.end - part.start)
            # Round-off of times up to 10 s in a sine of 1 Hz.
            assert potential(part, time) == pytest.approx(expected(changes, time), abs=1e-14)


def test_the_reference_notices_a_wrong_value() -> None:
    part = segments(run(ramp(1, 4, 0.035)))[1]
    assert potential(part, 2.0) == pytest.approx(expected([("ramp", 1, 4, 0.035)], 2.0), abs=1e-14)
    assert potential(part, 2.0) != pytest.approx(expected([("ramp", 1, 4, 0.034)], 2.0), abs=1e-14)
    assert potential(part, 2.0) != pytest.approx(expected([("step", 1, 0, 0.035)], 2.0), abs=1e-14)
