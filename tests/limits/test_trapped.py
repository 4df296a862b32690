"""Ions behind barriers and in deep pockets, where one part in 1e30 of everything decides: exact answers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from references_tools import (
    BATH_LENGTHS,
    FARADAY,
    ROOM,
    VACUUM,
    WATER,
    debye_length,
    grahame_charge,
    layer,
    reservoir,
    root,
    thermal_voltage,
)

import electrodiff as ed

VT = thermal_voltage(ROOM)
TINY = 1e-30
Long = np.longdouble


def stack(
    layers: list[dict[str, object]], ions: dict[str, object], left: object, right: object, **keys: object
) -> ed.Case:
    return ed.Case(**{"temperature": ROOM, "ions": ions, "layers": layers, "left": left, "right": right, **keys})


def weighted_means(ends: tuple[float, float], resistances: list[np.longdouble]) -> list[float]:
    """The values at the joints of resistors in series between two ends: all terms positive, in 80 bits."""
    before = np.concatenate([[Long(0)], np.cumsum(np.array(resistances, dtype=Long))])
    total = before[-1]
    return [float((Long(ends[0]) * (total - r) + Long(ends[1]) * r) / total) for r in before]


# ---- a pocket between two barriers, in a known potential ----------------------------------------------------------

# Thickness [m], partition in units of TINY in the barriers, diffusivity [m^2/s] of each layer.
POCKET = [(4e-9, 1.0, 2e-9), (3e-9, TINY, 1e-11), (5e-9, 1.0, 1e-9), (2e-9, 7 * TINY, 3e-11), (6e-9, 1.0, 2e-9)]
NAMES = ["left", "first barrier", "pocket", "second barrier", "right"]


def barriers(ions: dict[str, object], left: object, right: object, **keys: object) -> ed.Case:
    """Every ion has the partitions and the diffusivities of POCKET."""
    layers = [
        layer(name, d, partition=dict.fromkeys(ions, beta), diffusivity=dict.fromkeys(ions, D))
        for name, (d, beta, D) in zip(NAMES, POCKET, strict=True)
    ]
    return stack(layers, ions, left, right, **keys)


@pytest.mark.parametrize("right", [50.0, 3.0, 0.0])
def test_an_uncharged_solute_in_a_pocket_has_the_mean_of_the_ends_weighted_by_resistances(right):
    """a at every interface, and the flux, to round-off; the drop over the pocket is 1e-31 of it."""
    sugar = {"sugar": {"valence": 0, "diffusivity": 5e-10}}
    solution = ed.solve(barriers(sugar, reservoir({"sugar": 50.0}), reservoir({"sugar": right})))
    resistances = [Long(d) / (Long(beta) * Long(D)) for d, beta, D in POCKET]
    expected = weighted_means((50.0, right), resistances)
    found = [solution.activity[0, entries.start] for entries in solution.layer_entries]
    assert found == pytest.approx(expected[:-1], rel=1e-12)
    pocket = solution.activity[0, solution.layer_entries[2]]
    np.testing.assert_allclose(pocket, expected[2], rtol=1e-12)
    flux = float((50.0 - right) / sum(resistances))
    assert solution.flux["sugar"] == pytest.approx(flux, rel=1e-12, abs=1e-12 * TINY)


def boltzmann_resistances(valence: int, potentials: list[float]) -> list[np.longdouble]:
    """Integral of e^(z phi) dx / (D beta) over every layer, phi [RT/F] linear between its values at the boundaries."""
    resistances = []
    for (d, beta, D), start, stop in zip(POCKET, potentials[:-1], potentials[1:], strict=True):
        rise = Long(valence) * (Long(stop) - Long(start))
        mean = np.expm1(rise) / rise if rise != 0 else Long(1)
        resistances.append(Long(d) / (Long(beta) * Long(D)) * np.exp(Long(valence) * Long(start)) * mean)
    return resistances


@pytest.mark.parametrize("voltage", [0.0, 0.15, -0.6])
@pytest.mark.parametrize("right", [1e-26, 2e-28])
def test_traces_of_charge_in_a_pocket_have_the_weighted_mean_of_their_electrochemical_activities(voltage, right):
    """So dilute that the field is that of the dielectric, even where Ca gathers e^46-fold at -0.6 V."""
    ions = {"K": {}, "Cl": {}, "Ca": {}}
    ends = [{"K": c, "Cl": 3 * c, "Ca": c} for c in (1e-26, right)]
    solution = ed.solve(barriers(ions, reservoir(ends[0], voltage), reservoir(ends[1])))
    total = sum(d for d, _, _ in POCKET)
    places = np.cumsum([0.0, *(d for d, _, _ in POCKET)])
    potentials = [voltage / VT * (1 - place / total) for place in places]
    for i, (ion, z) in enumerate({"K": 1, "Cl": -1, "Ca": 2}.items()):
        w = (ends[0][ion] * math.exp(z * voltage / VT), ends[1][ion])
        resistances = boltzmann_resistances(z, potentials)
        expected = weighted_means(w, resistances)
        for index, entries in enumerate(solution.layer_entries):
            # At the finest mesh's own node, without extrapolation: the scheme is exact in a uniform field.
            found = solution.readings.activity[i, entries.start] * math.exp(z * potentials[index])
            assert found == pytest.approx(expected[index], rel=1e-11)
        flux = float((w[0] - w[1]) / sum(resistances))
        assert solution.flux[ion] == pytest.approx(flux, rel=1e-11, abs=1e-11 * float(w[0] / sum(resistances)))


def test_ions_at_rest_on_both_sides_of_barriers_are_at_rest_in_the_pocket():
    salt = {"K": 100.0, "Cl": 120.0, "Ca": 10.0}
    solution = ed.solve(barriers({ion: {} for ion in salt}, reservoir(salt), reservoir(salt)))
    np.testing.assert_allclose(
        solution.activity, np.array([[c] for c in salt.values()]) * np.ones(solution.x.size), rtol=1e-9
    )
    assert np.abs(solution.potential).max() < 1e-12


# ---- deep electrostatic pockets -----------------------------------------------------------------------------------

# -3000 mM and a salt of which it takes 10 RT/F: a trivalent anion is excluded by e^-30.
CHARGE = -3000.0
OUTER = {"K": 0.3, "A": 0.1}
TRIVALENT = {"K": {}, "A": {"valence": -3, "diffusivity": 5e-10}}


def electrostatic(films: int, left: float = 0.0, scale: float = 1.0, thickness: float = 4e-9) -> ed.Case:
    """Films of strong fixed charge in baths, thin slabs of water around them; the baths' salts differ by `scale`."""
    length = math.sqrt(WATER * VACUUM * VT / (FARADAY * sum(z * z * c for z, c in ((1, 0.3), (3, 0.1)))))
    layers = [layer("left bath", 12 * length)]
    for number in range(films):
        layers += [layer(f"film {number}", thickness, fixed_charge=CHARGE), layer(f"slab {number}", 1e-9)]
    layers.append(layer("right bath", 12 * length))
    other = {ion: c * scale for ion, c in OUTER.items()}
    return stack(layers, TRIVALENT, reservoir(OUTER, left), reservoir(other))


