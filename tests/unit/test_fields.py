"""Fields of the records: units are demanded in files and optional in Python, bounds hold, and errors say what to do."""

import math

import numpy as np
import pytest
from pydantic import ValidationError

from electrodiff import fields
from electrodiff.fields import Profile, Record, nearest


class Sample(Record):
    """One field of each kind."""

    length: fields.Length = 1.0
    concentration: fields.Concentration = 1.0
    charge: fields.SurfaceCharge = 1.0
    potential: fields.PotentialOrFloating = 1.0
    partition: fields.PartitionProfile = 1.0
    profile: fields.AreaProfile = 1.0
    permittivity: fields.Permittivity = 1.0


def value(key: str, given: object, from_file: bool = False) -> object:
    return getattr(Sample.model_validate({key: given}, context={"from_file": from_file}), key)


def message(key: str, given: object, from_file: bool = False) -> str:
    """The message of the one error that the value causes."""
    with pytest.raises(ValidationError) as caught:
        value(key, given, from_file)
    (error,) = caught.value.errors()
    assert error["loc"] == (key,)
    return str(error["msg"])


@pytest.mark.parametrize("from_file", [False, True])
def test_text_with_a_unit_is_read_everywhere(from_file: bool) -> None:
    assert value("length", "5 nm", from_file) == pytest.approx(5e-9, rel=1e-15)
    assert value("potential", "-65 mV", from_file) == pytest.approx(-0.065, rel=1e-15)


def test_a_bare_number_is_si_in_python_and_an_error_in_a_file() -> None:
    assert value("length", 5e-9) == 5e-9
    assert value("potential", 0) == 0
    assert "'5 nm'" in message("length", 5e-9, from_file=True)
    assert "'-65 mV'" in message("potential", 0, from_file=True)


@pytest.mark.parametrize("from_file", [False, True])
def test_a_pure_number_is_a_number_everywhere(from_file: bool) -> None:
    assert value("partition", 1e-4, from_file) == 1e-4
    assert value("permittivity", 80, from_file) == 80
    assert "plain number" in message("permittivity", "80", from_file)
    assert "plain number" in message("partition", "1e-4 mM", from_file)


@pytest.mark.parametrize("from_file", [False, True])
def test_a_keyword_stands_for_itself_where_it_is_allowed(from_file: bool) -> None:
    assert value("potential", "floating", from_file) == "floating"
    assert value("permittivity", "water", from_file) == "water"
    assert "or 'floating'" in message("potential", "Floating", from_file)
    assert "or 'water'" in message("permittivity", "floating", from_file)
    assert "floating" not in message("length", "floating", from_file)


@pytest.mark.parametrize("key", ["length", "permittivity"])
@pytest.mark.parametrize("number", [0, -1, -1e-300])
def test_what_must_be_positive_is(key: str, number: float) -> None:
    assert "greater than zero" in message(key, number)


@pytest.mark.parametrize("key", ["concentration", "partition"])
def test_what_must_not_be_negative_may_be_zero(key: str) -> None:
    assert value(key, 0) == 0
    assert "must not be negative" in message(key, -1e-300)


def test_signed_quantities_may_be_negative() -> None:
    assert value("charge", -50) == -50
    assert value("potential", -0.07) == -0.07


@pytest.mark.parametrize("key", list(Sample.model_fields))
@pytest.mark.parametrize("given", [math.nan, math.inf, -math.inf, pytest.param(10**400, id="400 digits")])
def test_what_is_not_finite_is_refused(key: str, given: float) -> None:
    assert message(key, given)


@pytest.mark.parametrize("key", list(Sample.model_fields))
@pytest.mark.parametrize("given", [True, None, [1.0], {"a": 1.0}, b"5 nm", 1j])
def test_what_is_not_a_number_is_refused(key: str, given: object) -> None:
    assert "expected" in message(key, given)


PROFILE = {"x": ["0 nm", "2 nm", "0.005 um"], "value": ["1 nm^2", "3 nm^2", "0.5 nm^2"]}


def test_a_profile_is_read_in_si_units_and_is_linear_between_its_points() -> None:
    area = value("profile", PROFILE, from_file=True)
    assert isinstance(area, Profile)
    assert area.x == pytest.approx((0, 2e-9, 5e-9), rel=1e-14)
    # By hand: half-way up, at a point, half-way down, and constant outside.
    x = np.array([1e-9, 2e-9, 3.5e-9, -1.0, 1.0])
    assert area.at(x) == pytest.approx(np.array([2, 3, 1.75, 1, 0.5]) * 1e-18, rel=1e-13)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"x": ["0 nm", "2 nm"]}, "same number of points"),
        ({"x": ["0 nm"], "value": ["1 nm^2"]}, "two at least"),
        ({"x": ["0 nm", "5 nm", "2 nm"]}, "out of order"),
        ({"x": ["0 nm", "2 nm", "2 nm"]}, "out of order"),
        ({"x": [0, 2e-9, 5e-9]}, "'5 nm'"),
        ({"x": ["0 nm", "2 nm", "nan nm"]}, "'5 nm'"),
        ({"value": ["1 nm^2", "0 nm^2", "1 nm^2"]}, "greater than zero"),
        ({"value": ["1 nm^2", "1 nm", "1 nm^2"]}, "nm^2"),
        ({"value": "1 nm^2"}, "two lists"),
        ({"y": []}, "two lists"),
    ],
)
def test_a_profile_that_is_none_is_refused(change: dict[str, object], part: str) -> None:
    assert part in message("profile", {**PROFILE, **change}, from_file=True)


def test_only_what_may_vary_may_be_a_profile() -> None:
    assert "expected a length" in message("length", PROFILE)


def test_a_record_writes_what_it_can_read() -> None:
    sample = Sample(length="5 nm", potential="floating", permittivity="water", charge=-1 / 3, profile=PROFILE)
    written = sample.model_dump(mode="json")
    assert written["length"].endswith(" m")
    assert Sample.model_validate(written, context={"from_file": True}) == sample


def test_a_record_cannot_be_changed_or_extended() -> None:
    sample = Sample()
    with pytest.raises(ValidationError, match="frozen"):
        sample.length = 2.0  # type: ignore[misc]
    with pytest.raises(ValidationError, match="not permitted"):
        Sample(lenght=2.0)  # type: ignore[call-arg]


def test_the_schema_of_a_field_says_text_with_a_unit_or_a_number() -> None:
    properties = Sample.model_json_schema()["properties"]
    assert properties["length"]["type"] == "string"
    assert properties["length"]["examples"] == ["5 nm"]
    assert "floating" in properties["potential"]["examples"]
    assert properties["partition"]["anyOf"][0] == {"type": "number", "minimum": 0}
    assert properties["partition"]["anyOf"][1]["required"] == ["x", "value"]
    assert {"const": "water"} in properties["permittivity"]["anyOf"]


def test_the_nearest_name_is_suggested_and_a_distant_one_is_not() -> None:
    assert nearest("thicknes", ["name", "thickness"]) == " (did you mean 'thickness'?)"
    assert nearest("qqq", ["name", "thickness"]) == ""
    assert nearest("name", []) == ""
