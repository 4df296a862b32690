"""The figures: what is drawn are the solution's numbers, in the units of the labels, and it can be read."""

from __future__ import annotations

import dataclasses
import functools
import subprocess
import sys
from itertools import combinations, pairwise
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

import electrodiff as ed
from electrodiff.plot import FIGURES, charge, field, figures_of, mesh_spacing, profiles, save_figure, save_figures
from electrodiff.plot.charge_figure import DEBYE_HUECKEL, GOUY_CHAPMAN, closed_form
from electrodiff.plot.debye import debye_panels
from electrodiff.plot.labels import shortened, spread, stagger, text_width
from electrodiff.plot.scale import CONCENTRATION, POTENTIAL, linear_limits
from electrodiff.plot.style import ion_label, ion_style, number

CASES = Path(__file__).parents[2] / "cases"
RESTING = CASES / "resting_potential.toml"
LAYERS = ("cytosol", "membrane", "outside")
SALT = '{ Na = "150 mM", Cl = "150 mM" }'
BARRIER = "{ Na = 0, Cl = 0 }"


def solve(case):
    return ed.solve(case.replace("mesh.nodes", 201))


def layer(name, thickness, permittivity=80, more=""):
    return f'[[layers]]\nname = "{name}"\nthickness = "{thickness}"\nrelative_permittivity = {permittivity}\n{more}\n'


def salt_case(*layers, potential="-65 mV", right=SALT, more=""):
    """Layers between two reservoirs of NaCl."""
    return ed.parse_case(
        'title = "salt"\ntemperature = "310 K"\n[ions.Na]\n[ions.Cl]\n'
        + "".join(layers)
        + more
        + f'[left]\nkind = "reservoir"\nconcentrations = {SALT}\npotential = "{potential}"\n'
        + f'[right]\nkind = "reservoir"\nconcentrations = {right}\npotential = "0 mV"\n[study]\nkind = "steady"\n'
    )


def capacitor_case(potential):
    """The resting cell with a membrane that no ion enters."""
    case = ed.load_case(RESTING)
    absent = {f"layers.membrane.partition.{ion}": 0 for ion in case.ion_names}
    return case.changed({**absent, "left.potential": potential})


def membrane(more=f"partition = {BARRIER}"):
    return layer("membrane", "5 nm", 2, more)


def odd_cases():
    glycocalyx, film = 'fixed_charge = "-50 mM"', 'fixed_charge = "100 mM"'
    heads = "partition = { Na = 0.1, Cl = 0.1 }"
    sheets = "".join(
        f'[[interfaces]]\nbetween = ["{one}", "{other}"]\nsurface_charge = "{sigma} C/m^2"\n'
        for one, other, sigma in (("in", "membrane", -0.01), ("membrane", "out", -0.1))
    )
    names = ("H", "K", "Na", "Ca", "Cl", "HCO3")
    return {
        "zero": capacitor_case("0 mV"),
        "tiny": capacitor_case("0.01 mV"),
        "single": salt_case(layer("water", "20 nm"), potential="0 mV", right='{ Na = "15 mM", Cl = "15 mM" }'),
        "five": salt_case(
            layer("bath", "20 nm"),
            layer("glycocalyx", "8 nm", more=glycocalyx),
            membrane(),
            layer("film", "10 nm", more=film),
            layer("other bath", "20 nm"),
        ),
        "seven": salt_case(
            layer("cytosol", "20 nm"),
            layer("inner glycocalyx", "7 nm", 70),
            layer("inner headgroups", "0.5 nm", 20, heads),
            layer("core", "3 nm", 2, f"partition = {BARRIER}"),
            layer("outer headgroups", "0.5 nm", 20, heads),
            layer("outer glycocalyx", "8 nm", 70, glycocalyx),
            layer("interstitium", "20 nm"),
        ),
        "surface charge": salt_case(layer("in", "20 nm"), membrane(), layer("out", "20 nm"), more=sheets),
        "Stern layer": salt_case(
            layer("bath", "20 nm"),
            layer("Stern $ layer", "0.5 nm", 10, f"partition = {BARRIER}"),
            layer(
                "a bath with a name that is too long for any figure, however wide it is made, WWW WWW WWW WWW", "20 nm"
            ),
        ),
        "wide": salt_case(layer("bath", "10 um"), membrane(), layer("other bath", "10 um")),
        "six ions": ed.parse_case(
            'temperature = "310 K"\n'
            + "".join(f"[ions.{name}]\n" for name in names)
            + layer("in", "20 nm")
            + membrane("partition = { H = 1, K = 1e-4, Na = 1e-6, Ca = 0, Cl = 1e-5, HCO3 = 1e-12 }")
            + layer("out", "20 nm")
            + '[left]\nkind = "reservoir"\npotential = "-65 mV"\nneutralise = "Cl"\n'
            + 'concentrations = { H = "1e-4 mM", K = "140 mM", Ca = "1e-4 mM", HCO3 = "12 mM" }\n'
            + '[right]\nkind = "reservoir"\npotential = "0 mV"\nneutralise = "Cl"\n'
            + 'concentrations = { H = "4e-5 mM", K = "4 mM", Na = "145 mM", Ca = "1.5 mM", HCO3 = "24 mM" }\n'
            + '[study]\nkind = "steady"\n'
        ),
        "one solute": ed.parse_case(
            'temperature = "310 K"\n[ions.Glucose]\nvalence = 0\ndiffusivity = "7e-10 m^2/s"\n'
            + layer("in", "20 nm")
            + layer("film", "5 nm", 2, "partition = { Glucose = 0.01 }")
            + layer("out", "20 nm")
            + '[left]\nkind = "reservoir"\nconcentrations = { Glucose = "1 mM" }\npotential = "10 mV"\n'
            + '[right]\nkind = "reservoir"\nconcentrations = { Glucose = "5 mM" }\npotential = "0 mV"\n'
            + '[study]\nkind = "steady"\n'
        ),
    }


