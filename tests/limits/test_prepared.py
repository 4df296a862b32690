"""A case prepared once: what it says is what `ed.solve` says, and its errors are honest."""

from __future__ import annotations

import numpy as np
import pytest

import electrodiff as ed
from electrodiff.errors import CaseError, ConvergenceError
from electrodiff.solvers.prepared import prepare
from electrodiff.solvers.prepared_spectrum import prepare_spectrum


def membrane(**changes: object) -> ed.Case:
    return ed.load_case(ed.bundled_case("clamped_membrane")).changed({"expect": [], **changes})


@pytest.mark.parametrize("left", [-0.065, "floating"])
@pytest.mark.parametrize("accuracy", [1e-5, 1e-7])
def test_prepared_scalars_are_those_of_a_strict_solve_within_their_errors(left, accuracy):
    case = membrane(**{"left.potential": left, "mesh.accuracy": accuracy})
    prepared = prepare(case)
    values, errors, scales = prepared.estimates()
    strict = ed.solve(case.replace("mesh.accuracy", 1e-10))
    exact = np.array([strict.scalars[name] for name in prepared.names])
    allowed = np.array([strict.error[name] for name in prepared.names])
    assert (errors <= accuracy * np.maximum(np.abs(values), scales)).all()
    assert (np.abs(values - exact) <= 3 * errors + allowed).all()


def test_a_second_solve_gives_the_same_bits():
    prepared = prepare(membrane(**{"left.potential": "floating"}))
    first, second = prepared.estimates(), prepared.estimates()
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


def test_fewer_nodes_are_enough_for_one_scalar_than_for_all():
    case = membrane(**{"mesh.accuracy": 1e-8})
    assert sum(prepare(case, ("current_density",)).nodes) <= sum(prepare(case).nodes)


def test_a_case_that_is_more_than_layers_of_point_ions_is_refused():
    with pytest.raises(CaseError, match=r"only uniform planar layers of point ions .* use ed\.solve"):
        prepare(ed.load_case(ed.bundled_case("resting_cell")))


def test_a_case_that_plain_newton_does_not_solve_is_told():
    """2 M of fixed charge in a slab of low permittivity with a volt across it."""
    case = membrane(**{"layers.membrane.fixed_charge": "2000 mM", "left.potential": "2 V"})
    with pytest.raises(ConvergenceError, match=r"use ed\.solve"):
        prepare(case)


# ---- spectra ------------------------------------------------------------------------------------------------------

STUDY = {"kind": "impedance", "frequencies": {"from": 1.0, "to": 1e10, "per_decade": 2}}


@pytest.mark.parametrize("left", [-0.065, "floating"])
def test_prepared_impedances_are_those_of_a_strict_solve_within_their_errors(left):
    case = membrane(**{"left.potential": left, "mesh.accuracy": 1e-6, "study": STUDY})
    impedance, error = prepare_spectrum(case).estimates()
    strict = ed.solve_impedance(case.replace("mesh.accuracy", 1e-9))
    assert (error <= 1e-6 * np.abs(impedance)).all()
    assert (np.abs(impedance - strict.impedance) <= error + strict.error).all()


def test_prepared_impedances_have_the_same_bits_again_and_with_any_number_of_threads():
    case = membrane(study=STUDY)
    spectrum = prepare_spectrum(case, threads=2)
    first = spectrum.estimates()
    for again in (spectrum.estimates(), prepare_spectrum(case, threads=1).estimates()):
        for one, other in zip(first, again, strict=True):
            np.testing.assert_array_equal(one, other)


def test_only_impedances_are_prepared_as_spectra():
    with pytest.raises(CaseError, match=r"study\.kind is 'steady'; expected 'impedance'"):
        prepare_spectrum(membrane())
    with pytest.raises(CaseError, match=r"only uniform planar layers of point ions .* use ed\.solve"):
        prepare_spectrum(ed.load_case(ed.bundled_case("impedance_blocking_cell")))
