"""The records of a case: what the table of ions brings, permeability and partition, water, neutrality, bounds."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from electrodiff import KNOWN_IONS, Case, CaseError, Expectation, Ion, Layer, MeshSettings, Reservoir, materials
from electrodiff.checks import crosses
from electrodiff.model import case_schema


def reservoir(**concentrations: float) -> Reservoir:
    return Reservoir(concentrations=concentrations, potential=0.0)


def bath(**changes: object) -> Case:
    """One layer of KCl solution at 298.15 K."""
    values: dict[str, object] = {
        "temperature": 298.15,
        "ions": {"K": Ion(), "Cl": Ion()},
        "layers": [Layer(name="water", thickness="20 nm", relative_permittivity=80)],
        "left": reservoir(K=150, Cl=150),
        "right": reservoir(K=150, Cl=150),
    }
    return Case.model_validate({**values, **changes})


def partition(case: Case, layer: Layer, ion: str) -> float:
    """beta of an ion in a uniform layer."""
    beta = materials.partition(case, layer, ion, np.array([0.0, layer.thickness]))
    assert beta[0] == beta[1]
    return float(beta[0])


def diffusivity(case: Case, layer: Layer, ion: str) -> float:
    """D of an ion in a uniform layer."""
    return float(materials.diffusivity(case, layer, ion, np.zeros(1))[0])


def slab(**changes: object) -> Layer:
    return Layer.model_validate({"name": "slab", "thickness": 5e-9, "relative_permittivity": 2, **changes})


# ---- ions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ion", "valence"),
    [("H", 1), ("Na", 1), ("K", 1), ("NH4", 1), ("Ca", 2), ("Mg", 2), ("Cl", -1), ("OH", -1), ("SO4", -2)],
)
def test_a_known_ion_brings_its_valence_and_diffusivity(ion: str, valence: int) -> None:
    counter = Ion(valence=-valence, diffusivity=1e-9)
    ends = reservoir(**{ion: 10, "X": 10})
    case = bath(ions={ion: Ion(), "X": counter}, left=ends, right=ends)
    assert case.valence(ion) == valence
    assert case.valences == (valence, -valence)
    # At the temperature of the table nothing is scaled.
    assert case.free_diffusivity(ion) == pytest.approx(KNOWN_IONS[ion].diffusivity, rel=1e-14)


def test_a_table_diffusivity_is_scaled_by_temperature_over_viscosity() -> None:
    # Viscosity of water, IAPWS: 0.8900 mPa s at 25 degC and 0.6913 mPa s at 37 degC, each known to about 1 %.
    expected = (310.15 / 298.15) * (0.8900 / 0.6913)
    ratio = bath(temperature="37 degC").free_diffusivity("K") / bath().free_diffusivity("K")
    assert ratio == pytest.approx(expected, rel=2e-3)


def test_scaling_can_be_switched_off() -> None:
    case = bath(temperature=310, scale_diffusivities=False)
    assert case.free_diffusivity("K") == KNOWN_IONS["K"].diffusivity


@pytest.mark.parametrize("scale", [True, False])
def test_a_written_diffusivity_is_used_as_written(scale: bool) -> None:
    ions = {"K": Ion(diffusivity=1e-9), "Cl": Ion()}
    layers = [slab(diffusivity={"Cl": 1e-11})]
    case = bath(temperature=310, ions=ions, layers=layers, scale_diffusivities=scale)
    assert case.free_diffusivity("K") == 1e-9
    assert diffusivity(case, case.layers[0], "K") == 1e-9
    assert diffusivity(case, case.layers[0], "Cl") == 1e-11
    assert case.free_diffusivity("Cl") != 1e-11


def test_what_the_table_says_of_an_ion_may_be_overridden() -> None:
    ends = reservoir(K=75, Cl=150)
    case = bath(ions={"K": Ion(valence=2), "Cl": Ion()}, left=ends, right=ends)
    assert case.valence("K") == 2
    assert case.free_diffusivity("K") == pytest.approx(KNOWN_IONS["K"].diffusivity, rel=1e-14)


# ---- layers ------------------------------------------------------------------------------------------------------


def test_water_has_the_permittivity_of_water_at_the_temperature() -> None:
    # CRC Handbook: 78.4 at 25 degC and 74.2 at 37 degC; the last digit printed.
    layer = Layer(name="water", thickness=2e-8, relative_permittivity="water")
    assert bath(layers=[layer]).relative_permittivity(layer) == pytest.approx(78.4, abs=0.05)
    assert bath(layers=[layer], temperature="37 degC").relative_permittivity(layer) == pytest.approx(74.2, abs=0.05)


def test_no_partition_means_one_for_every_ion() -> None:
    case = bath()
    assert [partition(case, case.layers[0], ion) for ion in case.ions] == [1, 1]


def test_a_permeability_is_partition_times_diffusivity_over_thickness() -> None:
    """P = beta D / d, and the same layer can be written either way."""
    layer = slab(permeability={"K": 2e-7, "Cl": 0}, diffusivity={"K": 1e-11})
    case = bath(layers=[layer])
    # 2e-7 * 5e-9 / 1e-11; beta is the exponential of an energy of 9 kT, which costs as many units of round-off.
    assert partition(case, layer, "K") == pytest.approx(1e-4, rel=1e-14)
    assert partition(case, layer, "Cl") == 0


def test_a_permeability_is_kept_when_the_thickness_or_the_diffusivity_changes() -> None:
    case = bath(layers=[slab(permeability={"K": 2e-7, "Cl": 1e-8})])
    for changed in (
        case.replace("layers.slab.thickness", 7e-9),
        case.replace("layers.slab.diffusivity.K", 3e-12),
        case.replace("temperature", 310),
    ):
        layer = changed.layers[0]
        permeability = partition(changed, layer, "K") * diffusivity(changed, layer, "K") / layer.thickness
        assert permeability == pytest.approx(2e-7, rel=1e-14)


def test_one_ion_may_have_a_permeability_and_another_a_partition() -> None:
    case = bath(layers=[slab(permeability={"K": 2e-7}, partition={"Cl": 1e-3}, diffusivity={"K": 1e-11})])
    assert partition(case, case.layers[0], "K") == pytest.approx(1e-4, rel=1e-14)
    assert partition(case, case.layers[0], "Cl") == pytest.approx(1e-3, rel=1e-14)


def test_an_ion_crosses_if_no_layer_excludes_it() -> None:
    open_, half, shut = (slab(name=f"beta {100 * beta:.0f} %", partition={"K": 1, "Cl": beta}) for beta in (1, 0.5, 0))
    assert crosses(bath(layers=[open_, half]), "Cl")
    assert not crosses(bath(layers=[open_, shut, half]), "Cl")
    assert crosses(bath(layers=[open_, shut, half]), "K")


# ---- reservoirs --------------------------------------------------------------------------------------------------


def test_an_ion_that_a_reservoir_leaves_out_is_absent_from_it() -> None:
    assert bath(left=reservoir()).concentrations("left") == {"K": 0, "Cl": 0}


def test_both_ways_round_an_interface_is_the_same() -> None:
    layers = [slab(name="a"), slab(name="b")]
    for between in (("a", "b"), ("b", "a")):
        case = bath(layers=layers, interfaces=[{"between": between, "surface_charge": 0.02}])
        assert case.surface_charge("a", "b") == case.surface_charge("b", "a") == 0.02


@settings(deadline=None, max_examples=100)
@given(
    sodium=st.floats(0, 1e4),
    calcium=st.floats(0, 1e4),
    sulphate=st.floats(0, 1e4),
    adjusted=st.sampled_from(["Na", "Ca", "SO4"]),
)
def test_a_neutralised_reservoir_is_neutral_and_nothing_else_is_changed(
    sodium: float, calcium: float, sulphate: float, adjusted: str
) -> None:
    given_ = {"Na": sodium, "Ca": calcium, "SO4": sulphate}
    valence = {"Na": 1, "Ca": 2, "SO4": -2}
    others = sum(valence[ion] * c for ion, c in given_.items() if ion != adjusted)
    assume(others * valence[adjusted] <= 0)
    left = Reservoir(concentrations=given_, potential=0.0, neutralise=adjusted)
    case = bath(ions=dict.fromkeys(given_, Ion()), left=left, right=reservoir())
    result = case.concentrations("left")
    largest = max(abs(valence[ion]) * c for ion, c in given_.items())
    # Round-off of a sum of three terms, and of the least numbers there are.
    assert abs(sum(valence[ion] * c for ion, c in result.items())) <= 4e-16 * 3 * largest + 1e-300
    assert {ion: c for ion, c in result.items() if ion != adjusted} == {
        ion: c for ion, c in given_.items() if ion != adjusted
    }
    assert result[adjusted] >= 0


def test_an_adjusted_ion_may_turn_out_to_be_absent() -> None:
    """What the round-off of the other ions asks for, -5.6e-17 mM, is nothing."""
    given_ = {"K": 0.1, "Na": 0.2, "Cl": 0.3, "H": 0.0}
    left = Reservoir(concentrations=given_, potential=0.0, neutralise="H")
    assert bath(ions=dict.fromkeys(given_, Ion()), left=left, right=reservoir()).concentrations("left")[
        "H"
    ] == pytest.approx(0, abs=1e-15)


# ---- bounds and expectations -------------------------------------------------------------------------------------


@pytest.mark.parametrize("accuracy", [0, -1e-6, 1e-13, 0.2, 1, float("nan"), float("inf")])
def test_an_accuracy_that_no_mesh_can_have_is_refused(accuracy: float) -> None:
    with pytest.raises(ValidationError):
        MeshSettings(accuracy=accuracy)


@pytest.mark.parametrize("accuracy", [1e-12, 1e-6, 0.1])
def test_an_accuracy_within_the_bounds_is_taken(accuracy: float) -> None:
    assert MeshSettings(accuracy=accuracy).accuracy == accuracy


@pytest.mark.parametrize("nodes", [4, 0, -5, 10_000_001, 5.5, True, "51"])
def test_a_number_of_nodes_that_no_mesh_can_have_is_refused(nodes: object) -> None:
    with pytest.raises(ValidationError):
        MeshSettings.model_validate({"nodes": nodes})


@pytest.mark.parametrize("name", ["", "a.b", "a|b", "a[1]"])
def test_a_layer_name_can_stand_in_a_key_path(name: str) -> None:
    with pytest.raises(ValidationError):
        slab(name=name)


def expectation(**changes: object) -> Expectation:
    values = {"quantity": "membrane_potential", "value": "-71 mV", "tolerance": "0.5 mV", "source": "GHK"}
    return Expectation.model_validate({**values, **changes})


def test_an_expectation_is_in_the_unit_of_its_quantity() -> None:
    assert (expectation().value_si, expectation().tolerance_si) == pytest.approx((-0.071, 0.0005), rel=1e-14)
    ratio = expectation(quantity="field_ratio.a|b", value=40, tolerance=0.1)
    assert (ratio.value_si, ratio.tolerance_si) == (40, 0.1)


@pytest.mark.parametrize(
    "changes",
    [
        {"value": -0.071},
        {"value": "-71 nm"},
        {"value": "-71"},
        {"value": "nan mV"},
        {"tolerance": "0 mV"},
        {"tolerance": "-1 mV"},
        {"tolerance": 0.5},
        {"quantity": "voltage"},
        {"quantity": "field_ratio.a|b", "value": "40", "tolerance": 1},
        {"quantity": "field_ratio.a|b", "value": float("nan"), "tolerance": 1},
        {"quantity": "field_ratio.a|b", "value": 40, "tolerance": float("inf")},
        {"quantity": "field_ratio.a|b", "value": 40, "tolerance": float("nan")},
        {"quantity": "field_ratio.a|b", "value": True, "tolerance": 1},
    ],
    ids=str,
)
def test_an_expectation_that_can_never_be_checked_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        expectation(**changes)


def test_a_temperature_without_liquid_water_is_refused_only_if_water_is_asked_for() -> None:
    ions = {"K": Ion(diffusivity=1e-9), "Cl": Ion(diffusivity=1e-9)}
    assert bath(temperature=500, ions=ions).temperature == 500
    case = bath(ions=ions)
    with pytest.raises(CaseError, match=r"temperature is 500; .*383\.15 K"):
        case.changed({"temperature": 500, "layers.water.relative_permittivity": "water"})
    with pytest.raises(CaseError, match=r"temperature is 200; .*253\.15 K"):
        bath().replace("temperature", 200)


def test_the_schema_forbids_what_the_records_forbid() -> None:
    schema = case_schema()
    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) == set(Case.model_fields)
    records = [record for record in schema["$defs"].values() if "properties" in record]
    assert records
    assert all(record["additionalProperties"] is False for record in records)