ODD = odd_cases()


@pytest.fixture(scope="module")
def resting():
    return solve(ed.load_case(RESTING))


@pytest.fixture(scope="module")
def weak():
    """A capacitor at 1 mV: its Debye layers are linear."""
    return solve(capacitor_case("1 mV"))


@pytest.fixture(scope="module")
def shipped():
    """Solutions of shipped cases by name, each solved once."""
    return functools.cache(lambda name: ed.solve(ed.load_case(CASES / f"{name}.toml")))


@pytest.fixture(scope="module", params=ODD)
def odd(request):
    return solve(ODD[request.param])


def labelled(ax, label):
    return next(line for line in ax.lines if line.get_label() == label)


def curves(ax):
    """Lines that stand for the solution, in the order drawn: not the marks of interfaces, Debye lengths and names."""
    return [line for line in ax.lines if len(line.get_xdata()) > 10]


def drawn(line):
    """Its ordinates, without the NaN between layers."""
    y = np.asarray(line.get_ydata(), dtype=float)
    return y[np.isfinite(y)]


def texts(figure):
    return [text.get_text() for ax in figure.axes for text in ax.texts]


def overlaps(figure):
    """Pairs of texts inside each axes (or of axis labels and ticks on one side) whose boxes overlap by over 1 px."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    found = []
    for ax in figure.axes:
        sides = [ax.texts, [ax.yaxis.label, *ax.get_yticklabels()], [ax.xaxis.label, *ax.get_xticklabels()]]
        for group in sides:
            shown = [text for text in group if text.get_visible() and text.get_text()]
            boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in shown]
            for (one, a), (other, b) in combinations(boxes, 2):
                wide, high = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
                if wide > 1.0 and high > 1.0:
                    found.append((one, other))
    return found


# ---- what is drawn -------------------------------------------------------------------------------------------------


def test_whole_domain_panels_carry_the_profiles_in_the_units_of_their_labels(resting):
    top, bottom = profiles(resting).axes[:2]
    assert top.get_ylabel() == "potential [mV]"
    np.testing.assert_array_equal(drawn(curves(top)[0]), resting.potential * 1e3)
    assert bottom.get_ylabel() == "concentration [mM]"
    np.testing.assert_array_equal(drawn(labelled(bottom, "_0")), resting.concentration[0])
    for ax in (top, bottom):
        assert ax.get_xlim() == pytest.approx((0.0, 45.0))
        assert ax.get_xlabel() == "x [nm]"


def test_curves_are_broken_at_interfaces(resting):
    x = np.asarray(curves(profiles(resting).axes[1])[0].get_xdata(), dtype=float)
    assert np.isnan(x).sum() == 2


def test_an_ion_is_not_drawn_in_a_layer_from_which_it_is_absent(resting):
    x, y = labelled(profiles(resting).axes[1], "_3").get_data()  # the impermeant anion
    inside = np.asarray(x)[np.isfinite(y)]
    assert not np.any((inside > 20.001) & (inside < 24.999))
    assert inside.min() == 0.0
    assert inside.max() == pytest.approx(45.0)


def test_magnified_panels_carry_the_solution_against_the_distance_from_the_interface(resting):
    top, _, bottom, _ = profiles(resting).axes[2:6]
    layer_left = resting.end_debye_layers["left"]
    (line,) = curves(top)
    distance, potential = (np.asarray(data, dtype=float) for data in line.get_data())
    entries = np.arange(layer_left.stop, layer_left.stop - distance.size, -1)
    np.testing.assert_allclose(distance, (20e-9 - resting.x[entries]) * 1e9, atol=1e-9)
    # The bulk is the node nearest to 10 Debye lengths, where e^-10 of the potential of 0.29 mV is left.
    bulk = resting.potential[0]
    np.testing.assert_allclose(potential, (resting.potential[entries] - bulk) * 1e3, atol=1e-4)
    assert top.get_title() == "cytosol, next to membrane"
    assert top.get_ylabel().endswith("[mV]")
    assert bottom.get_ylabel().endswith("[mM]")
    assert bottom.get_xlabel() == "distance from the interface [nm]"


def test_the_left_debye_layer_lies_as_in_the_stack(resting):
    left, right = (panel for panel in profiles(resting).axes[2:6] if panel.get_title())
    assert left.get_xlim()[0] > left.get_xlim()[1]
    assert right.get_xlim()[0] < right.get_xlim()[1]


def test_slight_changes_of_concentrations_are_shown_from_the_bulk_and_large_ones_as_they_are(resting):
    assert profiles(resting).axes[4].get_ylabel() == "c \N{MINUS SIGN} c(bulk) [mM]"
    charged = solve(ODD["surface charge"])
    ax = profiles(charged).axes[5]
    assert ax.get_ylabel() == "c [mM]"
    assert drawn(labelled(ax, "_0")).max() == pytest.approx(charged.concentration[0].max())


@pytest.mark.parametrize("name", ["surface charge", "five"])
def test_charge_panels_carry_the_charge_density_and_state_the_charge_held(name):
    solution = solve(ODD[name])
    figure = charge(solution)
    whole = figure.axes[0]
    np.testing.assert_array_equal(drawn(curves(whole)[0]), solution.charge_density * 1e-6)
    panels = debye_panels(solution)
    assert len(figure.axes) == 1 + len(panels)
    for ax, panel in zip(figure.axes[1:], panels, strict=True):
        np.testing.assert_array_equal(curves(ax)[0].get_ydata(), solution.charge_density[panel.entries] * 1e-6)
        assert f"holds {number(panel.layer.charge * 1e3)} mC/m²" in [text.get_text() for text in ax.texts]


def test_every_screened_interface_is_magnified():
    shown = [(panel.layer.layer, panel.neighbour) for panel in debye_panels(solve(ODD["five"]))]
    names = ("bath", "glycocalyx", "membrane", "film", "other bath")
    both = [pair for one, other in pairwise(names) for pair in ((one, other), (other, one))]
    assert shown == [pair for pair in both if pair[0] != "membrane"]


def test_layers_thinner_than_four_debye_lengths_and_interfaces_without_a_charge_of_their_own_are_not():
    shown = {(panel.layer.layer, panel.neighbour) for panel in debye_panels(solve(ODD["seven"]))}
    assert ("inner glycocalyx", "inner headgroups") in shown
    assert not shown & {("inner headgroups", "inner glycocalyx"), ("inner glycocalyx", "cytosol")}


def test_field_panels_carry_field_and_displacement(resting):
    linear, logarithmic, displacement = field(resting).axes
    np.testing.assert_array_equal(drawn(curves(linear)[0]), resting.electric_field * 1e-6)
    np.testing.assert_array_equal(drawn(curves(logarithmic)[0]), np.abs(resting.electric_field) * 1e-6)
    assert [ax.get_ylabel() for ax in (linear, logarithmic, displacement)] == [
        "electric field [MV/m]",
        "|electric field| [MV/m]",
        "displacement [mC/m²]",
    ]
    # Gauss's law: the displacement in the membrane is the charge of the left Debye layer; second order, 201 nodes.
    held = resting.surface_charge["left"] * 1e3
    assert drawn(curves(displacement)[0])[resting.layer == 1][0] == pytest.approx(held, rel=1e-3)


def test_ratio_of_the_fields_is_written_at_each_interface(resting):
    assert texts(field(resting)).count("40.0 : 1") == 2
    assert "membrane : cytosol" in texts(field(resting))


# ---- the mesh ------------------------------------------------------------------------------------------------------


def spacing_curves(solution):
    """The curves of the spacing in the top panel of the figure of the mesh, from left to right."""
    return [
        line
        for line in mesh_spacing(solution).axes[0].lines
        if line.get_marker() == "o" and line.get_label()[:7] != "_leader"
    ]


def test_mesh_panels_carry_the_spacing_over_the_solution(resting):
    spacing, potential, concentration = mesh_spacing(resting).axes
    drawn_spacing = spacing_curves(resting)
    assert len(drawn_spacing) == len(LAYERS)
    for line, entries in zip(drawn_spacing, resting.layer_entries, strict=True):
        x = resting.x[entries] * 1e9
        np.testing.assert_allclose(line.get_ydata(), np.diff(x), rtol=1e-12)
        np.testing.assert_allclose(line.get_xdata(), (x[:-1] + x[1:]) / 2, rtol=1e-12)
    assert spacing.get_yscale() == "log"
    np.testing.assert_array_equal(drawn(curves(potential)[0]), resting.potential * 1e3)
    np.testing.assert_array_equal(drawn(labelled(concentration, "_0")), resting.concentration[0])
    labels = [ax.get_ylabel() for ax in (spacing, potential, concentration)]
    assert labels == ["spacing [nm]", "potential [mV]", "concentration [mM]"]
    for ax in (spacing, potential, concentration):
        assert ax.get_xlim() == pytest.approx((0.0, 45.0))
    assert set(LAYERS) <= {text.get_text() for text in spacing.texts}


def test_mesh_marks_the_debye_length_of_each_layer_that_is_thicker(resting):
    figure = mesh_spacing(resting)
    marks = [line for line in figure.axes[0].lines if line.get_linestyle() == "--" and len(line.get_xdata()) == 2]
    heights = [line.get_ydata()[0] for line in marks]
    # Not that of the membrane, which is 30 nm.
    assert heights == pytest.approx([resting.debye_lengths[0] * 1e9, resting.debye_lengths[2] * 1e9])
    assert "Debye length" in [text.get_text() for text in figure.legends[0].get_texts()]


def test_mesh_can_be_drawn_and_read_for_any_case(odd):
    assert overlaps(mesh_spacing(odd)) == []


@pytest.mark.parametrize("name", ["kcsa_channel", "debye_layer", "spherical_cell_potential", "ion_exchange_membrane"])
def test_mesh_of_a_shipped_case_can_be_read(shipped, name):
    assert overlaps(mesh_spacing(shipped(name))) == []


def test_a_figure_is_saved_as_its_ending_says_and_always_the_same(resting, tmp_path):
    for name, start in (("a.png", b"\x89PNG"), ("a.PDF", b"%PDF"), ("a.svg", b"<?xml")):
        one, other = (save_figure(mesh_spacing(resting), tmp_path / f"{i}{name}").read_bytes() for i in range(2))
        assert one == other
        assert one.startswith(start)


# ---- the closed forms ----------------------------------------------------------------------------------------------


def test_gouy_chapman_is_drawn_over_the_charge_of_monovalent_ions_and_agrees_at_a_small_potential(weak):
    figure = charge(weak)
    for ax in figure.axes[1:]:
        solution, analytic = curves(ax)
        assert analytic.get_label() == GOUY_CHAPMAN
        # Second order: 0.2 % of the largest density on 201 nodes.
        atol = 2e-3 * np.abs(solution.get_ydata()).max()
        np.testing.assert_allclose(analytic.get_ydata(), solution.get_ydata(), rtol=0.0, atol=atol)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["Poisson-Nernst-Planck", GOUY_CHAPMAN]


def test_gouy_chapman_agrees_at_a_large_potential_too():
    solution = ed.solve(ODD["surface charge"].replace("mesh.nodes", 2001))
    for panel in debye_panels(solution):
        name, density = closed_form(panel)
        assert name == GOUY_CHAPMAN
        exact = solution.charge_density[panel.entries]
        # 80 mV and 3 M at the wall; the potential is that of the solution, which is second order.
        np.testing.assert_allclose(density, exact, rtol=0.0, atol=2e-3 * np.abs(exact).max())


def test_debye_hueckel_is_drawn_beside_divalent_ions_and_in_a_charged_film():
    for name, layers in (("six ions", {"in", "out"}), ("five", {"glycocalyx", "film"})):
        solution = solve(ODD[name])
        for panel in debye_panels(solution):
            expected = DEBYE_HUECKEL if panel.layer.layer in layers else GOUY_CHAPMAN
            assert closed_form(panel)[0] == expected


def test_the_closed_form_takes_the_bulk_beside_the_interface_not_the_far_end_of_a_wide_bath():
    # Ions that cross make gradients in a bath of 10 um: its end is 0.7 mV off, the Debye layer itself 0.2 mV.
    case = ODD["wide"].replace("layers.membrane.partition", {"Na": 1e-4, "Cl": 1e-5})
    solution = ed.solve(case.replace("right.concentrations", {"Na": 15.0, "Cl": 15.0}))
    for panel in debye_panels(solution):
        exact = solution.charge_density[panel.entries]
        # The drop of the current over ten Debye lengths is 2 % of that of the right Debye layer.
        np.testing.assert_allclose(closed_form(panel)[1], exact, rtol=0.0, atol=0.03 * np.abs(exact).max())


def test_the_debye_layer_beside_a_wall_is_magnified_with_gouy_chapman_over_it(shipped):
    solution = shipped("debye_layer")
    (panel,) = debye_panels(solution)
    assert panel.neighbour is None
    figure = charge(solution)
    ax = figure.axes[1]
    assert ax.get_title() == "electrolyte, next to the wall"
    assert ax.get_xlabel() == "distance from the wall [nm]"
    exact, analytic = (np.asarray(line.get_ydata()) for line in curves(ax))
    np.testing.assert_allclose(analytic, exact, rtol=0.0, atol=1e-3 * np.abs(exact).max())
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["Poisson-Nernst-Planck", GOUY_CHAPMAN]


def test_a_wall_without_charge_or_potential_has_no_debye_layer(shipped):
    case = shipped("debye_layer").case
    assert debye_panels(solve(case.changed({"left.surface_charge": "0 C/m^2"}))) == []


def test_the_diffuse_layer_next_to_a_stern_layer_is_magnified(shipped):
    (panel,) = debye_panels(shipped("stern_electrode"))
    assert (panel.layer.layer, panel.neighbour) == ("electrolyte", "left stern")
    assert closed_form(panel)[0] == GOUY_CHAPMAN


@pytest.mark.parametrize("name", ["steric_electrode", "kcsa_channel", "selectivity_filter"])
def test_no_closed_form_for_ions_of_finite_size_nor_where_the_cross_section_varies(shipped, name):
    solution = shipped(name)
    assert debye_panels(solution)
    figure = charge(solution)
    assert figure.legends == []  # one curve needs none
    assert all(len(curves(ax)) == 1 for ax in figure.axes[1:])


@pytest.mark.parametrize(("inner_radius", "flat"), [("1 nm", False), ("1 um", True)])
def test_a_sphere_counts_as_flat_if_it_is_wide_against_the_debye_length(inner_radius, flat):
    sphere = {"mesh.geometry": "spherical", "mesh.inner_radius": inner_radius, "layers.cytosol.thickness": "8 nm"}
    panels = debye_panels(solve(capacitor_case("-70 mV").changed(sphere)))
    assert [panel.is_flat for panel in panels] == [flat, flat]  # radii of 9 and 14 nm are 11 and 17 Debye lengths
    assert [closed_form(panel) is not None for panel in panels] == [flat, flat]


def test_the_short_layers_of_a_channel_are_not_magnified(shipped):
    assert {panel.layer.layer for panel in debye_panels(shipped("kcsa_channel"))} == {"inside", "outside"}


# ---- how it reads --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_axes_have_labels_with_units_and_layers_are_named(resting, draw):
    figure = draw(resting)
    for ax in figure.axes:
        # The bars of driving forces have ions instead of a y axis.
        has_bars = ax.get_xlabel() == "driving force [kJ/mol]"
        assert ax.get_xlabel().endswith("[nm]") or has_bars
        assert ax.get_ylabel().endswith("]") or has_bars
    names = [text for text in texts(figure) if text in LAYERS]
    titles = " ".join(ax.get_title() for ax in figure.axes)
    assert names == list(LAYERS) or all(layer in titles for layer in LAYERS)


def test_ratios_are_written_only_where_the_permittivities_alone_make_them(shipped):
    assert not [text for text in texts(field(shipped("charged_membrane"))) if ":" in text]
    ratios = [text for text in texts(field(shipped("kcsa_channel"))) if text.endswith(": 1")]
    assert ratios == ["20.0 : 1", "7.50 : 1", "2.67 : 1"]


def test_the_charge_of_an_interface_is_written_where_the_displacement_jumps(shipped):
    """-50 and -10 mC/m^2 on the faces; the displacement goes up by the charge, from left to right."""
    solution = shipped("charged_membrane")
    displacement = field(solution).axes[2]
    found = [text.get_text() for text in displacement.texts]
    assert found == ["σ \N{MINUS SIGN}50.0 mC/m²", "σ \N{MINUS SIGN}10.0 mC/m²"]
    y = np.asarray(curves(displacement)[0].get_ydata(), dtype=float)
    jumps = [y[k + 1] - y[k - 1] for k in np.flatnonzero(np.isnan(y))]
    np.testing.assert_allclose(jumps, [-50.0, -10.0], rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("donnan_layer", ["\N{MINUS SIGN}200 mM fixed"]),
        ("kcsa_channel", [f"\N{MINUS SIGN}{charge} e fixed" for charge in ("4", "0.5", "1.5")]),
        ("debye_layer", []),
    ],
)
def test_layers_with_fixed_charge_are_hatched_and_their_charge_is_written(shipped, name, labels):
    ax = field(shipped(name)).axes[0]
    assert [text.get_text() for text in ax.texts if "fixed" in text.get_text()] == labels
    assert len([patch for patch in ax.patches if patch.get_hatch()]) == len(labels)


def test_the_axis_of_concentrations_is_logarithmic_for_a_membrane_but_not_for_the_traces_that_a_barrier_leaves(shipped):
    barrier, membrane = (shipped(name) for name in ("lipid_born_barrier", "resting_potential"))
    assert barrier.concentration[barrier.concentration > 0].min() < 1e-12 * barrier.concentration.max()
    ax = profiles(barrier).axes[1]
    assert ax.get_yscale() == "linear"
    assert ax.get_ylim()[1] > barrier.concentration.max()
    ax = profiles(membrane).axes[1]
    assert ax.get_yscale() == "log"
    low, high = ax.get_ylim()
    present = membrane.concentration[membrane.concentration > 0]
    assert low < present.min() < present.max() < high


def test_a_constant_field_is_not_lost_on_a_long_axis(shipped):
    """In a liquid junction with ions of one concentration Planck's field is constant."""
    solution = shipped("liquid_junction")
    ax = field(solution).axes[1]
    low, high = ax.get_ylim()
    assert 10.0 <= high / low < 20.0
    shown = [value for value in ax.get_yticks() if low <= value <= high]
    assert len(shown) >= 3
    labels = [float(ax.yaxis.get_major_formatter()(value, None)) for value in shown]
    np.testing.assert_allclose(labels, shown, rtol=1e-9)


