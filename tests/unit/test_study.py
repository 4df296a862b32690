"""Studies: what is computed, when it is looked at, and what is refused; values by hand."""

import math
import re
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from electrodiff import Case, CaseError, bundled_case, case_text, parse_case
from electrodiff.changes import Change
from electrodiff.model import ImpedanceStudy, IVStudy, SteadyStudy, TransientStudy
from electrodiff.study import MOST_POINTS, FrequencyRange, OutputTimes

# What a study may expect hangs on its kind.
CLAMPED = bundled_case("clamped_membrane").read_text(encoding="utf-8").partition("[[expect]]")[0]
CLAMPED = CLAMPED.replace('[study]\nkind = "steady"\n', "")
TRANSIENT = '[study]\nkind = "transient"\nend = "1 us"\n'
IV = '[study]\nkind = "iv"\n'
IMPEDANCE = '[study]\nkind = "impedance"\n'


def case(study: str, **overrides: str) -> Case:
    """The clamped membrane with a study, and keys changed whose dots are written as __."""
    return parse_case(
        f"{CLAMPED}\n{study}", "my.toml", {key.replace("__", "."): text for key, text in overrides.items()}
    )


def transient(**keys: object) -> TransientStudy:
    return TransientStudy.model_validate({"kind": "transient", "end": 1e-6, **keys})


def refusal(study: str, **overrides: str) -> str:
    with pytest.raises(CaseError) as caught:
        case(study, **overrides)
    message = str(caught.value)
    assert message.startswith("my.toml: ")
    assert "\n" not in message
    return message


# ---- which study -------------------------------------------------------------------------------------------------


def test_a_study_without_a_kind_and_no_study_at_all_are_steady() -> None:
    assert case("[study]").study == case("").study == SteadyStudy()
    assert case("").study.kind == "steady"


def test_a_study_is_that_of_its_kind() -> None:
    assert isinstance(case(TRANSIENT).study, TransientStudy)
    assert isinstance(case(IMPEDANCE + 'frequencies = ["1 Hz"]').study, ImpedanceStudy)
    assert isinstance(case(IV + 'potentials = ["1 mV"]').study, IVStudy)


def test_what_a_transient_leaves_out_has_the_documented_default() -> None:
    study = transient()
    assert (study.start, study.tolerance, study.protocol, study.output) == ("steady", 1e-4, (), None)
    assert study.error_estimates is True


def test_whether_errors_are_estimated_is_true_or_false() -> None:
    assert case(TRANSIENT, study__error_estimates="false").study.error_estimates is False  # type: ignore[union-attr]
    assert "error_estimates" in refusal(TRANSIENT, study__error_estimates="1")


