"""The ladder of a membrane: its predictions are those of the closed forms, and its sentences those of its numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import numpy as np
import pytest
from scipy import constants
from scipy.optimize import brentq

import electrodiff as ed
from electrodiff.ladder import Ladder, Rung, compare
from electrodiff.ladder.crossing import crossing_of
from electrodiff.ladder.equilibrium import MODELS as EQUILIBRIUM
from electrodiff.ladder.goldman import ghk
from electrodiff.ladder.shortcuts import MODELS as SHORTCUTS
from electrodiff.membrane import find_membrane

CaseOf = Callable[..., ed.Case]
CROSSING = (*EQUILIBRIUM, *SHORTCUTS)
STEADY = [name for name, path in ed.bundled_cases().items() if ed.load_case(path).study.kind == "steady"]
"""The bundled cases that have a ladder."""
FARADAY = constants.N_A * constants.e
VOLT = constants.R * 310.0 / FARADAY
FREE = {"K": 1.96e-9, "Na": 1.33e-9, "Cl": 2.03e-9}
"""Diffusivities in the baths [m^2/s]: those of the bundled cases."""


def rows(ladder: Ladder, model: str) -> dict[str, Rung]:
    """The rows of a model by quantity."""
    return {row.quantity: row for row in ladder.rungs if row.model == model}


def at_rest(ladder: Ladder, model: str) -> Rung:
    return rows(ladder, model)["resting_potential"]


def current_row(ladder: Ladder, model: str) -> Rung:
    (row,) = (row for quantity, row in rows(ladder, model).items() if quantity != "resting_potential")
    return row


def membrane_case(
    left: dict[str, float], right: dict[str, float], diffusivity: dict[str, float], beta: float, **changes: object
) -> ed.Case:
    """5 nm of permittivity 2 and one partition for all ions, between 20 nm of water."""
    bath = {"thickness": "20 nm", "relative_permittivity": 80}
    slab = {
        "name": "membrane",
        "thickness": "5 nm",
        "relative_permittivity": 2,
        "partition": dict.fromkeys(diffusivity, beta),
        "diffusivity": diffusivity,
    }
    case = ed.Case(
        temperature="310 K",
        ions={ion: {"diffusivity": FREE[ion]} for ion in diffusivity},
        layers=({"name": "inside", **bath}, slab, {"name": "outside", **bath}),
        left={"concentrations": left, "potential": "floating"},
        right={"concentrations": right, "potential": 0.0},
    )
    return case.changed(changes)


def potassium_chloride(beta: float) -> Ladder:
    """KCl 150|15 mM with D_K : D_Cl = 1 : 0.1: the family of docs/limits.md."""
    left, right = ({"K": c, "Cl": c} for c in (150.0, 15.0))
    return compare(membrane_case(left, right, {"K": 1e-11, "Cl": 1e-12}, beta), CROSSING)


# ---- from GHK to Planck ------------------------------------------------------------------------------------------------

GHK_KCL = VOLT * math.log((15 + 0.1 * 150) / (150 + 0.1 * 15))
PLANCK_KCL = VOLT * (1 - 0.1) / (1 + 0.1) * math.log(15 / 150)


@pytest.mark.parametrize("beta", [1e-6, 1e-3, 0.1, 1.0])
def test_predictions_of_ghk_and_planck_do_not_depend_on_how_full_the_membrane_is(beta: float) -> None:
    ladder = potassium_chloride(beta)
    assert at_rest(ladder, "ghk").predicted == pytest.approx(GHK_KCL, abs=1e-12)
    assert at_rest(ladder, "planck").predicted == pytest.approx(PLANCK_KCL, abs=1e-10)
    assert at_rest(ladder, "henderson").predicted == pytest.approx(PLANCK_KCL, abs=1e-10)  # one salt


def test_a_nearly_empty_membrane_is_that_of_ghk_and_not_that_of_planck() -> None:
    ladder = potassium_chloride(1e-6)
    assert at_rest(ladder, "ghk").verdict == "agrees"
    assert at_rest(ladder, "ghk_faces").outlook == "holds"
    assert at_rest(ladder, "ghk_faces").verdict == current_row(ladder, "ghk_faces").verdict == "agrees"
    assert (at_rest(ladder, "planck").outlook, at_rest(ladder, "planck").verdict) == ("fails", "differs")
    assert "not electroneutral" in at_rest(ladder, "planck").reason


def test_of_a_membrane_full_of_ions_the_ladder_says_planck_nearly_and_not_ghk() -> None:
    ladder = potassium_chloride(1.0)
    ghk_row, planck_row = at_rest(ladder, "ghk"), at_rest(ladder, "planck")
    assert ghk_row.pnp == pytest.approx(-49.3e-3, abs=0.05e-3)  # docs/limits.md, of an independent trial
    assert (ghk_row.outlook, ghk_row.verdict) == ("fails", "differs")
    assert "field in the membrane is not constant" in ghk_row.reason
    assert ghk_row.reason.endswith("GHK does not apply.")
    assert (planck_row.outlook, planck_row.verdict) == ("nearly", "near")
    assert "Planck nearly applies, 1.02 mV too negative" in planck_row.reason
    assert "baths" in planck_row.reason  # perfectly conducting ones would bring it from -50.33 to -50.07 mV


def test_equal_totals_keep_the_field_constant_and_ghk_alive_in_a_membrane_full_of_ions() -> None:
    """Both solutions hold 300 mM of monovalent ions; diffusivities so small that the baths hardly resist."""
    left, right = {"K": 140.0, "Na": 10.0, "Cl": 150.0}, {"K": 5.0, "Na": 145.0, "Cl": 150.0}
    ladder = compare(membrane_case(left, right, {"K": 1e-13, "Na": 2e-14, "Cl": 1e-14}, 1.0), CROSSING)
    expected = VOLT * math.log((5 + 0.2 * 145 + 0.1 * 150) / (140 + 0.2 * 10 + 0.1 * 150))
    row = at_rest(ladder, "ghk")
    assert row.predicted == pytest.approx(expected, abs=1e-12)
    assert (row.outlook, row.verdict) == ("holds", "agrees")
    assert current_row(ladder, "ghk").verdict == "agrees"
    assert "field in the membrane is constant" in row.reason
    assert "the same total of ions, 300 mM" in row.reason
    # Planck's junction is that of GHK there.
    assert at_rest(ladder, "planck").predicted == pytest.approx(expected, abs=1e-10)


# ---- what lies between GHK and PNP -------------------------------------------------------------------------------------


def constant_field_flux(P: float, z: int, left: float, right: float, voltage: float) -> float:
    """The GHK flux, written out here so that the test depends on no code of the program."""
    u = z * voltage / VOLT
    return P * u * (left - right * math.exp(-u)) / -math.expm1(-u)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("clamped_membrane", {}),
        ("clamped_membrane", {"layers.membrane.partition": {"K": 1.0, "Na": 0.04, "Cl": 0.45, "A": 0}}),
        ("chloride_filter", {"left.potential": 0.03}),
        ("sodium_filter", {}),
    ],
)
def test_the_four_factors_take_the_fluxes_of_ghk_to_those_of_pnp(
    case_of: CaseOf, name: str, changes: dict[str, object]
) -> None:
    solution = ed.solve(case_of(name, changes))
    membrane = find_membrane(solution.case)
    assert membrane is not None
    crossing = crossing_of(membrane, solution)
    for ion in crossing.ions:
        flux = constant_field_flux(
            membrane.permeability[ion],
            membrane.valences[ion],
            membrane.inside[ion],
            membrane.outside[ion],
            solution.membrane_potential,
        )
        product = math.prod(factors[ion] for factors in crossing.profile.factors.values())
        # The factors are those of the finest mesh, without extrapolation: 1e-4.
        assert flux * product == pytest.approx(solution.flux[ion], rel=1e-4)


def test_with_all_four_factors_ghk_rests_where_pnp_does() -> None:
    ladder = potassium_chloride(1.0)
    membrane = find_membrane(ladder.case)
    assert membrane is not None
    crossing = crossing_of(membrane, ladder.solution)
    product = {ion: math.prod(each[ion] for each in crossing.profile.factors.values()) for ion in crossing.ions}
    flow = ghk(crossing.corrected(product), None)
    assert flow.voltage == pytest.approx(ladder.solution.membrane_potential, abs=1e-6)  # the mesh: 1e-4 RT/F and less
    assert flow.currents["K"] == pytest.approx(ladder.solution.ion_current["K"], rel=1e-4)


def test_what_the_ladder_blames_is_what_was_done_to_the_membrane(case_of: CaseOf) -> None:
    """Surface charge, a field that bends, baths that resist: each put in alone, and each named."""
    charged = {"interfaces": [{"between": ["cytosol", "membrane"], "surface_charge": -0.05}]}
    face = current_row(compare(case_of("clamped_membrane", charged), CROSSING), "ghk")
    assert "concentrations of the bulk" in face.reason
    bent = current_row(potassium_chloride(1.0), "ghk")
    assert "field in the membrane is not constant" in bent.reason
    left, right = {"K": 140.0, "Na": 10.0, "Cl": 150.0}, {"K": 5.0, "Na": 145.0, "Cl": 150.0}
    leaky = membrane_case(left, right, {"K": 5e-11, "Na": 1e-11, "Cl": 5e-12}, 1.0)
    assert "baths" in current_row(compare(leaky, CROSSING), "ghk").reason


# ---- each model --------------------------------------------------------------------------------------------------------


def test_the_circuit_has_the_batteries_of_nernst_and_the_conductances_of_equilibrium(case_of: CaseOf) -> None:
    """g = P z^2 F^2 / (R T) times the product of both concentrations over their logarithmic mean; rest at the mean E."""
    baths = {"K": (140.0, 4.0, 1.0, 1), "Na": (12.0, 145.0, 0.04, 1), "Cl": (10.0, 149.0, 0.45, -1)}
    E = {ion: VOLT / z * math.log(out / inn) for ion, (inn, out, _, z) in baths.items()}
    g = {ion: P * inn * out * math.log(out / inn) / (out - inn) for ion, (inn, out, P, _) in baths.items()}
    expected = sum(g[ion] * E[ion] for ion in baths) / sum(g.values())
    ladder = compare(case_of("clamped_membrane"), CROSSING)
    assert at_rest(ladder, "chord_circuit").predicted == pytest.approx(expected, abs=1e-12)
    scale = 2e-7 * FARADAY / VOLT
    current = scale * sum(g[ion] * (-0.065 - E[ion]) for ion in baths)
    assert current_row(ladder, "chord_circuit").predicted == pytest.approx(current, rel=1e-9)


def test_ghk_of_gated_channels_is_the_root_with_the_gate_at_each_voltage(case_of: CaseOf) -> None:
    ladder = compare(case_of("inward_rectifier"), CROSSING)
    ions = {"K": (2e-7, 1, 140.0, 4.0), "Na": (2e-9, 1, 12.0, 145.0), "Cl": (2e-8, -1, 10.0, 149.0)}

    def current(V: float) -> float:
        gate = 1 / (1 + math.exp((V + 0.080) / 0.010))
        return sum(
            z * (gate if ion == "K" else 1.0) * constant_field_flux(P, z, left, right, V)
            for ion, (P, z, left, right) in ions.items()
        )

    expected = brentq(current, -0.100, -0.050, xtol=1e-14)
    assert at_rest(ladder, "ghk").predicted == pytest.approx(expected, abs=1e-10)
    assert "39.7 % of K channels open" in at_rest(ladder, "ghk").reason
    # With the voltage of the slab and not of the baths on the gate, it is PNP: cases/inward_rectifier.toml.
    assert at_rest(ladder, "ghk_faces").predicted == pytest.approx(-76.441e-3, abs=1e-5)


def test_a_junction_of_equal_salts_agrees_with_everybody(case_of: CaseOf) -> None:
    ladder = compare(case_of("liquid_junction"), CROSSING)
    expected = -constants.R * 298.15 / FARADAY * math.log((9.311 + 2.032) / (1.957 + 2.032))
    for model in ("ghk", "planck", "henderson", "lewis_sargent"):
        assert at_rest(ladder, model).predicted == pytest.approx(expected, abs=1e-10), model
        assert at_rest(ladder, model).verdict == "agrees", model


def test_at_unequal_concentrations_planck_is_right_and_henderson_is_not(case_of: CaseOf) -> None:
    dilute = {"right.concentrations": {"K": 10.0, "Cl": 10.0}}
    ladder = compare(case_of("liquid_junction", dilute), CROSSING)
    assert at_rest(ladder, "planck").verdict == "agrees"
    assert at_rest(ladder, "henderson").verdict == "differs"
    assert "lewis_sargent" in {absent.model for absent in ladder.absent}


def test_a_charged_membrane_is_that_of_teorell_meyer_and_sievers(case_of: CaseOf) -> None:
    ladder = compare(case_of("ion_exchange_membrane"), CROSSING)
    row = at_rest(ladder, "teorell_meyer_sievers")
    assert row.predicted == pytest.approx(42.173e-3, abs=1e-6)  # published digits: see the case
    assert (row.outlook, row.verdict) == ("holds", "agrees")
    assert at_rest(ladder, "ghk").verdict == "differs"
    assert "draws Na in and keeps Cl out" in at_rest(ladder, "ghk").reason


def test_planck_behind_donnan_steps_is_pnp_in_a_thick_membrane_of_different_partitions(case_of: CaseOf) -> None:
    """5 um of water-like material that lets one ion in better than another, and the cell's anions not at all."""
    thick = {
        "layers.membrane.thickness": "5 um",
        "layers.membrane.relative_permittivity": 80,
        "layers.membrane.partition": {"K": 0.1, "Na": 0.02, "Cl": 0.05, "A": 0},
    }
    ladder = compare(case_of("resting_potential", thick), CROSSING)
    row = at_rest(ladder, "planck")
    # The Debye length is 1/825 of the thickness, and the share of the Debye layers as small.
    assert row.predicted == pytest.approx(row.pnp, abs=2e-3 * VOLT)
    assert current_row(ladder, "planck").relative_difference == pytest.approx(0.0, abs=3e-3)
    assert at_rest(ladder, "ghk").verdict == "differs"


