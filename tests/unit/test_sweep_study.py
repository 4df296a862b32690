"""Sweeps in a case: what is understood, what is written, and what is refused before anything is solved."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sweep_tools import TEXT, of_file, sweep_case

import electrodiff as ed
from electrodiff.errors import CaseError
from electrodiff.sweep_checks import kept_quantities

KEY = "right.concentrations.K"
STUDY = """
[study]
kind = "sweep"
[[study.axes]]
key = "right.concentrations.K"
values = ["2 mM", "0.02 M"]
[[study.axes]]
key = "layers.membrane.thickness"
from = "2 nm"
to = "20 nm"
points = 5
scale = "log"
"""


def axes(case: ed.Case) -> tuple[ed.Axis, ...]:
    assert isinstance(case.study, ed.SweepStudy)
    return case.study.axes


def test_values_of_a_file_are_si_numbers() -> None:
    first, second = axes(of_file(STUDY))
    assert first.values == pytest.approx((2.0, 20.0), rel=1e-15)
    assert (second.from_, second.to) == pytest.approx((2e-9, 2e-8), rel=1e-15)
    assert first.field is not None
    assert first.field.dimension.unit == "mol/m^3"


def test_the_text_of_a_sweep_is_the_same_sweep() -> None:
    case = of_file(STUDY).changed({"title": "another"})
    assert ed.parse_case(ed.case_text(case)) == case
    assert "2.0 mol/m^3" in ed.case_text(case)


def test_arrays_from_python_are_si_numbers() -> None:
    (axis,) = axes(sweep_case({"key": "left.potential", "values": np.linspace(-0.1, 0.1, 5)}))
    assert axis.values == pytest.approx((-0.1, -0.05, 0.0, 0.05, 0.1))


@pytest.mark.parametrize(
    ("key", "values", "changes"),
    [
        ("left.potential", ["floating", "-65 mV"], {}),
        ("layers.inside.relative_permittivity", ["water", 80], {}),
        ("mesh.nodes", [61, 121], {}),
        ("mesh.geometry", ["cylindrical", "spherical"], {"mesh.inner_radius": "1 um", "mesh.geometry": "spherical"}),
        ("layers.membrane.partition", [{"K": 1e-4, "A": 1e-4}, {"K": 1e-3, "A": 1e-3}], {}),
        ("layers.membrane.partition.K", [1e-4, {"x": ["0 nm", "5 nm"], "value": [1e-4, 1e-3]}], {}),
    ],
)
def test_values_that_are_no_numbers_are_choices(key: str, values: list[Any], changes: dict[str, Any]) -> None:
    (axis,) = axes(sweep_case({"key": key, "values": values}, changes=changes))
    assert axis.field is None
    assert axis.values == tuple(values)


def test_energies_in_kt_stay_what_they_are() -> None:
    text = TEXT.replace("partition = { K = 1e-4, A = 2e-4 }\n", 'barrier = { K = "9 kT", A = "9 kT" }\n')
    case = of_file(
        '[study]\nkind = "sweep"\n[[study.axes]]\nkey = "layers.membrane.barrier.K"\nvalues = ["5 kT", "9 kT"]', text
    )
    (axis,) = axes(case)
    assert (axis.field, axis.values) == (None, ("5 kT", "9 kT"))


def test_another_kind_of_study_drops_the_axes_and_the_expectations() -> None:
    expect = '\n[[expect]]\nquantity = "current_density"\nvalue = "0 A/m^2"\ntolerance = "1 A/m^2"\nsource = "x"\n'
    at = 'at = { "right.concentrations.K" = "2 mM", layers.membrane.thickness = "2 nm" }'
    case = of_file(STUDY + expect + at)
    assert case.expect[0].at == {"right.concentrations.K": "2 mM", "layers.membrane.thickness": "2 nm"}
    steady = case.replace("study.kind", "steady")
    assert (steady.study, steady.expect) == (ed.SteadyStudy(), ())
    assert steady.changed({"study": case.study, "expect": case.expect}) == case
    # Points that are expected are those of the sweep as it was.
    assert case.replace("study.axes.1.points", 3).expect == ()
    assert case.replace("temperature", 300.0).expect == case.expect


def test_what_is_kept_by_default_is_what_there_is() -> None:
    held = sweep_case({"key": "left.potential", "values": [0.0]})
    assert kept_quantities(held, held.study) == ["current_density", "flux.K", "flux.A"]  # type: ignore[arg-type]
    free = sweep_case({"key": "temperature", "values": [300.0]}, changes={"left.potential": "floating"})
    assert kept_quantities(free, free.study)[0] == "membrane_potential"  # type: ignore[arg-type]
    cell = ed.load_case(ed.bundled_case("hyperkalaemia_sweep"))
    names = kept_quantities(cell, cell.study)  # type: ignore[arg-type]
    # Nothing flows through a closed end, and what stays inside has no Nernst potential.
    ions = [f"nernst_potential.{ion}" for ion in ("K", "Na", "Cl")]
    assert names == ["membrane_potential", *ions, "transporter_rate.sodium pump"]


def test_a_family_stands_for_its_members() -> None:
    case = sweep_case({"key": "left.potential", "values": [0.0]}, quantities=["flux", "layer_drop.membrane"])
    assert kept_quantities(case, case.study) == ["flux.K", "flux.A", "layer_drop.membrane"]  # type: ignore[arg-type]


@pytest.mark.parametrize("page", ["case-file.md", "sweep.md"])
def test_the_sweeps_in_the_documentation_are_good_ones(page: str) -> None:
    text = (Path(__file__).parents[2] / "docs" / page).read_text(encoding="utf-8")
    (study,) = (block for block in re.findall(r"```toml\n(.*?)```", text, flags=re.DOTALL) if '"sweep"' in block)
    name = "ghk_validity_map" if "partition" in study else "hyperkalaemia_sweep"
    case = ed.load_case(ed.bundled_case(name))
    read = case.changed({"right.neutralise": case.ion_names[1], **tomllib.loads(study)}).study
    assert isinstance(read, ed.SweepStudy)
    assert read.axes[0].key == "right.concentrations.K"


# ---- what is refused ---------------------------------------------------------------------------------------------


POTENTIAL = {"key": "left.potential", "values": [0.0, 0.1]}
TEMPERATURE = {"key": "temperature", "values": [300.0]}
CURVE = {"kind": "iv", "potentials": [0.0, 0.08]}


@pytest.mark.parametrize(
    ("axes", "study", "parts"),
    [
        (
            [{"key": "right.concentrations.k", "values": [1.0]}],
            {},
            ("axes[0]", "no ion of this name; its ions are K, A"),
        ),
        ([{"key": "right.conc.K", "values": [1.0]}], {}, ("axes[0].key is 'right.conc.K'", "no key 'conc'")),
        ([{"key": "layers.membran.thickness", "values": [1e-9]}], {}, ("axes[0].key", "did you mean 'membrane'?")),
        ([{"key": "study.kind", "values": ["steady"]}], {}, ("axes[0].key is 'study.kind'", "the study itself")),
        ([{"key": "expect.0.value", "values": [1]}], {}, ("axes[0].key", "what is expected")),
        ([{"values": [1.0]}], {}, ("axes[0].key is missing", "right.concentrations.K")),
        ([{**POTENTIAL, "keys": ["temperature"]}], {}, ("axes[0].key", "give one key")),
        ([{"keys": ["left.potential", "temperature"], "values": [1]}], {}, ("axes[0].keys", "differ in kind")),
        ([POTENTIAL, POTENTIAL], {}, ("axes[1].key is 'left.potential'", "each key once")),
        ([{"key": "left.potential"}], {}, ("axes[0].values is missing", "points = 19")),
        ([{**POTENTIAL, "points": 3}], {}, ("axes[0].points is 3", "drop one of the two")),
        ([{**POTENTIAL, "scale": "log"}], {}, ("axes[0].scale is 'log'", "drop it")),
        ([{"key": "left.potential", "values": []}], {}, ("axes[0].values is []", "at least one")),
        ([{"key": "left.potential", "from": 0, "to": 1}], {}, ("axes[0].points is missing",)),
        ([{"key": "left.potential", "from": 1, "to": 0, "points": 3}], {}, ("axes[0].to is 0", "greater than from")),
        (
            [{"key": "left.potential", "from": 0, "to": 1, "points": 3, "scale": "log"}],
            {},
            ("axes[0].from is 0", "start above zero"),
        ),
        ([{"key": "left.potential", "from": "floating", "to": 1, "points": 3}], {}, ("axes[0].from is 'floating'",)),
        ([{"key": "mesh.nodes", "from": 61, "to": 99, "points": 3}], {}, ("axes[0].from is 61", "give values")),
        ([{"key": "left.potential", "values": ["1 nm"]}], {}, ("axes[0].values[0] is '1 nm'", "potential")),
        (
            [{"key": "right.concentrations.K", "values": [1.0, -2.0]}],
            {},
            ("axes[0].values[1] is -2.0", "not be negative"),
        ),
        ([{"key": "left.potential", "values": [0.0, np.nan]}], {}, ("axes[0].values[1] is nan", "finite")),
        ([{"key": "left.potential", "values": [0.0, 1e9]}], {}, ("axes[0].values[1] is 1000000000.0", "between")),
        (
            [{"key": "mesh.geometry", "values": ["planar", "flat"]}],
            {},
            ("axes[0].values[1] is 'flat'", "mesh.geometry"),
        ),
        ([{"key": "right.neutralise", "values": ["K", "Na"]}], {}, ("axes[0].values[1] is 'Na'", "its ions are K, A")),
        ([{"key": "right.concentrations.A", "values": [1.0]}], {}, ("axes[0].key", "right.neutralise = 'A'")),
        ([POTENTIAL], {"point": CURVE}, ("axes[0].key is 'left.potential'", "no effect")),
        ([POTENTIAL], {"design": "grid"}, ("study.design is 'grid'",)),
        ([POTENTIAL], {"points": 3}, ("study.points is 3", "random")),
        ([POTENTIAL], {"seed": 3}, ("study.seed is 3", "random")),
        ([POTENTIAL], {"design": "random"}, ("study.points is missing", "say how many")),
        ([POTENTIAL, {"key": "temperature", "values": [300.0]}], {"design": "zip"}, ("axes[1]", "side by side", "2")),
        (
            [{**POTENTIAL, "name": "x"}, {"name": "x", "key": "temperature", "values": [300.0]}],
            {},
            ("study.axes[1]", "axes of one name", "2"),
        ),
        (
            [{"key": "left.potential", "from": 0, "to": 1, "points": 3}],
            {"design": "sobol", "points": 4},
            ("axes[0].points is 3", "drop it"),
        ),
        ([{**POTENTIAL, "name": "flux.K"}], {}, ("axes[0].name is 'flux.K'", "choose another")),
        (
            [
                {"key": "left.potential", "from": -1, "to": 1, "points": 10_000},
                {"key": "temperature", "from": 300, "to": 310, "points": 10_000},
            ],
            {},
            ("100,000,000 points", "10,000,000"),
        ),
        ([POTENTIAL], {"quantities": ["fluxes"]}, ("study.quantities[0] is 'fluxes'", "did you mean 'flux")),
        ([POTENTIAL], {"quantities": ["reversal_potential"]}, ("study.quantities[0]", "no such quantity")),
        ([POTENTIAL], {"quantities": ["ghk_difference"]}, ("quantities[0]", 'left.potential = "floating"')),
        ([TEMPERATURE], {"point": CURVE, "quantities": ["rectification"]}, ("quantities[0]", "opposite")),
        ([POTENTIAL], {"point": {"kind": "transient", "end": "1 s"}}, ("study.point.kind is 'transient'", "steady")),
    ],
)
def test_what_cannot_be_swept_is_refused_with_key_value_and_remedy(
    axes: list[dict[str, Any]], study: dict[str, Any], parts: tuple[str, ...]
) -> None:
    with pytest.raises(CaseError) as refused:
        sweep_case(*axes, **study)
    for part in ("study.", *parts):
        assert part in str(refused.value), str(refused.value)


def test_a_bare_number_in_a_file_needs_its_unit() -> None:
    with pytest.raises(CaseError, match=r"study.axes\[0\].values\[1\] is 4.*concentration with a unit"):
        of_file(STUDY.replace('"0.02 M"', "4"))
    with pytest.raises(CaseError, match=r"study.axes\[1\].from is 2; expected a length with a unit"):
        of_file(STUDY.replace('from = "2 nm"', "from = 2"))


def test_baths_that_would_not_be_neutral_are_refused_before_anything_is_solved() -> None:
    with pytest.raises(CaseError, match=r"study.axes\[0\].values\[0\] is '2 mM'.*not electroneutral"):
        of_file(STUDY, TEXT.replace('neutralise = "A"\n', ""))


def test_models_beside_it_need_two_reservoirs_without_pumps() -> None:
    cell = ed.load_case(ed.bundled_case("hyperkalaemia_sweep"))
    with pytest.raises(CaseError, match="without gates, pumps"):
        cell.changed({"study.quantities": ["ghk_potential"], "expect": []})


EXPECT = """
[[expect]]
quantity = "flux.K"
value = "0 mol/m^2/s"
tolerance = "1 mol/m^2/s"
source = "a test"
"""


@pytest.mark.parametrize(
    ("study", "entry", "parts"),
    [
        (STUDY, EXPECT, ("expect[0].quantity is 'flux.K'", "value at every point", "at = {")),
        (STUDY, EXPECT.replace("flux.K", "ion_current.K").replace("mol/m^2/s", "A/m^2"), ("does not keep it",)),
        (STUDY, EXPECT + 'at = { "temperature" = "300 K" }', ("expect[0].at.temperature", "no axis changes")),
        (STUDY, EXPECT + 'at = { "right.concentrations.K" = "2 mM" }', ("expect[0].at", "a value of each axis")),
        (STUDY, EXPECT + 'at = { "right.concentrations.K" = "2 nm" }', ("expect[0].at.right.concentrations.K", "unit")),
        (
            STUDY.replace('"sweep"', '"sweep"\ndesign = "random"\npoints = 4').replace("points = 5\n", ""),
            EXPECT + 'at = { "right.concentrations.K" = "2 mM" }',
            ("expect[0].at", "random design are drawn"),
        ),
        ("", EXPECT + 'at = { "right.concentrations.K" = "2 mM" }', ("expect[0].at", "this study is none")),
    ],
)
def test_an_expectation_is_of_one_point_of_a_sweep(study: str, entry: str, parts: tuple[str, ...]) -> None:
    with pytest.raises(CaseError) as refused:
        of_file(study + entry)
    for part in parts:
        assert part in str(refused.value), str(refused.value)


@pytest.mark.parametrize("axes", [None, [KEY], KEY, 3])
def test_axes_that_are_no_table_are_refused(axes: Any) -> None:
    with pytest.raises(CaseError, match=f"^axes is {re.escape(repr(axes))}; expected keys and values, such as"):
        ed.sweep(ed.parse_case(TEXT), axes, quiet=True)


@pytest.mark.parametrize("values", [2.0, None, False, "2 mM", b"2 mM"])
def test_an_axis_that_is_no_list_is_refused_by_key(values: Any) -> None:
    with pytest.raises(
        CaseError, match=f"^axis {re.escape(KEY)} is {re.escape(repr(values))}; expected a list of values"
    ):
        ed.sweep(ed.parse_case(TEXT), {KEY: values}, quiet=True)