@pytest.mark.parametrize(
    ("study", "parts"),
    [
        ('[study]\nkind = "stead"', ("study.kind is 'stead'", "'steady', 'iv', 'transient', 'impedance'")),
        ("[study]\nkind = 5", ("study.kind is 5", "'steady', 'iv', 'transient', 'impedance'")),
        ('[study]\nend = "1 us"', ("study.end is not a known key", 'study.kind = "transient"')),
        ('[study]\nfrequencies = ["1 Hz"]', ("study.frequencies", 'study.kind = "impedance"')),
        ('[study]\npotentials = ["1 mV"]', ("study.potentials", 'study.kind = "iv"')),
        ('[study]\nkind = "transient"', ("study.end is missing",)),
        (TRANSIENT + "ouput = { points = 3 }", ("study.ouput", "did you mean 'output'?")),
        (TRANSIENT + 'frequencies = ["1 Hz"]', ("study.frequencies is not a known key", "kind, start, end")),
        (TRANSIENT + "tolerance = 0.2", ("study.tolerance is 0.2", "1e-12 and 0.1")),
        (TRANSIENT + "tolerance = 1e-13", ("study.tolerance is 1e-13", "1e-12 and 0.1")),
        (TRANSIENT + 'start = "stead"', ("study.start is 'stead'", "'initial'", "did you mean 'steady'?")),
        (TRANSIENT.replace('"1 us"', "1e-6"), ("study.end is 1e-06", "expected a time with a unit", "'1 us'")),
        (TRANSIENT.replace("1 us", "0 s"), ("study.end is '0 s'", "greater than zero")),
        (TRANSIENT.replace("1 us", "1 m"), ("study.end is '1 m'", "something else")),
        (TRANSIENT.replace("1 us", "1e-19 s"), ("study.end is '1e-19 s'", "between 1e-18 s")),
        (TRANSIENT + "output = 3", ("study.output is 3", "table")),
        (TRANSIENT + 'output = { form = "1 ps" }', ("study.output.form", "did you mean 'from'?")),
        (TRANSIENT + "output = { from = 1e-9 }", ("study.output.from is 1e-09", "'1 us'")),
        (TRANSIENT + 'output = { to = "2 us" }', ("study.output.to is '2 us'", "ends at 1e-06 s")),
        (TRANSIENT + 'output = { from = "1 us" }', ("study.output.to is '1e-06 s'", "greater than from")),
        (TRANSIENT + 'output = { from = "0 s" }', ("study.output.from is '0 s'", "points")),
        (TRANSIENT + "output = { points = 1 }", ("study.output.points is 1",)),
        (TRANSIENT + "output = { points = 3, per_decade = 3 }", ("study.output.points is 3", "drop one")),
        (TRANSIENT + "output = { per_decade = 0 }", ("study.output.per_decade is 0",)),
        (TRANSIENT + 'output = { per_decade = 1000, from = "1e-18 s" }', ("per_decade is 1000", "12001", "10000")),
        (TRANSIENT + "output = { times = [] }", ("study.output.times is []", "at least one")),
        (TRANSIENT + 'output = { times = ["1 ns", "2 us"] }', ("study.output.times[1] is '2 us'", "1e-06 s")),
        (TRANSIENT + 'output = { times = ["-1 ns"] }', ("study.output.times[0] is '-1 ns'", "negative")),
        (TRANSIENT + 'output = { times = ["1 ns"], points = 3 }', ("study.output.points is 3", "drop one")),
        (IMPEDANCE, ("study.frequencies is missing",)),
        (IMPEDANCE + 'frequencies = "1 Hz"', ("study.frequencies is '1 Hz'", "expected a list", "from = ")),
        (IMPEDANCE + "frequencies = []", ("study.frequencies is []", "at least one")),
        (IMPEDANCE + 'frequencies = ["1 Hz", 5]', ("study.frequencies[1] is 5", "'1 kHz'")),
        (IMPEDANCE + 'frequencies = ["0 Hz"]', ("study.frequencies[0] is '0 Hz'", "greater than zero")),
        (IMPEDANCE + 'frequencies = { from = "1 Hz" }', ("study.frequencies.to is missing",)),
        (IMPEDANCE + 'frequencies = { from = "1 Hz", too = "2 Hz" }', ("frequencies.too", "did you mean 'to'?")),
        (IMPEDANCE + 'frequencies = { from = "2 Hz", to = "2 Hz" }', ("frequencies.to is '2 Hz'", "2 Hz")),
    ],
)
def test_a_bad_study_is_refused_by_key_with_its_value_and_a_remedy(study: str, parts: tuple[str, ...]) -> None:
    message = refusal(study)
    for part in parts:
        assert part in message


@pytest.mark.parametrize("start", ["steady", "results/my", "solution.nc", "results\\my\\solution.nc"])
def test_a_start_is_a_word_or_a_path(start: str) -> None:
    assert transient(start=start).start == start


# rad/s and becquerels are 1/s to the library of units: taken as Hz they would be off by 2 pi, or nonsense.
@pytest.mark.parametrize("unit", ["rad/s", "rpm", "Bq", "deg/s", "s^-1", "s"])
def test_a_frequency_is_in_hertz(unit: str) -> None:
    assert "something else" in refusal(IMPEDANCE + f'frequencies = ["1 {unit}"]')


@pytest.mark.parametrize(("unit", "hertz"), [("Hz", 1), ("mHz", 1e-3), ("kHz", 1e3), ("MHz", 1e6), ("GHz", 1e9)])
def test_a_frequency_has_the_prefixes_of_hertz(unit: str, hertz: float) -> None:
    study = case(IMPEDANCE + f'frequencies = ["2 {unit}"]').study
    assert study.frequency_values() == pytest.approx((2 * hertz,), rel=1e-15)


# ---- when it is looked at ----------------------------------------------------------------------------------------


