"""The regime report: each number against its closed form, each limit against the law that it stands for.

Expected values are formulas written out here, quadratures, or what a case quotes from the literature; where an outlook is
tested, it is against the error that a solution of PNP really shows.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from scipy.integrate import quad, solve_bvp
from scipy.optimize import brentq

import electrodiff as ed
from electrodiff.regime import Limit, Regime, case_regime, regime_summary
from electrodiff.regime.interior import Interior
from electrodiff.regime.scene import Scene
from electrodiff.regime.words import concentration, length, listed, millivolts, number, outlook, percent, time, worst
from electrodiff.regime_tables import regime_tables
from electrodiff.summary import to_json
from electrodiff.units import AVOGADRO, FARADAY, GAS_CONSTANT, VACUUM_PERMITTIVITY

CaseOf = Callable[..., ed.Case]
CASES = sorted(ed.bundled_cases())
T = 310.0
VOLT = GAS_CONSTANT * T / FARADAY


def debye(strength: float, permittivity: float, temperature: float = T) -> float:
    """sqrt(eps R T / (2 F^2 I)) [m]."""
    return math.sqrt(VACUUM_PERMITTIVITY * permittivity * GAS_CONSTANT * temperature / (2 * FARADAY**2 * strength))


def salt_membrane(beta: float = 1.0, left: float = 150.0, right: float = 15.0, more: str = "") -> ed.Case:
    """KCl across 5 nm of permittivity 2, D_K : D_Cl = 1 : 0.1, between two baths of 20 nm: the table of docs/limits.md."""
    return ed.parse_case(f"""
        temperature = "{T} K"
        [ions.K]
        [ions.Cl]
        [[layers]]
        name = "inside"
        thickness = "20 nm"
        relative_permittivity = 80
        [[layers]]
        name = "slab"
        thickness = "5 nm"
        relative_permittivity = 2
        partition = {{ K = {beta}, Cl = {beta} }}
        diffusivity = {{ K = "1e-11 m^2/s", Cl = "1e-12 m^2/s" }}
        [[layers]]
        name = "outside"
        thickness = "20 nm"
        relative_permittivity = 80
        [left]
        concentrations = {{ K = "{left} mM", Cl = "{left} mM" }}
        potential = "floating"
        [right]
        concentrations = {{ K = "{right} mM", Cl = "{right} mM" }}
        potential = "0 mV"
        {more}""")


def limit(case: ed.Case, name: str) -> Limit:
    found = case_regime(case).limit(name)
    assert found is not None, name
    return found


def outlooks(case: ed.Case, *names: str) -> list[str]:
    return [limit(case, name).outlook for name in names]


def interior(case: ed.Case) -> Interior:
    found = Scene(case).interior
    assert found is not None
    return found


def group(regime: Regime, name: str) -> float:
    return next(each.value for each in regime.groups if each.name == name and each.value is not None)


# ---- the constant field ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("X", [-3.0, 0.2])
def test_a_slab_of_fixed_charge_bends_the_potential_by_a_parabola(case_of: CaseOf, X: float) -> None:
    field = interior(case_of("capacitor", {"layers.membrane.fixed_charge": f"{X} mM"})).field
    expected = FARADAY * abs(X) * 5e-9**2 / (8 * VACUUM_PERMITTIVITY * 2)
    # 1e-5: trapezoidal rule of 400 cells
    assert field.bend == pytest.approx(expected, rel=1e-5)


def test_profiles_at_a_constant_field_are_those_of_goldman(case_of: CaseOf) -> None:
    field = interior(case_of("clamped_membrane")).field
    u, s = -0.065 / VOLT, np.linspace(0, 1, 401)
    # a = a_L + (a_R - a_L) (e^(u s) - 1) / (e^u - 1) for z = 1, times beta
    expected = 1e-4 * (140 + (4 - 140) * np.expm1(u * s) / math.expm1(u))
    assert field.concentrations["K"][0] == pytest.approx(expected, rel=1e-5)


def test_bend_is_twice_the_integral_of_the_charge_of_goldmans_profiles(case_of: CaseOf) -> None:
    field, d = interior(case_of("clamped_membrane")).field, 5e-9
    beta, c = {"K": 1e-4, "Na": 4e-6, "Cl": 4.5e-5}, {"K": (140, 4), "Na": (12, 145), "Cl": (10, 149)}

    def charge(s: float) -> float:
        parts = ((1 if ion != "Cl" else -1, beta[ion], *c[ion]) for ion in beta)
        return sum(
            z * b * (L + (R - L) * math.expm1(-z * 0.065 / VOLT * s) / math.expm1(-z * 0.065 / VOLT))
            for z, b, L, R in parts
        )

    def bent(s: float) -> float:
        """Green's function of phi'' with phi = 0 at both faces."""
        near, _ = quad(lambda t: t * (1 - s) * charge(t), 0, s)
        far, _ = quad(lambda t: s * (1 - t) * charge(t), s, 1)
        return abs(near + far) * FARADAY * d**2 / (VACUUM_PERMITTIVITY * 2)

    largest = max(bent(s) for s in np.linspace(0.02, 0.98, 97))
    # The Debye length of what is inside is five times the thickness: screening takes 5 / 12 (d / 2 lambda)^2 = 0.4 %.
    assert field.bend == pytest.approx(largest, rel=6e-3)
    assert field.bend < largest


