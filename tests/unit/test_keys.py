"""Key paths: `layers.membrane.partition.K` by name, `interfaces.0` by number; a change makes a new case."""

import numpy as np
import pytest

from electrodiff import Case, CaseError, bundled_case, case_text, load_case
from electrodiff.keys import set_key


@pytest.fixture
def case() -> Case:
    """Cytosol, membrane and outside with the ions K, Na, Cl and A; no interfaces written."""
    return load_case(bundled_case("clamped_membrane"))


@pytest.fixture
def charged(case: Case) -> Case:
    return case.replace("interfaces", [{"between": ["cytosol", "membrane"], "surface_charge": "-0.01 C/m^2"}])


def tree() -> dict[str, object]:
    return {"a": {"b": 1}, "list": [{"name": "x", "v": 1}, {"name": "y", "v": 2}, {"v": 3}], "plain": [1, 2]}


@pytest.mark.parametrize(
    ("key", "reach"),
    [
        ("a.b", lambda t: t["a"]["b"]),
        ("a.new", lambda t: t["a"]["new"]),
        ("new.deep.key", lambda t: t["new"]["deep"]["key"]),
        ("top", lambda t: t["top"]),
        ("list.y.v", lambda t: t["list"][1]["v"]),
        ("list.2.v", lambda t: t["list"][2]["v"]),
        ("list.x", lambda t: t["list"][0]),
        ("plain.1", lambda t: t["plain"][1]),
    ],
)
def test_a_key_path_sets_that_value_and_no_other(key: str, reach: object) -> None:
    changed = tree()
    set_key(changed, key, "VALUE")
    assert reach(changed) == "VALUE"  # type: ignore[operator]
    assert str(changed).count("VALUE") == 1


@pytest.mark.parametrize("key", ["a.b.c", "list.z.v", "list.3.v", "list.-1.v", "list.1.v.w", "plain.x", "plain.2"])
def test_a_path_that_leads_nowhere_is_refused_by_name_and_changes_nothing(key: str) -> None:
    changed = tree()
    with pytest.raises(CaseError) as caught:
        set_key(changed, key, "VALUE")
    assert str(caught.value).startswith(f"{key}: ")
    assert changed == tree()


def test_a_layer_called_by_a_number_is_found_by_its_name_first() -> None:
    changed: dict[str, object] = {"layers": [{"name": "1"}, {"name": "0"}]}
    set_key(changed, "layers.0.thickness", "5 nm")
    assert changed == {"layers": [{"name": "1"}, {"name": "0", "thickness": "5 nm"}]}


def test_replace_gives_a_new_case_and_leaves_the_old_one(case: Case) -> None:
    before, text = case.model_dump(), case_text(case)
    changed = case.replace("layers.membrane.partition.K", 1e-5)
    assert changed.layers[1].partition == {**case.layers[1].partition, "K": 1e-5}
    assert changed != case
    assert case.model_dump() == before
    assert case_text(case) == text
    assert changed.replace("layers.membrane.partition.K", 1e-4) == case


@pytest.mark.parametrize(
    ("key", "given", "read"),
    [
        ("left.potential", "-70 mV", lambda c: c.left.potential),
        ("left.potential", -0.07, lambda c: c.left.potential),
    ],
)
def test_replace_takes_text_with_a_unit_or_an_si_number(case: Case, key: str, given: object, read: object) -> None:
    assert read(case.replace(key, given)) == pytest.approx(-0.07, rel=1e-15)  # type: ignore[operator]


def test_replace_reaches_every_part_of_a_case(charged: Case) -> None:
    assert charged.replace("temperature", "300 K").temperature == 300
    assert charged.replace("ions.K.diffusivity", "1e-9 m^2/s").free_diffusivity("K") == 1e-9
    assert charged.replace("layers.1.thickness", 4e-9).layers[1].thickness == 4e-9
    assert charged.replace("title", "Another").title == "Another"
    assert charged.replace("right.concentrations.K", "4.0 mM") == charged


def test_a_layer_is_renamed_together_with_its_interfaces(charged: Case) -> None:
    with pytest.raises(CaseError, match="no layer is called 'membrane'"):
        charged.replace("layers.membrane.name", "lipid")
    renamed = charged.changed({"layers.membrane.name": "lipid", "interfaces.0.between": ["cytosol", "lipid"]})
    assert renamed.layer_names == ("cytosol", "lipid", "outside")
    assert renamed.surface_charge("cytosol", "lipid") == -0.01


def test_an_interface_is_named_by_its_number(charged: Case) -> None:
    changed = charged.replace("interfaces.0.surface_charge", "0.02 C/m^2")
    assert changed.surface_charge("cytosol", "membrane") == 0.02
    with pytest.raises(CaseError, match=r"interfaces\.1\.surface_charge"):
        charged.replace("interfaces.1.surface_charge", "0.02 C/m^2")


