"""What is kept with a case, what is found when it is asked for, and the order of the scalars."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import electrodiff as ed
from electrodiff.derived import once_per_case
from electrodiff.quantities import QUANTITIES
from electrodiff.solvers.steady import solve_steady


def test_what_follows_from_a_case_is_found_once_and_anew_for_another_case(case_of):
    asked = []

    @once_per_case
    def voltage(case: ed.Case) -> float:
        asked.append(case)
        return float(case.left.potential)

    case = case_of("clamped_membrane")
    assert [voltage(case), voltage(case)] == [-0.065, -0.065]
    assert voltage(case.replace("left.potential", -0.07)) == -0.07
    assert len(asked) == 2


@pytest.mark.parametrize(
    "name", ["clamped_membrane", "resting_cell", "two_channel_types", "stern_electrode", "debye_layer"]
)
def test_every_scalar_has_the_name_of_its_member(case_of, name):
    readings = solve_steady(case_of(name)).readings
    expected = {}
    for family, quantity in QUANTITIES.items():
        value = getattr(readings, family)
        expected |= {f"{family}.{member}": item for member, item in value.items()} if quantity.per else {family: value}
    assert readings.scalars() == expected
    assert list(readings.scales()) == list(expected)


def test_profiles_that_nobody_asked_for_yet_survive_a_pickle(case_of):
    solution = ed.solve(case_of("clamped_membrane"))
    copy = pickle.loads(pickle.dumps(solution))
    assert list(copy.extrapolated) == list(solution.extrapolated)
    np.testing.assert_array_equal(copy.potential, solution.potential)
    np.testing.assert_array_equal(copy.profile_error["activity"], solution.profile_error["activity"])
