"""What a notebook shows of cases and results: their numbers, escaped; and a repr of one line."""

import re
from html.parser import HTMLParser

import pytest

import electrodiff as ed

HOSTILE = "<script>alert('x')</script> & \"co\""
MINUS = "\N{MINUS SIGN}"


class Tags(HTMLParser):
    """The tags of a piece of HTML, which must be closed in order, and its text."""

    def __init__(self, text):
        super().__init__()
        self.open, self.seen, self.words = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def cells(html):
    """Rows of the table, as texts."""
    return [re.findall(r"<t[dh][^>]*>([^<]*)</t[dh]>", row) for row in re.findall(r"<tr>(.*?)</tr>", html)]


@pytest.fixture(scope="module")
def clamped_case(case_of):
    return case_of("clamped_membrane", {"mesh.nodes": 129, "expect": [], "title": HOSTILE})


@pytest.fixture(scope="module")
def results(clamped_case):
    step = {"kind": "transient", "end": "1 us", "output": {"from": "1 ps", "per_decade": 2}, "error_estimates": False}
    spectrum = {"kind": "impedance", "frequencies": {"from": "1 Hz", "to": "1 GHz", "per_decade": 1}}
    curve = {"kind": "iv", "potentials": {"from": -0.1, "to": 0.05, "points": 4}}
    return {
        "case": clamped_case,
        "solution": ed.solve(clamped_case),
        "transient": ed.solve_transient(clamped_case.replace("study", step)),
        "impedance": ed.solve_impedance(clamped_case.replace("study", spectrum)),
        "curve": ed.solve_iv(clamped_case.replace("study", curve)),
    }


KINDS = ["case", "solution", "transient", "impedance", "curve"]


@pytest.mark.parametrize("kind", KINDS)
def test_html_is_well_formed_small_and_asks_for_nothing(results, kind):
    html = results[kind]._repr_html_()
    tags = Tags(html)
    assert tags.open == []
    assert len(html) < 6000
    assert {tag for tag, _ in tags.seen} <= {
        "div",
        "strong",
        "br",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "ul",
        "li",
    }
    assert not any(name in attributes for _, attributes in tags.seen for name in ("src", "href", "onload"))


@pytest.mark.parametrize("kind", KINDS)
def test_the_title_is_shown_as_it_is_written_and_the_layers_are_named(results, kind):
    html = results[kind]._repr_html_()
    assert "<script" not in html
    words = "|".join(Tags(html).words)
    assert HOSTILE in words
    for layer, thickness in (("cytosol", "20 nm"), ("membrane", "5 nm"), ("outside", "20 nm")):
        assert f"{layer}|{thickness}" in words


@pytest.mark.parametrize("kind", KINDS)
def test_a_repr_is_one_short_line_with_the_title(results, kind):
    text = repr(results[kind])
    assert "\n" not in text
    assert len(text) < 300
    assert HOSTILE in text
    assert str(results[kind]) == text


def test_a_solution_shows_its_numbers_with_their_errors_and_units(results):
    solution = results["solution"]
    rows = {row[0]: row[1:] for row in cells(solution._repr_html_())}
    assert rows["membrane potential"][0] == f"{MINUS}65"
    assert rows["membrane potential"][2] == "mV"
    value, error, unit = rows["flux, K"]
    assert float(value.replace(MINUS, "-")) == pytest.approx(solution.flux["K"] * 1e8, rel=1e-4)
    # One digit of the error, rounded up.
    shown = float(error.removeprefix("± "))
    assert 1.0 <= shown / (solution.error["flux.K"] * 1e8) <= 2.0 + 1e-9
    assert unit == "pmol/cm²/s"
    assert rows["surface charge, left"][2] == "µC/cm²"


def test_warnings_of_a_solution_are_listed(case_of):
    solution = ed.solve(case_of("kcsa_channel", {"expect": []}))
    assert solution.warnings
    assert re.findall("<li>", solution._repr_html_()) == ["<li>"] * len(solution.warnings)


def test_a_case_shows_its_ions_with_their_concentrations(results):
    rows = cells(results["case"]._repr_html_())
    assert rows[0] == ["ion", "D [m²/s]", "left [mM]", "right [mM]"]
    assert [row[0] for row in rows[1:]] == ["K (z = +1)", "Na (z = +1)", f"Cl (z = {MINUS}1)", f"A (z = {MINUS}1)"]
    assert [row[2:] for row in rows[1:]] == [["140", "4"], ["12", "145"], ["10", "149"], ["142", "0"]]


def test_a_transient_shows_its_start_and_its_end(results):
    transient = results["transient"]
    rows = {row[0]: row[1] for row in cells(transient._repr_html_())}
    last = float(rows["membrane potential at the end"].replace(MINUS, "-"))
    assert last == pytest.approx(transient.membrane_potential[-1] * 1e3, rel=1e-4)
    assert "outputs to 1 µs" in transient._repr_html_()


def test_an_impedance_shows_its_lowest_and_highest_frequency(results):
    impedance = results["impedance"]
    (first, last) = cells(impedance._repr_html_())[1:]
    assert first[0] == "1 Hz"
    assert last[0] == "1e09 Hz"
    assert float(first[1].partition(" ")[0]) == pytest.approx(impedance.magnitude[0], rel=1e-4)


def test_a_curve_shows_its_reversal_potential_and_its_ends(results):
    curve = results["curve"]
    rows = {row[0]: row[1] for row in cells(curve._repr_html_())}
    assert float(rows["reversal potential"].replace(MINUS, "-")) == pytest.approx(
        curve.reversal_potential * 1e3, rel=1e-4
    )
    current = float(rows["net current density at 50 mV"])
    assert current == pytest.approx(curve.current_density[-1] * 100.0, rel=1e-4)  # 1 A/m^2 is 100 uA/cm^2


def test_a_case_without_a_title_or_reservoirs_is_shown(case_of):
    assert "case without a title" in case_of("clamped_membrane", {"title": ""})._repr_html_()
    assert "wall to" in case_of("debye_layer")._repr_html_()
