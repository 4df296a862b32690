"""What the parts of a case must satisfy together: the key that is wrong, its value, and the number that shows it."""

import pytest

from electrodiff import Case, CaseError, parse_case
from electrodiff.checks import NEUTRAL

TEXT = """\
temperature = "310 K"
[ions.K]
[ions.Ca]
[ions.Cl]
[[layers]]
name = "a"
thickness = "20 nm"
relative_permittivity = 80
[[layers]]
name = "b"
thickness = "5 nm"
relative_permittivity = 2
partition = { K = 1, Ca = 0, Cl = 0 }
[[layers]]
name = "c"
thickness = "20 nm"
relative_permittivity = 80
[left]
concentrations = { K = "100 mM", Ca = "10 mM", Cl = "120 mM" }
potential = "floating"
[right]
concentrations = { K = "120 mM", Cl = "120 mM" }
potential = "0 mV"
"""


@pytest.fixture
def case() -> Case:
    return parse_case(TEXT)


def refusal(case: Case, **changes: object) -> str:
    """The message about changes whose keys are written with __ for the dots."""
    with pytest.raises(CaseError) as caught:
        case.changed({key.replace("__", "."): value for key, value in changes.items()})
    return str(caught.value)


@pytest.mark.parametrize(
    ("calcium", "imbalance"),
    [(20, "+20 mM"), (0, "-20 mM"), (10.5, "+1 mM"), (10.00001, "+2e-05 mM")],
)
def test_a_reservoir_that_is_not_neutral_is_refused_with_its_charge_in_mM(
    case: Case, calcium: float, imbalance: str
) -> None:
    # sum of z c = 100 + 2 c_Ca - 120, with the valence 2 of calcium
    message = refusal(case, left__concentrations__Ca=calcium)
    assert "left.concentrations" in message
    assert f"sum of z c = {imbalance};" in message


def test_the_imbalance_of_the_other_end_is_reported_there(case: Case) -> None:
    assert "right.concentrations" in refusal(case, right__concentrations__Cl=119)


def test_the_rounding_of_decimal_numbers_is_no_imbalance(case: Case) -> None:
    # 0.1 + 0.2 != 0.3 in floating point.
    rounded = {"K": 0.1, "Ca": 0.1, "Cl": 0.1 + 0.2}
    assert case.replace("right.concentrations", rounded).concentrations("right") == rounded
    ions = 240.0  # sum |z| c of the right end
    inside, outside = 120 + 0.5 * NEUTRAL * ions, 120 + 2 * NEUTRAL * ions
    case.replace("right.concentrations.K", inside)
    assert "not electroneutral" in refusal(case, right__concentrations__K=outside)


def test_the_remedy_for_an_imbalance_is_one(case: Case) -> None:
    """The ion that the message proposes for `neutralise` can be adjusted."""
    for calcium in (0, 20):
        message = refusal(case, left__concentrations__Ca=calcium)
        proposed = message.rpartition('neutralise = "')[2].rstrip('"')
        fixed = case.changed({"left.concentrations.Ca": calcium, "left.neutralise": proposed})
        charge = sum(fixed.valence(ion) * c for ion, c in fixed.concentrations("left").items())
        assert charge == pytest.approx(0, abs=1e-12)


def test_an_empty_reservoir_is_neutral(case: Case) -> None:
    assert set(case.changed({"left.concentrations": {}, "left.potential": 0}).concentrations("left").values()) == {0}


def test_neutralising_must_not_need_a_negative_concentration(case: Case) -> None:
    # Calcium would have to carry 120 - 130 = -10 mM of charge.
    message = refusal(case, left__concentrations__K=130, left__neutralise="Ca")
    assert "left.neutralise is 'Ca'" in message
    assert "-5 mM of Ca" in message


def test_neutralising_needs_a_charged_ion_of_the_case(case: Case) -> None:
    assert "no ion of this name (did you mean 'K'?)" in refusal(case, left__neutralise="Kl")
    sucrose = {"valence": 0, "diffusivity": 5e-10}
    message = refusal(
        case,
        ions__S=sucrose,
        layers__b__partition={"K": 1, "Ca": 0, "Cl": 0, "S": 0},
        left__neutralise="S",
    )
    assert "no charge" in message


