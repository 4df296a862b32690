"""The page of a result: what stands in it, and that nothing of a case can be more than text."""

from __future__ import annotations

import base64
import itertools
import re
import typing
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from rich.console import Group
from rich.table import Table
from rich.text import Text

import electrodiff as ed
from electrodiff.plot import figures_of
from electrodiff.report import report_page, write_report
from electrodiff.report.blocks import Grid, blocks_of
from electrodiff.report.case_tables import readable
from electrodiff.report.drawing import END_WIDTH, WIDTH, magnified, stack_of
from electrodiff.report.kinds import KINDS
from electrodiff.report.typesetting import MINUS, Typesetter, set_text
from electrodiff.store import Result

VOID = {"meta", "link", "br", "hr", "img", "input"}


class Page(HTMLParser):
    """A page taken apart as a browser does it: elements, attributes and text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.texts: list[tuple[str, str]] = []
        """Tag around it, and text."""
        self.tables: dict[str, list[list[str]]] = {}
        self._rows: list[list[str]] = []
        self._caption = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attributes}))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self._rows, self._caption = [], ""
        elif tag == "tr":
            self._rows.append([])
        elif tag in ("td", "th"):
            self._rows[-1].append("")

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attributes}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, "elements are closed in the order in which they are opened"
        if tag == "table":
            self.tables[self._caption] = self._rows

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1] if self.open else "", data))
        if "caption" in self.open:
            self._caption += data
        elif {"td", "th"} & {*self.open}:
            self._rows[-1][-1] += data

    @property
    def text(self) -> str:
        """All that is read, with single spaces."""
        return " ".join(" ".join(text for tag, text in self.texts if tag != "style").split())

    def inside(self, tag: str) -> list[str]:
        """The texts of elements of this tag."""
        return [text for around, text in self.texts if around == tag]

    def attributes(self, *names: str) -> Iterator[str]:
        for _, attributes in self.elements:
            yield from (value for name, value in attributes.items() if name in names)


def number(shown: str) -> float:
    """A number as it is set on the page."""
    raised = str.maketrans(f"⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹{MINUS}", "+-0123456789-")
    mantissa, _, power = shown.partition("10") if re.search("10[⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹]", shown) else (shown, "", "")
    size = mantissa.rstrip("·").translate(raised)
    return float(f"{size if size not in ('', '-') else size + '1'}e{power.translate(raised) or 0}")


@pytest.fixture(scope="module")
def steady(case_of: Callable) -> ed.Solution:
    """The shipped resting membrane."""
    return ed.solve(case_of("resting_potential"))


@pytest.fixture(scope="module")
def page(steady: ed.Solution) -> Page:
    return Page(report_page(steady))


# ---- content ---------------------------------------------------------------------------------------------------------


def test_every_number_of_a_solution_stands_in_its_page(steady: ed.Solution, page: Page) -> None:
    table = page.tables["Every number, in SI units"]
    shown = {row[0]: number(row[1]) for row in table[1:]}
    defined = {name: value for name, value in steady.scalars.items() if value is not None and np.isfinite(value)}
    assert {*shown} == {*defined}
    for name, value in defined.items():
        assert shown[name] == pytest.approx(value, rel=1e-9, abs=0)  # ten digits are written


def test_errors_in_the_page_are_never_below_the_estimates(steady: ed.Solution, page: Page) -> None:
    for name, _, error, *_ in page.tables["Every number, in SI units"][1:]:
        estimate = steady.error[name]
        if estimate is not None and np.isfinite(estimate):
            # Rounded up to one digit: at most twice as large.
            assert estimate * (1 - 1e-8) <= number(error) <= 2 * estimate


def test_headline_ladder_and_case_file_are_there(steady: ed.Solution, page: Page) -> None:
    assert f"{MINUS}{abs(1e3 * steady.membrane_potential):.2f} mV" in page.text
    for rung in ed.compare(steady.case).rungs:
        assert set_text(rung.title) in page.text
        assert set_text(rung.reason) in page.text
    for limit in ed.case_regime(steady.case).limits:
        assert set_text(limit.because) in page.text
    assert ed.case_text(steady.case) in page.inside("code")


def test_case_file_that_the_page_saves_is_that_of_the_case(steady: ed.Solution, page: Page) -> None:
    links = [link for link in page.attributes("href") if link.startswith("data:application/toml")]
    (saved,) = (base64.b64decode(link.partition(",")[2]).decode() for link in links)
    assert ed.parse_case(saved) == steady.case


def test_each_figure_is_there_with_its_text_as_text(steady: ed.Solution, page: Page) -> None:
    names = {attributes.get("id") for tag, attributes in page.elements if tag == "figure"}
    wanted = [*figures_of(steady), "ladder", "mesh", "convergence", "stack"]
    assert {f"figure-{name}" for name in wanted} <= names
    assert "electric field [MV/m]" in page.inside("text")
    assert all(attributes.get("aria-label") for tag, attributes in page.elements if tag == "svg")


def test_names_in_a_page_are_unique_and_used_ones_exist(page: Page) -> None:
    names = list(page.attributes("id"))
    assert len(names) == len({*names})
    links = [link[1:] for link in page.attributes("href", "xlink:href") if link.startswith("#")]
    used = [name for _, attributes in page.elements for value in attributes.values() for name in _urls(value)]
    assert used, "clip paths are used"
    assert {*links, *used, *page.attributes("aria-labelledby")} <= {*names}


def _urls(value: str) -> list[str]:
    return re.findall(r"url\(#([^)]+)\)", value)


def test_a_page_refers_to_nothing_outside_itself(page: Page) -> None:
    links = [*page.attributes("href", "src", "xlink:href", "action", "data", "poster")]
    assert all(link.startswith(("#", "data:")) for link in links)
    styles = " ".join([*page.inside("style"), *page.attributes("style")])
    assert "@import" not in styles
    assert not re.search(r"url\((?!#)", styles)
    assert "script" not in {tag for tag, _ in page.elements}


def test_a_style_sheet_of_a_figure_holds_in_that_figure_alone(page: Page) -> None:
    own, *of_figures = page.inside("style")
    assert "figcaption" in own
    assert of_figures
    assert all(sheet.strip().startswith("#svg-") for sheet in of_figures)


def test_headings_descend_by_one_level_at_a_time(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


# ---- hostile cases ---------------------------------------------------------------------------------------------------

ATTACK = "<script>alert(1)</script>"
LAYER = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def hostile(case_of: Callable) -> Page:
    text = ed.case_text(case_of("resting_potential"))
    text = text.replace('name = "membrane"', f"name = '{LAYER}'").replace("cytosol|membrane", f"cytosol|{LAYER}")
    text = text.replace("Resting membrane of a mammalian cell", f"{ATTACK}{{{{ 7 * 7 }}}}")
    text = text.replace('source = "GHK voltage equation"', f"source = '\"{ATTACK}'") + f"# </code></pre>{ATTACK}\n"
    return Page(report_page(ed.solve(ed.parse_case(text))))


def test_titles_and_names_are_text_and_nothing_else(hostile: Page, page: Page) -> None:
    # The title stands in figures too, cut to their width: that none of it was an element is what the tags say.
    assert {tag for tag, _ in hostile.elements} == {tag for tag, _ in page.elements}
    assert not any(name.startswith("on") for _, attributes in hostile.elements for name in attributes)
    assert f"{ATTACK}{{{{ 7 * 7 }}}}" in hostile.inside("h1")
    assert f"{ATTACK}{{{{ 7 * 7 }}}}" in hostile.inside("title")
    assert LAYER in hostile.text
    assert any(f"</code></pre>{ATTACK}" in text for text in hostile.inside("code"))


def test_the_parser_would_see_an_attack() -> None:
    assert "script" in {tag for tag, _ in Page(f"<p>{ATTACK}</p>").elements}


# ---- every kind of study ---------------------------------------------------------------------------------------------

AXES = [{"key": "layers.membrane.partition.K", "values": [1e-4, 2e-4]}]
FEW = {
    "resting_potential": {"study": {"kind": "sweep", "axes": AXES}},
    "impedance_membrane": {"study.frequencies": ["1 Hz", "1 kHz", "1 MHz"]},
    "iv_curve": {"study.potentials": ["-100 mV", "-50 mV", "0 mV", "50 mV"]},
    "membrane_charging": {
        "study.error_estimates": False,
        "study.output": {"times": ["1 ns", "1 us"]},
        "mesh.nodes": 61,
    },
}


@pytest.mark.parametrize(
    ("name", "solve", "says"),
    [
        ("impedance_membrane", ed.solve_impedance, "abs(Z) at 1 Hz"),
        ("resting_potential", ed.solve_sweep, "points without a solution"),
        ("iv_curve", ed.solve_iv, "reversal potential"),
        ("membrane_charging", ed.solve_transient, "membrane potential at 10 µs"),
    ],
)
def test_every_kind_of_study_has_a_page(case_of: Callable, name: str, solve: Callable, says: str) -> None:
    case = case_of(name, FEW[name])
    if name == "membrane_charging":
        case = case.replace("expect", [])
    result = solve(case)
    page = Page(report_page(result))
    assert says in page.text
    assert case.title in page.inside("h1")
    assert "The ladder compares the steady state" in page.text
    assert {f"figure-{each}" for each in figures_of(result)} <= {*page.attributes("id")}


def test_the_page_of_a_folder_is_that_of_the_result_in_it(case_of: Callable, tmp_path: Path) -> None:
    file = ed.save_solution(ed.solve(case_of("capacitor", {"mesh.nodes": 51})), tmp_path / "solution.nc")
    pages = [
        write_report(given, tmp_path / name).read_text() for given, name in ((tmp_path, "a.html"), (file, "b.html"))
    ]
    assert pages[0] == pages[1]


def test_no_kind_of_result_is_without_a_page() -> None:
    assert {*typing.get_args(Result)} == {*KINDS}


def test_a_case_that_no_model_speaks_of_says_so(case_of: Callable) -> None:
    case = case_of("impedance_blocking_cell", {"study": {"kind": "steady"}, "expect": []})
    assert "No textbook model" in Page(report_page(ed.solve(case))).text


# ---- the drawing -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "thickness",
    [[20.0, 5.0, 20.0], [1e4, 5.0, 20.0], [5.0, 0.2, 1.1, 1.0, 1.2, 5.0], [0.4, 1000.0], [1.0] * 30, [7.0]],
)
def test_layers_that_are_not_cut_share_a_scale_and_all_are_seen(thickness: list[float]) -> None:
    room = 600.0
    widths, scale = magnified(thickness, room)
    assert sum(widths) <= room * (1 + 1e-12)
    assert min(widths) >= min(20.0, 0.6 * room / len(thickness)) * (1 - 1e-12)
    cut = max(widths)
    for width, size in zip(widths, thickness, strict=True):
        assert width == pytest.approx(size * scale, rel=1e-12) or (width == cut and width < size * scale)


def test_a_stack_that_fits_is_drawn_at_its_true_scale_alone(case_of: Callable) -> None:
    stack = stack_of(case_of("resting_potential"))
    assert not stack.whole
    widths = [slab.width for slab in stack.layers]
    assert widths == pytest.approx([20 / 45 * (WIDTH - 2 * END_WIDTH), 5 / 45 * (WIDTH - 2 * END_WIDTH), widths[0]])


def test_a_thin_membrane_beside_a_cell_is_seen_and_the_whole_stack_is_drawn_too(case_of: Callable) -> None:
    stack = stack_of(case_of("resting_cell"))
    cytosol, membrane, outside = stack.layers
    assert cytosol.is_cut
    assert not membrane.is_cut
    assert outside.width / membrane.width == pytest.approx(4)  # 20 nm beside 5 nm
    assert stack.whole[0].width / stack.whole[1].width == pytest.approx(2000)  # 10 um beside 5 nm
    assert any("sodium pump" in label.lines for label in stack.above)


def test_labels_of_many_thin_layers_lie_on_no_other(case_of: Callable) -> None:
    layer = {"relative_permittivity": 80}
    layers = [{"name": f"a long name, {k}", "thickness": 1e-9 * (1 + 40 * (k % 2)), **layer} for k in range(12)]
    stack = stack_of(case_of("resting_potential", {"layers": layers, "expect": []}))
    assert len(stack.below) == 12
    for one, other in itertools.combinations(stack.below, 2):
        assert one.level != other.level or abs(one.x - other.x) >= one.half + other.half
    assert all(label.x >= label.half and label.x + label.half <= WIDTH for label in stack.below)


# ---- text ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plain", "typeset"),
    [
        ("-71.46 mV +- 3e-10", f"{MINUS}71.46 mV ± 3·10⁻¹⁰"),
        ("1e-6 uA/cm^2", "10⁻⁶ µA/cm²"),
        ("lambda^2 / D, phi(left) - phi(right)", f"λ² / D, φ(left) {MINUS} φ(right)"),
        ("13 x 25 points, x 563", "13 \N{MULTIPLICATION SIGN} 25 points, x 563"),
        ("x 563", "\N{MULTIPLICATION SIGN} 563"),
        ("336 ohm cm^2", "336 Ω cm²"),
        ("10-20 nm of Debye-Hueckel", "10-20 nm of Debye-Hueckel"),
        ("-1e-05", f"{MINUS}10⁻⁵"),
    ],
)
def test_plain_text_is_typeset(plain: str, typeset: str) -> None:
    assert set_text(plain) == typeset


def test_names_of_the_case_are_left_as_they_are() -> None:
    set_with_names = Typesetter(["phi layer", "u^2", "water"])
    assert set_with_names("phi(left) of phi layer, u^2 and x^2") == "φ(left) of phi layer, u^2 and x²"


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("9.999999999999999e-06 m", "10 um"),
        ("5e-09 m", "5 nm"),
        ("0.0 V", "0 mV"),
        ("140.0 mol/m^3", "140 mM"),
        ("floating", "floating"),
        (0.0001, "0.0001"),
        (True, "yes"),
        ({"x": ["0.0 m", "1e-9 m"], "value": [1.0, 2.5]}, "profile from x = 0 nm to 1 nm: 1, 2.5"),
        ([f"{k} mV" for k in range(40)], "0 mV, 1 mV, 2 mV, ..., 39 mV (40 of them)"),
        ({"left": {"Na": "3.4 mol/m^3"}, "atp": 1.0}, "left Na 3.4 mM, atp 1"),
    ],
)
def test_values_of_a_case_file_are_read_in_units_of_the_field(given: object, read: str) -> None:
    assert readable(given) == read


def test_what_the_terminal_shows_becomes_lines_and_tables() -> None:
    table = Table(title="Ions", title_justify="left")
    for name, side in (("ion", "left"), ("flux\n[mM]", "right"), ("kind", "right")):
        table.add_column(name, justify=side)
    table.add_row("K", Text("1e-3  +- 1e-9 "), "cation")
    heading, found, verdict = blocks_of(
        Group(Text("Numbers", style="italic"), table, Text(), Text.assemble(("met   ", "green"), " it is")), set_text
    )
    assert heading.style == "heading"
    assert isinstance(found, Grid)
    assert (found.title, found.header, found.numeric) == ("Ions", ("ion", "flux [mM]", "kind"), (False, True, False))
    assert [cell.spans[0].text for cell in found.rows[0]] == ["K", "10⁻³ ± 10⁻⁹", "cation"]
    assert [(span.text, span.style) for span in verdict.spans] == [("met ", "good"), (" it is", "")]