def test_the_potential_across_a_stack_that_ends_at_a_wall_is_not_called_that_of_a_membrane(shipped):
    assert profiles(shipped("steric_electrode")).texts[1].get_text() == "V = 500.0 mV (left \N{MINUS SIGN} right)"


def test_title_and_membrane_potential_are_written(resting):
    head = [text.get_text() for text in profiles(resting).texts]
    assert head == ["Resting membrane of a mammalian cell", "Vₘ = \N{MINUS SIGN}71.46 mV"]


def test_a_failed_solution_says_so_and_draws(resting):
    state = resting.state * np.random.default_rng(1).uniform(0.1, 10.0, resting.state.shape)
    failed = dataclasses.replace(resting, converged=False, state=state)
    for draw in FIGURES.values():
        figure = draw(failed)
        assert figure.texts[1].get_text().endswith("(not converged)")
        figure.draw(FigureCanvasAgg(figure).get_renderer())


def test_ions_are_labelled_with_their_charges(resting):
    legend = profiles(resting).legends[0]
    assert [text.get_text() for text in legend.get_texts()] == ["K⁺", "Na⁺", "Cl⁻", "A⁻"]


@pytest.mark.parametrize(
    ("name", "valence", "label"),
    [("Ca", 2, "Ca²⁺"), ("HCO3", -1, "HCO₃⁻"), ("SO4", -2, "SO₄²⁻"), ("P2", -3, "P2³⁻"), ("Glucose", 0, "Glucose")],
)
def test_ion_label(name, valence, label):
    assert ion_label(name, valence) == label