def test_a_transient_is_looked_at_ten_times_in_each_of_six_decades_by_default() -> None:
    times = transient(end=2e-3).output_times()
    expected = [2e-9 * 10 ** (k / 10) for k in range(61)]
    assert times[0] == 0
    assert times[-1] == 2e-3
    # Times are rounded to 14 digits.
    assert times[1:] == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ({"points": 3}, [0, 0.5e-6, 1e-6]),
        ({"points": 3, "from": "0.2 us", "to": "0.8 us"}, [0, 0.2e-6, 0.5e-6, 0.8e-6, 1e-6]),
        ({"from": "1 ns", "to": "100 ns", "per_decade": 2}, [0, 1e-9, 10**-8.5, 1e-8, 10**-7.5, 1e-7, 1e-6]),
        # The last step is shorter than the others where the span is no whole number of them.
        ({"from": "1 ns", "to": "5 ns", "per_decade": 2}, [0, 1e-9, 10**-8.5, 5e-9, 1e-6]),
        ({"per_decade": 1}, [0, 1e-12, 1e-11, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6]),
        ({"times": ["3 ns", "1 ns", "3 ns", "0.003 us"]}, [0, 1e-9, 3e-9, 1e-6]),
        ({"times": ["1 us", "0 s"]}, [0, 1e-6]),
    ],
)
def test_output_times_are_those_asked_for_with_the_start_and_the_end(
    output: dict[str, object], expected: list[float]
) -> None:
    assert transient(output=output).output_times() == pytest.approx(expected, rel=1e-13)


@settings(deadline=None, max_examples=200)
@given(
    end=st.floats(1e-11, 1e6),
    first=st.floats(1e-6, 0.99),
    per_decade=st.integers(1, 50),
)
def test_output_times_rise_from_zero_to_the_very_end_with_at_most_the_asked_ratio(
    end: float, first: float, per_decade: int
) -> None:
    times = transient(end=end, output={"from": first * end, "per_decade": per_decade}).output_times()
    assert (times[0], times[-1]) == (0, end)
    assert list(times) == sorted(set(times))
    largest = 10 ** (1 / per_decade)
    # Round-off of a power, and rounding to 14 digits.
    assert all(after <= before * largest * (1 + 1e-12) for before, after in pairwise(times[1:]))


def test_times_that_differ_by_round_off_are_one_time() -> None:
    assert 0.1 + 0.2 != 0.3  # or else this test sees nothing
    assert transient(end=1, output={"times": [0.3, 0.1 + 0.2]}).output_times() == (0, 0.3, 1)
    third = 1e-6 / 3
    assert transient(end=third, output={"times": [third]}).output_times() == (0, third)


def test_the_record_of_a_range_has_a_name_that_python_can_say() -> None:
    assert OutputTimes(from_="1 ps", to="1 ns").values(1.0) == OutputTimes(**{"from": 1e-12}, to=1e-9).values(1.0)
    assert FrequencyRange(from_=1, to=10, points=4).values() == [1, 4, 7, 10]


# ---- frequencies -------------------------------------------------------------------------------------------------


def test_frequencies_are_sorted_and_taken_once_each() -> None:
    study = case(IMPEDANCE + 'frequencies = ["1 kHz", "2 Hz", "1000 Hz"]').study
    assert study.frequency_values() == (2, 1000)


def test_a_range_of_frequencies_has_so_many_for_each_decade() -> None:
    text = IMPEDANCE + 'frequencies = { from = "1 Hz", to = "1 GHz", per_decade = 10 }'
    expected = [10 ** (k / 10) for k in range(91)]
    assert case(text).study.frequency_values() == pytest.approx(expected, rel=1e-13)


def test_no_study_asks_for_more_than_can_be_kept() -> None:
    assert len(transient(output={"points": MOST_POINTS}).output_times()) == MOST_POINTS
    with pytest.raises(ValueError, match="less than or equal to"):
        transient(output={"points": MOST_POINTS + 1})


# ---- writing and changing ----------------------------------------------------------------------------------------