def test_curves_are_those_of_the_equations(case_of: CaseOf) -> None:
    curve = compare(case_of("clamped_membrane"), CROSSING).curve
    assert curve is not None
    ions = {"K": (2e-7, 1, 140.0, 4.0), "Na": (8e-9, 1, 12.0, 145.0), "Cl": (9e-8, -1, 10.0, 149.0)}
    expected = [
        sum(FARADAY * z * constant_field_flux(P, z, left, right, V or 1e-12) for P, z, left, right in ions.values())
        for V in curve.potential
    ]
    assert curve.current_density["GHK"] == pytest.approx(expected, rel=1e-9)
    pnp, faces = (np.array(curve.current_density[title]) for title in ("PNP", "GHK, face values"))
    # docs/limits.md: right to 4e-3 with the face values, of the largest current.
    assert np.abs(pnp - faces).max() < 4e-3 * np.abs(pnp).max()


# ---- sentences ---------------------------------------------------------------------------------------------------------

_MISS = re.compile(r"; (?!the potential)[^;]*?([\d.e-]+) (mV too (?:positive|negative)|% too (?:large|small))")


def contradictions(row: Rung) -> list[str]:
    """What a sentence says that the numbers of its row deny."""
    found = []
    holds, fails = re.search(r"\bholds\b", row.reason), "does not apply" in row.reason
    if holds and row.verdict != "agrees":
        found.append("holds, but does not agree")
    if fails and (row.verdict != "differs" or row.outlook != "fails"):
        found.append("does not apply, but is not far off, or was expected to be right")
    if "nearly applies" in row.reason and row.verdict != "near":
        found.append("nearly applies, but is not near")
    miss = None if "holds for the potential" in row.reason else _MISS.search(row.reason)
    if miss and not says_the_difference(row, float(miss[1]), miss[2]):
        found.append(f"{miss[0]}, but the difference is {row.difference}")
    return found