def closed_form(solution: ed.Solution) -> np.ndarray:
    """(N, n) a e^(z phi) on the nodes of the finest mesh, in 80 bits, from its potential and its faces alone.

    w(k) = [w(left) R(k ... right) + w(right) R(left ... k)] / R,    r = e^(z phi(left)) / (G B(u))
    """
    chain, state = solution.problem.chain, solution.state.astype(Long)
    phi = state[:, -1]
    result = np.empty((phi.size, len(chain.valence)), dtype=Long)
    for i, z in enumerate(chain.valence):
        u = Long(z) * np.diff(phi)
        bernoulli = np.where(np.abs(u) < 1e-9, 1 - u / 2, u / np.expm1(np.where(np.abs(u) < 1e-9, 1, u)))
        r = np.exp(Long(z) * phi[:-1]) / (chain.conductance[:, i].astype(Long) * bernoulli)
        from_left = np.concatenate([[Long(0)], np.cumsum(r)])
        from_right = np.concatenate([np.cumsum(r[::-1])[::-1], [Long(0)]])
        first, last = (state[k, i] * np.exp(Long(z) * phi[k]) for k in (0, -1))
        result[:, i] = (first * from_right + last * from_left) / from_left[-1]
    return result


def poisson_residual(solution: ed.Solution) -> np.ndarray:
    """(N - 2,) of the inner nodes, relative to the sum of the sizes of its terms; 80 bits."""
    chain, state = solution.problem.chain, solution.state.astype(Long)
    phi, z = state[:, -1], np.array(chain.valence, dtype=Long)
    flow = -chain.permittivity.astype(Long) * np.diff(phi)
    terms = [np.abs(flow[1:]) + np.abs(flow[:-1])]
    total = np.diff(flow)
    for volume, side in ((chain.volume_left[1:], slice(1, None)), (chain.volume_right[:-1], slice(0, -1))):
        fixed = volume * chain.fixed_charge[side]
        mobile = volume[:, None] * chain.partition[side] * state[1:-1, :-1] * z
        total = total - fixed - mobile.sum(axis=1)
        terms += [np.abs(fixed), np.abs(mobile).sum(axis=1)]
    return np.asarray(np.abs(total - chain.surface_charge[1:-1]) / np.sum(terms, axis=0), dtype=float)