STUDIES = {
    "impedance": IMPEDANCE + 'frequencies = ["1 kHz", "1 Hz"]',
    "impedance range": IMPEDANCE + 'frequencies = { from = "1 Hz", to = "1 kHz", points = 5 }',
    "iv": IV + 'potentials = ["1 mV", "-65.4321 mV"]',
    "iv range": IV + 'potentials = { from = "-120 mV", to = "80 mV", points = 11 }',
    "transient": TRANSIENT,
    "range": TRANSIENT + 'start = "a.nc"\ntolerance = 1e-6\noutput = { from = "1 ps", to = "1 ns", per_decade = 3 }',
    "times": TRANSIENT + 'output = { times = ["1 ns", "0.3 us"] }',
    "step": TRANSIENT + 'protocol = [{ at = "1 ns", set = { "left.potential" = "floating" } }]',
    "steps": TRANSIENT
    + 'protocol = [{ set = { left.potential = "-1.2345 mV", "layers.membrane.partition.K" = 1e-3 } },'
    + ' { at = "0.1 us", set = { layers.membrane.diffusivity.K = '
    + '{ x = ["0 nm", "5 nm"], value = ["1e-11 m^2/s", "2e-11 m2/s"] } } }]',
    "ramp": TRANSIENT + 'protocol = [{ at = "1 ns", over = "2 ns", ramp = { "left.potential" = "-1.2345 mV" } }]',
    "sine": TRANSIENT + 'protocol = [{ until = "3 ns", sine = { "right.potential" = '
    '{ amplitude = "1.2345 mV", frequency = "1 MHz", phase = "-30 deg" } } }]',
}


@pytest.mark.parametrize("study", STUDIES.values(), ids=STUDIES)
def test_a_study_is_written_as_toml_that_reads_back_equal(study: str) -> None:
    read = case(study)
    changed = read.replace("title", "changed")
    written = case_text(changed)
    assert "from_" not in written
    assert parse_case(written) == changed
    assert parse_case(written).study == read.study


def test_a_study_made_in_python_is_written_with_units() -> None:
    protocol = [
        {"at": 1e-9, "set": {"left.potential": -1 / 3}},
        {"at": 2e-9, "over": 1e-9, "ramp": {"left.potential": 0}},
    ]
    frequencies = {"from": 1, "to": 1e3}
    for study in (
        {"kind": "transient", "end": 1e-6, "protocol": protocol},
        {"kind": "impedance", "frequencies": frequencies},
        {"kind": "iv", "potentials": {"from": -0.1, "to": 1 / 3, "points": 4}},
    ):
        changed = case("").replace("study", study)
        assert parse_case(case_text(changed)) == changed


def test_equality_of_protocols_is_of_numbers_not_of_text() -> None:
    text = STUDIES["step"].replace('"floating"', '"-70 mV"')
    assert case(text) == case(text.replace("-70 mV", "-0.07 V").replace("1 ns", "1e-9 s"))
    assert case(text) != case(text.replace("-70 mV", "-71 mV"))
    # Given twice, without quotes and with them, the last counts; so `--set` can change what a file has in quotes.
    assert case(text, study__protocol__0__set__left__potential="-70 mV") == case(text)
    assert case(text, study__protocol__0__set__left__potential="-71 mV") == case(text.replace("-70", "-71"))


def test_replace_takes_tables_and_records_of_studies() -> None:
    steady = case("")
    changed = steady.replace("study", {"kind": "transient", "end": 1e-6})
    assert changed == steady.replace("study", transient()) == case(TRANSIENT)
    assert changed.replace("study.output", {"from": 1e-12, "points": 5}).study.output.points == 5
    assert changed.replace("study", SteadyStudy()) == steady


def test_set_reaches_every_part_of_a_study() -> None:
    changed = case(TRANSIENT, study__output__per_decade="20").study
    assert len(changed.output_times()) == 1 + 6 * 20 + 1
    assert case(STUDIES["range"], study__output__per_decade="20").study.output.per_decade == 20
    assert case(STUDIES["range"], study__output__from='"2 ps"').study.output.from_ == pytest.approx(2e-12, rel=1e-15)
    assert case(STUDIES["ramp"], study__protocol__0__over="3 ns").study.protocol[0].over == pytest.approx(
        3e-9, rel=1e-15
    )
    assert case(STUDIES["impedance"], study__frequencies='["2 Hz"]').study.frequency_values() == (2,)
    assert case(STUDIES["iv"], study__potentials='["2 mV"]').study.potential_values() == (0.002,)
    assert len(case(STUDIES["iv range"], study__potentials__points="3").study.potential_values()) == 3


