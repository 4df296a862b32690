"""The table of reported quantities: names, units and JSON keys as they are promised."""

import pytest

from electrodiff.quantities import QUANTITIES, rounded_up, scalar_names
from electrodiff.solution import Solution
from electrodiff.units import to_si


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("membrane_potential", "membrane_potential_V"),
        ("current_density", "current_density_A_m2"),
        ("flux", "flux_mol_m2_s"),
        ("surface_charge", "surface_charge_C_m2"),
        ("capacitance", "capacitance_F_m2"),
        ("field_ratio", "field_ratio"),
    ],
)
def test_json_keys_carry_the_si_unit(name: str, key: str) -> None:
    assert QUANTITIES[name].json_key == key


def test_every_quantity_has_a_name_a_meaning_and_an_attribute_of_the_solution() -> None:
    for name, quantity in QUANTITIES.items():
        assert quantity.name == name
        assert len(quantity.meaning) > 10
        assert hasattr(Solution, name)


def test_json_keys_are_all_different() -> None:
    assert len({quantity.json_key for quantity in QUANTITIES.values()}) == len(QUANTITIES)


def test_the_example_of_every_dimension_has_it() -> None:
    for quantity in QUANTITIES.values():
        if quantity.dimension.unit:
            to_si(quantity.dimension.example, quantity.dimension)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (2.1e-7, "3e-7"),
        (3e-7, "3e-7"),
        (9.5e-7, "1e-6"),
        (0.021, "0.03"),
        (0.0099, "0.01"),
        (12.0, "20"),
        (99.0, "100"),
        (1e300, "1e300"),
        (0.0, "0"),
    ],
)
def test_an_error_is_written_with_one_digit_and_never_as_less_than_it_is(error: float, text: str) -> None:
    assert rounded_up(error) == text


def test_a_family_has_one_scalar_for_each_member() -> None:
    names = scalar_names(["K", "Cl"], ["a", "b", "c"])
    assert len(set(names)) == len(names)
    for expected in (
        "membrane_potential",
        "flux.K",
        "flux.Cl",
        "surface_charge.left",
        "surface_charge.right",
        "layer_drop.b",
        "field_ratio.a|b",
        "field_ratio.b|c",
    ):
        assert expected in names
    assert not {"flux", "surface_charge", "flux.left", "field_ratio.a|c", "layer_drop.K"} & set(names)


def test_transporters_and_gates_have_scalars_of_their_own_and_bring_those_of_every_ion() -> None:
    plain = scalar_names(["K", "Cl"], ["a"])
    more = scalar_names(["K", "Cl"], ["a"], ["a.K", "channels.Cl"], ["pump", "KCC2"])
    assert set(more) - set(plain) == {
        *("open_fraction.a.K", "open_fraction.channels.Cl", "transporter_rate.pump", "transporter_rate.KCC2"),
        *(f"{name}.{ion}" for name in ("passive_flux", "transported_flux", "nernst_potential") for ion in ("K", "Cl")),
    }
    assert set(plain) <= set(more)


def test_one_layer_has_no_interface() -> None:
    assert not [name for name in scalar_names(["K"], ["a"]) if name.startswith("field_ratio")]