def test_screening_of_the_bend_is_that_of_the_linear_theory() -> None:
    # A thousandth of fixed charge in the salt of a slab: phi'' = (phi - phi_D) / lambda^2, held at both faces.
    case = salt_membrane(1e-3, 150, 150).changed({"left.potential": "0 mV", "layers.slab.fixed_charge": "0.00015 mM"})
    expected = VOLT * 0.00015 / (2 * 0.15) * (1 - 1 / math.cosh(5e-9 / (2 * debye(0.15, 2))))
    assert interior(case).field.bend == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("beta", [1e-4, 1e-2, 1.0])
def test_equal_totals_keep_the_field_constant_however_full_the_slab_is(case_of: CaseOf, beta: float) -> None:
    even = {f"layers.membrane.partition.{ion}": beta for ion in ("K", "Na", "Cl")}
    left = {"left.concentrations": {"K": "140 mM", "Na": "10 mM", "Cl": "150 mM"}}
    right = {"right.concentrations": {"K": "5 mM", "Na": "145 mM", "Cl": "150 mM"}}
    case = case_of("resting_potential", {**even, **left, **right})
    assert interior(case).field.bend < 1e-12
    assert limit(case, "constant_field").outlook == "holds"
    if beta == 1.0:
        assert "the same total of ions, 300 mM" in limit(case, "constant_field").because


def test_equal_ends_are_not_enough_where_ions_are_not_all_monovalent() -> None:
    # sum z^2 c is 300 mM on both sides, and different in between.
    text = ed.bundled_case("lipid_born_barrier").read_text().replace("born_radius =", "# born_radius =")
    text = text.replace("partition = { A = 0 }", "partition = { K = 1, Na = 1, Cl = 1, Ca = 1, A = 0 }")
    left, right = {"K": "150 mM", "Cl": "150 mM"}, {"Ca": "50 mM", "Cl": "100 mM"}
    case = ed.parse_case(text).changed({"left.concentrations": left, "right.concentrations": right})
    ghk = ed.theory.ghk_flux(1e-11 / 5e-9, 1, 150.0, 0.0, -0.065, T)
    missed = abs(ed.solve(case).flux["K"] / float(ghk) - 1)
    assert missed / 2 < interior(case).field.bend / VOLT < 2 * missed
    assert limit(case, "constant_field").outlook == "nearly"


@pytest.mark.parametrize("beta", [1e-3, 1e-2, 0.1, 1.0])
def test_the_bend_is_what_ghk_misses_of_the_potential(beta: float) -> None:
    case = salt_membrane(beta)
    fraction = [150 + 0.1 * 15, 15 + 0.1 * 150]
    ghk = -VOLT * math.log(fraction[0] / fraction[1])
    missed = abs(ed.solve(case).membrane_potential - ghk)
    # An estimate of the first order: honest within a factor of 1.6.
    assert missed / 1.6 < interior(case).field.bend < missed * 1.6


def test_from_goldman_to_planck_the_outlooks_change_sides() -> None:
    both = ("constant_field", "electroneutral_membrane")
    assert outlooks(salt_membrane(1e-6), *both) == ["holds", "fails"]
    assert outlooks(salt_membrane(1e-3), *both) == ["nearly", "fails"]
    assert outlooks(salt_membrane(1.0), *both) == ["fails", "nearly"]


@pytest.mark.parametrize("X", [-0.3, -0.03, 0.003, 0.1, 1.0])
def test_fixed_charge_changes_fluxes_as_much_as_the_report_says(case_of: CaseOf, X: float) -> None:
    solutions = [
        ed.solve(case_of("clamped_membrane", {"layers.membrane.fixed_charge": f"{each} mM", "mesh.nodes": 401}))
        for each in (0.0, X)
    ]
    change = abs(solutions[1].flux["K"] / solutions[0].flux["K"] - 1)
    says = interior(solutions[1].case).field.bend / VOLT
    # The ions of the slab bend it by 0.002 by themselves, which the difference of two solutions does not have.
    assert change / 2 < says < 2 * change + 0.002
    assert limit(solutions[1].case, "constant_field").outlook == outlook(says)


def test_a_wide_charged_membrane_has_donnan_potentials_that_ghk_lacks(case_of: CaseOf) -> None:
    case = case_of("ion_exchange_membrane")
    volt = GAS_CONSTANT * 298.15 / FARADAY
    expected = [volt * math.asinh(-100 / (2 * c)) for c in (10, 100)]
    assert interior(case).shifts == pytest.approx(expected, rel=1e-6)
    assert outlooks(case, "constant_field", "electroneutral_membrane", "donnan") == ["fails", "holds", "holds"]


# ---- currents and conductances -----------------------------------------------------------------------------------------


def test_an_uneven_barrier_passes_what_its_own_integral_says(case_of: CaseOf) -> None:
    part, d = interior(case_of("selectivity_filter")), 1.2e-9
    x, W = (0.0, 0.3e-9, 0.9e-9, 1.2e-9), (0.0, 5e3, 5e3, 0.0)
    u = -0.094 / VOLT

    def weighted(power: float) -> float:
        value, _ = quad(
            lambda at: math.exp(power * u * (1 - at / d) + np.interp(at, x, W) / (GAS_CONSTANT * T)),
            0,
            d,
            points=x[1:3],
        )
        return value

    expected = weighted(1) / weighted(0) / (math.expm1(u) / u)
    assert part.ghk_ratio("K", -0.094) == pytest.approx(expected, rel=1e-4)


def test_an_even_membrane_has_nothing_to_say_of_unevenness(case_of: CaseOf) -> None:
    assert case_regime(case_of("resting_potential")).limit("even_resistance") is None