def says_the_difference(row: Rung, number: float, words: str) -> bool:
    """Whether a number of three digits and a direction are those of a row."""
    if words.startswith("mV"):
        signed, size = 1e3 * row.difference, words.endswith("positive")
    else:
        signed, size = 100 * (abs(row.predicted) - abs(row.pnp)) / abs(row.pnp), words.endswith("large")
    return (signed > 0) == size and abs(signed) == pytest.approx(number, rel=6e-3)


@pytest.fixture(scope="module")
def shipped(case_of: CaseOf) -> dict[str, Ladder]:
    """The ladder of each bundled case, and the family of docs/limits.md."""
    bundled = {name: compare(case_of(name), CROSSING) for name in STEADY}
    return bundled | {f"KCl {beta}": potassium_chloride(beta) for beta in (1e-6, 1e-3, 0.1, 1.0)}


def test_no_sentence_says_what_its_numbers_deny(shipped: dict[str, Ladder]) -> None:
    checked = [row for ladder in shipped.values() for row in ladder.rungs]
    assert len(checked) > 100
    assert {row.verdict for row in checked} == {"agrees", "near", "differs"}
    assert [(row, found) for row in checked if (found := contradictions(row))] == []


def test_a_sentence_against_its_numbers_is_found(shipped: dict[str, Ladder]) -> None:
    right = at_rest(shipped["KCl 1.0"], "ghk")
    assert not contradictions(right)
    wrong = (
        "The field is constant: so it is; GHK holds.",
        "The field is constant: so it is; GHK nearly applies, 6.05 mV too positive.",
        "The field is constant: so it is; GHK is 6.05 mV too negative.",
        "The field is constant: so it is; GHK is 5 mV too positive.",
    )
    for reason in wrong:
        assert contradictions(Rung(**{**vars(right), "reason": reason})), reason
    agreeing = at_rest(shipped["resting_potential"], "ghk")
    assert contradictions(Rung(**{**vars(agreeing), "reason": "It is not constant; GHK does not apply."}))