def test_replace_makes_tables_that_the_file_left_out(case: Case) -> None:
    assert case.replace("mesh.nodes", 101).mesh.nodes == 101
    changed = case.replace("layers.outside.diffusivity.K", 1e-9)
    assert changed.layers[2].diffusivity == {"K": 1e-9}


def test_replace_takes_whole_records(case: Case) -> None:
    thick = case.replace("layers.membrane.thickness", 7e-9)
    assert case.replace("layers.membrane", thick.layers[1]) == thick
    assert case.replace("layers", thick.layers) == thick
    assert case.replace("left", case.left) == case


def test_changes_are_checked_together(case: Case) -> None:
    with pytest.raises(CaseError, match=r"left\.concentrations.*not electroneutral"):
        case.replace("left.concentrations.K", "141 mM")
    changed = case.changed({"left.concentrations.K": "141 mM", "left.concentrations.Cl": "11 mM"})
    assert changed.concentrations("left")["K"] == 141


@pytest.mark.parametrize(
    ("key", "given", "parts"),
    [
        ("layers.membrnae.thickness", "5 nm", ("layers.membrnae", "did you mean 'membrane'?")),
        ("layers.membrane.thicknes", "5 nm", ("layers[1].thicknes", "did you mean 'thickness'?")),
        ("layers.membrane.thickness", "5 mV", ("layers[1].thickness is '5 mV'", "'5 nm'")),
        ("layers.membrane.thickness", -5e-9, ("layers[1].thickness is -5e-09", "greater than zero")),
        ("left.potential", float("nan"), ("left.potential is nan", "finite")),
        ("temperature.x", 1, ("temperature.x", "shorten the key")),
        ("temperatur", 1, ("temperatur", "did you mean 'temperature'?")),
        ("layers", [], ("layers is []", "at least one")),
        ("", 1, ("not a known key",)),
    ],
)
def test_a_change_that_does_not_fit_is_refused_by_key(case: Case, key: str, given: object, parts: tuple) -> None:
    with pytest.raises(CaseError) as caught:
        case.replace(key, given)
    for part in parts:
        assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_numpy_floats_are_floats(case: Case) -> None:
    """A scan over `np.linspace` hands them to `replace`."""
    changed = case.replace("left.potential", np.linspace(-0.07, 0, 3)[0])
    assert changed.left.potential == -0.07
    assert 'potential = "-0.07 V"' in case_text(changed)


# ---- what is not a value as it stands in a file, or not a key -----------------------------------------------------------

OF_PYTHON = [
    False,
    101,
    5e-9,
    float("nan"),
    None,
    [101],
    {"a": 1},
    1 + 2j,
    b"101",
    np.arange(30.0),
    np.float64(5e-9),
    len,
]


@pytest.mark.parametrize("value", OF_PYTHON, ids=lambda value: type(value).__name__)
def test_an_override_that_is_not_text_is_refused_by_file_key_value_and_remedy(value: object) -> None:
    path = bundled_case("clamped_membrane")
    with pytest.raises(CaseError) as caught:
        load_case(path, {"mesh.nodes": value})  # type: ignore[dict-item]
    message = str(caught.value)
    assert message.startswith(f"{path}: mesh.nodes is {repr(value)[:70]}")
    assert "expected text, as it would stand in the file" in message
    assert "changed({key: value})" in message


@pytest.mark.parametrize("key", [1, None, b"mesh.nodes", ("mesh", "nodes")])
def test_what_is_no_key_path_is_refused_and_shown(case: Case, key: object) -> None:
    for attempt in (
        lambda: case.changed({key: 101}),  # type: ignore[dict-item]
        lambda: load_case(bundled_case("clamped_membrane"), {key: "101"}),  # type: ignore[dict-item]
    ):
        with pytest.raises(CaseError, match=r"expected text, such as 'mesh\.nodes'$") as caught:
            attempt()
        assert repr(key) in str(caught.value)


@pytest.mark.parametrize("values", ["mesh.nodes=101", 5, ["mesh.nodes"], [("mesh.nodes", "101")], True])
def test_changes_that_are_no_table_are_refused(case: Case, values: object) -> None:
    for attempt in (
        lambda: case.changed(values),  # type: ignore[arg-type]
        lambda: load_case(bundled_case("clamped_membrane"), values),  # type: ignore[arg-type]
    ):
        with pytest.raises(CaseError, match=r"expected keys and values, such as \{'temperature': '310 K'\}"):
            attempt()


@pytest.mark.parametrize("key", ["temperature", "layers.membrane.thickness", "left.concentrations.K", "title"])
def test_text_that_no_file_can_hold_is_refused_by_key(case: Case, key: str) -> None:
    with pytest.raises(CaseError, match=f"^{key} is set to bytes that are not UTF-8; write it as UTF-8 text$"):
        case.replace(key, "Test \udce9")
    assert case.replace("title", "Zelle \U0001f9c2 µ").title == "Zelle \U0001f9c2 µ"