def test_nernst_holds_for_one_ion_and_for_equal_nernst_potentials(case_of: CaseOf) -> None:
    assert limit(case_of("nernst_potassium"), "one_permeant_ion").because == "K alone passes the membrane"
    assert outlooks(case_of("kcsa_channel"), "one_permeant_ion") == ["holds"]


def test_nernst_is_off_by_what_goldman_says(case_of: CaseOf) -> None:
    case = case_of("resting_potential")
    ghk = VOLT * math.log((4 + 0.04 * 145 + 0.45 * 10) / (140 + 0.04 * 12 + 0.45 * 149))
    away = ghk - VOLT * math.log(4 / 140)
    # The potential without current is the mean of the Nernst potentials, weighted with the chord conductances there.
    sides, y = {"K": (1.0, 1, 140, 4), "Na": (0.04, 1, 12, 145), "Cl": (0.45, -1, 10, 149)}, ghk / VOLT
    chords = {
        ion: P * (left - right * math.exp(-z * y)) / (1 - math.exp(-z * y)) * y / (y - math.log(right / left) / z)
        for ion, (P, z, left, right) in sides.items()
    }
    share = chords["K"] / math.fsum(chords.values())
    found = limit(case, "one_permeant_ion")
    assert found.outlook == "fails"
    assert (
        f"K has {100 * share:.3g} % of the conductance at rest, and the others pull the potential {1e3 * away:.3g} mV"
        in found.because
    )


def test_an_ion_on_one_side_only_has_no_nernst_potential(case_of: CaseOf) -> None:
    found = [limit(case_of("liquid_junction"), name) for name in ("one_permeant_ion", "linear_conductances")]
    assert [each.outlook for each in found] == ["fails", "fails"]
    assert "H is on one side" in found[0].because
    assert "H and K have no Nernst potentials" in found[1].because


def test_conductances_are_fixed_for_equal_concentrations_and_rectify_for_others(case_of: CaseOf) -> None:
    assert outlooks(salt_membrane(1e-4, 100, 100).changed({"left.potential": "-80 mV"}), "linear_conductances") == [
        "holds"
    ]
    found = limit(case_of("clamped_membrane"), "linear_conductances")
    u, w = 65e-3 / VOLT, 65e-3 / VOLT + math.log(145 / 12)
    # I / (V - E) = P F^2 / RT c_out B(u') / B(w') for u' = -u, w' = -w; at E: c_in c_out ln(c_out / c_in) / (c_out - c_in)
    chord = 145 * (u / (1 - math.exp(-u))) / (w / (1 - math.exp(-w)))
    gain = chord / (145 * 12 * math.log(145 / 12) / (145 - 12))
    assert found.outlook == "fails"
    assert f"the conductance of Na is {gain:.3g} times" in found.because


def test_an_uneven_barrier_rectifies_even_between_equal_solutions(case_of: CaseOf) -> None:
    # All of the resistance in the left third: e^(u x / d) weighs it with the potential there.
    profile = {"x": ["0 nm", "1.6 nm", "1.7 nm", "5 nm"], "value": [1e-6, 1e-6, 1e-2, 1e-2]}
    even = case_of("nernst_potassium", {"left.potential": "-60 mV", "layers.membrane.partition.K": 1e-6})
    same = {"K": "100 mM", "Cl": "100 mM"}
    even = even.changed({"left.concentrations": same, "right.concentrations": same})
    assert outlooks(even, "linear_conductances") == ["holds"]
    found = limit(even.changed({"layers.membrane.partition.K": profile}), "linear_conductances")
    assert found.outlook == "fails"
    assert "since resistance is spread unevenly" in found.because
    # Conductance at V over that at 0: 1 over the mean of e^(u (1 - s)) over the tight part, against (e^u - 1) / u of GHK.
    u, share = -0.060 / VOLT, 1.6 / 5
    tight = (math.exp(u) - math.exp(u * (1 - share))) / (u * share)
    # 1 % for the ramp of 0.1 nm to the open part
    shown = float(found.because.split(" is ")[1].split(" times")[0])
    assert shown == pytest.approx((math.expm1(u) / u) / tight, rel=0.02)


def test_rest_of_gated_channels_is_where_their_currents_cancel(case_of: CaseOf) -> None:
    part = interior(case_of("inward_rectifier"))

    def current(V: float) -> float:
        u = V / VOLT
        open_fraction = 1 / (1 + math.exp((V + 0.080) / 0.010))
        cations = (open_fraction * 140 + 0.01 * 12) - (open_fraction * 4 + 0.01 * 145) * math.exp(-u)
        return u / -math.expm1(-u) * (cations + 0.1 * (149 - 10 * math.exp(-u)))

    assert part.resting_potential == pytest.approx(brentq(current, -0.12, -0.04), abs=1e-9)


def slope(voltage: float, inside: float, outside: float) -> float:
    """d/du of u (c_in - c_out e^-u) / (1 - e^-u) at u of a monovalent ion, by a central difference [mol/m^3]."""

    def flux(u: float) -> float:
        return u * (inside - outside * math.exp(-u)) / -math.expm1(-u)

    u, step = voltage / VOLT, 1e-3
    # Of fourth order: the error is of the order of step^4, 1e-12.
    return (8 * (flux(u + step) - flux(u - step)) - flux(u + 2 * step) + flux(u - 2 * step)) / (12 * step)


