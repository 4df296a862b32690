"""The records of transporters and pathways: their numbers, and what is refused with which remedy."""

from __future__ import annotations

import re

import pytest
from pydantic import ValidationError
from scipy import constants

import electrodiff as ed
from electrodiff.checks import is_absent
from electrodiff.model import Channels, Pathway, Transporter, VoltageDependence

PUMP = {"name": "pump", "layer": "membrane", "stoichiometry": {"Na": 3, "K": -2}, "rate": 4e-10}
HALF = {"left": {"Na": "10 mM"}, "right": {"K": "1.5 mM"}}
SATURATING = {**PUMP, "law": "michaelis_menten", "half_saturation": HALF}
LEAK = {"name": "leak", "layer": "membrane", "permeability": {"K": "1e-7 m/s"}}
INSIDE = {"K": 140.0, "Na": 12.0, "Cl": 10.0, "A": 142.0}
OUTSIDE = {"K": 4.0, "Na": 145.0, "Cl": 149.0, "A": 0.0}


def case_of(**keys: object) -> ed.Case:
    layers = [
        {"name": "cytosol", "thickness": 1e-6, "relative_permittivity": 80, "initial": INSIDE},
        {
            "name": "membrane",
            "thickness": 5e-9,
            "relative_permittivity": 2,
            "permeability": {"K": 1e-10, "Na": 1e-12, "Cl": 1e-10, "A": 0.0},
        },
        {"name": "bath", "thickness": 20e-9, "relative_permittivity": 80},
    ]
    return ed.Case(
        **{
            "temperature": 310.0,
            "ions": {ion: {"valence": -1, "diffusivity": 5e-10} if ion == "A" else {} for ion in INSIDE},
            "layers": layers,
            "left": {"kind": "closed"},
            "right": {"kind": "reservoir", "concentrations": OUTSIDE, "potential": 0.0},
            **keys,
        }
    )


# ---- their numbers --------------------------------------------------------------------------------------------------


def test_rate_is_given_per_area_or_by_number_and_turnover():
    """1000 pumps per um^2, 100 cycles a second: 1e17 cycles per m^2 and s."""
    by_number = Transporter(**{**PUMP, "rate": None, "density": "1000 /um^2", "turnover": "100 /s"})
    assert by_number.largest_rate == pytest.approx(1e17 / constants.N_A, rel=1e-13)
    assert Transporter(**{**PUMP, "rate": "1e-8 mol/m^2/s"}).largest_rate == pytest.approx(1e-8, rel=1e-14)
    assert Transporter(**{**PUMP, "scale": 0.25}).largest_rate == pytest.approx(1e-10, rel=1e-14)
    assert Transporter(**{**PUMP, "rate": 0.0}).largest_rate == 0


def test_defaults_are_a_constant_rate_that_looks_at_the_bulk_and_needs_no_fuel():
    transporter = Transporter(**PUMP)
    assert (transporter.law, transporter.senses, transporter.atp, transporter.scale) == ("constant", "bulk", 0, 1)


def test_single_pump_of_a_hundred_cycles_a_second_carries_16_attoamperes():
    """One charge per cycle: 1.6e-5 pA."""
    charge = sum(PUMP["stoichiometry"].values())
    assert charge * 100 * constants.e * 1e12 == pytest.approx(1.6e-5, rel=2e-3)


def test_conductance_of_channels_is_their_number_times_what_is_open_of_each():
    channels = Channels(ion="K", density="10 /um^2", conductance="20 pS", open_probability=0.05)
    assert channels.conductance_per_area == pytest.approx(10.0, rel=1e-13)
    pathway = Pathway(name="a", layer="b", conductance={"Na": 2.0}, permeability={"Cl": 1e-9}, channels=(channels,))
    assert pathway.conductances == pytest.approx({"Na": 2.0, "K": 10.0})
    assert pathway.ions == ("Cl", "Na", "K")


def test_case_names_its_transporters_and_gates():
    gate = {"half_potential": 0.0, "slope": 0.01}
    case = case_of(transporters=[PUMP, {**PUMP, "name": "other"}], pathways=[{**LEAK, "gating": gate}])
    assert case.transporter_names == ("pump", "other")
    assert case.gate_names == ["leak.K"]
    names = case.scalar_names()
    for name in (
        "transporter_rate.pump",
        "transported_flux.K",
        "passive_flux.A",
        "nernst_potential.Cl",
        "open_fraction.leak.K",
    ):
        assert name in names
    assert not [name for name in case_of().scalar_names() if name.startswith(("transport", "passive", "nernst"))]


def test_pathway_lets_in_what_the_lipid_keeps_out():
    case = case_of(pathways=[{**LEAK, "permeability": {"A": 1e-10}}])
    assert not is_absent(case, case.layers[1], "A")
    assert is_absent(case_of(), case_of().layers[1], "A")


def test_keys_of_a_transporter_are_reached_by_its_name():
    case = case_of(transporters=[SATURATING]).changed(
        {"transporters.pump.scale": 0.5, "transporters.pump.half_saturation.left.Na": "20 mM"}
    )
    assert case.transporters[0].largest_rate == pytest.approx(2e-10)
    assert case.transporters[0].half_saturation["left"]["Na"] == pytest.approx(20.0)


# ---- what is refused ------------------------------------------------------------------------------------------------


