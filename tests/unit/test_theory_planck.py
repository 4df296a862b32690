"""Planck's junction for any ions: closed forms, independent integration, conservation, and GHK as its limit."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_bvp, solve_ivp
from scipy.linalg import expm

from electrodiff.errors import CaseError, ConvergenceError
from electrodiff.theory import (
    _planck,
    ghk_flux,
    ghk_voltage,
    henderson_potential,
    lewis_sargent_potential,
    planck_layer,
    planck_monovalent_flux,
    planck_monovalent_potential,
    planck_potential,
    planck_single_salt_potential,
)

GAS_CONSTANT, FARADAY = 8.31446261815324, 96485.33212331  # SI 2019
KELVIN = 298.15
THERMAL = GAS_CONSTANT * KELVIN / FARADAY

VALENCE = {"H": 1, "K": 1, "Na": 1, "Ca": 2, "Mg": 2, "La": 3, "Cl": -1, "SO4": -2, "PO4": -3}
D = {
    "H": 9.311e-9,
    "K": 1.957e-9,
    "Na": 1.334e-9,
    "Ca": 0.792e-9,
    "Mg": 0.706e-9,
    "La": 0.619e-9,
    "Cl": 2.032e-9,
    "SO4": 1.065e-9,
    "PO4": 0.824e-9,
}
# Baths left and right [mol/m^3]: ions absent on one side, three to five valences, a jump of 1e4 in the total.
MIXTURES = {
    "divalent": ({"Na": 100.0, "Cl": 100.0}, {"Mg": 100.0, "Cl": 200.0}),
    "five": (
        {"K": 140.0, "Na": 10.0, "Mg": 1.0, "SO4": 20.0, "Cl": 112.0},
        {"Na": 145.0, "K": 4.0, "Ca": 2.0, "Cl": 151.0, "SO4": 1.0},
    ),
    "trivalent": ({"La": 5.0, "K": 3.0, "SO4": 9.0}, {"Na": 60.0, "K": 30.0, "PO4": 20.0, "SO4": 15.0}),
    "jump": ({"Ca": 0.003, "Na": 0.004, "Cl": 0.01}, {"Ca": 40.0, "K": 20.0, "Cl": 80.0, "SO4": 10.0}),
}


def tables(mixture: str) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Names, valences, diffusivities, and both baths of a mixture, in the order of the results."""
    left, right = MIXTURES[mixture]
    ions = list(dict.fromkeys([*left, *right]))
    columns = ([table.get(ion, 0.0) for ion in ions] for table in (VALENCE, D, left, right))
    return ions, *(np.array(column, dtype=float) for column in columns)


def junction(mixture: str, voltage: float | None = None, thickness: float = 1e-6, partition: float = 1.0):
    """The layer of a mixture."""
    return planck_layer(VALENCE, D, *MIXTURES[mixture], KELVIN, thickness, voltage, partition)