@pytest.mark.parametrize("films", [1, 2])
@pytest.mark.parametrize("left", [0.0, 0.1, -0.4])
@pytest.mark.parametrize("scale", [1.0, 0.05])
def test_co_ions_excluded_by_thirty_units_cross_as_the_closed_form_says(films, left, scale):
    """1e-9 of each a~, of the counter-ion and of the co-ion; Poisson's equation and the fluxes besides."""
    solution = ed.solve(electrostatic(films, left, scale))
    phi = solution.state[:, -1]
    w = closed_form(solution)
    found = solution.state[:, :-1].astype(Long) * np.exp(np.outer(phi.astype(Long), solution.problem.chain.valence))
    np.testing.assert_allclose((found / w).astype(float), 1.0, rtol=1e-9)
    assert poisson_residual(solution).max() < 1e-9
    in_film = solution.layer_entries[1]
    middle = (in_film.start + in_film.stop) // 2
    assert solution.concentration[1, middle] < math.exp(-20) * OUTER["A"]


def test_a_changed_activity_in_the_depth_of_a_film_is_seen_by_the_closed_form():
    solution = ed.solve(electrostatic(1, 0.1, 0.05))
    state = solution.state.copy()
    k = int(np.argmin(state[:, 1]))
    state[k, 1] *= 1 + 1e-8
    w, found = closed_form(solution)[k, 1], state[k, 1] * np.exp(-3 * Long(state[k, -1]))
    assert abs(float(found / w) - 1) > 5e-9


def test_co_ions_are_excluded_by_the_third_power_of_what_draws_the_counter_ions():
    """At rest c_A / c_A0 = (c_K0 / c_K)^3 everywhere; in the middle of a thick film c_K = -X - 3 c_A."""
    solution = ed.solve(electrostatic(1, thickness=16e-9))
    reading = solution.readings
    k, a = reading.concentration
    np.testing.assert_allclose(np.log(a / OUTER["A"]), -3 * np.log(k / OUTER["K"]), atol=1e-9)
    middle = (solution.layer_entries[1].start + solution.layer_entries[1].stop) // 2
    assert reading.potential[middle] == pytest.approx(-VT * math.log(-CHARGE / OUTER["K"]), abs=1e-6)
    assert a[middle] == pytest.approx(OUTER["A"] * (OUTER["K"] / -CHARGE) ** 3, rel=1e-4)


# ---- a floating potential behind barriers -------------------------------------------------------------------------

INSIDE = {"K": 140.0, "Na": 12.0, "Cl": 152.0}
OUTSIDE = {"K": 4.0, "Na": 148.0, "Cl": 152.0}
WEIGHT = {"K": 1.0, "Na": 0.04, "Cl": 0.45}


def membrane(beta: float, **left: object) -> ed.Case:
    """A membrane of which the ions see barriers in the ratio of WEIGHT, between baths of one ionic strength."""
    bath = BATH_LENGTHS * debye_length(INSIDE)
    slab = layer(
        "membrane",
        5e-9,
        2.0,
        partition={ion: beta * weight for ion, weight in WEIGHT.items()},
        diffusivity=dict.fromkeys(WEIGHT, 1e-11),
    )
    ions = {ion: {} for ion in WEIGHT}
    return stack(
        [layer("inside", bath), slab, layer("outside", bath)],
        ions,
        reservoir(INSIDE, **left),
        reservoir(OUTSIDE),
        mesh={"accuracy": 1e-9},
    )