def without(table: dict[str, object], *keys: str) -> dict[str, object]:
    return {key: value for key, value in table.items() if key not in keys}


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        (without(PUMP, "rate"), "give rate = "),
        ({**PUMP, "density": 1e15, "turnover": 10.0}, "and not both"),
        ({**without(PUMP, "rate"), "density": 1e15}, "a rate needs both"),
        ({**without(PUMP, "rate"), "turnover": 10.0}, "a rate needs both"),
        ({**PUMP, "stoichiometry": {}}, "at least 1"),
        ({**PUMP, "stoichiometry": {"Na": 3, "K": 0}}, "leave it out"),
        ({**PUMP, "law": "hill"}, "constant"),
        ({**PUMP, "law": "michaelis_menten"}, "half_saturation = "),
        ({**PUMP, "half_saturation": HALF}, "the law 'constant' has none"),
        ({**PUMP, "law": "affinity", "half_saturation": HALF}, "the law 'affinity' has none"),
        ({**SATURATING, "half_saturation": {"left": {"Na": 0.0}}}, "greater than zero"),
        ({**SATURATING, "half_saturation": {"inside": {"Na": 1.0}}}, "left"),
        ({**SATURATING, "hill": {"right": {"Na": 2.0}}}, "half_saturation.right has no Na"),
        ({**SATURATING, "hill": {"left": {"Na": -1.0}}}, "must not be negative"),
        ({**PUMP, "scale": -0.1}, "must not be negative"),
        ({**PUMP, "atp": -1}, "must not be negative"),
        ({**PUMP, "senses": "far"}, "bulk"),
        ({**PUMP, "rate": "5 mM"}, "mol/m"),
        ({**PUMP, "name": "a.b"}, "must not contain dots"),
        ({**PUMP, "speed": 3}, "speed"),
    ],
)
def test_transporter_that_makes_no_sense_is_refused(numbers, message):
    with pytest.raises(ValidationError, match=re.escape(message)):
        Transporter.model_validate(numbers)


def test_voltage_dependence_needs_a_scale():
    with pytest.raises(ValidationError, match="must not be zero"):
        VoltageDependence(kind="linear", scale=0.0)


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        (without(LEAK, "permeability"), "it lets nothing pass"),
        ({**LEAK, "conductance": {"K": 1.0}}, "K is given twice"),
        ({**LEAK, "channels": [{"ion": "K", "density": 1e12, "conductance": 1e-12}]}, "K is given twice"),
        ({**LEAK, "permeability": {"K": -1.0}}, "must not be negative"),
        ({**LEAK, "conductance": {"Na": "5 mV"}}, "a conductance per area"),
        ({**LEAK, "scale": -1}, "must not be negative"),
    ],
)
def test_pathway_that_makes_no_sense_is_refused(numbers, message):
    with pytest.raises(ValidationError, match=re.escape(message)):
        Pathway.model_validate(numbers)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"transporters": [PUMP, PUMP]}, "another one has this name"),
        ({"transporters": [{**PUMP, "layer": "membran"}]}, "membrane"),
        ({"transporters": [{**PUMP, "stoichiometry": {"Ca": 1}}]}, "Ca"),
        ({"transporters": [{**SATURATING, "half_saturation": {"left": {"Mg": 1.0}}}]}, "Mg"),
        (
            {"transporters": [{**PUMP, "law": "affinity", "stoichiometry": {"A": 1, "K": 1}}]},
            "needs some A on either side",
        ),
        ({"pathways": [LEAK, LEAK]}, "another one has this name"),
        ({"pathways": [{**LEAK, "layer": "cell"}]}, "the layers are cytosol, membrane, bath"),
        ({"pathways": [{**LEAK, "permeability": {"Ca": 1e-9}}]}, "Ca"),
        ({"atp_free_energy": "5 mV"}, "J/mol"),
    ],
)
def test_case_refuses_what_its_layers_and_ions_do_not_have(keys, message):
    with pytest.raises(ValidationError, match=re.escape(message)):
        case_of(**keys)


def test_law_of_sodium_needs_sodium():
    ends = {"K": 100.0, "Cl": 100.0}
    bath = {"thickness": 5e-9, "relative_permittivity": 80}
    with pytest.raises(ValidationError, match="no ion 'Na'"):
        ed.Case(
            temperature=310.0,
            ions={"K": {}, "Cl": {}},
            layers=[{"name": "membrane", **bath}],
            left={"concentrations": ends, "potential": 0.0},
            right={"concentrations": ends, "potential": 0.0},
            transporters=[{**PUMP, "stoichiometry": {"K": 1}, "law": "cubic_sodium"}],
        )


def test_conductance_needs_a_charge_and_a_uniform_lipid():
    neutral = {
        "ions": {
            "K": {},
            "Na": {},
            "Cl": {},
            "A": {"valence": -1, "diffusivity": 5e-10},
            "O2": {"valence": 0, "diffusivity": 2e-9},
        }
    }
    lipid = {"K": 1e-10, "Na": 1e-12, "Cl": 1e-10, "A": 0.0, "O2": 1e-3}
    layers = [layer.model_dump() for layer in case_of().layers]
    layers[1]["permeability"] = lipid
    layers[0]["initial"] = {**INSIDE, "O2": 0.1}
    with pytest.raises(ValidationError, match="O2 carries no charge"):
        case_of(**neutral, layers=layers, pathways=[{"name": "a", "layer": "membrane", "conductance": {"O2": 1.0}}])
    layers = [layer.model_dump() for layer in case_of().layers]
    profile = {"x": ["0 nm", "5 nm"], "value": ["1e-11 m^2/s", "2e-11 m^2/s"]}
    layers[1]["diffusivity"] = {"K": profile}
    with pytest.raises(ValidationError, match="it must be uniform"):
        case_of(layers=layers, pathways=[LEAK])