def test_conductance_at_rest_is_the_slope_of_goldmans_current(case_of: CaseOf) -> None:
    regime = case_regime(case_of("resting_potential"))
    V = regime.voltage
    assert V is not None
    ions = 2e-7 * slope(V, 140, 4) + 8e-9 * slope(V, 12, 145) + 9e-8 * slope(-V, 10, 149)
    assert regime.membrane_conductance == pytest.approx(FARADAY / VOLT * ions, rel=1e-9)
    # cases/impedance_membrane.toml; PNP's Debye layers take 0.8 % of the voltage, and gather as many ions.
    assert regime.membrane_conductance == pytest.approx(1 / 336e-4, rel=8e-3)


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("resting_potential", "at rest, by GHK; RT/F"),
        ("liquid_junction", "at zero current, by GHK; RT/F"),
        ("ion_exchange_membrane", "at zero current, estimated by GHK between Donnan potentials at its faces; RT/F"),
        ("clamped_membrane", "as given; RT/F"),
    ],
)
def test_the_report_says_where_the_potential_comes_from(case_of: CaseOf, name: str, source: str) -> None:
    console = Console(width=200, color_system=None)
    with console.capture() as capture:
        console.print(regime_tables(case_regime(case_of(name))))
    assert source in capture.get()


def test_baths_count_as_much_as_their_share_of_the_resistance() -> None:
    found, regime = limit(salt_membrane(1.0), "resistive_membrane"), case_regime(salt_membrane(1.0))
    unit = FARADAY / VOLT
    assert regime.voltage is not None
    slab = unit / 5e-9 * (1e-11 * slope(regime.voltage, 150, 15) + 1e-12 * slope(-regime.voltage, 150, 15))
    assert regime.membrane_conductance == pytest.approx(slab, rel=1e-9)
    case = regime.case
    D = sum(case.free_diffusivity(ion) for ion in ("K", "Cl"))
    baths = [unit * D * c / 20e-9 for c in (150, 15)]
    assert regime.bath_conductances == (pytest.approx(baths[0], rel=1e-9), pytest.approx(baths[1], rel=1e-9))
    ratio = slab * sum(1 / G for G in baths)
    assert group(regime, "conductance_ratio") == pytest.approx(ratio, rel=1e-9)
    assert found.outlook == outlook(ratio) == "nearly"
    assert outlooks(salt_membrane(1e-3), "resistive_membrane") == ["holds"]


def test_henderson_is_exact_for_one_salt_and_for_a_common_ion_at_equal_concentration(case_of: CaseOf) -> None:
    assert "one salt" in limit(salt_membrane(1.0), "henderson").because
    assert outlooks(case_of("liquid_junction"), "henderson") == ["holds"]
    unlike = case_of("liquid_junction", {"left.concentrations": {"H": "10 mM", "Cl": "10 mM"}})
    args = ({"H": 1, "K": 1, "Cl": -1}, {"H": 9.311, "K": 1.957, "Cl": 2.032})
    baths = {"H": 10, "Cl": 10}, {"K": 100, "Cl": 100}
    off = abs(
        ed.theory.henderson_potential(*args, *baths, 298.15)
        - ed.theory.planck_monovalent_potential(*args, *baths, 298.15)
    )
    assert f"{1e3 * off:.3g} mV" in limit(unlike, "henderson").because


def test_henderson_needs_a_neutral_uncharged_membrane(case_of: CaseOf) -> None:
    assert "not electroneutral" in limit(case_of("resting_potential"), "henderson").because
    assert "fixed charge" in limit(case_of("ion_exchange_membrane"), "henderson").because
    assert case_regime(case_of("nernst_potassium")).limit("henderson") is None


def test_the_emptier_side_decides_on_electroneutrality() -> None:
    lengths = {right: debye(right, 2) for right in (15.0, 150.0)}
    for right, lambda_right in lengths.items():
        found = limit(salt_membrane(1.0, 150.0, right), "electroneutral_membrane")
        assert f"its Debye length, {1e9 * lambda_right:.3g} nm" in found.because
        assert found.outlook == outlook(lambda_right / 5e-9)


def test_a_membrane_of_one_sign_is_not_electroneutral(case_of: CaseOf) -> None:
    because = limit(case_of("nernst_potassium"), "electroneutral_membrane").because
    assert because == "nothing in the membrane balances the charge of its cations"


# ---- double layers -----------------------------------------------------------------------------------------------------


def test_wall_of_given_charge_has_grahames_potential(case_of: CaseOf) -> None:
    (face,) = case_regime(case_of("debye_layer")).faces
    volt = GAS_CONSTANT * 298.15 / FARADAY
    scale = math.sqrt(8 * VACUUM_PERMITTIVITY * 80 * GAS_CONSTANT * 298.15 * 150)
    assert face.potential == pytest.approx(2 * volt * math.asinh(-0.05 / scale), rel=1e-9)
    assert face.gouy_chapman_length == pytest.approx(2 * VACUUM_PERMITTIVITY * 80 * volt / 0.05, rel=1e-9)


def test_electrode_behind_a_stern_layer_shares_its_voltage(case_of: CaseOf) -> None:
    (face,) = case_regime(case_of("stern_electrode")).faces
    volt = GAS_CONSTANT * 298.15 / FARADAY
    scale = math.sqrt(8 * VACUUM_PERMITTIVITY * 80 * GAS_CONSTANT * 298.15 * 150)
    stern = VACUUM_PERMITTIVITY * 10 / 0.4e-9
    psi = brentq(lambda at: stern * (0.3 - at) - scale * math.sinh(at / (2 * volt)), 0, 0.3)
    assert face.potential == pytest.approx(psi, rel=1e-9)
    assert face.surface_charge == pytest.approx(stern * (0.3 - psi), rel=1e-9)


