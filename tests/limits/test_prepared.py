"""A case prepared once: what it says is what `ed.solve` says, and its errors are honest."""

from __future__ import annotations

import numpy as np
import pytest

import electrodiff as ed
from electrodiff.errors import CaseError, ConvergenceError
from electrodiff.solvers.batch.scalars import batch_names
from electrodiff.solvers.batch.solve import solve_batch
from electrodiff.solvers.batch.stacks import points_of
from electrodiff.solvers.guess import first_guess
from electrodiff.solvers.newton import solve_newton
from electrodiff.solvers.prepared import candidates, prepare
from electrodiff.solvers.prepared_spectrum import prepare_spectrum
from electrodiff.solvers.robust import CONSISTENT


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


# What the elimination has a rule of its own for: an ion that a layer keeps out, wherever it is, charges of every kind, ions
# of several valences, a given current, and voltages at which activities change by a factor of 1e10.
WATER = {"relative_permittivity": 78.5, "diffusivity": {"Na": 1.3e-9, "K": 2e-9, "Cl": 2e-9, "Ca": 8e-10}}
IONS = {"Na": {"valence": 1}, "K": {"valence": 1}, "Cl": {"valence": -1}, "Ca": {"valence": 2}}
SALTS = ({"Na": 100.0, "K": 5.0, "Cl": 109.0, "Ca": 2.0}, {"Na": 10.0, "K": 120.0, "Cl": 130.2, "Ca": 0.1})


def stack(*inner: dict[str, object], **changes: object) -> ed.Case:
    """Two baths around inner layers, which keep out what their partition does not name."""
    ends = ("left bath", 5e-9), ("right bath", 8e-9)
    first, last = ({"name": name, "thickness": thickness, **WATER} for name, thickness in ends)
    films = [
        {"thickness": 3e-9, "relative_permittivity": 6.0, **WATER, **film, "name": f"film {i}"}
        for i, film in enumerate(inner)
    ]
    left, right = ({"kind": "reservoir", "concentrations": salt, "potential": 0.0} for salt in SALTS)
    layers = (first, *films, last)
    case = ed.Case(temperature=300, ions=IONS, layers=layers, left=left, right=right, mesh={"accuracy": 1e-5})
    return case.changed(changes)


FILM = {"partition": {"Na": 0.01, "K": 0.3, "Cl": 0.02, "Ca": 0.001}}
STACKS = {
    "keeps chloride out": stack({"partition": {**FILM["partition"], "Cl": 0.0}}, **{"left.potential": 0.05}),
    "keeps one out on the left, another on the right": stack(
        {"partition": {**FILM["partition"], "Ca": 0.0}}, {"partition": {**FILM["partition"], "Cl": 0.0}}
    ),
    "calcium alone": stack({"partition": {"Na": 0.0, "K": 0.0, "Cl": 0.0, "Ca": 0.1}}, **{"left.potential": -0.03}),
    "fixed charge": stack({**FILM, "fixed_charge": 30.0, "relative_permittivity": 40.0}, **{"left.potential": 0.02}),
    "surface charges": stack(
        FILM,
        interfaces=[
            {"between": ["left bath", "film 0"], "surface_charge": 0.01},
            {"between": ["film 0", "right bath"], "surface_charge": -0.02},
        ],
    ),
    "what one layer keeps out, two others too": stack(
        *({"partition": {**FILM["partition"], "Ca": part}} for part in (0.0, 0.0)), {"partition": FILM["partition"]}
    ),
    "no chloride on the left": stack(FILM, **{"left.concentrations": {"Na": 0.0, "K": 0.0, "Cl": 0.0, "Ca": 0.0}}),
    "0.7 V": stack(FILM, **{"left.potential": 0.7}),
    "-0.7 V": stack(FILM, **{"left.potential": -0.7}),
    "0.3 V": stack(FILM, **{"left.potential": 0.3}),
    "-0.3 V": stack(FILM, **{"left.potential": -0.3}),
    "left floats": stack(FILM, **{"left.potential": "floating"}),
    "right floats, chloride kept out": stack(
        {"partition": {**FILM["partition"], "Cl": 0.0}}, **{"right.potential": "floating"}
    ),
    "a given current": stack(FILM, **{"left.potential": "floating", "left.current": 50.0}),
    "a given current on the right": stack(FILM, **{"right.potential": "floating", "right.current": -20.0}),
}


@pytest.mark.parametrize("name", STACKS)
def test_constant_fluxes_give_the_states_of_the_full_elimination(name):
    """On the same meshes; where a potential floats, it does so from the left end."""
    prepared = next(candidates(STACKS[name].replace("mesh.accuracy", 1e-10)))
    prepared.estimates()
    for problem, state in zip(prepared.problems, prepared.states(), strict=True):
        full = solve_newton(problem, first_guess(problem)).state
        full[:, -1] += state[0, -1] - full[0, -1]
        # Rounding grows with the voltage, until what the potential demands is missed by more than is let through.
        allowed = CONSISTENT if name == "0.7 V" else 1e-11
        np.testing.assert_allclose(state[:, :-1], full[:, :-1], rtol=allowed, atol=1e-11)
        np.testing.assert_allclose(state[:, -1], full[:, -1], rtol=1e-11, atol=1e-11)


# At 0.7 V five meshes of lanes are not enough.
@pytest.mark.parametrize("name", [name for name in STACKS if "0.7 V" not in name])
def test_lanes_find_what_a_strict_solve_finds(name):
    case = STACKS[name].replace("mesh.accuracy", 1e-4)
    points = points_of(case, [], np.empty((1, 0)))
    assert points is not None
    names = batch_names(case)
    lanes = solve_batch(points, names)
    assert lanes.done.all()
    strict = ed.solve(case.replace("mesh.accuracy", 1e-9))
    _, _, scales = prepare(case).estimates()
    exact = np.array([strict.scalars[name] for name in names])
    assert (np.abs(lanes.values[0] - exact) <= 1e-4 * np.maximum(np.abs(exact), scales)).all()


def test_more_ions_than_a_register_holds_are_refused():
    ions = {f"X{i}": {"valence": 1 if i % 2 else -1, "diffusivity": 1e-9} for i in range(8)}
    salt = {"kind": "reservoir", "concentrations": dict.fromkeys(ions, 10.0), "potential": 0.0}
    water = {"name": "water", "thickness": 1e-8, "relative_permittivity": 78.5}
    with pytest.raises(CaseError, match=r"8 ions; at most 7 can be prepared: use ed\.solve"):
        prepare(ed.Case(temperature=300, ions=ions, layers=(water,), left=salt, right=salt))


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