def faces(voltage: float) -> float:
    """y [RT/F] of the right face over its bath, and of the left bath over its face: V = 2 y + d sigma(y) / eps."""
    per_charge = 5e-9 / (2.0 * VACUUM)
    return root(lambda y: voltage / VT - 2 * y - grahame_charge(y, INSIDE) * per_charge / VT, -20.0, 20.0)


@pytest.mark.parametrize("beta", [1e-12, 1e-20, TINY])
def test_resting_potential_behind_barriers_is_that_of_goldman_hodgkin_and_katz(beta):
    """Equal ionic strengths make equal Debye layers, and without ions the field in the membrane is constant: 1e-9."""
    solution = ed.solve(membrane(beta, potential="floating"))
    out = WEIGHT["K"] * 4.0 + WEIGHT["Na"] * 148.0 + WEIGHT["Cl"] * 152.0
    inside = WEIGHT["K"] * 140.0 + WEIGHT["Na"] * 12.0 + WEIGHT["Cl"] * 152.0
    assert solution.membrane_potential == pytest.approx(VT * math.log(out / inside), abs=1e-9 * VT)
    scale = solution.readings.scales()["current_density"]
    assert abs(solution.current_density) < 1e-9 * scale


def test_only_ion_behind_a_barrier_sets_its_nernst_potential_across_a_pocket():
    """K alone passes two barriers of 1e-30; the pocket between them has an anion of its own."""
    ions = {"K": {}, "Cl": {}, "A": {"valence": -1, "diffusivity": 5e-10}}
    wall = {"partition": {"K": TINY, "Cl": 0.0, "A": 0.0}}
    layers = [
        layer("left", 10e-9),
        layer("first", 4e-9, 2.0, **wall),
        layer("pocket", 10e-9, initial={"A": 80.0, "Cl": 0.0}),
        layer("second", 4e-9, 2.0, **wall),
        layer("right", 10e-9),
    ]
    ends = reservoir({"K": 140.0, "Cl": 140.0}, "floating"), reservoir({"K": 5.0, "Cl": 5.0})
    solution = ed.solve(stack(layers, ions, *ends))
    assert solution.membrane_potential == pytest.approx(VT * math.log(5 / 140), abs=1e-9 * VT)
    # K is at rest, so a e^phi is that of either bath in the pocket too.
    entries = solution.layer_entries[2]
    reading = solution.readings
    w = np.log(reading.activity[0, entries]) + reading.potential[entries] / VT
    np.testing.assert_allclose(w, math.log(5.0), atol=1e-8)


# ---- fluxes through barriers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("voltage", [-0.065, 0.12, -0.3])
@pytest.mark.parametrize("beta", [1e-12, TINY])
def test_fluxes_through_barriers_are_those_of_goldman_between_charged_faces(beta, voltage):
    """1e-9 of the larger unidirectional flux, at a request of 1e-10.

    J = P [w_left - w_right] / mean of e^(z phi),    phi linear between the faces
    """
    solution = ed.solve(membrane(beta, potential=voltage).changed({"mesh.accuracy": 1e-10}))
    y = faces(voltage)
    start, stop = voltage / VT - y, y
    for ion, z in {"K": 1, "Na": 1, "Cl": -1}.items():
        mean = math.exp(z * stop) * math.expm1(z * (start - stop)) / (z * (start - stop))
        ways = [c * math.exp(z * level) for c, level in ((INSIDE[ion], voltage / VT), (OUTSIDE[ion], 0.0))]
        permeability = WEIGHT[ion] * beta * 1e-11 / 5e-9
        expected = permeability * (ways[0] - ways[1]) / mean
        # beta = 1e-12 leaves a charge of 1e-13 of the baths' in the membrane.
        assert solution.flux[ion] == pytest.approx(expected, rel=1e-9, abs=1e-9 * permeability * max(ways) / mean)


def test_flux_is_proportional_to_the_partition_of_a_barrier():
    fluxes = [ed.solve(membrane(beta, potential=-0.065)).flux["K"] / beta for beta in (1e-14, 1e-20, TINY)]
    assert fluxes == pytest.approx([fluxes[-1]] * 3, rel=1e-11)