def test_an_unknown_ion_needs_valence_and_diffusivity(case: Case) -> None:
    partition = {"K": 1, "Ca": 0, "Cl": 0, "Q": 0}
    for given, missing in (({"valence": 1}, "diffusivity"), ({"diffusivity": 1e-9}, "valence"), ({}, "valence")):
        message = refusal(case, ions__Q=given, layers__b__partition=partition)
        assert f"ions.Q.{missing} is missing" in message
    full = case.changed({"ions.Q": {"valence": 1, "diffusivity": 1e-9}, "layers.b.partition": partition})
    assert full.valence("Q") == 1


def test_a_misspelt_known_ion_is_recognised(case: Case) -> None:
    assert "did you mean 'HCO3'?" in refusal(case, ions__HC03={})  # a zero for the letter


def test_layer_names_are_unique(case: Case) -> None:
    assert "layers[2].name is 'a'; layers[0] has this name" in refusal(case, layers__c__name="a")


@pytest.mark.parametrize("table", ["partition", "permeability", "diffusivity"])
def test_a_table_of_a_layer_names_ions_of_the_case(case: Case, table: str) -> None:
    message = refusal(case, **{f"layers__b__{table}": {"K": 1, "Ca": 1, "Cl": 1, "Na": 1}, "layers__b__name": "b"})
    assert f"layers[1].{table}.Na" in message
    assert "K, Ca, Cl" in message


@pytest.mark.parametrize(
    ("partition", "permeability", "left_out"),
    [
        ({"K": 1}, {}, "Ca, Cl"),
        ({}, {}, "K, Ca, Cl"),
        ({"K": 1, "Cl": 1}, {}, "Ca"),
        (None, {"K": 1}, "Ca, Cl"),
        ({"K": 1}, {"Cl": 1}, "Ca"),
    ],
)
def test_a_partition_table_names_every_ion(
    case: Case, partition: dict | None, permeability: dict, left_out: str
) -> None:
    message = refusal(case, layers__b__partition=partition, layers__b__permeability=permeability)
    assert f"leaves out {left_out};" in message
    assert "layers[1]." in message


def test_permeability_and_partition_of_one_ion_contradict_each_other(case: Case) -> None:
    message = refusal(case, layers__b__permeability={"K": 1e-7})
    assert "layers[1].permeability.K" in message
    assert "layers[1].partition gives K too" in message


@pytest.mark.parametrize(
    ("between", "reason"),
    [
        (("a", "d"), "no layer is called 'd'"),
        (("a", "c"), "not neighbours"),
        (("b", "b"), "not neighbours"),
    ],
)
def test_an_interface_lies_between_two_neighbours(case: Case, between: tuple[str, str], reason: str) -> None:
    message = refusal(case, interfaces=[{"between": ["a", "b"]}, {"between": between}])
    assert message.startswith(f"case: interfaces[1].between is {list(between)}; ")
    assert reason in message


@pytest.mark.parametrize("again", [["a", "b"], ["b", "a"]])
def test_an_interface_is_described_once(case: Case, again: list[str]) -> None:
    assert "interfaces[1].between" in refusal(case, interfaces=[{"between": ["a", "b"]}, {"between": again}])


def test_one_end_at_most_floats(case: Case) -> None:
    assert "both ends float" in refusal(case, right__potential="floating")
    assert case.changed({"left.potential": 0, "right.potential": "floating"}).right.is_floating


def test_a_floating_end_needs_an_ion_that_passes(case: Case) -> None:
    message = refusal(case, layers__b__partition__K=0)
    assert "left.potential is 'floating'; no ion goes" in message
    assert "net current is zero at any potential" in message


def test_an_uncharged_solute_does_not_fix_a_floating_potential(case: Case) -> None:
    sucrose = {"valence": 0, "diffusivity": 5e-10}
    message = refusal(case, ions__S=sucrose, layers__b__partition={"K": 0, "Ca": 0, "Cl": 0, "S": 1})
    assert "net current is zero at any potential" in message


def test_an_expectation_is_of_a_scalar_of_this_case(case: Case) -> None:
    entry = {"quantity": "flux.Na", "value": "0 mol/m^2/s", "tolerance": "1 mol/m^2/s", "source": "x"}
    assert "expect[0].quantity is 'flux.Na'" in refusal(case, expect=[entry])
    assert "expect[0].quantity is 'flux'" in refusal(case, expect=[{**entry, "quantity": "flux"}])
    assert case.replace("expect", [{**entry, "quantity": "flux.Ca"}]).expect[0].quantity == "flux.Ca"