def test_another_kind_of_study_drops_what_it_has_no_use_for() -> None:
    for study in STUDIES.values():
        assert case(study).replace("study.kind", "steady") == case("").replace("study", SteadyStudy())
        assert case(study, study__kind="steady").study == SteadyStudy()
    assert case("", study__end="1 us", study__kind="transient").study == case(TRANSIENT).study
    assert case("", study__kind="transient", study__end="1 us").study == case(TRANSIENT).study
    assert "study.end is missing" in refusal("", study__kind="transient")
    assert "study.ends is not a known key" in refusal("[study]\nends = 3", study__kind="steady")


def test_a_study_cannot_be_changed_in_place() -> None:
    study = case(STUDIES["step"]).study
    for change in (
        lambda: setattr(study, "end", 2.0),
        lambda: study.protocol[0].set.update({"left.potential": "0 V"}),
        lambda: case(STUDIES["ramp"]).study.protocol[0].ramp.clear(),
    ):
        with pytest.raises((TypeError, ValueError)):
            change()


# ---- changes -----------------------------------------------------------------------------------------------------


def protocol(*changes: str) -> str:
    return TRANSIENT + f"protocol = [{', '.join(changes)}]"


def change(**keys: object) -> Change:
    return Change.model_validate(keys)


def test_ramps_and_sines_are_in_si_units() -> None:
    ramp = case(STUDIES["ramp"]).study.protocol[0]
    assert ramp.ramp["left.potential"] == pytest.approx(-1.2345e-3, rel=1e-15)
    wave = case(STUDIES["sine"]).study.protocol[0].sine["right.potential"]
    assert (wave.amplitude, wave.frequency, wave.phase) == pytest.approx((1.2345e-3, 1e6, -math.pi / 6), rel=1e-14)


def test_the_span_of_a_change_is_free_of_round_off() -> None:
    assert 0.1 + 0.2 != 0.3  # or else this test sees nothing
    ramp = change(at=0.1, over=0.2, ramp={"left.potential": 0})
    assert (ramp.start, ramp.stop) == (0.1, 0.3)
    assert change(set={"left.potential": 0}).stop == 0
    assert change(sine={"left.potential": {"amplitude": 1, "frequency": 1}}).stop == math.inf


@pytest.mark.parametrize(
    ("first", "second", "overlap"),
    [
        ({"at": 1}, {"at": 1}, True),
        ({"at": 1}, {"at": 2}, False),
        ({"at": 1}, {"at": 1, "over": 2}, False),
        ({"at": 2}, {"at": 1, "over": 2}, True),
        ({"at": 3}, {"at": 1, "over": 2}, False),
        ({"at": 1, "over": 2}, {"at": 2, "over": 2}, True),
        ({"at": 1, "over": 2}, {"at": 3, "over": 2}, False),
        ({"at": 1, "over": 2}, {"at": 1, "over": 2}, True),
        ({"at": 1, "over": 5}, {"at": 3, "over": 1}, True),
        ({"at": 0.1, "over": 0.2}, {"at": 0.3, "over": 1}, False),
    ],
)
def test_changes_overlap_where_both_are_at_work(
    first: dict[str, object], second: dict[str, object], overlap: bool
) -> None:
    """A step acts at the start or after the end of a ramp, and not within."""
    one, other = (
        change(**keys, **{"ramp" if "over" in keys else "set": {"left.potential": 0.0}}) for keys in (first, second)
    )
    assert one.overlaps(other) is other.overlaps(one) is overlap
    for pair in ([one, other], [other, one]):
        if overlap:
            with pytest.raises(ValueError, match="may not overlap"):
                transient(end=100, protocol=pair)
        else:
            assert transient(end=100, protocol=pair).protocol == tuple(pair)