def test_ions_differ_in_colour_and_in_line_style():
    styles = [ion_style(index) for index in range(6)]
    assert len({style["color"] for style in styles}) == len({str(style["linestyle"]) for style in styles}) == 6


def test_odd_stacks_draw_without_overlapping_texts(odd):
    assert {name: overlaps(draw(odd)) for name, draw in figures_of(odd).items()} == {
        name: [] for name in figures_of(odd)
    }


def test_texts_stay_inside_the_figure(odd):
    for draw in figures_of(odd).values():
        figure = draw(odd)
        renderer = FigureCanvasAgg(figure).get_renderer()
        box = figure.get_tightbbox(renderer)
        width, height = figure.get_size_inches()
        assert box.x0 >= 0.0
        assert box.x1 <= width
        assert box.y0 >= 0.0
        assert box.y1 <= height


def test_the_test_for_overlaps_finds_one(resting):
    figure = profiles(resting)
    figure.axes[0].text(20.0, -40.0, "one text")
    figure.axes[0].text(21.0, -41.0, "another text")
    assert overlaps(figure) == [("one text", "another text")]


def test_curves_stay_below_the_names(odd):
    for draw in figures_of(odd).values():
        for ax in draw(odd).axes:
            names = [text.get_position()[1] for text in ax.texts]
            for line in curves(ax):
                points = np.column_stack([np.nan_to_num(line.get_xdata()), drawn_or_low(ax, line)])
                highest = ax.transAxes.inverted().transform(ax.transData.transform(points))[:, 1].max()
                assert highest < min(names, default=1.0)