def slopes(z: np.ndarray, g: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Nernst-Planck without charge: (dc/dx, dphi/dx) for g = J d / D; phi' = -sum z g / sum z^2 c by sum z c = 0."""
    field = -(z @ g) / (z**2 @ c)
    return np.vstack([-z[:, None] * c * field - g[:, None], field])


@pytest.mark.parametrize("mixture", MIXTURES)
@pytest.mark.parametrize("voltage", [None, -0.06, 0.0, 0.04])
def test_fluxes_lead_from_one_bath_to_the_other(mixture: str, voltage: float | None) -> None:
    """The fluxes put into an ordinary integrator from the left give the right bath, the voltage and the profiles."""
    ions, z, diffusivity, left, right = tables(mixture)
    layer = junction(mixture, voltage)
    assert list(layer.ions) == ions
    g = layer.fluxes * layer.thickness / diffusivity
    scale = max(left.sum(), right.sum())
    path = solve_ivp(
        lambda _, state: slopes(z, g, state[:-1, None])[:, 0],
        (0.0, 1.0),
        [*left, 0.0],
        method="DOP853",
        rtol=1e-13,
        atol=1e-18,
        dense_output=True,
    )
    # The integrator's 1e-13 a step grows by exp(z v), up to e^9 = 1e4 in the mixture with the jump.
    assert path.y[:-1, -1] == pytest.approx(right, rel=1e-8, abs=1e-10 * scale)
    assert -THERMAL * path.y[-1, -1] == pytest.approx(layer.voltage, rel=1e-8, abs=1e-10)
    x = np.linspace(0.0, 1.0, 23)
    profiles = layer.profiles(x * layer.thickness)
    # The dense output is an order below the steps: 1e-8.
    assert profiles.concentrations == pytest.approx(path.sol(x)[:-1], rel=1e-7, abs=1e-8 * scale)
    assert profiles.potential == pytest.approx(layer.voltage + -THERMAL * -path.sol(x)[-1], rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("mixture", ["divalent", "five", "trivalent"])
@pytest.mark.parametrize("voltage", [None, 0.02])
def test_voltage_and_fluxes_are_those_of_a_collocation_solver(mixture: str, voltage: float | None) -> None:
    """The same boundary-value problem by scipy's solve_bvp, from a guess that knows nothing of the result."""
    _, z, diffusivity, left, right = tables(mixture)

    def residual(start: np.ndarray, stop: np.ndarray, g: np.ndarray) -> np.ndarray:
        # One concentration on the right follows from neutrality; its condition gives way to the last one.
        last = (z * diffusivity / D["K"]) @ g if voltage is None else stop[-1] + voltage / THERMAL
        return np.array([*(start[:-1] - left), *(stop[:-2] - right[:-1]), start[-1], last])

    x = np.linspace(0.0, 1.0, 41)
    line = left[:, None] + (right - left)[:, None] * x
    found = solve_bvp(
        lambda _, state, g: slopes(z, g, state[:-1]),
        residual,
        x,
        np.vstack([line, 0.0 * x]),
        p=left - right,
        tol=1e-9,
        max_nodes=20_000,
    )
    assert found.success, found.message
    layer = junction(mixture, voltage)
    g = layer.fluxes * layer.thickness / diffusivity
    # tol is the relative residual of the slopes; the solution is a fourth-order one, and better.
    assert g == pytest.approx(found.p, rel=1e-8, abs=1e-8 * np.max(np.abs(found.p)))
    assert layer.voltage == pytest.approx(-THERMAL * found.y[-1, -1], rel=1e-8, abs=1e-10)


# Relative mobilities of B. Ng, P. H. Barry, J. Neurosci. Methods 56 (1995) 37, u in units of that of K, at 20 degC;
# u is proportional to D, so D = u * 1.957e-9 m^2/s.  Their table gives phi(right) - phi(left), printed to 0.1 mV.
NG_BARRY_D = {
    ion: 1.957e-9 * u
    for ion, u in {"K": 1.0, "Na": 0.682, "Cs": 1.05, "Li": 0.525, "Mg": 0.361, "Ca": 0.4048, "Cl": 1.0388}.items()
}
NG_BARRY_VALENCE = {"K": 1, "Na": 1, "Cs": 1, "Li": 1, "Mg": 2, "Ca": 2, "Cl": -1}
NG_BARRY = [
    ({"Na": 50.0, "Cl": 50.0}, {"K": 50.0, "Cl": 50.0}, -4.3, 0.05),
    ({"Na": 150.0, "Cl": 150.0}, {"K": 150.0, "Cl": 150.0}, -4.3, 0.05),
    ({"Na": 50.0, "Cl": 50.0}, {"Cs": 50.0, "Cl": 50.0}, -4.9, 0.05),
    ({"Na": 100.0, "Cl": 100.0}, {"Mg": 100.0, "Cl": 200.0}, 10.0, 0.15),
    ({"Ca": 100.0, "Cl": 200.0}, {"Mg": 100.0, "Cl": 200.0}, 0.6, 0.05),
    ({"K": 100.0, "Ca": 2.0, "Cl": 104.0}, {"Li": 100.0, "Ca": 2.0, "Cl": 104.0}, 6.4, 0.05),
    ({"Ca": 50.0, "Mg": 50.0, "Cl": 200.0}, {"Li": 100.0, "Cl": 100.0}, -8.2, 0.15),
]


@pytest.mark.parametrize(("left", "right", "millivolts", "planck_within"), NG_BARRY)
def test_junctions_of_ng_and_barry(left: dict, right: dict, millivolts: float, planck_within: float) -> None:
    """Their values are Henderson's at 20 degC, to the digits printed (0.05 mV).

    Planck's are the same where both sides have equal concentrations of each valence; the two junctions of unequal
    total concentration differ, by less than 0.1 mV beyond the rounding.
    """
    args = (NG_BARRY_VALENCE, NG_BARRY_D, left, right, 293.15)
    assert -1e3 * henderson_potential(*args) == pytest.approx(millivolts, abs=0.05)
    assert -1e3 * planck_potential(*args) == pytest.approx(millivolts, abs=planck_within)


concentrations = st.floats(1e-3, 1e3)
diffusivities = st.floats(1e-11, 1e-8)
volts = st.floats(-1.0, 1.0)
# The first call imports parts of scipy.
patient = settings(deadline=None, max_examples=50)


@patient
@given(concentrations, concentrations, concentrations, concentrations, diffusivities)
def test_monovalent_potential_is_the_root_of_plancks_equation(
    potassium: float, sodium: float, left: float, right: float, slow: float
) -> None:
    """(xi U_R - U_L) / (V_R - xi V_L) = [ln r - ln xi] / [ln r + ln xi] (xi N_R - N_L) / (N_R - xi N_L), r = N_R / N_L.

    Multiplied out, each side is a difference of like terms near a root: compared with the largest of them.
    """
    bath_left, bath_right = {"K": potassium, "Na": left}, {"K": right, "Na": sodium}
    mobilities = {"K": 1.957e-9, "Na": slow, "Cl": 2.032e-9}
    for bath in (bath_left, bath_right):
        bath["Cl"] = bath["K"] + bath["Na"]
    args = ({"K": 1, "Na": 1, "Cl": -1}, mobilities, bath_left, bath_right, KELVIN)
    potential = planck_monovalent_potential(*args)
    ln_xi, ln_r = -potential / THERMAL, math.log(bath_right["Cl"] / bath_left["Cl"])
    xi = math.exp(ln_xi)
    U_L, U_R = (sum(mobilities[ion] * bath[ion] for ion in ("K", "Na")) for bath in (bath_left, bath_right))
    V_L, V_R = (mobilities["Cl"] * bath["Cl"] for bath in (bath_left, bath_right))
    N_L, N_R = 2.0 * bath_left["Cl"], 2.0 * bath_right["Cl"]
    one = (xi * U_R - U_L) * (ln_r + ln_xi) * (N_R - xi * N_L)
    other = (V_R - xi * V_L) * (ln_r - ln_xi) * (xi * N_R - N_L)
    largest = (xi * U_R + U_L + V_R + xi * V_L) * (abs(ln_r) + abs(ln_xi)) * (1.0 + xi) * (N_R + N_L)
    assert one == pytest.approx(other, abs=1e-13 * largest)
    # Newton's method on the general problem: 1e-12 of the larger of R T / F and V.
    assert planck_potential(*args) == pytest.approx(potential, rel=1e-11, abs=1e-13)


@patient
@given(concentrations, concentrations, volts, diffusivities)
def test_fluxes_of_monovalent_ions_are_the_closed_form(left: float, right: float, voltage: float, slow: float) -> None:
    D_of = {"K": 1.957e-9, "Na": slow, "Cl": 2.032e-9}
    bath_left, bath_right = {"K": left, "Na": 5.0, "Cl": left + 5.0}, {"K": 3.0, "Na": right, "Cl": right + 3.0}
    layer = planck_layer({"K": 1, "Na": 1, "Cl": -1}, D_of, bath_left, bath_right, KELVIN, 1e-8, voltage)
    totals = 2.0 * bath_left["Cl"], 2.0 * bath_right["Cl"]
    for ion, z, flux in zip(layer.ions, (1, 1, -1), layer.fluxes, strict=True):
        closed = planck_monovalent_flux(D_of[ion], z, bath_left[ion], bath_right[ion], *totals, 1e-8, voltage, KELVIN)
        # The flux is a difference: what is lost of its larger part, D (1 + |u|) c / d, is 1e-12 of Newton's method.
        u = abs(voltage) / THERMAL + abs(math.log(totals[1] / totals[0]))
        part = D_of[ion] / 1e-8 * (1.0 + u) * max(bath_left[ion] + bath_right[ion], min(totals))
        assert flux == pytest.approx(closed, rel=1e-9, abs=1e-11 * part)


@patient
@given(diffusivities, diffusivities, diffusivities, st.sampled_from([(1, -1), (2, -1), (1, -2), (-1, 1), (-2, 3)]))
def test_lewis_and_sargent_is_exact_for_planck_and_henderson(
    D_left: float, D_right: float, D_common: float, valences: tuple[int, int]
) -> None:
    z, z_common = valences
    c, common = 100.0 * abs(z_common), 100.0 * abs(z)
    args = ([z, z, z_common], [D_left, D_right, D_common], [c, 0.0, common], [0.0, c, common], KELVIN)
    expected = lewis_sargent_potential(D_left, D_right, D_common, KELVIN, z, z_common)
    assert henderson_potential(*args) == pytest.approx(expected, rel=1e-12, abs=1e-16)
    assert planck_potential(*args) == pytest.approx(expected, rel=1e-11, abs=1e-13)


@pytest.mark.parametrize("jump", [1e-4, 0.1, 1.0, 1e4, 1e8])
def test_one_salt_has_its_diffusion_potential(jump: float) -> None:
    symmetric = planck_potential([2, -2], [1e-9, 3e-9], [1.0, 1.0], [jump, jump], KELVIN)
    expected = planck_single_salt_potential(1e-9, 3e-9, 1.0, jump, KELVIN, 2)
    assert symmetric == pytest.approx(expected, rel=1e-11, abs=1e-15)
    # nu+ : nu- = 1 : 2; phi' = -(D+ - D-) / (z+ D+ + |z-| D-) (ln c)', from z+ J+ = |z-| J-.
    potential = planck_potential([2, -1], [1e-9, 3e-9], [1.0, 2.0], [jump, 2.0 * jump], KELVIN)
    assert potential == pytest.approx(THERMAL * (1.0 - 3.0) / (2.0 + 3.0) * math.log(jump), rel=1e-11, abs=1e-15)


@pytest.mark.parametrize("voltage", [-1.0, -0.1, 0.0, 0.02, 1.0])
@pytest.mark.parametrize("partition", [1.0, 1e-2])
def test_field_is_constant_and_ghk_holds_where_each_valence_has_the_same_concentration(
    voltage: float, partition: float
) -> None:
    """sum z^2 c is the same all through the layer; P = beta D / d."""
    left = {"K": 140.0, "Na": 10.0, "Ca": 0.1, "Mg": 2.9, "Cl": 156.0}
    right = {"K": 5.0, "Na": 145.0, "Ca": 3.0, "Mg": 0.0, "Cl": 156.0}
    d = 5e-9
    layer = planck_layer(VALENCE, D, left, right, KELVIN, d, voltage, partition)
    expected = [ghk_flux(partition * D[ion] / d, VALENCE[ion], left[ion], right[ion], voltage, KELVIN) for ion in left]
    largest = max(map(abs, expected))
    assert layer.fluxes == pytest.approx(expected, rel=1e-11, abs=1e-12 * largest)
    assert layer.current_density == pytest.approx(FARADAY * np.dot([1, 1, 2, 2, -1], expected), rel=1e-10)
    x = np.linspace(0.0, d, 7)
    assert layer.profiles(x).potential == pytest.approx(voltage * (1.0 - x / d), rel=1e-11, abs=1e-12)


def test_potential_without_current_is_that_of_the_ghk_voltage_equation_at_equal_totals() -> None:
    left, right = {"K": 140.0, "Na": 10.0, "Cl": 150.0}, {"K": 5.0, "Na": 145.0, "Cl": 150.0}
    expected = ghk_voltage({ion: D[ion] for ion in left}, VALENCE, left, right, KELVIN)
    assert planck_potential(VALENCE, D, left, right, KELVIN) == pytest.approx(expected, rel=1e-11)


def test_unequal_totals_of_divalent_ions_bend_the_field_even_at_equal_total_concentration() -> None:
    """CaCl2 and NaCl of equal totals: sum z^2 c is 2 : 1.5 over the same N, so GHK does not hold."""
    left, right = {"Na": 150.0, "Cl": 150.0}, {"Ca": 100.0, "Cl": 200.0}
    planck = planck_layer(VALENCE, D, left, right, KELVIN, 1e-8, -0.05)
    ghk = [
        ghk_flux(D[ion] / 1e-8, VALENCE[ion], left.get(ion, 0), right.get(ion, 0), -0.05, KELVIN) for ion in planck.ions
    ]
    assert not np.allclose(planck.fluxes, ghk, rtol=0.01)


@pytest.mark.parametrize("mixture", MIXTURES)
@pytest.mark.parametrize("voltage", [None, -1.0, 0.0, 0.3])
def test_profiles_join_the_baths_and_are_neutral_with_a_linear_total(mixture: str, voltage: float | None) -> None:
    _, z, diffusivity, left, right = tables(mixture)
    layer = junction(mixture, voltage, partition=0.5)
    x = np.linspace(0.0, 1.0, 101)
    c = layer.profiles(x * layer.thickness).concentrations
    scale = left.sum() + right.sum()
    # 1e-12 of Newton's method, relative to the total at each place.
    total = 0.5 * (left.sum() + (right - left).sum() * x)
    assert c[:, 0] == pytest.approx(0.5 * left, rel=1e-10, abs=1e-12 * left.sum())
    assert c[:, -1] == pytest.approx(0.5 * right, rel=1e-10, abs=1e-12 * right.sum())
    assert c.sum(axis=0) == pytest.approx(total, rel=1e-10)
    assert np.max(np.abs(z @ c) / total) < 1e-10
    assert np.all(c >= 0.0)
    # The sum of the flux equations: sum J d / D = N_left - N_right.
    assert np.sum(layer.fluxes * layer.thickness / diffusivity) == pytest.approx(
        0.5 * (left - right).sum(), abs=1e-10 * scale
    )
    potential = layer.profiles(x * layer.thickness).potential
    assert potential[[0, -1]] == pytest.approx([layer.voltage, 0.0], abs=1e-11)
    assert np.all(np.diff(potential) * np.sign(layer.voltage) <= 0.0)


def test_profiles_take_one_position_and_refuse_those_outside() -> None:
    layer = junction("five")
    one, many = layer.profiles(0.3e-6), layer.profiles(np.array([[0.3e-6], [1e-6]]))
    assert (one.potential.shape, one.concentrations.shape) == ((), (6,))
    assert (many.potential.shape, many.concentrations.shape) == ((2, 1), (6, 2, 1))
    assert many.concentrations[:, 0, 0] == pytest.approx(one.concentrations, rel=1e-13)
    for outside in (-1e-9, 1.01e-6, math.nan):
        with pytest.raises(CaseError, match="expected values from 0 to the thickness"):
            layer.profiles(outside)


@pytest.mark.parametrize("mixture", MIXTURES)
def test_swapped_baths_turn_everything_round(mixture: str) -> None:
    left, right = MIXTURES[mixture]
    there = planck_layer(VALENCE, D, left, right, KELVIN, 1e-6)
    back = planck_layer(VALENCE, D, right, left, KELVIN, 1e-6)
    assert back.voltage == pytest.approx(-there.voltage, rel=1e-10)
    returned = dict(zip(back.ions, back.fluxes, strict=True))
    assert [-returned[ion] for ion in there.ions] == pytest.approx(
        list(there.fluxes), rel=1e-10, abs=1e-12 * np.max(np.abs(there.fluxes))
    )


@pytest.mark.parametrize("mixture", MIXTURES)
def test_no_current_flows_at_the_junction_potential_and_a_voltage_across_it_drives_one(mixture: str) -> None:
    _, z, *_ = tables(mixture)
    layer = junction(mixture)
    gross = FARADAY * np.sum(np.abs(z * layer.fluxes))
    assert layer.current_density == pytest.approx(0.0, abs=1e-11 * gross)
    same = junction(mixture, layer.voltage)
    assert same.fluxes == pytest.approx(layer.fluxes, rel=1e-9, abs=1e-11 * np.max(np.abs(layer.fluxes)))
    assert junction(mixture, layer.voltage + 1e-3).current_density > 0.0
    assert junction(mixture, layer.voltage - 1e-3).current_density < 0.0


def test_equal_baths_obey_ohm_at_any_voltage() -> None:
    bath = {"Ca": 20.0, "Na": 100.0, "Cl": 100.0, "SO4": 20.0}
    for voltage in (-10.0, 1e-6, 0.05, 10.0):
        layer = planck_layer(VALENCE, D, bath, bath, KELVIN, 1e-7, voltage)
        expected = [VALENCE[ion] * D[ion] * c * voltage / THERMAL / 1e-7 for ion, c in bath.items()]
        assert layer.fluxes == pytest.approx(expected, rel=1e-11)
    assert planck_potential(VALENCE, D, bath, bath, KELVIN) == pytest.approx(0.0, abs=1e-15)


def test_trace_ions_and_ions_that_are_nowhere_keep_their_digits() -> None:
    """A trace of H in a constant field has its own GHK flux; lithium, absent from both baths, has none."""
    left = {"K": 100.0, "H": 1e-9, "Cl": 100.0 + 1e-9, "Li": 0.0}
    right = {"K": 100.0, "H": 5e-9, "Cl": 100.0 + 5e-9, "Li": 0.0}
    layer = planck_layer({**VALENCE, "Li": 1}, {**D, "Li": 1e-9}, left, right, KELVIN, 1e-8, -0.1)
    expected = ghk_flux(D["H"] / 1e-8, 1, 1e-9, 5e-9, -0.1, KELVIN)
    # The totals differ by 4e-11, and a rounding of 200 mol/m^3 changes the shift of the field by as little.
    assert layer.fluxes[1] == pytest.approx(expected, rel=1e-9)
    assert layer.fluxes[3] == 0.0
    assert np.all(layer.profiles(5e-9).concentrations[3] == 0.0)


def test_an_ion_that_cannot_move_has_no_flux_and_still_shields() -> None:
    immobile = {**D, "SO4": 0.0}
    layer = planck_layer(VALENCE, immobile, *MIXTURES["five"], KELVIN, 1e-6)
    flux = dict(zip(layer.ions, layer.fluxes, strict=True))
    assert flux["SO4"] == 0.0
    assert layer.voltage != pytest.approx(junction("five").voltage, rel=0.01)


@patient
@given(st.data())
def test_any_mixture_is_solved(data: st.DataObject) -> None:
    """Random baths of six ions, scarce or absent; the sums that the equations imply hold to what Newton leaves."""
    names = ["K", "Ca", "La", "Cl", "SO4", "PO4"]
    amount = st.one_of(st.just(0.0), st.floats(-5.0, 3.0).map(lambda power: 10.0**power))
    baths = []
    for _ in range(2):
        bath = {ion: data.draw(amount) for ion in names}
        bath["K"], bath["Cl"] = bath["K"] + 1e-4, bath["Cl"] + 1e-4
        net = sum(VALENCE[ion] * c for ion, c in bath.items())
        bath["Cl" if net > 0.0 else "K"] += abs(net)
        baths.append(bath)
    voltage = data.draw(st.one_of(st.none(), volts))
    layer = planck_layer(VALENCE, D, *baths, KELVIN, 1e-8, voltage)
    z, diffusivity = (np.array([table[ion] for ion in names], dtype=float) for table in (VALENCE, D))
    left, right = (np.array(list(bath.values())) for bath in baths)
    g = layer.fluxes * layer.thickness / diffusivity
    lost = 1e-9 * (np.sum(np.abs(g)) + left.sum() + right.sum())
    assert np.sum(g) == pytest.approx((left - right).sum(), abs=lost)
    if voltage is None:
        assert z @ (diffusivity * g) == pytest.approx(0.0, abs=lost * np.max(np.abs(z * diffusivity)))
    c = layer.profiles(np.linspace(0.0, 1e-8, 9)).concentrations
    assert np.all(np.abs(z @ c) <= 1e-9 * c.sum(axis=0))


def test_matrix_exponential_and_its_slopes() -> None:
    rng = np.random.default_rng(1)
    matrices = rng.normal(size=(5, 4, 4)) * np.array([1e-3, 0.5, 1.0, 3.0, 9.0])[:, None, None]
    for ours, scipys, matrix in zip(_planck._exponential(matrices), expm(matrices), matrices, strict=True):
        size = np.linalg.norm(expm(np.abs(matrix)))  # round-off of the series, whose terms are bounded by this one's
        assert ours == pytest.approx(scipys, abs=1e-14 * size)
    _, z, _, left, right = tables("five")
    baths, t, h = _planck.scaled_baths(z, left, right), rng.normal(size=6), 1e-5
    _, slopes_of_ions = _planck._transfer(baths, t, 3)
    for ion, slope in enumerate(slopes_of_ions):
        high, low = (_planck._transfer(baths, t + step * np.eye(6)[ion], 3)[0] for step in (h, -h))
        # h^2 / 6 of a third derivative of order 1, and round-off 1e-16 / h.
        assert slope == pytest.approx((high - low) / (2.0 * h), abs=1e-9)


def test_a_search_that_does_not_end_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_planck, "_MOST_STEPS", 1)
    with pytest.raises(ConvergenceError, match="give a smaller voltage"):
        junction("five", 0.5)


SALT = ([1, -1], [1e-9, 2e-9])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: planck_potential(*SALT, [1, 2], [1, 1], 298.0), "left concentrations carry a net charge of -1"),
        (lambda: planck_potential(*SALT, [1, 1], [0, 0], 298.0), "right sum of .valence. . concentration is 0"),
        (lambda: planck_potential(*SALT, [1, 1], [-1, -1], 298.0), "right concentrations is"),
        (lambda: planck_potential([1, -1], [0, 0], [1, 1], [2, 2], 298.0), "no voltage stops the current"),
        (lambda: planck_potential([1, 1, -1], [1, 0, 0], [1, 0, 1], [0, 1, 1], 298.0), "no voltage stops"),
        (lambda: planck_potential([1, -1], [1, -1], [1, 1], [2, 2], 298.0), "diffusivities is"),
        (lambda: planck_potential([1, 0], [1, 1], [1, 1], [2, 2], 298.0), "expected the valence of an ion"),
        (lambda: planck_potential(*SALT, [1, 1], [2, 2], 0.0), "temperature is 0.0"),
        (lambda: planck_layer(*SALT, [1, 1], [2, 2], 298.0, 0.0), "thickness is 0.0"),
        (lambda: planck_layer(*SALT, [1, 1], [2, 2], 298.0, 1e-9, math.inf), "voltage is inf"),
        (lambda: planck_layer(*SALT, [1, 1], [2, 2], 298.0, 1e-9, 26.0), "voltage is 26.0; expected at most 1000 R T"),
        (lambda: planck_layer(*SALT, [1, 1], [2, 2], 298.0, 1e-9, 0.1, 0.0), "partition is 0.0"),
        (lambda: planck_monovalent_potential([2, -2], [1, 1], [1, 1], [2, 2], 298.0), "use planck_potential"),
        (lambda: planck_monovalent_flux(1, 2, 1, 1, 2, 2, 1e-9, 0.1, 298.0), "use planck_layer for others"),
        (lambda: planck_monovalent_flux(-1, 1, 1, 1, 2, 2, 1e-9, 0.1, 298.0), "diffusivity is -1"),
        (lambda: planck_monovalent_flux(1, 1, -1, 1, 2, 2, 1e-9, 0.1, 298.0), "left is -1"),
        (lambda: planck_monovalent_flux(1, 1, 1, 1, 2, 0, 1e-9, 0.1, 298.0), "right_total is 0"),
        (lambda: planck_monovalent_flux(1, 1, 1, 1, 2, 2, 0.0, 0.1, 298.0), "thickness is 0.0"),
    ],
)
def test_values_out_of_range_are_refused(call, message: str) -> None:
    with pytest.raises(CaseError, match=message):
        call()