SINE = '{ amplitude = "1 mV", frequency = "1 MHz" }'
BAD_CHANGES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "nothing": (("{}",), ("study.protocol[0] is {}", "exactly one of set, ramp and sine")),
    "two actions": (
        (f'{{ set = {{ left.potential = "0 mV" }}, sine = {{ left.potential = {SINE} }} }}',),
        ("study.protocol[0] is", "exactly one"),
    ),
    "misspelt": (('{ att = "1 ns" }',), ("study.protocol[0].att", "did you mean 'at'?")),
    "negative time": (
        ('{ at = "-1 ns", set = { left.potential = "0 mV" } }',),
        ("protocol[0].at is '-1 ns'", "negative"),
    ),
    "bare time": (('{ at = 1, set = { left.potential = "0 mV" } }',), ("study.protocol[0].at is 1", "'1 us'")),
    "too late": (('{ at = "1 us", set = { left.potential = "0 mV" } }',), ("protocol[0].at is '1 us'", "study.end")),
    "ramp without time": (('{ ramp = { left.potential = "0 mV" } }',), ("study.protocol[0].over is missing", '"1 ms"')),
    "step with time": (
        ('{ over = "1 ns", set = { left.potential = "0 mV" } }',),
        ("study.protocol[0].over is '1 ns'", "drop it"),
    ),
    "step until": (
        ('{ until = "1 ns", set = { left.potential = "0 mV" } }',),
        ("study.protocol[0].until is '1 ns'", "drop it"),
    ),
    "sine that stops first": (
        (f'{{ at = "2 ns", until = "1 ns", sine = {{ left.potential = {SINE} }} }}',),
        ("study.protocol[0].until is '1 ns'", "2e-09 s"),
    ),
    "overlap": (
        (
            '{ at = "5 ns", set = { left.potential = "1 mV" } }',
            '{ ramp = { left.potential = "0 mV" }, over = "10 ns" }',
        ),
        ("study.protocol[0].set.left.potential is '1 mV'", "protocol[1]", "from 0 s to 1e-08 s", "overlap"),
    ),
    # steps
    "bare value": (('{ set = { "left.potential" = 0 } }',), ("protocol[0].set.left.potential is 0", "'-65 mV'")),
    "wrong unit": (
        ("{}", '{ set = { "left.potential" = "0 mM" } }')[1:],
        ("study.protocol[0].set.left.potential is '0 mM'", "something else", "'-65 mV'"),
    ),
    "second change": (
        ('{ set = { left.potential = "0 mV" } }', '{ at = "1 ns", set = { left.potential = "nan mV" } }'),
        ("study.protocol[1].set.left.potential is 'nan mV'", "'-65 mV'"),
    ),
    "unknown key": (
        ('{ set = { left.potental = "0 mV" } }',),
        ("study.protocol[0].set.left.potental is '0 mV'", "did you mean 'potential'?"),
    ),
    "unknown layer": (
        ("{ set = { layers.membrnae.partition.K = 1 } }",),
        ("set.layers.membrnae.partition.K is 1", "did you mean 'membrane'?"),
    ),
    "unknown ion": (
        ("{ set = { layers.membrane.partition.Q = 1 } }",),
        ("set.layers.membrane.partition.Q is 1", "no ion of this name"),
    ),
    "a charged reservoir": (
        ('{ set = { left.concentrations.K = "141 mM" } }',),
        ("set.left.concentrations.K is '141 mM'", "sum of z c = +1 mM", 'neutralise = "Cl"'),
    ),
    "both ends float": (
        ('{ set = { left.potential = "floating" } }', '{ at = "1 ns", set = { right.potential = "floating" } }'),
        ("study.protocol[1].set.right.potential is 'floating'", "both ends float"),
    ),
    "thickness": (('{ set = { layers.membrane.thickness = "6 nm" } }',), ("is '6 nm'", "thickness", "another case")),
    "layer name": (('{ set = { layers.membrane.name = "lipid" } }',), ("is 'lipid'", "name of a layer")),
    "initial": (('{ set = { layers.membrane.initial.K = "1 mM" } }',), ("initial.K is '1 mM'", "at the start")),
    "valence": (("{ set = { ions.K.valence = 2 } }",), ("set.ions.K.valence is 2", "valence of an ion")),
    "new ion": (
        ('{ set = { ions.Mg.diffusivity = "1e-9 m^2/s", layers.membrane.partition.Mg = 0 } }',),
        ("set.ions.Mg.diffusivity is '1e-9 m^2/s'", "which ions there are"),
    ),
    "kind of an end": (('{ set = { right.kind = "wall" } }',), ("right.kind is 'wall'", "kind of an end")),
    "mesh": (("{ set = { mesh.nodes = 101 } }",), ("set.mesh.nodes is 101", "the mesh")),
    "geometry": (('{ set = { mesh.geometry = "spherical" } }',), ("set.mesh.geometry is 'spherical'", "the mesh")),
    "study": (('{ set = { study.end = "2 us" } }',), ("set.study.end is '2 us'", "the study itself")),
    "an ion kept out": (
        ("{ set = { layers.membrane.partition.K = 0 } }",),
        ("set.layers.membrane.partition.K is 0", "which ions a layer lets in", "1e-12"),
    ),
    "an ion let in": (
        ("{ set = { layers.membrane.partition.A = 1e-3 } }",),
        ("set.layers.membrane.partition.A is 0.001", "which ions a layer lets in"),
    ),
    "a new gate": (
        ('{ set = { layers.membrane.gating.K = { half_potential = "0 mV", slope = "5 mV" } } }',),
        ("set.layers.membrane.gating.K.half_potential is '0 mV'", "which ions are gated"),
    ),
    # ramps and sines
    "ramp of a layer": (
        ("{ ramp = { layers.membrane.partition.K = 1 }, over = '1 ns' }",),
        ("study.protocol[0].ramp.layers.membrane.partition.K is 1", "use set"),
    ),
    "ramp to floating": (
        ('{ ramp = { left.potential = "floating" }, over = "1 ns" }',),
        ("ramp.left.potential is 'floating'", "'-65 mV'"),
    ),
    "bare ramp": (('{ ramp = { left.potential = 0 }, over = "1 ns" }',), ("ramp.left.potential is 0", "'-65 mV'")),
    "ramp of a current through a clamp": (
        ('{ ramp = { left.current = "1 A/m^2" }, over = "1 ns" }',),
        ("ramp.left.current is '1 A/m^2'", "at 0 s no number"),
    ),
    "ramp from floating": (
        ('{ set = { left.potential = "floating" } }', '{ ramp = { left.potential = "0 mV" }, over = "1 ns" }'),
        ("study.protocol[1].ramp.left.potential is '0 mV'", "at 0 s no number"),
    ),
    "clamp under a ramp of the current": (
        (
            '{ set = { left.potential = "floating" } }',
            '{ ramp = { left.current = "1 A/m^2" }, over = "2 ns" }',
            '{ at = "1 ns", set = { left.potential = "0 mV" } }',
        ),
        ("study.protocol[1].ramp.left.current is '1 A/m^2'", "at 1e-09 s no number"),
    ),
    "ramp of an unknown ion": (
        ('{ ramp = { left.concentrations.Q = "1 mM" }, over = "1 ns" }',),
        ("ramp.left.concentrations.Q is '1 mM'", "no ion of this name"),
    ),
    "ramp to a charged reservoir": (
        ('{ ramp = { left.concentrations.K = "141 mM" }, over = "1 ns" }',),
        ("ramp.left.concentrations.K is '141 mM'", "sum of z c = +1 mM"),
    ),
    "sine in another unit": (
        (f"{{ sine = {{ left.potential = {SINE.replace('mV', 'nm')} }} }}",),
        ("study.protocol[0].sine.left.potential.amplitude is '1 nm'", "'-65 mV'"),
    ),
    "sine without amplitude": (
        ('{ sine = { left.potential = { frequency = "1 Hz" } } }',),
        ("study.protocol[0].sine.left.potential.amplitude is missing",),
    ),
    "misspelt sine": (
        (f"{{ sine = {{ left.potential = {SINE.replace('amplitude', 'amplitud')} }} }}",),
        ("sine.left.potential.amplitud", "did you mean 'amplitude'?"),
    ),
    "sine that is no table": (
        ('{ sine = { "left.potential" = "1 mV" } }',),
        ("sine.left.potential is '1 mV'", "table, such as { amplitude ="),
    ),
    "phase without a unit": (
        (f"{{ sine = {{ left.potential = {SINE.replace(' }', ', phase = 90 }')} }} }}",),
        ("sine.left.potential.phase is 90", "'90 deg'"),
    ),
    "phase in percent": (
        ('{ sine = { left.potential = { amplitude = "1 mV", frequency = "1 MHz", phase = "50 %" } } }',),
        ("sine.left.potential.phase is '50 %'", "something else"),
    ),
}