def drawn_or_low(ax, line):
    """Ordinates with the bottom of the axes where nothing is drawn."""
    low = ax.get_ylim()[0]
    y = np.asarray(line.get_ydata(), dtype=float)
    return np.where(np.isfinite(y) & (y > low), y, low)


def test_zero_potential_is_a_flat_line_not_magnified_round_off():
    top = profiles(solve(ODD["zero"])).axes[0]
    low, high = top.get_ylim()
    assert low < -0.9
    assert high > 0.9
    assert top.get_ylabel() == "potential [mV]"


# ---- parts ---------------------------------------------------------------------------------------------------------


def test_spread_moves_labels_apart_as_little_as_possible_and_keeps_them_inside():
    np.testing.assert_allclose(spread([10.0, 11.0, 50.0], [4.0, 4.0, 4.0], 100.0), [8.5, 12.5, 50.0])
    np.testing.assert_allclose(spread([0.0, 100.0], [10.0, 10.0], 100.0), [5.0, 95.0])


def test_stagger_uses_a_second_row_only_when_the_first_is_full():
    assert len(stagger([10.0, 20.0, 30.0], [10.0, 10.0, 10.0], 60.0)) == 1
    rows = stagger([10.0, 20.0, 30.0], [15.0, 15.0, 15.0], 50.0)
    assert len(rows) == 2
    assert np.isnan(rows[0][1])  # the second label is in the second row,
    assert np.isfinite(rows[1]).all()  # which the leader lines of the others pass


