"""Pathways beside the lipid: permeabilities from slope conductances, at rest or elsewhere, and what is left of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pydantic import ValidationError
from scipy import constants
from scipy.optimize import brentq

import electrodiff as ed
from electrodiff import materials
from electrodiff.pathways import bulk_concentrations, transporter_rate

FARADAY = constants.N_A * constants.e
TEMPERATURE = 310.0
VT = constants.R * TEMPERATURE / FARADAY
INSIDE = {"K": 140.0, "Na": 12.0, "Cl": 10.0, "A": 142.0}
OUTSIDE = {"K": 4.0, "Na": 145.0, "Cl": 149.0, "A": 0.0}
VALENCE = {"K": 1, "Na": 1, "Cl": -1, "A": -1}
LIPID = {"K": 1e-11, "Na": 3e-12, "Cl": 2e-11, "A": 0.0}


def case_of(*pathways: dict[str, object], lipid: dict[str, float] = LIPID, **keys: object) -> ed.Case:
    """A cell, with pathways in its membrane; the lipid lets all but A pass."""
    bath = {"thickness": 20e-9, "relative_permittivity": 80}
    return ed.Case(
        temperature=TEMPERATURE,
        ions={ion: {"valence": -1, "diffusivity": 5e-10} if ion == "A" else {} for ion in INSIDE},
        layers=[
            {"name": "cytosol", **bath, "initial": INSIDE},
            {"name": "membrane", "thickness": 5e-9, "relative_permittivity": 2, "permeability": lipid},
            {"name": "bath", **bath},
        ],
        left={"kind": "closed"},
        right={"kind": "reservoir", "concentrations": OUTSIDE, "potential": 0.0},
        pathways=[{"layer": "membrane", **pathway} for pathway in pathways],
        **keys,
    )


def permeabilities(case: ed.Case, ion: str) -> dict[str, float]:
    return materials.beside_lipid(case, case.layers[1], ion)


def goldman(permeability: float, ion: str, voltage: float) -> float:
    """GHK current of an ion [A/m^2], P z^2 (V F / VT) (c_in - c_out e^-u) / (1 - e^-u)."""
    u = VALENCE[ion] * voltage / VT
    flux = permeability * u * (INSIDE[ion] - OUTSIDE[ion] * math.exp(-u)) / -math.expm1(-u)
    return VALENCE[ion] * FARADAY * flux


def goldman_slope(permeability: float, ion: str, voltage: float) -> float:
    """Its derivative by the voltage, by central differences over 0.2 uV, good to 1e-9 [S/m^2]."""
    step = 1e-5
    ends = [goldman(permeability, ion, voltage + part * step) for part in (-2, -1, 1, 2)]
    return float(np.dot([1, -8, 8, -1], ends)) / (12 * step)


# ---- from conductances ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [-0.09, -0.04, 0.03])
@pytest.mark.parametrize("ion", ["K", "Na", "Cl"])
def test_permeability_has_the_slope_conductance_asked_for(ion, at):
    case = case_of({"name": "leak", "conductance": {ion: 5.0}, "at": at})
    (permeability,) = permeabilities(case, ion).values()
    # 1e-9: differences of fourth order
    assert goldman_slope(permeability, ion, at) == pytest.approx(5.0, rel=1e-9)


def test_units_of_a_conductance_per_area():
    table, si = (
        permeabilities(case_of({"name": "leak", "conductance": {"K": value}, "at": -0.06}), "K")["leak"]
        for value in ("0.5 mS/cm^2", 5.0)
    )
    assert table == pytest.approx(si, rel=1e-14)


def test_channels_conduct_their_density_times_what_is_open_times_what_one_conducts():
    """2 per um^2, a fifth of them open, 20 pS: 8 S/m^2."""
    one = {"ion": "K", "density": "2 /um^2", "open_probability": 0.2, "conductance": "20 pS"}
    by_channels = case_of({"name": "leak", "channels": [one], "at": -0.06})
    assert by_channels.pathways[0].conductances == pytest.approx({"K": 8.0}, rel=1e-13)
    by_conductance = case_of({"name": "leak", "conductance": {"K": 8.0}, "at": -0.06})
    assert permeabilities(by_channels, "K")["leak"] == pytest.approx(
        permeabilities(by_conductance, "K")["leak"], rel=1e-13
    )


PUMP = {"name": "pump", "layer": "membrane", "stoichiometry": {"Na": 3, "K": -2}, "rate": 5e-9}
PATHWAYS = (
    {"name": "K", "conductance": {"K": 4.0}, "scale": 0.5},
    {"name": "Na", "conductance": {"Na": 0.3}},
    {"name": "other", "permeability": {"K": 2e-9, "Cl": 1e-9}},
    {"name": "clamped", "conductance": {"Cl": 0.4}, "at": -0.02},
)


@pytest.mark.parametrize("pumped", [False, True])
def test_conductances_hold_where_lipid_pathways_and_pump_carry_no_current_together(pumped):
    case = case_of(*PATHWAYS, transporters=[PUMP] if pumped else [])
    total = {ion: LIPID[ion] + sum(permeabilities(case, ion).values()) for ion in LIPID}

    def current(voltage: float) -> float:
        leaks = sum(goldman(p, ion, voltage) for ion, p in total.items() if p > 0)
        return leaks + (FARADAY * 5e-9 if pumped else 0.0)

    rest = brentq(current, -0.2, 0.2001, xtol=1e-14)
    # A scale is what is left of the pathway.
    assert goldman_slope(permeabilities(case, "K")["K"], "K", rest) == pytest.approx(0.5 * 4.0, rel=1e-8)
    assert goldman_slope(permeabilities(case, "Na")["Na"], "Na", rest) == pytest.approx(0.3, rel=1e-8)
    assert goldman_slope(permeabilities(case, "Cl")["clamped"], "Cl", -0.02) == pytest.approx(0.4, rel=1e-8)


def test_pump_moves_the_rest_at_which_conductances_hold():
    silent, pumped = case_of(*PATHWAYS), case_of(*PATHWAYS, transporters=[PUMP])
    assert permeabilities(pumped, "K")["K"] > 1.002 * permeabilities(silent, "K")["K"]


def test_no_rest_is_an_error_that_asks_for_a_potential():
    case = case_of({"name": "K", "conductance": {"K": 1.0}}, transporters=[{**PUMP, "rate": 1.0}])
    with pytest.raises(ed.CaseError, match=r"no resting potential .* at = "):
        permeabilities(case, "K")


# ---- from barriers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("height", "in_rt"), [("20 kJ/mol", 20e3 / (constants.R * TEMPERATURE)), ("8 kT", 8.0)])
def test_pores_with_a_barrier_let_pass_their_part_of_the_area(height, in_rt):
    """P = fraction D exp(-W/RT) / thickness, with the diffusivity in the pores."""
    pores = {"name": "pores", "barrier": {"K": height}, "diffusivity": {"K": 4e-10}, "area_fraction": 1e-6}
    case = case_of(pores)
    assert permeabilities(case, "K")["pores"] == pytest.approx(1e-6 * 4e-10 * math.exp(-in_rt) / 5e-9, rel=1e-13)
    free = case_of({**pores, "diffusivity": {}})
    ratio = permeabilities(free, "K")["pores"] / permeabilities(case, "K")["pores"]
    assert ratio == pytest.approx(free.free_diffusivity("K") / 4e-10, rel=1e-13)
    resolved = materials.resolved(case)
    assert not resolved.pathways[0].barrier
    assert permeabilities(resolved, "K") == pytest.approx(permeabilities(case, "K"), rel=1e-14)


@pytest.mark.parametrize("fraction", [{}, {"area_fraction": 1.5}])
def test_pores_with_a_barrier_need_their_part_of_the_area(fraction):
    with pytest.raises(ValidationError, match="which part of the area"):
        case_of({"name": "pores", "barrier": {"K": "20 kJ/mol"}, **fraction})


# ---- resolved -------------------------------------------------------------------------------------------------------


def test_resolved_case_has_the_same_permeabilities_and_keeps_them():
    case = case_of(*PATHWAYS, transporters=[PUMP])
    resolved = materials.resolved(case)
    assert not any(pathway.conductances for pathway in resolved.pathways)
    for ion in ("K", "Na", "Cl"):
        assert permeabilities(resolved, ion) == pytest.approx(permeabilities(case, ion), rel=1e-14)
    blocked = {"transporters.pump.scale": 0.0}
    assert permeabilities(resolved.changed(blocked), "K") == permeabilities(resolved, "K")
    assert permeabilities(case.changed(blocked), "K")["K"] != permeabilities(case, "K")["K"]
    halved = resolved.changed({"pathways.K.scale": 0.25})
    assert permeabilities(halved, "K")["K"] == pytest.approx(permeabilities(case, "K")["K"] / 2, rel=1e-14)


def test_case_without_conductances_is_resolved():
    case = case_of({"name": "leak", "permeability": {"K": 1e-9}})
    assert materials.resolved(case) is case


def test_resolved_pathways_keep_gate_and_layer():
    gate = {"half_potential": -0.03, "slope": 0.01}
    case = case_of({"name": "delayed", "conductance": {"K": 1.0}, "gating": gate})
    pathway = materials.resolved(case).pathways[0]
    assert (pathway.layer, pathway.gating.half_potential, pathway.gating.slope) == ("membrane", -0.03, 0.01)


# ---- beside the lipid -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["permeability", "partition", "barrier", "born_radius"])
def test_pathway_adds_to_what_the_lipid_lets_pass_however_that_is_given(given):
    tables = {
        "permeability": {"permeability": LIPID},
        "partition": {"partition": {"K": 1e-6, "Na": 1e-7, "Cl": 1e-6, "A": 0}},
        "barrier": {"barrier": dict.fromkeys(("K", "Na", "Cl"), 40e3), "partition": {"A": 0}},
        "born_radius": {"born_radius": dict.fromkeys(("K", "Na", "Cl"), 0.5e-9), "partition": {"A": 0}},
    }
    layer = {"name": "membrane", "thickness": 5e-9, "relative_permittivity": 4, **tables[given]}
    pathway = {"name": "leak", "layer": "membrane", "permeability": {"K": 3e-10}, "scale": 0.5}
    alone = case_of().changed({"layers": [case_of().layers[0].model_dump(), layer, case_of().layers[2].model_dump()]})
    both = alone.changed({"pathways": [pathway]})
    before, after = (materials.permeance(case, case.layers[1], "K") for case in (alone, both))
    assert after - before == pytest.approx(1.5e-10, rel=1e-6)
    assert materials.permeance(both, both.layers[1], "Na") == materials.permeance(alone, alone.layers[1], "Na")
    assert materials.lipid_permeance(both, both.layers[1], "K") == pytest.approx(before, rel=1e-14)


def test_pathway_is_the_only_way_through_a_lipid_that_keeps_the_ion_out():
    case = case_of({"name": "leak", "permeability": {"A": 1e-10}})
    assert materials.lipid_permeance(case, case.layers[1], "A") == 0
    assert materials.permeance(case, case.layers[1], "A") == pytest.approx(1e-10, rel=1e-13)


# ---- what the laws are given ------------------------------------------------------------------------------------------


def test_bulk_is_a_reservoir_or_the_start_of_a_closed_end():
    case = case_of()
    assert bulk_concentrations(case, "left") == INSIDE
    assert bulk_concentrations(case, "right") == OUTSIDE


@pytest.mark.parametrize("voltage", [-0.2, -0.08, 0.01])
def test_rate_between_the_bulk_solutions_follows_its_law(voltage):
    def rate(**keys: object) -> float:
        case = case_of(transporters=[{**PUMP, **keys}])
        return transporter_rate(case, case.transporters[0], voltage)

    saturating = {
        "law": "michaelis_menten",
        "half_saturation": {"left": {"Na": 10.0}, "right": {"K": 1.5}},
        "hill": {"left": {"Na": 3.0}, "right": {"K": 2.0}},
    }
    sites = (12 / 22) ** 3 * (4 / 5.5) ** 2
    assert rate(scale=0.4) == pytest.approx(2e-9, rel=1e-14)
    assert rate(**saturating) == pytest.approx(5e-9 * sites, rel=1e-13)
    by_voltage = {"voltage_dependence": {"kind": "linear", "scale": 0.1}}
    assert rate(**saturating, **by_voltage) == pytest.approx(5e-9 * sites * max(1 + voltage / 0.1, 0), rel=1e-12)
    by_voltage = {"voltage_dependence": {"kind": "exponential", "scale": 0.1}}
    assert rate(**by_voltage) == pytest.approx(5e-9 * math.exp(voltage / 0.1), rel=1e-13)
    assert rate(law="cubic_sodium") == pytest.approx(5e-9 * (12 / 145) ** 3, rel=1e-13)
    force = 3 * math.log(12 / 145) - 2 * math.log(140 / 4) + voltage / VT
    assert rate(law="affinity") == pytest.approx(5e-9 * force, rel=1e-12)