def test_a_sentence_is_one_sentence_that_a_line_or_two_can_hold(shipped: dict[str, Ladder]) -> None:
    for name, ladder in shipped.items():
        for row in ladder.rungs:
            assert row.reason[0].isupper(), (name, row.reason)
            assert row.reason.endswith("."), (name, row.reason)
            assert not re.search(r"\. [A-Z]", row.reason), (name, row.reason)
            assert len(row.reason) <= 240, (name, row.reason)
            assert not re.search(r"\b(nan|inf|None)\b", row.reason), (name, row.reason)


def test_an_ion_alone_rests_at_its_nernst_potential_in_every_model(shipped: dict[str, Ladder]) -> None:
    ladder = shipped["nernst_potassium"]
    expected = VOLT * math.log(4 / 140)
    for model in ("nernst.K", "ghk", "ghk_faces", "chord_circuit"):
        row = at_rest(ladder, model)
        assert row.predicted == pytest.approx(expected, abs=1e-12)
        assert row.verdict == "agrees"
        assert "Only K passes" in row.reason


def test_only_an_ion_without_a_third_one_balances_another(shipped: dict[str, Ladder]) -> None:
    """At rest the currents of K, Na and Cl add up to zero, so none of them is minus another; those of two are."""
    three, two = at_rest(shipped["selectivity_lost"], "nernst.K"), at_rest(shipped["two_channel_types"], "nernst.K")
    assert "opposes it." in three.reason
    assert "Cl" not in three.reason  # outward, as K: it helps
    assert "balances it." in two.reason