@pytest.mark.parametrize(("changes", "parts"), BAD_CHANGES.values(), ids=BAD_CHANGES)
def test_a_bad_change_is_refused_by_its_place_in_the_protocol(changes: tuple[str, ...], parts: tuple[str, ...]) -> None:
    message = refusal(protocol(*changes))
    for part in parts:
        assert part in message


def both(first: str, second: str) -> str:
    """A sine of potassium and one of chloride, inside, where there are 140 and 10 mM of them."""
    waves = ((ion, wave) for ion, wave in (("K", first), ("Cl", second)) if wave)
    table = ", ".join(f'"left.concentrations.{ion}" = {{ frequency = "1 MHz", {wave} }}' for ion, wave in waves)
    return protocol(f"{{ sine = {{ {table} }} }}")


@pytest.mark.parametrize(
    ("study", "part"),
    [
        (both('amplitude = "1 mM"', ""), "not electroneutral"),
        (both('amplitude = "1 mM"', 'amplitude = "2 mM"'), "not electroneutral"),
        (both('amplitude = "1 mM"', 'amplitude = "-1 mM"'), "not electroneutral"),
        (both('amplitude = "1 mM"', 'amplitude = "1 mM", phase = "1 deg"'), "not electroneutral"),
        (both('amplitude = "1 mM"', 'amplitude = "1 mM", phase = "180 deg"'), "not electroneutral"),
        (both('amplitude = "10.001 mM"', 'amplitude = "10.001 mM"'), "must not be negative"),
    ],
)
def test_a_reservoir_under_sines_stays_electroneutral_and_positive(study: str, part: str) -> None:
    assert re.search(rf"study\.protocol\[0\]\.sine\.left\.concentrations\.\w+ is .*{part}", refusal(study))