def test_shortened_text_fits():
    text = shortened("extracellular solution", 20.0)
    assert text.endswith("…")
    assert text_width(text) <= 20.0
    assert shortened("bath", 20.0) == "bath"


def test_number():
    shown = [number(value) for value in (-0.25236, 40.0, 0.0, 1234.0, -2e-5)]
    assert shown == ["\N{MINUS SIGN}0.252", "40.0", "0", "1.23·10³", "\N{MINUS SIGN}2·10⁻⁵"]


def test_small_values_get_a_smaller_unit_and_round_off_none():
    assert POTENTIAL.unit(np.array([0.07])).name == "mV"
    assert POTENTIAL.unit(np.array([2e-6, -5e-6])).name == "µV"
    assert POTENTIAL.unit(np.array([1e-12])).name == "mV"
    assert CONCENTRATION.unit(np.array([np.nan, 0.01])).name == "µM"


def test_headroom_is_free():
    low, high = linear_limits(np.array([0.0, 1.0]), 1e-9, headroom=0.25)
    assert (1.0 - low) / (high - low) < 0.75


# ---- files and settings --------------------------------------------------------------------------------------------


def test_save_figures_writes_the_formats_asked_for_and_the_same_bytes_each_time(resting, tmp_path):
    formats = ("png", "svg", "pdf")
    first = save_figures(resting, tmp_path / "new" / "folder", formats)
    second = save_figures(resting, tmp_path / "again", formats)
    assert [path.name for path in first] == [f"{name}.{ending}" for name in FIGURES for ending in formats]
    for one, other in zip(first, second, strict=True):
        assert one.stat().st_size > 1000
        assert one.read_bytes() == other.read_bytes()


