"""Case files: what is read is what is written, and every bundled case is a good one."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from electrodiff import (
    Case,
    CaseError,
    Expectation,
    Interface,
    Ion,
    Layer,
    MeshSettings,
    Reservoir,
    bundled_case,
    bundled_cases,
    case_text,
    load_case,
    parse_case,
)

TEXT = """\
# A comment that is kept.
temperature = "37 degC"
[ions.K]
[ions.A]
valence = -1
diffusivity = "0.5e-5 cm2/s"
[[layers]]
name = "bath"
thickness = "20 nm"
relative_permittivity = "water"
[[layers]]
name = "film"
thickness = "0.3 um"
relative_permittivity = 20
permeability = { K = "1e-5 cm/s", A = "0 m/s" }
fixed_charge = "-50 mM"
[[interfaces]]
between = ["film", "bath"]
surface_charge = "1 uC/cm^2"
[left]
concentrations = { K = "140 mM", A = "0.1 M" }
neutralise = "A"
potential = "-65 mV"
[right]
concentrations = { K = "4 mM", A = "4 mM" }
potential = "0 V"
[[expect]]
quantity = "flux.A"
value = "0 pmol/cm^2/s"
tolerance = "1e-9 pmol/cm^2/s"
source = "A cannot enter the film"
"""


def test_a_file_is_read_in_si_units(tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text(TEXT)
    case = load_case(tmp_path / "my.toml")
    # Converted by hand; one factor each, so a few units of round-off.
    assert case.temperature == pytest.approx(310.15, rel=1e-14)
    assert case.layers[0].thickness == pytest.approx(20e-9, rel=1e-14)
    assert case.layers[1].thickness == pytest.approx(300e-9, rel=1e-14)
    assert case.layers[1].permeability["K"] == pytest.approx(1e-7, rel=1e-14)
    assert case.layers[1].fixed_charge == -50
    assert case.surface_charge("bath", "film") == pytest.approx(0.01, rel=1e-14)
    assert case.left.potential == pytest.approx(-0.065, rel=1e-14)
    assert case.concentrations("left") == pytest.approx({"K": 140, "A": 140}, rel=1e-14)
    assert case.free_diffusivity("A") == pytest.approx(5e-10, rel=1e-14)
    assert case.expect[0].tolerance_si == pytest.approx(1e-17, rel=1e-14)


def test_what_a_file_leaves_out_has_the_documented_default() -> None:
    case = parse_case(TEXT)
    assert case.title == ""
    assert case.scale_diffusivities is True
    assert (case.mesh.geometry, case.mesh.nodes, case.study.kind, case.left.kind) == (
        "planar",
        None,
        "steady",
        "reservoir",
    )
    assert case.layers[0].partition is None
    assert case.layers[0].fixed_charge == 0


def test_the_text_of_a_case_that_was_read_is_the_file() -> None:
    assert case_text(parse_case(TEXT)) == TEXT


CHANGES = {
    "left.potential": ("floating", "-1.2345 mV", -0.1 / 3),
    "temperature": ("25 degC", 300.1),
    "layers.bath.relative_permittivity": (78.5,),
    "layers.film.name": ("µ-Schicht",),
    "layers.film.thickness": ("1 angstrom", 1e-9 / 3),
    "layers.film.fixed_charge": ("0.1 M", -1 / 3),
    "layers.film.permeability.K": ("1 cm/s", 0),
    "ions.A.valence": (-2,),
    "left.neutralise": ("K",),
    "interfaces.0.surface_charge": ("-1 e/nm^2",),
    "mesh.nodes": (1001,),
    "mesh.accuracy": (1e-3,),
    "expect.0.value": ("1 mol/m^2/s",),
    "expect": ((),),
    "title": ('quotes " and \\ and µ',),
    "scale_diffusivities": (False,),
}


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in CHANGES.items() for value in values])
def test_a_case_changed_in_python_is_written_as_toml_that_reads_back_equal(key: str, value: object) -> None:
    case = parse_case(TEXT)
    also = {"interfaces": []} if key == "layers.film.name" else {}
    also |= {"right.concentrations.A": 2.0} if key == "ions.A.valence" else {}
    changed = case.changed({key: value, **also})
    assert changed != case
    written = case_text(changed)
    assert written != TEXT
    again = parse_case(written)
    assert again == changed
    assert case_text(again.replace("title", "x")) == case_text(changed.replace("title", "x"))


@settings(deadline=None, max_examples=50)
@given(
    potential=st.floats(-1, 1),
    thickness=st.floats(1e-12, 1e-3),
    concentration=st.floats(0, 1e4),
    temperature=st.floats(254, 383),
)
def test_no_digit_is_lost_in_writing(
    potential: float, thickness: float, concentration: float, temperature: float
) -> None:
    case = parse_case(TEXT).changed(
        {
            "left.potential": potential,
            "layers.film.thickness": thickness,
            "right.concentrations": {"K": concentration, "A": concentration},
            "temperature": temperature,
        }
    )
    assert parse_case(case_text(case)) == case


def built() -> Case:
    """A case made of records, not of a file."""
    return Case(
        temperature=310,
        ions={"Na": Ion(), "X": Ion(valence=-1, diffusivity="1e-9 m^2/s")},
        layers=[
            Layer(name="a", thickness=2e-8, relative_permittivity="water"),
            Layer(name="b", thickness="5 nm", relative_permittivity=2, partition={"Na": 0, "X": 0}),
        ],
        interfaces=[Interface(between=("a", "b"), surface_charge=-0.01)],
        left=Reservoir(concentrations={"Na": 150, "X": "150 mM"}, potential=-0.07),
        right=Reservoir(concentrations={"Na": 150, "X": "150 mM"}, potential="0 V"),
        mesh=MeshSettings(nodes=51),
        expect=[Expectation(quantity="flux.Na", value="0 mol/m^2/s", tolerance="1 mol/m^2/s", source="sealed")],
    )


def test_a_case_built_in_python_is_written_as_toml_that_reads_back_equal() -> None:
    assert parse_case(case_text(built())) == built()


def test_a_case_cannot_be_changed_in_place_so_that_its_text_stays_true() -> None:
    case = parse_case(TEXT)
    for change in (
        lambda: setattr(case, "temperature", 300.0),
        lambda: setattr(case.layers[0], "thickness", 1.0),
        lambda: case.ions.update(Na=Ion()),
        lambda: case.left.concentrations.update(K=0.0),
        lambda: case.layers[1].permeability.update(K=0.0),
    ):
        with pytest.raises((TypeError, AttributeError, ValueError)):
            change()
    assert case == parse_case(TEXT)


def test_equality_is_of_numbers_not_of_text() -> None:
    assert parse_case(TEXT) == parse_case(TEXT.replace("20 nm", "2e1 nm").replace("# A comment", "# Another"))
    assert parse_case(TEXT) != parse_case(TEXT.replace("20 nm", "21 nm"))
    assert parse_case(TEXT) != TEXT


def test_overrides_are_as_they_would_stand_in_the_file() -> None:
    changed = parse_case(TEXT, overrides={"left.potential": "floating", "mesh.nodes": "101", "title": '"A b"'})
    assert (changed.left.potential, changed.mesh.nodes, changed.title) == ("floating", 101, "A b")
    assert parse_case(case_text(changed)) == changed
    with pytest.raises(CaseError, match=r"left\.potential is -70"):
        parse_case(TEXT, overrides={"left.potential": "-70"})


def test_errors_start_with_the_name_of_the_source() -> None:
    with pytest.raises(CaseError, match=r"^somewhere: temperature is '5 nm'"):
        parse_case(TEXT.replace("37 degC", "5 nm"), "somewhere")
    with pytest.raises(CaseError, match=r"^somewhere: this is not TOML"):
        parse_case("=", "somewhere")
    with pytest.raises(CaseError, match=r"^nowhere\.toml: "):
        load_case("nowhere.toml")


def test_a_misspelling_is_reported_before_what_it_leaves_missing() -> None:
    with pytest.raises(CaseError, match=r"layers\[1\]\.thicknes is not a known key \(did you mean 'thickness'\?\)"):
        parse_case(TEXT.replace('thickness = "0.3 um"', 'thicknes = "0.3 um"'))


def test_errors_say_how_many_more_there_are() -> None:
    with pytest.raises(CaseError, match=r"\(2 more after this\)$"):
        parse_case(TEXT.replace('"20 nm"', "20").replace('"0.3 um"', "0.3").replace('"0 V"', "0"))


def test_one_mistake_in_the_only_layer_is_one_mistake() -> None:
    start, end = TEXT.index("[[layers]]"), TEXT.index("[[interfaces]]")
    only = TEXT[:start] + '[[layers]]\nname = "a"\nthickness = 20\nrelative_permittivity = 80\n' + TEXT[end:]
    with pytest.raises(
        CaseError, match=r"layers\[0\]\.thickness is 20; expected a length with a unit, such as '5 nm'$"
    ):
        parse_case(only)


@pytest.mark.parametrize("name", bundled_cases())
def test_a_bundled_case_has_a_title_a_comment_and_expectations_with_sources(name: str) -> None:
    path = bundled_case(name)
    case = load_case(path)
    assert case.title
    assert case.expect
    assert all(entry.source for entry in case.expect)
    assert path.read_text(encoding="utf-8").startswith("#")


def test_bundled_cases_are_those_of_the_repository() -> None:
    folder = Path(__file__).parents[2] / "cases"
    assert set(bundled_cases()) == {path.stem for path in folder.glob("*.toml")}
    with pytest.raises(CaseError, match="did you mean 'capacitor'"):
        bundled_case("capacitr")