def test_the_potential_of_a_junction_is_called_so(shipped: dict[str, Ladder]) -> None:
    rungs = [row for row in shipped["liquid_junction"].rungs if row.quantity == "resting_potential"]
    assert {row.label for row in rungs} == {"junction potential"}
    assert not [row.reason for row in rungs if "membrane" in row.reason]


def test_nernst_is_expected_of_the_ion_that_the_regime_means(case_of: CaseOf) -> None:
    """With 4 mM of K outside, Cl has half of the conductance; K, far from its equilibrium, is not expected to hold."""
    ladder = compare(
        case_of("equal_percent_equal_absolute", {"right.concentrations.K": 4.0, "right.concentrations.Na": 151.0}),
        EQUILIBRIUM,
    )
    expected = {row.title: row.outlook for row in ladder.rungs}
    main, limit = ladder.setting.regime.main_ion, ladder.setting.regime.limit("one_permeant_ion")
    assert limit is not None
    assert limit.because.startswith(f"{main} has ")
    others = [outlook for title, outlook in expected.items() if title != f"Nernst, {main}"]
    assert (expected[f"Nernst, {main}"], set(others)) == (limit.outlook, {"fails"})


def test_nernst_is_expected_of_all_ions_with_one_potential(shipped: dict[str, Ladder]) -> None:
    rungs = [row for row in shipped["kcsa_channel"].rungs if row.model.startswith("nernst")]
    assert [(row.outlook, row.verdict) for row in rungs] == [("holds", "agrees")] * 2
    assert all(row.reason.startswith("K and Cl are both at equilibrium") for row in rungs)


def test_a_nernst_potential_far_from_rest_is_told_with_who_balances_it(shipped: dict[str, Ladder]) -> None:
    row = at_rest(shipped["resting_potential"], "nernst.K")
    currents = shipped["resting_potential"].solution.ion_current
    assert currents["K"] > 0 > currents["Na"]
    # A/m^2 are 100 uA/cm^2; three digits
    assert f"carries {100 * currents['K']:.3g} uA/cm^2 outward" in row.reason
    assert f"Na, carrying {-100 * currents['Na']:.3g} uA/cm^2 inward" in row.reason