def test_save_figures_writes_png_by_default(resting, tmp_path):
    assert [path.name for path in save_figures(resting, tmp_path)] == [f"{name}.png" for name in FIGURES]


def test_figures_neither_take_nor_leave_global_settings(resting, tmp_path):
    plain = save_figures(resting, tmp_path / "plain")
    with matplotlib.rc_context({"font.size": 30, "text.color": "red", "axes.grid": True, "lines.linewidth": 9}):
        before = dict(matplotlib.rcParams)
        users = save_figures(resting, tmp_path / "users")
        assert dict(matplotlib.rcParams) == before
    for one, other in zip(plain, users, strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_importing_the_package_does_not_import_matplotlib_or_scipy():
    code = "import sys, electrodiff.plot; sys.exit(any(name in sys.modules for name in ('matplotlib', 'scipy')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_drawing_does_not_import_pyplot():
    code = "import sys, electrodiff.plot; electrodiff.plot.FIGURES; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="histogram"):
        ed.plot.histogram  # noqa: B018
    assert set(FIGURES) < set(dir(ed.plot))


# ---- a bath that is far longer than all else -----------------------------------------------------------------------


def test_of_a_cell_around_its_membrane_what_is_beside_the_membrane_is_shown(case_of):
    """10 um around a membrane of 5 nm and 20 nm outside: 25 nm on either side of the inner face."""
    solution = ed.solve(case_of("resting_cell"))
    for figure in (profiles(solution), charge(solution), field(solution)):
        assert figure.axes[0].get_xlim() == pytest.approx((9975.0, 10025.0))


def test_a_long_bath_in_which_something_changes_is_shown_whole(case_of):
    """A micrometre of unstirred solution of 1 mM, from which potassium channels draw."""
    case = case_of("nernst_potassium")
    layers = {"layers.0.thickness": 1e-5, "left.potential": 0.1, "expect": []}
    flat, bent = ed.solve(case.changed(layers)), ed.solve(case.changed({**layers, "layers.membrane.partition.K": 1.0}))
    assert profiles(flat).axes[0].get_xlim()[0] > 9000.0
    assert profiles(bent).axes[0].get_xlim()[0] == 0.0