@pytest.mark.parametrize("phase", ["0 deg", "90 deg", "-37 deg"])
@pytest.mark.parametrize("amplitude", ["1 mM", "10 mM", "-10 mM"])
def test_the_ions_of_a_salt_may_go_up_and_down_together(amplitude: str, phase: str) -> None:
    wave = f'amplitude = "{amplitude}", phase = "{phase}"'
    assert case(both(wave, wave)).study.protocol[0].sine["left.concentrations.Cl"].frequency == 1e6


def test_one_ion_may_go_up_and_down_where_another_is_adjusted() -> None:
    assert case(both('amplitude = "1 mM"', ""), left__neutralise="A").study.protocol


def test_the_changes_of_one_time_are_checked_together() -> None:
    """Potassium and chloride step in two entries, and between the two the reservoir would be charged."""
    steps = [
        f'{{ at = "1 ns", set = {{ left.concentrations.{ion} = "{c} mM" }} }}' for ion, c in (("K", 141), ("Cl", 11))
    ]
    assert len(case(protocol(*steps)).study.protocol) == 2
    assert "electroneutral" in refusal(protocol(steps[0], steps[1].replace("1 ns", "2 ns")))


# ---- starts ------------------------------------------------------------------------------------------------------


def test_a_start_from_initial_concentrations_needs_them_in_every_layer_that_ions_can_enter() -> None:
    initial = TRANSIENT + 'start = "initial"'
    assert "layers[0].initial is missing; study.start is 'initial'" in refusal(initial)
    content = '{ K = "1 mM", A = "1 mM" }'
    some: dict[str, str] = {"layers__cytosol__initial": content, "layers__outside__initial": content}
    assert "layers[1].initial is missing" in refusal(initial, **some)
    assert case(initial, **some, layers__membrane__initial="{}").layers[1].initial == {}
    closed = "{ K = 0, Na = 0, Cl = 0, A = 0 }"
    assert case(initial, **some, layers__membrane__partition=closed).study.start == "initial"


# ---- documentation -----------------------------------------------------------------------------------------------


def test_the_study_in_the_documentation_is_a_good_one() -> None:
    page = (Path(__file__).parents[2] / "docs" / "case-file.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```toml\n(.*?)```", page, flags=re.DOTALL)
    (study,) = (block for block in blocks if 'kind = "transient"' in block)
    read = case(study).study
    assert read.end == pytest.approx(5e-3)
    assert [change.action for change in read.protocol] == ["set", "ramp"]
    assert tomllib.loads(study)["study"]["output"] == {"from": "1 ns", "per_decade": 10}