def test_electrode_with_ions_of_finite_size_holds_bikermans_charge(case_of: CaseOf) -> None:
    case = case_of("steric_electrode")
    (face,) = case_regime(case).faces
    assert face.surface_charge == pytest.approx(0.558988, abs=2e-5)  # the case's own source: Bikerman
    assert outlooks(case, "gouy_chapman", "point_ions", "debye_hueckel") == ["fails", "fails", "fails"]


def test_faces_of_a_slab_see_its_field_and_their_own_charge(case_of: CaseOf) -> None:
    left, right = case_regime(case_of("charged_membrane")).faces
    # The case's own sources: a slab between two Grahame layers, which hold 0.01046885 C/m^2 on the right.
    scale = math.sqrt(8 * VACUUM_PERMITTIVITY * 80 * GAS_CONSTANT * T * 150)
    assert left.potential == pytest.approx(-49.2569e-3, abs=1e-6)
    assert right.potential == pytest.approx(2 * VOLT * math.asinh(-0.01046885 / scale), abs=1e-6)
    assert (left.surface_charge, right.surface_charge) == (-0.05, -0.01)
    assert right.facing_charge == pytest.approx(-0.01046885, abs=1e-7)


def test_a_gel_before_a_bath_on_its_left_mirrors_one_on_its_right(case_of: CaseOf) -> None:
    case = case_of("donnan_layer")
    gel, bath = case.layers
    ends = {"left": case.right, "right": case.left}
    mirrored = ed.Case(
        **{**case.model_dump(exclude={"layers", "left", "right", "expect"}), **ends, "layers": (bath, gel)}
    )
    assert case_regime(mirrored).voltage == pytest.approx(-(case_regime(case).voltage or 0), rel=1e-12)
    assert case_regime(mirrored).faces[0].potential == pytest.approx(case_regime(case).faces[0].potential, rel=1e-12)


def test_face_of_a_wide_charged_layer_is_at_ohshimas_potential(case_of: CaseOf) -> None:
    case = case_of("donnan_layer")
    (face,) = case_regime(case).faces
    psi = math.asinh(-200 / 300)
    assert face.potential == pytest.approx(VOLT * (psi - math.tanh(psi / 2)), rel=1e-9)
    assert case_regime(case).voltage == pytest.approx(VOLT * psi, rel=1e-9)


@pytest.mark.parametrize("thickness", [0.4e-9, 2e-9, 6e-9])
def test_a_thin_charged_film_lacks_the_share_of_donnan_that_poisson_boltzmann_says(
    case_of: CaseOf, thickness: float
) -> None:
    charge, c = -2.0, 150.0  # weak: the linear theory is right to (X / 2c)^2 = 4e-5
    case = case_of("ion_exchange_membrane", {"layers.membrane.fixed_charge": f"{charge} mM"}).changed(
        {
            "layers.membrane.thickness": thickness,
            "left.concentrations": {"Na": "150 mM", "Cl": "150 mM"},
            "right.concentrations": {"Na": "150 mM", "Cl": "150 mM"},
        }
    )
    donnan = interior(case).donnan[0]
    scale = debye(c, 80, 298.15)
    half = thickness / 2 / scale

    def slope(_x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Poisson-Boltzmann over the half film, then over twelve Debye lengths of bath: x from 0 to 1 over each."""
        film, bath = half**2 * (np.sinh(y[0]) - charge / (2 * c)), 12**2 * np.sinh(y[2])
        return np.array([y[1], film, y[3], bath])

    def ends(left: np.ndarray, right: np.ndarray) -> np.ndarray:
        return np.array([left[1], right[0] - left[2], right[1] / half - left[3] / 12, right[2]])

    x = np.linspace(0, 1, 101)
    profile = solve_bvp(slope, ends, x, np.zeros((4, 101)), tol=1e-8)
    assert profile.success
    missing = 1 - profile.sol(0)[0] / math.asinh(charge / (2 * c))
    assert donnan.undeveloped(thickness / 2) == pytest.approx(missing, abs=1e-4)
    volt = GAS_CONSTANT * 298.15 / FARADAY
    assert donnan.at_face(thickness / 2) == pytest.approx(volt * profile.sol(1)[0], rel=1e-3)


def test_outlook_of_donnan_follows_the_width(case_of: CaseOf) -> None:
    widths = ["1 nm", "3 nm", "30 nm"]  # of a gel that is as deep again beyond its mirror; Debye length 0.74 nm
    found = [outlooks(case_of("donnan_layer", {"layers.gel.thickness": each}), "donnan")[0] for each in widths]
    assert found == ["fails", "nearly", "holds"]


def test_linear_theory_is_off_by_grahames_sinh(case_of: CaseOf) -> None:
    charges = ["-0.005 C/m^2", "-0.03 C/m^2", "-0.05 C/m^2"]
    cases = [case_of("debye_layer", {"left.surface_charge": each}) for each in charges]
    half = [abs(case_regime(case).faces[0].potential or 0) * FARADAY / (2 * GAS_CONSTANT * 298.15) for case in cases]
    expected = [outlook(math.sinh(each) / each - 1) for each in half]
    assert [outlooks(case, "debye_hueckel")[0] for case in cases] == expected == ["holds", "nearly", "fails"]


def test_a_flat_layer_is_not_that_of_a_pore_that_opens(case_of: CaseOf) -> None:
    bath = Scene(case_of("selectivity_filter")).baths[1]
    # A cone whose radius grows from 0.25 nm by as much as x: A' / (2 A) = 1 / r, as of a sphere.
    assert bath.opening == pytest.approx(bath.debye_length / 0.25e-9, rel=2e-3)
    assert outlooks(case_of("selectivity_filter"), "gouy_chapman") == ["fails"]


def test_a_bath_that_opens_wider_holds_the_potential_of_a_face_down(case_of: CaseOf) -> None:
    cone = case_of("selectivity_filter")
    tube = {"x": ["0 nm", "41.2 nm"], "value": ["0.25 nm", "0.25 nm"]}
    pairs = zip(case_regime(cone).faces, case_regime(cone.replace("mesh.radius", tube)).faces, strict=True)
    for bath, (opened, flat) in zip(Scene(cone).baths, pairs, strict=True):
        # eps (1 / lambda + 1 / r) of a sphere against eps / lambda of a plane
        ratio = 1 + bath.debye_length / 0.25e-9
        assert (opened.potential or 0) * ratio == pytest.approx(flat.potential or 0, rel=3e-3)


def test_the_face_of_a_charged_pore_shares_its_donnan_potential_with_the_bath(case_of: CaseOf) -> None:
    # A wide pore of a weak charge: psi r / (1 + r), r = (eps / lambda) inside over eps (1 / lambda + 1 / radius) outside.
    radius = {"x": ["0 nm", "40 nm", "80 nm", "120 nm"], "value": ["41 nm", "1 nm", "1 nm", "41 nm"]}
    change = {"layers.membrane.thickness": "40 nm", "layers.membrane.fixed_charge": "-1 mM", "mesh.radius": radius}
    case = case_of("ion_exchange_membrane", {**change, "left.concentrations": {"Na": "100 mM", "Cl": "100 mM"}})
    donnan, scale = interior(case).donnan[0], debye(100, 80, 298.15)
    r = 1 / (1 + scale / 1e-9)
    assert donnan.at_face(20e-9) == pytest.approx(donnan.potential * r / (1 + r), rel=3e-3)


def test_curvature_of_a_sphere_is_its_debye_length_over_its_radius(case_of: CaseOf) -> None:
    lumen, outside = Scene(case_of("spherical_cell_potential")).baths
    assert (lumen.opening, outside.opening) == (
        pytest.approx(-lumen.debye_length / 50e-9, rel=1e-3),
        pytest.approx(outside.debye_length / 55e-9, rel=1e-3),
    )


def test_bulk_of_a_bath_needs_ten_debye_lengths(case_of: CaseOf) -> None:
    widths = ["3 nm", "5 nm", "9 nm"]  # 0.79 nm each
    found = [
        outlooks(case_of("debye_layer", {"layers.electrolyte.thickness": each}), "electroneutral_bulk")[0]
        for each in widths
    ]
    assert found == ["fails", "nearly", "holds"]


def test_porous_layers_end_the_water_at_a_face(case_of: CaseOf) -> None:
    right = Scene(case_of("double_membrane")).baths[1]
    assert (right.width, right.thickness) == (pytest.approx(20e-9), pytest.approx(45e-9))


def test_faces_differ_from_the_bulk_as_boltzmann_says(case_of: CaseOf) -> None:
    regime = case_regime(case_of("charged_membrane"))
    times = math.exp(abs(regime.faces[0].potential or 0) / VOLT)
    assert f"up to {times:.3g} times as concentrated" in limit(regime.case, "bulk_faces").because
    weak = case_regime(case_of("resting_potential"))
    share = math.expm1(max(abs(face.potential or 0) for face in weak.faces) / VOLT)
    found = limit(weak.case, "bulk_faces")
    assert (found.outlook, f"up to {100 * share:.3g} % more concentrated" in found.because) == ("nearly", True)


# ---- cells -------------------------------------------------------------------------------------------------------------


def test_a_closed_compartment_takes_in_what_makes_it_neutral(case_of: CaseOf) -> None:
    scene = Scene(case_of("spherical_cell_potential"))
    lumen = scene.baths[0]
    assert lumen.concentrations == pytest.approx({"K": 150.0, "Na": 0.0, "Cl": 0.0, "A": 150.0})
    assert interior(scene.case).voltage == pytest.approx(VOLT * math.log(4 / 150), rel=1e-9)


def test_charging_the_membrane_takes_the_ions_that_the_case_counts(case_of: CaseOf) -> None:
    found = limit(case_of("spherical_cell_potential"), "donnan")
    # The case: the interior lacks 73 elementary charges of 47,300 potassium ions; 1 % for the curved Debye layers.
    share = float(found.because.split("membrane takes ")[1].split(" %")[0]) / 100
    assert share == pytest.approx(73 / 47300, rel=0.01)
    assert found.outlook == "holds"


def test_capacitance_of_a_curved_membrane_is_that_of_concentric_spheres(case_of: CaseOf) -> None:
    regime = case_regime(case_of("spherical_cell_potential"))
    # The case: 0.386 uF/cm^2 of its inner face.
    assert regime.capacitance == pytest.approx(0.386e-2, rel=2e-3)


def test_a_slab_is_a_capacitor_as_long_as_its_own_charge_is_small(case_of: CaseOf) -> None:
    assert limit(case_of("capacitor"), "capacitor").because == "nothing in the membrane is charged"
    sigma = VACUUM_PERMITTIVITY * 2 * 0.070 / 5e-9
    for X, expected in ((0.001, "holds"), (0.03, "nearly"), (1.0, "fails")):
        case = case_of("capacitor", {"layers.membrane.fixed_charge": f"{X} mM"})
        assert limit(case, "capacitor").outlook == outlook(FARADAY * X * 5e-9 / sigma) == expected


# ---- ions as points, ideal, in a continuum -------------------------------------------------------------------------------


def test_crowding_counts_cubes_of_half_a_nanometre(case_of: CaseOf) -> None:
    regime = case_regime(case_of("debye_layer"))
    psi = abs(regime.faces[0].potential or 0) * FARADAY / (GAS_CONSTANT * 298.15)
    filled = AVOGADRO * 0.5e-9**3 * 150 * (math.exp(psi) + math.exp(-psi))
    assert group(regime, "crowding") == pytest.approx(filled, rel=1e-9)
    assert limit(regime.case, "point_ions").outlook == outlook(filled - AVOGADRO * 0.5e-9**3 * 300) == "nearly"


def test_charges_of_a_channel_crowd_it_beyond_what_fits(case_of: CaseOf) -> None:
    # -4 e in a cylinder of 0.5 nm radius and 0.2 nm: 42 M of potassium, which as cubes of 0.5 nm is 3.2 times its space.
    held = 4 / AVOGADRO / (math.pi * 0.25e-18 * 0.2e-9)
    regime = case_regime(case_of("kcsa_channel"))
    assert group(regime, "crowding") == pytest.approx(AVOGADRO * 0.5e-9**3 * held, rel=1e-4)
    assert outlooks(regime.case, "point_ions", "continuum") == ["fails", "fails"]
    # The thinnest charged layer, 0.2 nm, is that with the least of its Donnan potential.
    assert limit(regime.case, "donnan").because.startswith("mouth (-42.3 M of fixed charge)")


def test_activities_move_a_nernst_potential_by_their_ratio(case_of: CaseOf) -> None:
    case = case_of("ion_exchange_membrane")
    volt = GAS_CONSTANT * 298.15 / FARADAY
    A = 1.1758  # of water at 25 degC, in ln units and (mol/l)^-1/2: 0.5106 ln 10
    gamma = [math.exp(-A * (math.sqrt(c) / (1 + math.sqrt(c)) - 0.3 * c)) for c in (0.01, 0.1)]
    moved = volt * math.log(gamma[1] / gamma[0])
    found = limit(case, "ideal_solution")
    assert found.outlook == outlook(abs(moved) / volt) == "fails"
    shown = float(found.because.split("potential by ")[1].split(" mV")[0])
    assert shown == pytest.approx(1e3 * moved, rel=0.01)


@pytest.mark.parametrize(("radius", "expected"), [("0.4 nm", "fails"), ("0.8 nm", "nearly"), ("1.5 nm", "holds")])
def test_ions_in_a_narrow_pore_move_in_single_file(radius: str, expected: str) -> None:
    case = salt_membrane(1e-3, more=f'[mesh]\nradius = {{ x = ["0 nm", "45 nm"], value = ["{radius}", "{radius}"] }}')
    assert limit(case, "continuum").outlook == expected


# ---- lengths and times ---------------------------------------------------------------------------------------------------


def test_lengths_and_times_of_each_layer() -> None:
    left, slab, right = case_regime(salt_membrane(1e-2)).layers
    assert left.debye_lengths == (pytest.approx(debye(150, 80), rel=1e-9), None)
    assert right.debye_lengths == (None, pytest.approx(debye(15, 80), rel=1e-9))
    assert slab.debye_lengths == (pytest.approx(debye(1.5, 2), rel=1e-9), pytest.approx(debye(0.15, 2), rel=1e-9))
    assert slab.thickness_over_debye_length == pytest.approx(5e-9 / debye(1.5, 2), rel=1e-9)
    assert (slab.slowest, slab.diffusion_time) == ("Cl", pytest.approx(5e-9**2 / 1e-12, rel=1e-9))
    # eps over the conductivity of the emptier side
    conductivity = FARADAY / VOLT * (1e-11 + 1e-12) * 0.15
    assert slab.debye_time == pytest.approx(VACUUM_PERMITTIVITY * 2 / conductivity, rel=1e-9)


def test_a_layer_without_ions_has_no_screening(case_of: CaseOf) -> None:
    slab = case_regime(case_of("capacitor")).layers[1]
    assert slab.debye_lengths == (math.inf, math.inf)
    assert (slab.thickness_over_debye_length, slab.slowest, slab.diffusion_time, slab.debye_time) == (
        0.0,
        None,
        None,
        None,
    )


def test_charged_layers_screen_with_what_balances_their_charge(case_of: CaseOf) -> None:
    gel = case_regime(case_of("donnan_layer")).layers[0]
    # Sodium 280 and chloride 80 mM, as the case says: I = 180 mM.
    assert gel.debye_lengths == (None, pytest.approx(debye(math.hypot(150, 100), 80), rel=1e-9))


def test_times_of_a_membrane_and_its_baths() -> None:
    case = salt_membrane(1e-3)
    times = case_regime(case).times
    assert times is not None
    D = {ion: case.free_diffusivity(ion) for ion in ("K", "Cl")}
    mean, slowest = (D["K"] + D["Cl"]) / 2, min(D.values())
    assert times.debye == pytest.approx(debye(15, 80) ** 2 / mean, rel=1e-9)
    assert times.charging_baths == pytest.approx(debye(15, 80) * 20e-9 / mean, rel=1e-9)
    assert times.diffusion_baths == pytest.approx(20e-9**2 / slowest, rel=1e-9)
    assert times.diffusion_membrane == pytest.approx(5e-9**2 / 1e-12, rel=1e-9)
    layers = sum(debye(c, 80) / 80 for c in (150, 15))
    C = VACUUM_PERMITTIVITY / (5e-9 / 2 + layers)
    V = case_regime(case).voltage
    assert V is not None
    G = FARADAY / VOLT * 1e-3 / 5e-9 * (1e-11 * slope(V, 150, 15) + 1e-12 * slope(-V, 150, 15))
    assert times.charging_membrane == pytest.approx(C / G, rel=1e-9)
    assert times.run_down == pytest.approx(20e-9 / (1e-3 * 1e-11 / 5e-9), rel=1e-9)
    smaller = case_regime(case.replace("layers.outside.thickness", "4 nm")).times
    assert smaller is not None
    assert smaller.run_down == pytest.approx(4e-9 / (1e-3 * 1e-11 / 5e-9), rel=1e-9)


def test_gates_count_as_they_stand_at_rest(case_of: CaseOf) -> None:
    regime = case_regime(case_of("inward_rectifier"))
    assert regime.voltage is not None
    open_fraction = 1 / (1 + math.exp((regime.voltage + 0.080) / 0.010))
    V = regime.voltage
    cations = open_fraction * slope(V, 140, 4) + 0.01 * slope(V, 12, 145)
    G = FARADAY / VOLT * 2e-7 * (cations + 0.1 * slope(-V, 10, 149))
    assert regime.membrane_conductance == pytest.approx(G, rel=1e-9)


def test_groups_are_ratios_of_the_lengths() -> None:
    regime = case_regime(salt_membrane(1e-2))
    ratio = 5e-9 / debye(1.5, 2)
    assert group(regime, "thickness_over_debye_length") == pytest.approx(ratio, rel=1e-9)
    assert group(regime, "constant_field_parameter") == pytest.approx(ratio**2 / 8, rel=1e-9)
    layers = sum(debye(c, 80) / 80 for c in (150, 15))
    assert group(regime, "capacitance_ratio") == pytest.approx(layers / (5e-9 / 2), rel=1e-9)


def test_reservoirs_are_neutral_and_the_balancing_ion_is_named(case_of: CaseOf) -> None:
    change = {"left.neutralise": "Cl", "left.concentrations": {"K": "140 mM", "Na": "12 mM"}}
    left, right = case_regime(case_of("resting_potential", change)).neutrality
    assert (left.side, left.balancing, right.side, right.balancing) == ("left", "Cl", "right", None)
    assert max(abs(left.net), abs(right.net)) < 1e-12


# ---- the report as a whole -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_every_shipped_case_is_reported_in_short_sentences(case_of: CaseOf, name: str) -> None:
    regime = case_regime(case_of(name))
    assert len({each.name for each in regime.limits}) == len(regime.limits) >= 4
    for each in regime.limits:
        assert len(each.because) <= 200, each
        assert not re.search(r"\b(nan|inf)\b|\.$", each.because), each


@pytest.mark.parametrize("name", CASES)
def test_every_shipped_case_fits_a_terminal_and_a_json_object(case_of: CaseOf, name: str) -> None:
    regime = case_regime(case_of(name))
    console = Console(width=80, highlight=False, color_system=None)
    with console.capture() as capture:
        console.print(regime_tables(regime))
    text = " ".join(capture.get().split())
    assert all(len(line) <= 80 for line in capture.get().splitlines())
    for each in regime.limits:
        assert f"{each.outlook} {each.title}: {each.because}" in text
    assert "NaN" not in to_json(regime_summary(regime))  # to_json itself refuses infinity


def test_every_limit_and_key_is_on_its_page(case_of: CaseOf) -> None:
    page = (Path(__file__).parents[2] / "docs" / "regime.md").read_text()
    for name in CASES:
        report = regime_summary(case_regime(case_of(name)))
        tables = [*report["layers"], *report["faces"], report["times_s"], report["conductance_S_m2"]]
        for key in (*report, *(each["name"] for each in report["limits"]), *(key for each in tables for key in each)):
            assert f"`{key}`" in page, key
        for key in report["groups"]:
            assert f"`{key.partition('.')[0]}" in page, key


def test_an_outlook_is_a_per_cent_or_ten() -> None:
    assert [outlook(error) for error in (0.0, 0.01, 0.011, 0.1, 0.11, math.inf)] == [
        *["holds"] * 2,
        *["nearly"] * 2,
        *["fails"] * 2,
    ]
    assert worst("holds", "fails", "nearly") == "fails"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (number(0.8079), "0.808"),
        (number(2.64e-5), "2.6e-5"),
        (number(21662), "21662"),
        (length(0.4e-9), "0.4 nm"),
        (length(1e-5), "10 um"),
        (length(math.inf), "more than 1 m"),
        (time(3.7e-10), "370 ps"),
        (time(3.2e8), "10.1 years"),
        (millivolts(-0.07146), "-71.5 mV"),
        (millivolts(1e-12), "0 mV"),
        (percent(0.008), "0.8 %"),
        (percent(16.4), "16.4 times"),
        (percent(1e-9), "less than 0.0001 %"),
        (concentration(885), "885 mM"),
        (concentration(-42300), "-42.3 M"),
        (listed(["K", "Na", "Cl"]), "K, Na and Cl"),
        (listed(["K"]), "K"),
    ],
)
def test_numbers_are_written_as_they_are_read(text: str, expected: str) -> None:
    assert text == expected
